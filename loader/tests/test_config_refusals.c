/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever is wrong with a configuration is refused with file and line, and nothing is
 * written then.
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

static void no_entries(void **state)
{
    struct config_fixture *f = *state;

    config_refused_bytes(f, "", 0, CONFIG_NAME ": ", "no entry to boot");
    config_refused_bytes(f, "timeout: 3\n", 11, CONFIG_NAME ": ", "no entry to boot");
    config_refused_bytes(f, "\xef\xbb\xbf", 3, CONFIG_NAME ": ", "no entry to boot");
    config_refused_bytes(f, NULL, 0, CONFIG_NAME ": ", "no entry to boot");
}

static void stray_lines(void **state)
{
    struct config_fixture *f = *state;
    static const char *const stray[] = {"kernel path", "kernel path: x", "timeout=5", ":Old entry",
                                        ": value",     "boot():/x",      "${ARCH}"};
    char text[256];

    config_refused(f, "# 1\n\n" CONFIG_ENTRY "kernel path\n", 6,
                   "\"kernel path\" is neither a comment, a heading that starts with \"/\", nor "
                   "\"key: value\"; correct or remove it");
    for (size_t i = 0; i < sizeof stray / sizeof stray[0]; i++) {
        snprintf(text, sizeof text, CONFIG_ENTRY "%s\n", stray[i]);
        config_refused(f, text, 4, "is neither");
        snprintf(text, sizeof text, "%s\n" CONFIG_ENTRY, stray[i]);
        config_refused(f, text, 1, "is neither");
    }
}

/* The advice stays in the message however long the line is. */
static void long_lines(void **state)
{
    struct config_fixture *f = *state;
    size_t length = 100000;
    char *text = malloc(length);

    memset(text, 'x', length);
    config_refused_bytes(f, text, length, CONFIG_NAME ", line 1: ", "correct or remove it");
    memcpy(text, "timeout:", 8);
    config_refused_bytes(f, text, length, CONFIG_NAME ", line 1: ", "neither a number");
    memcpy(text, "/Name\nprotocol:", 15);
    assert_int_equal(config_read_bytes(f, text, length), LDR_OK);
    assert_int_equal(config_entry(f, 0)->protocol_name.length, length - 15);
    text[5] = 'x';
    memcpy(text + 15, "\n", 1);
    config_refused_bytes(f, text, length, CONFIG_NAME ", line 2: ", "correct or remove it");
    memset(text + 15, 'x', length - 15);
    config_refused_bytes(f, text, length, CONFIG_NAME ", line 1: ", "add it");
    memset(text, 'x', length);
    memcpy(text, "/K\nprotocol: limine\npath: /", 27);
    memcpy(text + length - 8, ":\nkey: v", 8);
    assert_int_equal(config_read_bytes(f, text, length), LDR_OK);
    assert_non_null(strstr(f->log, "line 4: \"key\""));
    free(text);
}

static void headings(void **state)
{
    struct config_fixture *f = *state;

    config_refused(f, CONFIG_ENTRY "///Below\nprotocol: limine\npath: /k\n", 4,
                   "\"///Below\" is too far below what stands above it");
    config_refused(f, "//Deep\n", 1, "is too far below");
    config_refused(f, "/A\n//B\n////C\n", 3, "is too far below");
    config_refused(f, CONFIG_ENTRY "/\n", 4, "without a name");
    config_refused(f, CONFIG_ENTRY "  /  \r\n", 4, "without a name");
    config_refused(f, CONFIG_ENTRY "/+\n", 4, "\"/+\" is a heading without a name");
    config_refused(f, "/A\n//\n", 2, "without a name");
    config_refused(f, "/1\n//2\n///3\n////4\n/////5\n//////6\n///////7\n////////8\n/////////9\n", 9,
                   "\"/////////9\" is deeper than 8 levels");
}

static void bad_timeouts(void **state)
{
    struct config_fixture *f = *state;
    static const char *const bad[] = {"",   "x", "-1",  "5s",   "0x5",  "1 2",   "none", "+1", "1.",
                                      ".5", ".", "1.x", "1.5s", "1..5", "1.5.5", "1,5",  "yes"};
    char text[256];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "\ntimeout: %s\n" CONFIG_ENTRY, bad[i]);
        config_refused(f, text, 2, "gives neither a number of seconds nor \"no\"");
    }
}

static void entry_lacks(void **state)
{
    struct config_fixture *f = *state;

    config_refused(f, "/A\nprotocol: limine\n" CONFIG_ENTRY, 1, "\"A\" lacks a line like \"path:");
    config_refused(f, CONFIG_ENTRY "/B\npath: /k\n", 4,
                   "\"B\" lacks a line like \"protocol: limine\"");
    config_refused(f, "\n/C\n", 2, "\"C\" lacks");
    /* What comes before the first heading belongs to no entry. */
    config_refused(f, "protocol: limine\npath: /k\n/D", 3, "\"D\" lacks");
}

static void empty_paths(void **state)
{
    struct config_fixture *f = *state;

    config_refused(f, "/L\nprotocol: limine\npath:  \n", 3, "\"path\" names no file");
    config_refused(f, CONFIG_ENTRY "module_path:\n", 4, "\"module_path\" names no file");
}

