/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which volume a path means, on a machine with several disks: each way to say it, what is said
 * where there is none, and that a volume is opened when it is wanted, once, and closed.
 */
#include "efi/tests/test.h"

#include <stdio.h>
#include <string.h>

#include "efi/tests/fake_disks.h"
#include "efi/tests/fake_handles.h"
#include "efi/volumes.h"

static struct {
    struct fake *fake;
    struct fake_disks *disks;
    struct memory memory;
    struct volumes volumes;
    char heard[4096];
} the;

static void hear(void *context, const char *line)
{
    (void)context;
    snprintf(the.heard + strlen(the.heard), sizeof the.heard - strlen(the.heard), "%s\n", line);
}

static const struct ldr_log log_lines = {.line = hear};

static int open_volumes(struct fake_disks *(*start_disks)(struct fake *))
{
    struct ldr_report report;

    the.fake = fake_start();
    the.disks = start_disks(the.fake);
    the.memory = fake_memory(the.fake);
    the.heard[0] = 0;
    assert_int_equal(volumes_open(&the.volumes, &the.fake->services, the.disks->device[FAKE_BOOT],
                                  &the.memory, &log_lines, &report),
                     LDR_OK);
    return 0;
}

static struct fake_disks *start_awake(struct fake *fake)
{
    return fake_disks_start(fake, NULL);
}

static int start(void **state)
{
    (void)state;
    return open_volumes(start_awake);
}

static int start_asleep(void **state)
{
    (void)state;
    return open_volumes(fake_disks_start_asleep);
}

static int end(void **state)
{
    (void)state;
    volumes_close(&the.volumes);
    memory_free_all(&the.memory);
    assert_int_equal(fake_in_use(the.fake), 0);
    assert_int_equal(fake_volume_open_files(), 0);
    return 0;
}

static enum ldr_status find(const char *text, EFI_HANDLE *ret_device, struct ldr_report *report)
{
    struct ldr_path path;
    struct volumes_item *item;
    enum ldr_status status;

    assert_int_equal(ldr_path_read(&path, "limine.conf", 1,
                                   (struct ldr_text){.at = text, .length = strlen(text)}, report),
                     LDR_OK);
    status = volumes_find(&the.volumes, &path, &item, report);
    if (status == LDR_OK)
        *ret_device = item->device;
    return status;
}

#define BOOT_GUID "13121110-1514-1716-1819-1a1b1c1d1e1f"
#define DATA_GUID "33323130-3534-3736-3839-3a3b3c3d3e3f"
#define DISK_GUID "53525150-5554-5756-5859-5a5b5c5d5e5f"

static void each_way_to_say_it(void **state)
{
    static const struct {
        const char *path;
        unsigned volume;
    } ways[] = {
        {"/f", FAKE_BOOT},
        {"boot():/f", FAKE_BOOT},
        {"boot(1):/f", FAKE_BOOT},
        {"boot(2):/f", FAKE_DATA},
        {"hdd(1:1):/f", FAKE_BOOT},
        {"hdd(1:2):/f", FAKE_DATA},
        {"hdd(2:1):/f", FAKE_MBR},
        {"odd(1:):/f", FAKE_CDROM},
        {"guid(" BOOT_GUID "):/f", FAKE_BOOT},
        {"uuid(" DATA_GUID "):/f", FAKE_DATA},
        {"guid(" DISK_GUID "):/f", FAKE_BOOT},
        {"fslabel(BOOT):/f", FAKE_BOOT},
        {"fslabel(cdrom):/f", FAKE_CDROM},
        {"fslabel(Net):/f", FAKE_NET},
    };

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct ldr_report report;
        EFI_HANDLE device = NULL;

        if (find(ways[i].path, &device, &report) != LDR_OK)
            fail_msg("%s: %s", ways[i].path, report.text);
        assert_ptr_equal(device, the.disks->device[ways[i].volume]);
    }
    assert_string_equal(the.heard, "");
    (void)state;
}

static void where_there_is_none(void **state)
{
    static const char *const paths[] = {
        "boot(3):/f",
        "hdd(1:):/f",
        "hdd(1:3):/f",
        "hdd(4:1):/f",
        "hdd(2:2):/f",
        "odd(2:):/f",
        "odd(1:1):/f",
        "guid(00000000-0000-0000-0000-000000000000):/f",
        "guid(13121110-1514-1716-1819-1a1b1c1d1e20):/f",
        "fslabel(BOO):/f",
        "fslabel(BOOTS):/f",
    };

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct ldr_report report;
        EFI_HANDLE device = NULL;
        char wanted[128];

        assert_int_equal(find(paths[i], &device, &report), LDR_NOT_FOUND);
        assert_null(device);
        snprintf(wanted, sizeof wanted, "/f: there is no volume %.*s;", (int)(strlen(paths[i]) - 3),
                 paths[i]);
        if (!strstr(report.text, wanted))
            fail_msg("%s", report.text);
    }
}

/* What the owner of the machine can copy into the configuration. */
static void the_volumes_that_there_are(void **state)
{
    struct ldr_report report;
    EFI_HANDLE device;

    (void)state;
    assert_int_equal(find("hdd(9:1):/f", &device, &report), LDR_NOT_FOUND);
    assert_non_null(
        strstr(the.heard, "volume: hdd(1:1), label \"BOOT\", GUID " BOOT_GUID ", boot()\n"));
    assert_non_null(strstr(the.heard, "volume: hdd(1:2), label \"DATA\", GUID " DATA_GUID "\n"));
    assert_non_null(strstr(the.heard, "volume: hdd(2:1), label \"data\"\n"));
    assert_non_null(strstr(the.heard, "volume: odd(1:), label \"CDROM\""));
    assert_non_null(strstr(the.heard, "volume: hdd(3:5), label \"?\""));
    assert_non_null(strstr(the.heard, "volume: a volume on no disk, label \"NET\""));
}

