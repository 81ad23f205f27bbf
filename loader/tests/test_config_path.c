/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Of what a configuration calls a path, the file's path on the boot volume is taken;
 * other volumes and hashes are refused.
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

#include "loader/tests/config_fixture.h"

static struct ldr_text slice(const char *text)
{
    return (struct ldr_text){text, strlen(text)};
}

static void path_is(struct config_fixture *f, const char *path, const char *expected)
{
    struct ldr_text plain;

    assert_int_equal(ldr_config_path(CONFIG_NAME, slice(path), &plain, &f->report), LDR_OK);
    config_check_slice(plain, expected);
}

static void path_refused(struct config_fixture *f, struct ldr_text path, const char *why)
{
    struct ldr_text plain = {"before", 6};

    f->report.status = LDR_OK;
    assert_int_equal(ldr_config_path(CONFIG_NAME, path, &plain, &f->report), LDR_BAD_CONFIG);
    assert_int_equal(f->report.status, LDR_BAD_CONFIG);
    config_check_text(f->report.text, CONFIG_NAME ": the path \"", why);
    config_check_slice(plain, "before");
}

static void paths(void **state)
{
    struct config_fixture *f = *state;

    path_is(f, "boot():/a/b", "/a/b");
    path_is(f, "boot:///a/b", "/a/b");
    path_is(f, "/a/b", "/a/b");
    path_is(f, "BOOT():/A/b:c", "/A/b:c");
    path_is(f, "/boot():/a", "/boot():/a");
    path_is(f, "/\xc3\xa9 ~", "/\xc3\xa9 ~");
}

static void bad_paths(void **state)
{
    struct config_fixture *f = *state;
    static const char *const bad[] = {"",
                                      "kernel.elf",
                                      "boot():",
                                      "boot():k",
                                      "boot(2):/k",
                                      "boot://2/k",
                                      "hdd(0:1):/k",
                                      "guid(a-b):/k",
                                      "hdd://0:1/k",
                                      "tftp():/k",
                                      "fslabel(L):/k",
                                      "$boot:///k",
                                      "boot:/k"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        path_refused(f, slice(bad[i]), "not on the boot volume");
    path_refused(f, slice("boot():/k#0123456789abcdef"), "has a hash");
    path_refused(f, (struct ldr_text){NULL, 0}, "not on the boot volume");
    path_refused(f, (struct ldr_text){"/a\0b", 4}, "control characters");
    path_refused(f, slice("/a\x1b[2J"), "control characters");
    path_refused(f, slice("/a\tb"), "control characters");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(paths),
        CONFIG_TEST(bad_paths),
    };

    return cmocka_run_group_tests_name("config path", tests, NULL, NULL);
}
