/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting another application: the device path and the load options that it gets, byte by byte,
 * that it comes back, and what happens where firmware doesn't take it.
 */
#include "efi/tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "efi/chainload.h"
#include "efi/tests/fake_disks.h"
#include "efi/tests/fake_handles.h"

#define CONTENT "MZ, an application"

static struct {
    struct fake *fake;
    struct memory memory;
    struct volumes volumes;
    EFI_LOADED_IMAGE loaded;
    char application, image; /* handles */
    EFI_STATUS load_status, start_status;
    bool keeps_image; /* though loading it failed */
    unsigned started, unloaded;
    unsigned seconds; /* of the watchdog, while the application ran */
    char path[256];   /* the device path, in hexadecimal digits */
    char options[64];
    char heard[1024];
} the;

static void hear(void *context, const char *line)
{
    (void)context;
    strncat(the.heard, line, sizeof the.heard - strlen(the.heard) - 2);
    strcat(the.heard, "\n");
}

static const struct ldr_log log_lines = {.line = hear};

static EFI_STATUS EFIAPI load_image(BOOLEAN policy, EFI_HANDLE parent, EFI_DEVICE_PATH *path,
                                    void *source, UINTN bytes, EFI_HANDLE *ret_image)
{
    size_t used = 0;
    const uint8_t *at = (const uint8_t *)path;

    assert_false(policy);
    assert_ptr_equal(parent, &the.application);
    assert_int_equal(bytes, sizeof CONTENT - 1);
    assert_memory_equal(source, CONTENT, bytes);
    for (bool end = false; !end; path = NextDevicePathNode(path)) {
        end = IsDevicePathEnd(path);
        for (unsigned i = 0; i < (unsigned)DevicePathNodeLength(path); i++)
            used += (size_t)snprintf(the.path + used, sizeof the.path - used, "%02x", *at++);
    }
    if (the.load_status == EFI_SUCCESS || the.keeps_image)
        *ret_image = &the.image;
    return the.load_status;
}

static EFI_STATUS EFIAPI start_image(EFI_HANDLE image, UINTN *bytes, CHAR16 **ret_said)
{
    const CHAR16 *options = the.loaded.LoadOptions;
    void *said;

    assert_ptr_equal(image, &the.image);
    the.started++;
    for (size_t i = 0; i < the.loaded.LoadOptionsSize / 2; i++)
        the.options[i] = (char)options[i];
    the.fake->services.AllocatePool(EfiBootServicesData, 4, &said);
    *ret_said = said;
    *bytes = 4;
    assert_int_equal(the.seconds, 300);
    return the.start_status;
}