static void given_twice(void **state)
{
    struct config_fixture *f = *state;

    config_refused(f, CONFIG_ENTRY "path: /other\n", 4, "\"path\" gives for the second time");
    config_refused(f, CONFIG_ENTRY "kernel_path: /other\n", 4,
                   "\"kernel_path\" gives for the second time");
    config_refused(f, CONFIG_ENTRY "protocol: limine\n", 4, "second time");
    config_refused(f, CONFIG_ENTRY "cmdline: a\nkernel_cmdline: a\n", 5, "second time");
    config_refused(f, "timeout: 1\ntimeout: 1\n" CONFIG_ENTRY, 2, "second time");
    config_refused(f, "timeout: 1\n" CONFIG_ENTRY "timeout: 1\n", 5, "second time");
    config_refused(f, "default_entry: 1\n\ndefault_entry: 1\n" CONFIG_ENTRY, 3, "second time");
    config_refused(f, CONFIG_ENTRY "module_path: /m\nmodule_cmdline: a\nmodule_string: b\n", 6,
                   "second time");
    /* Each entry has its own. */
    config_accepted_silently(f, CONFIG_ENTRY "cmdline: a\n" CONFIG_ENTRY "cmdline: b\n");
}

static void module_cmdline_alone(void **state)
{
    struct config_fixture *f = *state;

    config_refused(f, CONFIG_ENTRY "module_cmdline: a\nmodule_path: /m\n", 4,
                   "\"module_cmdline\" has no module to belong to");
    config_refused(f, CONFIG_ENTRY "module_path: /m\n" CONFIG_ENTRY "module_string: a\n", 8,
                   "no module to belong to");
}

/* ------------------------------------------------------------------------
 * Files that break off or are damaged: read or refused, and nothing behind their end is
 * touched (the sanitizers watch).
 */

static const char everything[] =
    "\xef\xbb\xbf# c\r\n${A}=boot():${B}\r\n${B}=/b\r\ntimeout: 3.5\r\ndefault_entry: D/\\E#0\r\n"
    "quiet: yes\r\n/A\r\nprotocol: limine\r\npath: ${A}\r\nmodule_path: /m\r\n"
    "module_cmdline: c\r\nresolution: 8x8x8\r\npaging_mode: 4level\r\n/+D\r\ncomment: d\r\n"
    "//E\r\nprotocol: efi\r\nimage_path: ${A}${ARCH}\r\nif_arch: x86-64\r\n" CONFIG_ENTRY;

/* What was read makes sense in itself; its texts are all in the room. */
static void check_anything(struct config_fixture *f)
{
    const char *room = f->room.text;

    assert_in_range(f->config.entry_count, 1, LDR_CONFIG_ENTRIES);
    if (f->config.default_entry != LDR_NO_ENTRY)
        assert_true(ldr_entry_boots(config_entry(f, f->config.default_entry)));
    for (size_t i = 0; i < f->config.entry_count; i++) {
        const struct ldr_entry *entry = config_entry(f, i);
        const struct ldr_text text[] = {entry->name, entry->comment, entry->protocol_name,
                                        entry->path, entry->cmdline, entry->body};
        for (size_t t = 0; t < sizeof text / sizeof text[0]; t++)
            assert_true(text[t].length == 0 ||
                        (text[t].at >= room &&
                         text[t].length <= (size_t)(room + LDR_CONFIG_TEXT - text[t].at)));
        assert_in_range(entry->depth, 1, LDR_CONFIG_DEPTH);
        assert_true(!entry->directory || f->room.entry[i + 1].depth == entry->depth + 1);
        for (size_t m = 0; m < entry->module_count; m++) {
            struct ldr_module_line module;
            ldr_entry_module(entry, m, &module);
            assert_true(module.path.length > 0 && module.line > entry->line);
        }
    }
}

static void read_anything(struct config_fixture *f, const char *text, size_t length)
{
    if (config_read_bytes(f, text, length) == LDR_OK)
        check_anything(f);
    else
        config_check_text(f->report.text, CONFIG_NAME, ";");
}

static void every_truncation(void **state)
{
    struct config_fixture *f = *state;

    for (size_t length = 0; length < sizeof everything; length++)
        read_anything(f, everything, length);
    config_accepted_silently(f, everything);
    assert_int_equal(f->config.entry_count, 4);
    assert_int_equal(f->config.default_entry, 2);
}

/* Each byte replaced by each that means something, left out, and doubled. */
static void every_damage(void **state)
{
    static const char meaning[] = "/+#:${}=\\.x\n\r \t0A\0\xff";
    struct config_fixture *f = *state;
    char text[sizeof everything + 1];
    size_t length = sizeof everything - 1;

    for (size_t at = 0; at < length; at++) {
        memcpy(text, everything, length);
        for (size_t m = 0; m < sizeof meaning - 1; m++) {
            text[at] = meaning[m];
            read_anything(f, text, length);
        }
        memcpy(text + at, everything + at + 1, length - at - 1);
        read_anything(f, text, length - 1);
        memcpy(text + at + 1, everything + at, length - at);
        text[at] = everything[at];
        read_anything(f, text, length + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(no_entries),       CONFIG_TEST(stray_lines),  CONFIG_TEST(long_lines),
        CONFIG_TEST(headings),         CONFIG_TEST(bad_timeouts), CONFIG_TEST(entry_lacks),
        CONFIG_TEST(empty_paths),      CONFIG_TEST(given_twice),  CONFIG_TEST(module_cmdline_alone),
        CONFIG_TEST(every_truncation), CONFIG_TEST(every_damage),
    };

    return cmocka_run_group_tests_name("config refusals", tests, NULL, NULL);
}
