/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A path is taken apart into volume, file and hash, whichever way it is written; what
 * can't be read or checked is refused with file, line and reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/path.h"
#include "loader/tests/config_fixture.h"

#define GUID "736b5698-5aE1-4dff-be2c-ef8f44a61c52"

static struct ldr_path taken; /* by path_is() and path_accepted() */

static struct ldr_text slice(const char *text)
{
    return (struct ldr_text){text, strlen(text)};
}

/* From memory that ends where the path does, so that reading behind it is caught. */
static enum ldr_status read_path(struct ldr_text text, struct ldr_path *ret_path,
                                 struct ldr_report *report)
{
    char *copy = malloc(text.length + 1);
    struct ldr_path path = *ret_path;

    if (text.length > 0)
        memcpy(copy + 1, text.at, text.length);
    enum ldr_status status =
        ldr_path_read(&path, CONFIG_NAME, 7, (struct ldr_text){copy + 1, text.length}, report);
    if (status == LDR_OK) { /* its slices, in the caller's memory */
        path.file.at = text.at + (path.file.at - (copy + 1));
        path.volume.at = path.volume.at ? text.at + (path.volume.at - (copy + 1)) : NULL;
        path.label.at = path.label.at ? text.at + (path.label.at - (copy + 1)) : NULL;
    }
    *ret_path = path;
    free(copy);
    return status;
}

static void path_is(const char *text, enum ldr_volume_kind kind, unsigned drive, unsigned partition,
                    const char *volume, const char *file)
{
    struct ldr_report report;

    memset(&taken, 0xa5, sizeof taken);
    if (read_path(slice(text), &taken, &report) != LDR_OK)
        fail_msg("refused: %s", report.text);
    assert_int_equal(taken.kind, kind);
    assert_int_equal(taken.drive, drive);
    assert_int_equal(taken.partition, partition);
    config_check_slice(taken.volume, volume);
    config_check_slice(taken.file, file);
    assert_int_equal(taken.compressed, text[0] == '$');
    assert_false(taken.hashed);
}

static void path_refused(struct ldr_text text, const char *why)
{
    struct ldr_path before;
    struct ldr_report report;

    memset(&taken, 0xa5, sizeof taken);
    before = taken;
    report.status = LDR_OK;
    assert_int_equal(read_path(text, &taken, &report), LDR_BAD_CONFIG);
    assert_int_equal(report.status, LDR_BAD_CONFIG);
    config_check_text(report.text, CONFIG_NAME ", line 7: the path \"", why);
    assert_memory_equal(&taken, &before, sizeof before);
}

static void boot_drive(void **state)
{
    (void)state;
    path_is("boot():/a/b", LDR_VOLUME_BOOT, 0, 0, "boot()", "/a/b");
    path_is("boot(2):/k", LDR_VOLUME_BOOT, 0, 2, "boot(2)", "/k");
    path_is("boot(256):/k", LDR_VOLUME_BOOT, 0, 256, "boot(256)", "/k");
    path_is("/a/b", LDR_VOLUME_BOOT, 0, 0, "", "/a/b");
    path_is("BOOT():/A/b:c", LDR_VOLUME_BOOT, 0, 0, "BOOT()", "/A/b:c");
    path_is("/boot():/a", LDR_VOLUME_BOOT, 0, 0, "", "/boot():/a");
    path_is("/\xc3\xa9 ~", LDR_VOLUME_BOOT, 0, 0, "", "/\xc3\xa9 ~");
    path_is("boot()://k", LDR_VOLUME_BOOT, 0, 0, "boot()", "//k");
}

static void drives(void **state)
{
    (void)state;
    path_is("hdd(1:2):/k", LDR_VOLUME_HARD, 1, 2, "hdd(1:2)", "/k");
    path_is("hdd(256:256):/k", LDR_VOLUME_HARD, 256, 256, "hdd(256:256)", "/k");
    path_is("hdd(2:):/k", LDR_VOLUME_HARD, 2, 0, "hdd(2:)", "/k");
    path_is("hdd(2:0):/k", LDR_VOLUME_HARD, 2, 0, "hdd(2:0)", "/k");
    path_is("odd(1:):/a/k", LDR_VOLUME_OPTICAL, 1, 0, "odd(1:)", "/a/k");
    path_is("odd(3:1):/k", LDR_VOLUME_OPTICAL, 3, 1, "odd(3:1)", "/k");
}

