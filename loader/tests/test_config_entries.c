/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries: directories and what is in them, protocols, entries for other machines, and the
 * one that boots by itself.
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

/* The two lines that an entry needs. */
#define BODY "protocol: limine\npath: /k\n"

/* ---- directories ------------------------------------------------------------- */

static void check_entry(struct config_fixture *f, size_t index, const char *name, unsigned depth,
                        bool directory, bool expanded)
{
    config_check_slice(config_entry(f, index)->name, name);
    assert_int_equal(f->entry->depth, depth);
    assert_int_equal(f->entry->directory, directory);
    assert_int_equal(f->entry->expanded, expanded);
    assert_int_equal(ldr_entry_boots(f->entry), !directory);
}

static void directories(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "/A\ncomment: of A\n//B\n" BODY "//+ C\n///D\n" BODY "cmdline: d\n"
                                "///E\n" BODY "/+F\n//G\n///H\n////I\n" BODY "/J\n" BODY);
    assert_int_equal(f->config.entry_count, 10);
    check_entry(f, 0, "A", 1, true, false);
    config_check_slice(f->entry->comment, "of A");
    check_entry(f, 1, "B", 2, false, false);
    check_entry(f, 2, "C", 2, true, true);
    check_entry(f, 3, "D", 3, false, false);
    config_check_slice(f->entry->cmdline, "d");
    check_entry(f, 4, "E", 3, false, false);
    check_entry(f, 5, "F", 1, true, true);
    check_entry(f, 6, "G", 2, true, false);
    check_entry(f, 7, "H", 3, true, false);
    check_entry(f, 8, "I", 4, false, false);
    check_entry(f, 9, "J", 1, false, false);
    static const size_t parent[] = {LDR_NO_ENTRY, 0, 0, 2, 2, LDR_NO_ENTRY, 5, 6, 7, LDR_NO_ENTRY};
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(ldr_config_parent(&f->config, i), parent[i]);
}

/* Only the comment of a directory means anything. */
static void directory_with_lines(void **state)
{
    struct config_fixture *f = *state;

    config_accepted(f, "/+F\ncomment: c\n" BODY "module_path: /m\nkaslr: no\n//G\n" BODY);
    assert_string_equal(f->log, CONFIG_NAME
                        ", line 1: \"F\" is a directory, for which only a comment means anything; "
                        "passed over\n");
    check_entry(f, 0, "F", 1, true, true);
    config_check_slice(f->entry->comment, "c");
    assert_int_equal(f->entry->protocol, LDR_PROTOCOL_NONE);
}

/* "/+" before what has nothing in it says nothing. */
static void plus_without_entries(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "/+ Kernel\n" BODY "/+Other\n" BODY);
    check_entry(f, 0, "Kernel", 1, false, false);
    check_entry(f, 1, "Other", 1, false, false);
}

static void deepest(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f,
                             "/1\n//2\n///3\n////4\n/////5\n//////6\n///////7\n////////8\n" BODY);
    check_entry(f, 7, "8", LDR_CONFIG_DEPTH, false, false);
}

static void most_entries(void **state)
{
    struct config_fixture *f = *state;
    char *text = malloc(LDR_CONFIG_ENTRIES * 64);
    size_t length = 0;

    for (unsigned i = 0; i < LDR_CONFIG_ENTRIES; i++)
        length += (size_t)sprintf(text + length, "/E%u\n" BODY, i);
    config_accepted_silently(f, text);
    assert_int_equal(f->config.entry_count, LDR_CONFIG_ENTRIES);
    config_check_slice(config_entry(f, 511)->name, "E511");
    strcpy(text + length, "/One more\n");
    config_refused(f, text, 3 * LDR_CONFIG_ENTRIES + 1,
                   "\"/One more\" is one entry more than the 512 of a file");
    free(text);
}

/* ---- protocols --------------------------------------------------------------- */