static EFI_STATUS EFIAPI unload_image(EFI_HANDLE image)
{
    assert_ptr_equal(image, &the.image);
    the.unloaded++;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_watchdog(UINTN seconds, UINT64 code, UINTN bytes, CHAR16 *data)
{
    (void)code, (void)bytes, (void)data;
    the.seconds = (unsigned)seconds;
    return EFI_SUCCESS;
}

static int start(void **state)
{
    static const struct fake_file files[] = {{.path = "\\EFI\\a.efi", .content = CONTENT}, {0}};
    EFI_GUID loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    struct fake_disks *disks;
    struct ldr_report report;

    (void)state;
    memset(&the, 0, sizeof the);
    the.fake = fake_start();
    disks = fake_disks_start(the.fake, files);
    fake_handles_add(&the.image, loaded_image, &the.loaded);
    the.memory = fake_memory(the.fake);
    the.fake->services.LoadImage = load_image;
    the.fake->services.StartImage = start_image;
    the.fake->services.UnloadImage = unload_image;
    the.fake->services.SetWatchdogTimer = set_watchdog;
    assert_int_equal(volumes_open(&the.volumes, &the.fake->services, disks->device[FAKE_BOOT],
                                  &the.memory, &log_lines, &report),
                     LDR_OK);
    return 0;
}

/* What was read is all that may still be there. */
static int end(void **state)
{
    (void)state;
    memory_free_all(&the.memory);
    volumes_close(&the.volumes);
    assert_int_equal(fake_in_use(the.fake), 0);
    assert_int_equal(the.seconds, 0);
    return 0;
}

static struct ldr_text text_of(const char *text)
{
    return (struct ldr_text){.at = text, .length = strlen(text)};
}

static enum ldr_status chainload(const char *cmdline, struct ldr_report *report)
{
    struct chainload c = {.application = &the.application,
                          .system = &the.fake->system,
                          .log = &log_lines,
                          .cmdline = text_of(cmdline)};
    enum ldr_status status;
    struct ldr_path path;
    size_t before;

    assert_int_equal(ldr_path_read(&path, "limine.conf", 1, text_of("boot(2):/EFI/a.efi"), report),
                     LDR_OK);
    assert_int_equal(path_read(&the.volumes, &path, true, &c.file, report), LDR_OK);
    c.path = path.file;
    before = fake_in_use(the.fake);
    status = chainload_start(&c, report);
    assert_int_equal(fake_in_use(the.fake), before);
    return status;
}

/* Controller, port, partition 2; then a file path of 4 + 2 * 11 bytes, and the end. */
#define DEVICE_PATH                                                                                \
    "01010600021f"                                                                                 \
    "03120a000000ffff0000"                                                                         \
    "04012a000200000000080000000000000000020000000000"                                             \
    "303132333435363738393a3b3c3d3e3f0202"                                                         \
    "04041a005c004500460049005c0061002e006500660069000000"                                         \
    "7fff0400"

static void it_gets_path_and_options(void **state)
{
    struct ldr_report report;

    (void)state;
    assert_int_equal(chainload("quiet root=7", &report), LDR_OK);
    assert_int_equal(the.started, 1);
    assert_string_equal(the.path, DEVICE_PATH);
    assert_string_equal(the.options, "quiet root=7");
    assert_int_equal(the.loaded.LoadOptionsSize, 2 * sizeof "quiet root=7");
    assert_string_equal(the.heard, "starting /EFI/a.efi from hdd(1:2) (label DATA)\n"
                                   "/EFI/a.efi has returned: success\n");
}

static void it_comes_back_with_a_status(void **state)
{
    struct ldr_report report;

    (void)state;
    the.start_status = EFI_ABORTED;
    assert_int_equal(chainload("", &report), LDR_OK);
    assert_int_equal(the.loaded.LoadOptionsSize, 2);
    assert_non_null(strstr(the.heard, "/EFI/a.efi has returned: "));
    assert_int_equal(the.unloaded, 0);
}

/* Secure Boot: the image is there, and may not run. */
static void firmware_does_not_take_it(void **state)
{
    (void)state;
    for (unsigned kept = 0; kept < 2; kept++) {
        struct ldr_report report;

        the.keeps_image = kept;
        the.load_status = kept ? EFI_SECURITY_VIOLATION : EFI_UNSUPPORTED;
        assert_int_equal(chainload("", &report), LDR_BAD_KERNEL);
        assert_non_null(strstr(report.text, kept ? "/EFI/a.efi: firmware doesn't load it (security "
                                                   "violation)"
                                                 : "/EFI/a.efi: firmware doesn't load it "
                                                   "(unsupported)"));
        assert_int_equal(the.started, 0);
        assert_int_equal(the.unloaded, kept);
    }
}

static void options_that_are_no_text(void **state)
{
    struct ldr_report report;

    (void)state;
    assert_int_equal(chainload("\xff", &report), LDR_BAD_CONFIG);
    assert_non_null(strstr(report.text, "command line is not UTF-8"));
    assert_int_equal(the.started, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_gets_path_and_options, start, end),
        cmocka_unit_test_setup_teardown(it_comes_back_with_a_status, start, end),
        cmocka_unit_test_setup_teardown(firmware_does_not_take_it, start, end),
        cmocka_unit_test_setup_teardown(options_that_are_no_text, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