static void older_ways(void **state)
{
    (void)state;
    path_is("boot:///a/b", LDR_VOLUME_BOOT, 0, 0, "boot://", "/a/b");
    path_is("boot://2/k", LDR_VOLUME_BOOT, 0, 2, "boot://2", "/k");
    path_is("hdd://1:2/k", LDR_VOLUME_HARD, 1, 2, "hdd://1:2", "/k");
    path_is("hdd://1:/k", LDR_VOLUME_HARD, 1, 0, "hdd://1:", "/k");
    path_is("fslabel://A (B)/k", LDR_VOLUME_LABEL, 0, 0, "fslabel://A (B)", "/k");
    config_check_slice(taken.label, "A (B)");
    path_is("$boot:///k.gz", LDR_VOLUME_BOOT, 0, 0, "boot://", "/k.gz");
}

static void compressed(void **state)
{
    (void)state;
    path_is("$boot():/k.gz", LDR_VOLUME_BOOT, 0, 0, "boot()", "/k.gz");
    path_is("$/k.gz", LDR_VOLUME_BOOT, 0, 0, "", "/k.gz");
    path_is("boot():/$k.gz", LDR_VOLUME_BOOT, 0, 0, "boot()", "/$k.gz");
}

/* The bytes that UEFI's and GPT's own structures hold for this text (UEFI 2.10, appendix A). */
static void guids(void **state)
{
    static const uint8_t expected[16] = {0x98, 0x56, 0x6b, 0x73, 0xe1, 0x5a, 0xff, 0x4d,
                                         0xbe, 0x2c, 0xef, 0x8f, 0x44, 0xa6, 0x1c, 0x52};
    static const char *const bad[] = {
        "",
        "736b5698-5ae1-4dff-be2c-ef8f44a61c5",
        "736b5698-5ae1-4dff-be2c-ef8f44a61c523",
        "736b5698-5ae1-4dff-be2c-ef8f44a61c5g",
        "736b56985ae14dffbe2cef8f44a61c52",
        "736b5698-5ae1-4dff-be2c-ef8f44a61c52-",
        "736b5698-5ae1-4dff-be2c-ef8f44a61c52-00",
        "736b5698-5ae1-4dff-be2cef-8f44a61c52",
        "736b5698-5ae1-4dff-be2c",
        "a-b",
        "{736b5698-5ae1-4dff-be2c-ef8f44a61c52}",
    };
    char text[128];

    (void)state;
    path_is("guid(" GUID "):/k", LDR_VOLUME_GUID, 0, 0, "guid(" GUID ")", "/k");
    assert_memory_equal(taken.guid, expected, 16);
    path_is("uuid(" GUID "):/k", LDR_VOLUME_GUID, 0, 0, "uuid(" GUID ")", "/k");
    assert_memory_equal(taken.guid, expected, 16);
    path_is("uuid://" GUID "/k", LDR_VOLUME_GUID, 0, 0, "uuid://" GUID, "/k");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "guid(%s):/k", bad[i]);
        path_refused(slice(text), "has no GUID of 8-4-4-4-12");
    }
}

static void labels(void **state)
{
    (void)state;
    path_is("fslabel(My disk):/k", LDR_VOLUME_LABEL, 0, 0, "fslabel(My disk)", "/k");
    config_check_slice(taken.label, "My disk");
    path_is("fslabel(A) B#):/k", LDR_VOLUME_LABEL, 0, 0, "fslabel(A) B#)", "/k");
    config_check_slice(taken.label, "A) B#");
    path_refused(slice("fslabel():/k"), "has no label");
}

#define HASH_64  "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define HASH_128 HASH_64 "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3efF"