static void opened_when_wanted(void **state)
{
    struct ldr_report report;
    EFI_HANDLE device;

    (void)state;
    for (unsigned round = 0; round < 3; round++)
        assert_int_equal(find("hdd(1:2):/f", &device, &report), LDR_OK);
    assert_int_equal(the.disks->volume[FAKE_BOOT].opened, 1);
    assert_int_equal(the.disks->volume[FAKE_DATA].opened, 1);
    assert_int_equal(the.disks->volume[FAKE_MBR].opened, 0);
    assert_int_equal(the.disks->volume[FAKE_CDROM].opened, 0);
    assert_int_equal(fake_volume_open_files(), 2);
    assert_int_equal(find("hdd(3:5):/f", &device, &report), LDR_BAD_MACHINE);
    assert_string_equal(report.text,
                        "hdd(3:5) can't be opened (volume corrupted); check its file system");
}

/* Messages about a file say which volume; the application's is called the boot volume. */
static void names(void **state)
{
    static const char *const wanted[FAKE_VOLUMES] = {
        [FAKE_BOOT] = "the boot volume (label BOOT)",   [FAKE_DATA] = "hdd(1:2) (label DATA)",
        [FAKE_MBR] = "hdd(2:1) (label data)",           [FAKE_CDROM] = "odd(1:) (label CDROM)",
        [FAKE_NET] = "a volume on no disk (label NET)",
    };
    struct ldr_report report;
    unsigned found = 0;
    EFI_HANDLE device;

    (void)state;
    assert_int_equal(find("fslabel(nothing has it):/f", &device, &report), LDR_NOT_FOUND);
    for (const struct volumes_item *item = the.volumes.first; item; item = item->next) {
        found++;
        for (unsigned v = 0; v < FAKE_VOLUMES; v++)
            if (item->device == the.disks->device[v] && item->opened)
                assert_string_equal(item->volume.name, wanted[v]);
    }
    assert_int_equal(found, FAKE_VOLUMES);
}

/* Devices are looked at once, and only where that can help. */
static void devices_that_firmware_passed_over(void **state)
{
    static const struct {
        const char *path;
        unsigned volume;
        bool connects;
    } paths[] = {
        {"boot():/f", FAKE_BOOT, false},
        {"fslabel(boot):/f", FAKE_BOOT, false},
        {"guid(" BOOT_GUID "):/f", FAKE_BOOT, false},
        {"guid(" DATA_GUID "):/f", FAKE_DATA, true},
        {"hdd(2:1):/f", FAKE_MBR, true},
        {"odd(1:):/f", FAKE_CDROM, true},
    };
    struct volumes_item *boot = the.volumes.first;

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct ldr_report report;
        EFI_HANDLE device = NULL;
        size_t before = fake_handles_connections();

        assert_int_equal(find(paths[i].path, &device, &report), LDR_OK);
        assert_ptr_equal(device, the.disks->device[paths[i].volume]);
        assert_int_equal(before != fake_handles_connections(), paths[i].connects && i == 3);
    }
    /* What was found before stays where it was. */
    assert_ptr_equal(the.volumes.first, boot);
    assert_int_equal(the.disks->volume[FAKE_BOOT].opened, 1);
}

/* Before all disks are there their numbers are somebody else's. */
static void numbers_wait_for_all_disks(void **state)
{
    struct ldr_report report;
    EFI_HANDLE device = NULL;

    (void)state;
    assert_int_equal(find("hdd(1:1):/f", &device, &report), LDR_OK);
    assert_ptr_equal(device, the.disks->device[FAKE_BOOT]);
    assert_true(fake_handles_connections() > 0);
}

/* Every allocation on the way fails in turn: a volume may then be unknown, but nothing leaks. */
static void without_memory(void **state)
{
    enum ldr_status status = LDR_NO_MEMORY;

    (void)state;
    for (size_t n = 0; status != LDR_OK || n < 20; n++) {
        struct fake *fake = fake_start();
        struct fake_disks *disks = fake_disks_start(fake, NULL);
        struct memory memory = fake_memory(fake);
        struct ldr_report report;
        struct volumes volumes;

        fake->allocations_left = n;
        status = volumes_open(&volumes, &fake->services, disks->device[FAKE_BOOT], &memory,
                              &log_lines, &report);
        if (status == LDR_OK)
            volumes_close(&volumes);
        else
            assert_int_equal(status, LDR_NO_MEMORY);
        assert_int_equal(fake_in_use(fake), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_way_to_say_it, start, end),
        cmocka_unit_test_setup_teardown(where_there_is_none, start, end),
        cmocka_unit_test_setup_teardown(the_volumes_that_there_are, start, end),
        cmocka_unit_test_setup_teardown(opened_when_wanted, start, end),
        cmocka_unit_test_setup_teardown(names, start, end),
        cmocka_unit_test_setup_teardown(devices_that_firmware_passed_over, start_asleep, end),
        cmocka_unit_test_setup_teardown(numbers_wait_for_all_disks, start_asleep, end),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
