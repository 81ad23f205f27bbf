/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each key's values: what they set, and that others are warned of and change nothing.
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

/* Accepted, with one warning about that line alone. */
static void odd_value(struct config_fixture *f, const char *key, const char *value, bool global)
{
    char text[256];
    char expected[256];

    snprintf(text, sizeof text, CONFIG_ENTRY "%s%s: %s\n", global ? "" : "#\n", key, value);
    snprintf(expected, sizeof expected,
             CONFIG_NAME ", line %u: \"%s:%s%s\" gives a value that this key can't have here; "
                         "passed over\n",
             global ? 4 : 5, key, *value ? " " : "", value);
    config_accepted(f, text);
    assert_string_equal(f->log, expected);
    config_entry(f, 0);
}

static void accept(struct config_fixture *f, const char *key, const char *value)
{
    char text[256];

    snprintf(text, sizeof text, CONFIG_ENTRY "%s: %s\n", key, value);
    config_accepted_silently(f, text);
    config_entry(f, 0);
}

static void flags(void **state)
{
    struct config_fixture *f = *state;
    static const char *const bad[] = {"", "true", "1", "on", "y", "yes no", "nope"};
    struct {
        const char *key;
        bool *flag, normal;
    } row[] = {
        {"quiet", &f->config.quiet, false},
        {"serial", &f->config.serial, false},
        {"editor_enabled", &f->config.editor, true},
        {"hash_mismatch_panic", &f->config.hash_mismatch_refused, true},
    };

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        accept(f, row[i].key, "yes");
        assert_true(*row[i].flag);
        accept(f, row[i].key, "No");
        assert_false(*row[i].flag);
        for (size_t b = 0; b < sizeof bad / sizeof bad[0]; b++) {
            odd_value(f, row[i].key, bad[b], true);
            assert_int_equal(*row[i].flag, row[i].normal);
        }
        /* None of them sets another. */
        accept(f, row[i].key, row[i].normal ? "no" : "yes");
        for (size_t o = 0; o < sizeof row / sizeof row[0]; o++)
            assert_int_equal(*row[o].flag, row[o].normal != (o == i));
    }
}

static void options(void **state)
{
    struct config_fixture *f = *state;
    static const struct {
        const char *key;
        size_t option;
    } row[] = {
        {"kaslr", offsetof(struct ldr_entry, kaslr)},
        {"randomise_hhdm_base", offsetof(struct ldr_entry, randomise_hhdm)},
        {"randomize_hhdm_base", offsetof(struct ldr_entry, randomise_hhdm)},
        {"early_faults", offsetof(struct ldr_entry, early_faults)},
    };

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        static const char *const value[] = {"yes", "no"};
        for (size_t v = 0; v < 2; v++) {
            enum ldr_option option = v == 0 ? LDR_YES : LDR_NO;
            accept(f, row[i].key, value[v]);
            for (size_t o = 0; o < sizeof row / sizeof row[0]; o++) {
                const enum ldr_option *found =
                    (const void *)((const char *)f->entry + row[o].option);
                assert_int_equal(*found, row[o].option == row[i].option ? option : LDR_UNSET);
            }
        }
        odd_value(f, row[i].key, "maybe", false);
        assert_int_equal(
            *(const enum ldr_option *)(const void *)((const char *)f->entry + row[i].option),
            LDR_UNSET);
    }
    config_refused(f, CONFIG_ENTRY "randomise_hhdm_base: no\nrandomize_hhdm_base: no\n", 5,
                   "second time");
}

static void resolutions(void **state)
{
    struct config_fixture *f = *state;
    static const struct {
        const char *text;
        struct ldr_resolution resolution;
    } row[] = {
        {"1024x768", {1024, 768, 32}},
        {"1024x768x24", {1024, 768, 24}},
        {"1x1x1", {1, 1, 1}},
        {"65535x65535x32", {65535, 65535, 32}},
        {"01920x01080", {1920, 1080, 32}},
    };
    static const char *const bad[] = {"",       "1024",       "1024x", "x768",    "1024x768x",
                                      "0x768",  "1024x0",     "1x1x0", "65536x1", "1024x768x32x1",
                                      "1x1x1x", "1024 x 768", "ax1",   "xx",      "1X1"};

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        accept(f, "resolution", row[i].text);
        assert_memory_equal(&f->entry->resolution, &row[i].resolution, sizeof row[i].resolution);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        odd_value(f, "resolution", bad[i], false);
        assert_int_equal(f->entry->resolution.width, 0);
        assert_int_equal(f->entry->resolution.height, 0);
        assert_int_equal(f->entry->resolution.bpp, 0);
    }
}

static void check_levels(struct config_fixture *f, const char *lines, unsigned least, unsigned most)
{
    char text[256];

    snprintf(text, sizeof text, CONFIG_ENTRY "%s", lines);
    config_accepted_silently(f, text);
    assert_int_equal(config_entry(f, 0)->levels.least, least);
    assert_int_equal(f->entry->levels.most, most);
}

static void paging_modes(void **state)
{
    struct config_fixture *f = *state;
    static const char *const bad[] = {"", "4", "5", "sv39", "sv48", "sv57", "6level", "4levels"};

    check_levels(f, "min_paging_mode: 4level\n", 4, 0);
    check_levels(f, "min_paging_mode: 5LEVEL\n", 5, 0);
    check_levels(f, "max_paging_mode: 4level\n", 0, 4);
    check_levels(f, "max_paging_mode: 5level\n", 0, 5);
    check_levels(f, "max_paging_mode: 5level\nmin_paging_mode: 4level\n", 4, 5);
    check_levels(f, "paging_mode: 4level\n", 4, 4);
    check_levels(f, "paging_mode: 5level\n", 5, 5);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        odd_value(f, "paging_mode", bad[i], false);
        assert_int_equal(f->entry->levels.least, 0);
        assert_int_equal(f->entry->levels.most, 0);
    }
    config_refused(f, CONFIG_ENTRY "max_paging_mode: 4level\nmin_paging_mode: 5level\n", 5,
                   "leaves no mode");
    config_refused(f, CONFIG_ENTRY "min_paging_mode: 5level\nmax_paging_mode: 4level\n", 5,
                   "leaves no mode");
    config_refused(f, CONFIG_ENTRY "paging_mode: 4level\nmax_paging_mode: 4level\n", 5,
                   "second time");
    config_refused(f, CONFIG_ENTRY "min_paging_mode: 4level\npaging_mode: 4level\n", 5,
                   "second time");
}

/* Each entry has its own. */
static void of_one_entry(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, CONFIG_ENTRY "kaslr: no\nresolution: 8x8\npaging_mode: 4level\n"
                                             "comment: Is the first.\n" CONFIG_ENTRY
                                             "early_faults: yes\n");
    config_check_slice(config_entry(f, 0)->comment, "Is the first.");
    assert_int_equal(f->entry->kaslr, LDR_NO);
    assert_int_equal(f->entry->early_faults, LDR_UNSET);
    config_check_slice(config_entry(f, 1)->comment, "");
    assert_int_equal(f->entry->kaslr, LDR_UNSET);
    assert_int_equal(f->entry->resolution.width, 0);
    assert_int_equal(f->entry->levels.most, 0);
    assert_int_equal(f->entry->early_faults, LDR_YES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(flags),        CONFIG_TEST(options),      CONFIG_TEST(resolutions),
        CONFIG_TEST(paging_modes), CONFIG_TEST(of_one_entry),
    };

    return cmocka_run_group_tests_name("config values", tests, NULL, NULL);
}