static void hashes(void **state)
{
    static const char *const bad[] = {
        "boot():/k#",
        "boot():/k#00",
        "boot():/k#" HASH_64,
        "/a#b",
        "/k#" HASH_128 "00",
        "/k#" HASH_128 " ",
        "/k#" HASH_64 HASH_64 HASH_64 HASH_64,
        "/k#" HASH_64 "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3g",
    };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        static const char *const text[] = {"boot():/a/k#" HASH_128, "/a/k#" HASH_128,
                                           "boot():/a#b/k#" HASH_128};
        struct ldr_report report;
        memset(&taken, 0xa5, sizeof taken);
        assert_int_equal(read_path(slice(text[i]), &taken, &report), LDR_OK);
        assert_true(taken.hashed);
        for (unsigned byte = 0; byte < LDR_BLAKE2B_BYTES - 1; byte++)
            assert_int_equal(taken.hash[byte], byte);
        assert_int_equal(taken.hash[LDR_BLAKE2B_BYTES - 1], 0xff);
        config_check_slice(taken.file, i < 2 ? "/a/k" : "/a#b/k");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        path_refused(slice(bad[i]), "but no BLAKE2b hash of 128 hexadecimal digits");
}

static void refusals(void **state)
{
    static const char *const no_volume[] = {"",          "kernel.elf", "boot():", "boot():k",
                                            "boot:/k",   "boot(",      "boot()",  "boot()/k",
                                            "hdd://1:2", "$",          "(",       "boot(2:/k"};
    static const char *const other[] = {"tftp():/k",   "():/k",     "bootx():/k", "boo():/k",
                                        "$$boot():/k", "tftp:///k", ":///k"};
    static const char *const partition[] = {"boot(0):/k",
                                            "boot(257):/k",
                                            "boot(-1):/k",
                                            "boot(x):/k",
                                            "boot( 1):/k",
                                            "boot:// /k",
                                            "boot(18446744073709551617):/k"};
    static const char *const drive[] = {"hdd():/k",    "hdd(1):/k",     "hdd(:1):/k",
                                        "hdd(0:1):/k", "hdd(257:1):/k", "hdd(1:257):/k",
                                        "odd(1:x):/k", "odd(x:1):/k",   "hdd(1:2:3):/k"};
    static const char *const no_file[] = {"boot():/", "/", "hdd(1:1):/", "/#" HASH_128};

    (void)state;
    for (size_t i = 0; i < sizeof no_volume / sizeof no_volume[0]; i++)
        path_refused(slice(no_volume[i]), "says no volume; ");
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        path_refused(slice(other[i]), "is on none of the volumes");
    for (size_t i = 0; i < sizeof partition / sizeof partition[0]; i++)
        path_refused(slice(partition[i]), "has no partition from 1 to 256");
    for (size_t i = 0; i < sizeof drive / sizeof drive[0]; i++)
        path_refused(slice(drive[i]), "has no drive and partition from 1 to 256");
    for (size_t i = 0; i < sizeof no_file / sizeof no_file[0]; i++)
        path_refused(slice(no_file[i]), "names no file");
    path_refused((struct ldr_text){"/a\0b", 4}, "control characters");
    path_refused(slice("/a\x1b[2J"), "control characters");
    path_refused(slice("/a\tb"), "control characters");
    path_refused(slice("boot(\n):/a"), "control characters");
    path_refused(slice("/a\x7f"), "control characters");
}

/* However long the path is, the reason stays in the message. */
static void long_path(void **state)
{
    char text[1000];

    (void)state;
    memset(text, 'x', sizeof text);
    path_refused((struct ldr_text){text, sizeof text}, "says no volume; ");
    memcpy(text, "tftp():/", 8);
    path_refused((struct ldr_text){text, sizeof text}, "put it on one of them");
    memcpy(text, "guid():/", 8);
    path_refused((struct ldr_text){text, sizeof text}, "correct it");
    memcpy(text, "boot():/#", 9);
    path_refused((struct ldr_text){text, sizeof text}, "behind it; correct it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_drive), cmocka_unit_test(drives),   cmocka_unit_test(older_ways),
        cmocka_unit_test(compressed), cmocka_unit_test(guids),    cmocka_unit_test(labels),
        cmocka_unit_test(hashes),     cmocka_unit_test(refusals), cmocka_unit_test(long_path),
    };

    return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
