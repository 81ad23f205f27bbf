/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading files, and finding the configuration, on a volume of our own: what is
 * read is right to the last byte, and each way to fail says which file, which volume
 * and why, and leaves nothing open or allocated.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/configuration.h"
#include "efi/tests/fake_volume.h"

#define PAGE EFI_PAGE_SIZE

#define CONFIG "timeout: 0\n/One\nprotocol: limine\npath: boot():/k\n"

static struct ldr_text text_of(const char *text)
{
    return (struct ldr_text){.at = text, .length = strlen(text)};
}

static void nowhere(void *context, const char *line)
{
    (void)context, (void)line;
}

static const struct ldr_log silent = {.line = nowhere};

static void a_file_of_any_size(void **state)
{
    static char content[3 * PAGE];

    (void)state;
    for (size_t bytes = 0; bytes < 2 * PAGE + 10; bytes += bytes % PAGE < PAGE - 3 ? 409 : 1) {
        for (uint64_t piece = 0; piece < 3000; piece += 1999) {
            struct fake *fake = fake_start();
            struct memory memory = fake_memory(fake);
            struct volume volume;
            struct contents contents;
            struct ldr_report report;
            size_t pages = bytes / PAGE + (bytes % PAGE || !bytes);

            memset(content, 0, sizeof content);
            for (size_t i = 0; i < bytes; i++)
                content[i] = (char)('a' + i % 23);
            fake_volume_open(fake, &memory,
                             (struct fake_file[]){{"\\d\\f", content, .piece = piece}, {0}},
                             &volume);
            assert_int_equal(volume_read(&volume, text_of("/d/f"), &contents, &report), LDR_OK);
            assert_int_equal(contents.bytes, bytes);
            assert_int_equal(contents.phys % PAGE, 0);
            assert_memory_equal((void *)contents.phys, content, pages * PAGE);
            assert_int_equal(fake_volume_open_files(), 1);
            volume_close(&volume);
            memory_free_all(&memory);
            assert_int_equal(fake_in_use(fake), 0);
        }
    }
}

static void every_failure_says_why(void **state)
{
    static const struct fake_file files[] = {
        {"\\folder", "", .folder = true},
        {"\\short", "abc", .told_bytes = 4},
        {"\\bad", "abcdef", .piece = 2, .fails_at = 4},
        {"\\huge", "", .told_bytes = UINT64_C(1) << 40},
        {"\\endless", "", .told_bytes = UINT64_MAX},
        {0},
    };
    static const struct {
        const char *path, *reason;
        enum ldr_status status;
    } failures[] = {
        {"/none", "no such file on the boot volume (label TEST)", LDR_NOT_FOUND},
        {"/folder", "is a folder", LDR_BAD_CONFIG},
        {"/short", "after 3 of 4 bytes on the boot volume (label TEST) (short read)",
         LDR_BAD_MACHINE},
        {"/bad", "after 4 of 6 bytes on the boot volume (label TEST) (device error)",
         LDR_BAD_MACHINE},
        {"/huge", "no memory for the file /huge", LDR_NO_MEMORY},
        {"/endless", "no memory for the file /endless", LDR_NO_MEMORY},
        {"/\xff", "not UTF-8", LDR_BAD_CONFIG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        struct fake *fake = fake_start();
        struct memory memory = fake_memory(fake);
        struct volume volume;
        struct contents contents = {.bytes = 77};
        struct ldr_report report;

        fake_volume_open(fake, &memory, files, &volume);
        assert_int_equal(volume_read(&volume, text_of(failures[i].path), &contents, &report),
                         failures[i].status);
        assert_non_null(strstr(report.text, failures[i].reason));
        assert_int_equal(contents.bytes, 77);
        assert_int_equal(fake_volume_open_files(), 1);
        assert_int_equal(fake_in_use(fake), 0);
        volume_close(&volume);
    }
}

/* The longest path that fits, and one more. */
static void long_paths(void **state)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    struct volume volume;
    struct contents contents;
    struct ldr_report report;
    char path[511];

    (void)state;
    memset(path, 'x', sizeof path);
    fake_volume_open(fake, &memory, (struct fake_file[]){{0}}, &volume);
    assert_int_equal(volume_read(&volume, (struct ldr_text){path, 510}, &contents, &report),
                     LDR_NOT_FOUND);
    assert_int_equal(volume_read(&volume, (struct ldr_text){path, 511}, &contents, &report),
                     LDR_BAD_CONFIG);
    volume_close(&volume);
}

/* An application's file path, as firmware hands it over: here in two nodes. */
static const struct __attribute__((packed)) {
    EFI_DEVICE_PATH first;
    CHAR16 folder[6];
    EFI_DEVICE_PATH second;
    CHAR16 file[6];
    EFI_DEVICE_PATH end;
} application = {
    .first = {MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP, {16, 0}},
    .folder = {'\\', 't', 'o', 'o', 'l', 0},
    .second = {MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP, {16, 0}},
    .file = {'a', '.', 'e', 'f', 'i', 0},
    .end = {END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, {4, 0}},
};

static enum ldr_status read_configuration(struct configuration *configuration,
                                          const struct fake_file *files, struct ldr_report *report)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    EFI_LOADED_IMAGE loaded = {.FilePath = (EFI_DEVICE_PATH *)(uintptr_t)&application};
    struct volume volume;
    enum ldr_status status;

    fake_volume_open(fake, &memory, files, &volume);
    status = configuration_read(configuration, &volume, &loaded, &silent, report);
    volume_close(&volume);
    memory_free_all(&memory);
    assert_int_equal(fake_in_use(fake), 0);
    return status;
}

/* Each place in turn, with all that come after it there as well. */
static void the_first_place_wins(void **state)
{
    static const struct fake_file files[] = {
        {.path = "\\limine.conf", .content = CONFIG},
        {.path = "\\boot\\limine.conf", .content = CONFIG},
        {.path = "\\boot\\limine\\limine.conf", .content = CONFIG},
        {.path = "\\limine\\limine.conf", .content = CONFIG},
        {.path = "\\EFI\\BOOT\\limine.conf", .content = CONFIG},
        {.path = "\\tool\\limine.conf", .content = CONFIG},
        {0},
    };
    static const char *const names[] = {
        "/limine.conf",        "/boot/limine.conf",     "/boot/limine/limine.conf",
        "/limine/limine.conf", "/EFI/BOOT/limine.conf", "/tool/limine.conf",
    };
    struct configuration configuration;
    struct ldr_report report;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(read_configuration(&configuration, &files[i], &report), LDR_OK);
        assert_string_equal(configuration.path, names[i]);
        assert_int_equal(configuration.config.entry_count, 1);
    }
    assert_int_equal(read_configuration(&configuration, (struct fake_file[]){{0}}, &report),
                     LDR_NOT_FOUND);
    assert_non_null(strstr(report.text, "label TEST"));
    assert_int_equal(
        read_configuration(
            &configuration,
            (struct fake_file[]){{.path = "\\limine.conf", .content = "nonsense"}, {0}}, &report),
        LDR_BAD_CONFIG);
    assert_non_null(strstr(report.text, "/limine.conf"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_any_size),
        cmocka_unit_test(every_failure_says_why),
        cmocka_unit_test(long_paths),
        cmocka_unit_test(the_first_place_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