static void protocols(void **state)
{
    static const struct {
        const char *name;
        enum ldr_protocol protocol;
    } row[] = {
        {"limine", LDR_PROTOCOL_LIMINE},
        {"LIMINE", LDR_PROTOCOL_LIMINE},
        {"efi", LDR_PROTOCOL_EFI},
        {"uefi", LDR_PROTOCOL_EFI},
        {"efi_chainload", LDR_PROTOCOL_EFI},
        {"efi_boot_entry", LDR_PROTOCOL_OTHER},
        {"linux", LDR_PROTOCOL_OTHER},
        {"multiboot", LDR_PROTOCOL_OTHER},
        {"multiboot1", LDR_PROTOCOL_OTHER},
        {"multiboot2", LDR_PROTOCOL_OTHER},
        {"chainload_next", LDR_PROTOCOL_OTHER},
        {"limine2", LDR_PROTOCOL_OTHER},
        {"limin", LDR_PROTOCOL_OTHER},
        {"", LDR_PROTOCOL_OTHER},
    };
    struct config_fixture *f = *state;
    char text[256];

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        snprintf(text, sizeof text, "/E\nprotocol: %s\npath: /p\n" CONFIG_ENTRY, row[i].name);
        config_accepted_silently(f, text);
        assert_int_equal(config_entry(f, 0)->protocol, row[i].protocol);
        config_check_slice(f->entry->protocol_name, row[i].name);
        assert_int_equal(ldr_entry_boots(f->entry), row[i].protocol != LDR_PROTOCOL_OTHER);
        assert_false(f->entry->hidden);
        assert_int_equal(f->config.default_entry,
                         row[i].protocol != LDR_PROTOCOL_OTHER ? 0 : LDR_NO_ENTRY);
    }
}

/* An entry that can't be booted anyway needn't say what to boot; one that can, does. */
static void what_protocols_need(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "/E\nprotocol: efi_boot_entry\n/L\nprotocol: linux\n" CONFIG_ENTRY);
    config_accepted_silently(f, "/E\nprotocol: efi\nimage_path: /EFI/a.efi\ncmdline: c\n");
    config_check_slice(config_entry(f, 0)->path, "/EFI/a.efi");
    config_check_slice(f->entry->cmdline, "c");
    config_refused(f, CONFIG_ENTRY "/E\nprotocol: efi\n", 4, "\"E\" lacks a line like \"path:");
}

/* ---- for other machines ------------------------------------------------------ */

static void hidden_entries(void **state)
{
    static const struct {
        const char *line;
        bool hidden;
    } row[] = {
        {"if_arch: x86-64", false},
        {"if_arch: aarch64", true},
        {"if_arch: aarch64 x86-64", false},
        {"if_arch: x86-64\tia-32", true},
        {"if_arch: X86-64  riscv64", false},
        {"if_arch:", true},
        {"if_loader_arch: ia-32", true},
        {"if_loader_arch: ia-32 x86-64", false},
        {"if_fw_type: UEFI", false},
        {"if_fw_type: uefi", false},
        {"if_fw_type: BIOS", true},
        {"protocol: bios", true},
        {"protocol: bios_chainload", true},
        {"if_arch: x86-64\nif_fw_type: BIOS", true},
        {"if_arch: ia-32\nif_fw_type: UEFI", true},
        {"if_fw_type: BIOS\nif_arch: x86-64", true},
    };
    struct config_fixture *f = *state;
    char text[256];

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        bool protocol = strncmp(row[i].line, "protocol", 8) == 0;
        snprintf(text, sizeof text, "/E\n%s\npath: /p\n%s\n" CONFIG_ENTRY,
                 protocol ? "" : "protocol: limine", row[i].line);
        config_accepted_silently(f, text);
        assert_int_equal(config_entry(f, 0)->hidden, row[i].hidden);
        assert_int_equal(ldr_entry_boots(f->entry), !row[i].hidden);
        assert_int_equal(f->config.entry_count, 2);
        assert_int_equal(f->config.default_entry, row[i].hidden ? 1 : 0);
    }
}

/* What isn't shown needn't make sense here, and hides what is in it. */
static void hidden_with_all_in_it(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "/A\nif_arch: riscv64\n//B\n///C\n//D\n/E\nif_fw_type: BIOS\n"
                                "/F\n//G\nif_arch: ia-32\n//H\n" BODY);
    static const bool hidden[] = {true, true, true, true, true, false, true, false};
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(config_entry(f, i)->hidden, hidden[i]);
    config_refused_bytes(f, "/A\nif_arch: ia-32\n//B\n", 22, CONFIG_NAME ": ", "no entry to boot");
}

/* ---- the order of a menu ----------------------------------------------------- */

static void check_order(const struct ldr_config *config, bool open, const char *order)
{
    size_t index = LDR_NO_ENTRY;
    char found[64] = "";

    while ((index = ldr_config_next(config, index, open)) != LDR_NO_ENTRY)
        strncat(found, config->entry[index].name.at, config->entry[index].name.length);
    assert_string_equal(found, order);
}

static void order(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "/A\n" BODY "/B\n//C\n" BODY "//D\n///E\n" BODY "/F\nif_arch: x\n"
                                "//G\n" BODY "/H\n//I\nif_arch: x\n//J\n" BODY "/K\nif_arch: x\n");
    check_order(&f->config, true, "ABCDEHJ");
    check_order(&f->config, false, "ABH");
}

/* ---- default_entry ----------------------------------------------------------- */

/* Rows of the menu: 1 A, 2 B, 3 (B/C) closed, 4 F, then G with its two J. */
#define MENU                                                                                       \
    "/A\n" BODY "/+B\n//C\n///D\n" BODY "//E\n" BODY "/hidden\nif_arch: x\n/F\n//G\n" BODY         \
    "/H/#1\n" BODY "/J\n" BODY "/J\nprotocol: linux\n/J\n" BODY "/\\a#\n" BODY

static void default_is(struct config_fixture *f, const char *value, const char *name, size_t index)
{
    char text[1024];

    snprintf(text, sizeof text, "default_entry: %s\n" MENU, value);
    config_accepted(f, text);
    assert_int_equal(f->config.default_entry, index);
    if (index == LDR_NO_ENTRY) {
        snprintf(text, sizeof text,
                 CONFIG_NAME ", line 1: \"%s\" names no entry that can be booted; the menu waits "
                             "for a choice\n",
                 value);
        assert_string_equal(f->log, text);
        return;
    }
    assert_string_equal(f->log, "");
    config_check_slice(config_entry(f, index)->name, name);
}

/* Numbers count the rows of the menu as it is first shown; so what is in a closed directory
 * has none, and hidden entries have none either. */
static void default_by_number(void **state)
{
    struct config_fixture *f = *state;

    default_is(f, "1", "A", 0);
    default_is(f, "2", NULL, LDR_NO_ENTRY); /* a directory */
    default_is(f, "3", NULL, LDR_NO_ENTRY); /* another, closed */
    default_is(f, "4", "E", 4);
    default_is(f, "5", NULL, LDR_NO_ENTRY); /* F, closed */
    default_is(f, "6", "H/#1", 8);
    default_is(f, "007", "J", 9);
    default_is(f, "8", NULL, LDR_NO_ENTRY); /* the J of Linux */
    default_is(f, "9", "J", 11);
    default_is(f, "10", "\\a#", 12);
    default_is(f, "11", NULL, LDR_NO_ENTRY);
    default_is(f, "0", NULL, LDR_NO_ENTRY);
    default_is(f, "18446744073709551616", NULL, LDR_NO_ENTRY);
}

/* As Limine writes them: "/" between names, a backslash before what stands for itself,
 * "#N" for the entry with N of the same name before it. */
static void default_by_path(void **state)
{
    struct config_fixture *f = *state;

    default_is(f, "A", "A", 0);
    default_is(f, "A#0", "A", 0);
    default_is(f, "B/C/D", "D", 3);
    default_is(f, "B/E", "E", 4);
    default_is(f, "F/G", "G", 7);
    default_is(f, "F#0/G#0", "G", 7);
    default_is(f, "H\\/\\#1", "H/#1", 8);
    default_is(f, "H\\/\\#1#0", "H/#1", 8);
    default_is(f, "J", "J", 9);
    default_is(f, "J#2", "J", 11);
    default_is(f, "\\\\a#", "\\a#", 12);
    default_is(f, "\\\\a\\#", "\\a#", 12);

    static const char *const none[] = {"B",          "B/C",     "B/D",   "C/D",   "A/B",    "J#1",
                                       "J#3",        "b/e",     "/A",    "F/G/H", "H/#1",   "J#x",
                                       "",           "G",       "E",     "#0",    "hidden", "F/",
                                       "H\\/\\#1/J", "J#99999", "H\\/#1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        default_is(f, none[i], NULL, LDR_NO_ENTRY);
}

static void default_not_given(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "/A\n" BODY "/B\n" BODY);
    assert_int_equal(f->config.default_entry, 0);
    config_accepted_silently(f, "/+A\n//B\n" BODY);
    assert_int_equal(f->config.default_entry, LDR_NO_ENTRY);
    config_accepted_silently(f, "/A\nprotocol: bios\n/B\n" BODY);
    assert_int_equal(f->config.default_entry, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(directories),           CONFIG_TEST(directory_with_lines),
        CONFIG_TEST(plus_without_entries),  CONFIG_TEST(deepest),
        CONFIG_TEST(most_entries),          CONFIG_TEST(protocols),
        CONFIG_TEST(what_protocols_need),   CONFIG_TEST(hidden_entries),
        CONFIG_TEST(hidden_with_all_in_it), CONFIG_TEST(order),
        CONFIG_TEST(default_by_number),     CONFIG_TEST(default_by_path),
        CONFIG_TEST(default_not_given),
    };

    return cmocka_run_group_tests_name("config entries", tests, NULL, NULL);
}
