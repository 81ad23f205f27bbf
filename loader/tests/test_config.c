/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration is read as it is written; what is merely not known in it is named in
 * a warning.
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

static void check_module(const struct ldr_entry *of, size_t index, const char *path,
                         const char *cmdline)
{
    struct ldr_module_line module;

    ldr_entry_module(of, index, &module);
    config_check_slice(module.path, path);
    config_check_slice(module.cmdline, cmdline);
}

static void smallest(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, CONFIG_ENTRY);
    assert_string_equal(f->config.file, CONFIG_NAME);
    assert_int_equal(f->config.timeout, 50);
    assert_int_equal(f->config.default_entry, 0);
    assert_int_equal(f->config.entry_count, 1);
    assert_false(f->config.quiet || f->config.serial);
    assert_true(f->config.editor && f->config.hash_mismatch_refused);
    config_check_slice(config_entry(f, 0)->name, "Kernel");
    config_check_slice(f->entry->protocol_name, "limine");
    config_check_slice(f->entry->path, "boot():/kernel.elf");
    config_check_slice(f->entry->cmdline, "");
    assert_int_equal(f->entry->module_count, 0);
    assert_int_equal(f->entry->line, 1);
    assert_int_equal(f->entry->depth, 1);
    assert_int_equal(f->entry->protocol, LDR_PROTOCOL_LIMINE);
    assert_int_equal(f->entry->path_line, 3);
    assert_false(f->entry->directory || f->entry->expanded || f->entry->hidden);
    assert_int_equal(f->entry->resolution.width, 0);
    assert_int_equal(f->entry->levels.least, 0);
    assert_int_equal(f->entry->levels.most, 0);
    assert_int_equal(f->entry->kaslr, LDR_UNSET);
    assert_int_equal(f->entry->randomise_hhdm, LDR_UNSET);
    assert_int_equal(f->entry->early_faults, LDR_UNSET);
    config_check_slice(f->entry->comment, "");
}

/* The example of config.h, in full. */
static void whole(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "# a comment\n"
                                "timeout: 3\n"
                                "\n"
                                "/An entry of the menu\n"
                                "    protocol: limine\n"
                                "    path: boot():/kernel.elf\n"
                                "    cmdline: quiet\n"
                                "    module_path: boot():/initrd\n"
                                "    module_cmdline: for the module above\n");
    assert_int_equal(f->config.timeout, 30);
    config_check_slice(config_entry(f, 0)->name, "An entry of the menu");
    config_check_slice(f->entry->cmdline, "quiet");
    assert_int_equal(f->entry->line, 4);
    assert_int_equal(f->entry->module_count, 1);
    check_module(f->entry, 0, "boot():/initrd", "for the module above");
}

static void several_entries(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "default_entry: 2\n"
                                "/First\n"
                                "protocol: limine\n"
                                "path: boot():/1\n"
                                "cmdline: one\n"
                                "module_path: boot():/a\n"
                                "/Second\n"
                                "path: boot():/2\n"
                                "protocol: limine\n"
                                "\n"
                                "/Third\n"
                                "protocol: limine\n"
                                "cmdline: three\n"
                                "path: boot():/3");
    assert_int_equal(f->config.default_entry, 1);
    assert_int_equal(f->config.entry_count, 3);

    config_check_slice(config_entry(f, 0)->path, "boot():/1");
    config_check_slice(f->entry->cmdline, "one");
    config_check_slice(f->entry->body, "protocol: limine\npath: boot():/1\ncmdline: one\n"
                                       "module_path: boot():/a\n");
    assert_int_equal(f->entry->module_count, 1);

    config_check_slice(config_entry(f, 1)->path, "boot():/2");
    config_check_slice(f->entry->cmdline, "");
    config_check_slice(f->entry->body, "path: boot():/2\nprotocol: limine\n\n");
    assert_int_equal(f->entry->line, 7);
    assert_int_equal(f->entry->module_count, 0);

    config_check_slice(config_entry(f, 2)->path, "boot():/3");
    config_check_slice(f->entry->cmdline, "three");
    config_check_slice(f->entry->body, "protocol: limine\ncmdline: three\npath: boot():/3\n");
    assert_int_equal(f->entry->line, 11);
}

static void line_ends(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "timeout: 7\r\n\r\n# comment\r\n/Kernel\r\nprotocol: limine\r\n"
                                "path: boot():/k\r\ncmdline: a b\r\n");
    assert_int_equal(f->config.timeout, 70);
    config_check_slice(config_entry(f, 0)->name, "Kernel");
    config_check_slice(f->entry->path, "boot():/k");
    config_check_slice(f->entry->cmdline, "a b");
    assert_int_equal(f->entry->line, 4);
    config_refused(f, "timeout: 7\r\n\r\nstray\r\n" CONFIG_ENTRY, 3, "\"stray\" is neither");
}

static void byte_order_mark(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "\xef\xbb\xbf" CONFIG_ENTRY);
    config_check_slice(config_entry(f, 0)->name, "Kernel");
    assert_int_equal(f->entry->line, 1);
    config_accepted_silently(f, "\xef\xbb\xbf"
                                "timeout: 9\n" CONFIG_ENTRY);
    assert_int_equal(f->config.timeout, 90);
    config_refused(f, "\n\xef\xbb\xbf" CONFIG_ENTRY, 2, "neither");
}

static void comments(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(
        f, "#\n  # path: boot():/a\n#/Not an entry\n/Kernel\n# note: one\n"
           "protocol: limine\n\t#timeout: x\npath: boot():/k # part of the path\n#");
    assert_int_equal(f->config.entry_count, 1);
    config_check_slice(config_entry(f, 0)->path, "boot():/k # part of the path");
}

static void blanks(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "  timeout :  4  \n \t/  A name \t\n\tprotocol:limine \t \n"
                                " path:\tboot():/a b  \t\n   \n\t\ncmdline: x  y \n");
    assert_int_equal(f->config.timeout, 40);
    config_check_slice(config_entry(f, 0)->name, "A name");
    config_check_slice(f->entry->protocol_name, "limine");
    config_check_slice(f->entry->path, "boot():/a b");
    config_check_slice(f->entry->cmdline, "x  y");
}

static void case_of_keys(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "TIMEOUT: NO\n/K\nProtocol: LIMINE\nKERNEL_PATH: boot():/K\n"
                                "Cmdline: Aa\nmodule_PATH: boot():/M\n");
    assert_int_equal(f->config.timeout, LDR_NO_TIMEOUT);
    config_check_slice(config_entry(f, 0)->path, "boot():/K");
    config_check_slice(f->entry->cmdline, "Aa");
    check_module(f->entry, 0, "boot():/M", "");
}

static void colons_in_values(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(
        f, "/a: b\nprotocol: limine\npath: boot():/x:y\ncmdline: k: v=http://h:80/\n");
    config_check_slice(config_entry(f, 0)->name, "a: b");
    config_check_slice(f->entry->path, "boot():/x:y");
    config_check_slice(f->entry->cmdline, "k: v=http://h:80/");
}

static void older_names(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "/K\nprotocol: limine\nkernel_path: boot:///k\nkernel_cmdline: c\n"
                                "module_path: boot:///m\nmodule_string: s\n");
    config_check_slice(config_entry(f, 0)->path, "boot:///k");
    config_check_slice(f->entry->cmdline, "c");
    check_module(f->entry, 0, "boot:///m", "s");
}

/* A command line belongs to the module above it, and some have none. */
static void modules(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f,
                             "/K\nmodule_path: boot():/0\nprotocol: limine\nmodule_cmdline: zero\n"
                             "module_path: boot():/1\nmodule_path: boot():/2\npath: boot():/k\n"
                             "module_string: two\nmodule_path: boot():/3\nmodule_cmdline:\n"
                             "/L\nprotocol: limine\npath: boot():/l\nmodule_path: boot():/4\n");
    assert_int_equal(config_entry(f, 0)->module_count, 4);
    check_module(f->entry, 0, "boot():/0", "zero");
    check_module(f->entry, 1, "boot():/1", "");
    check_module(f->entry, 2, "boot():/2", "two");
    check_module(f->entry, 3, "boot():/3", "");
    assert_int_equal(config_entry(f, 1)->module_count, 1);
    check_module(f->entry, 0, "boot():/4", "");
}

/* Tenths of a second; a part of one is a whole one, and there is a most. */
static void timeouts(void **state)
{
    struct config_fixture *f = *state;
    static const struct {
        const char *text;
        uint32_t tenths;
    } row[] = {
        {"0", 0},
        {"0010", 100},
        {"0.0", 0},
        {"0.25", 3},
        {"0.2", 2},
        {"0.200", 2},
        {"0.001", 1},
        {"1.5", 15},
        {"1.99", 20},
        {"2.90", 29},
        {"9999", 99990},
        {"9999.9", 99990},
        {"10000", 99990},
        {"9998.9", 99989},
        {"18446744073709551616", 99990},
        {"no", LDR_NO_TIMEOUT},
        {"NO", LDR_NO_TIMEOUT},
    };
    char text[256];

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        snprintf(text, sizeof text, "timeout: %s\n" CONFIG_ENTRY, row[i].text);
        config_accepted_silently(f, text);
        assert_int_equal(f->config.timeout, row[i].tenths);
    }
}

/* NUL and bytes that are not ASCII are bytes like any other. */
static void odd_bytes(void **state)
{
    static const char text[] =
        "# \0 \xff\n/\xc3\x84pfel\0\nprotocol: limine\npath: boot():/\xc3\xa9\n"
        "cmdline: a\0b\n\xc3\xa9: 1\n";
    struct config_fixture *f = *state;

    config_refused_bytes(f, text, sizeof text - 1,
                         CONFIG_NAME ", line 6: ", "\"??: 1\" is neither");
    assert_int_equal(config_read_bytes(f, text, sizeof text - 7), LDR_OK);
    assert_int_equal(config_entry(f, 0)->name.length, 7);
    config_check_slice(f->entry->path, "boot():/\xc3\xa9");
    assert_int_equal(f->entry->cmdline.length, 3);
    assert_memory_equal(f->entry->cmdline.at, "a\0b", 3);
}

/* ---- warnings ---------------------------------------------------------------- */

static void unknown_keys(void **state)
{
    struct config_fixture *f = *state;

    config_accepted(f, "timeuot: 3\n" CONFIG_ENTRY "colour: red\n");
    assert_string_equal(
        f->log, CONFIG_NAME
        ", line 1: \"timeuot\" is not a key that this loader knows; passed over\n" CONFIG_NAME
        ", line 5: \"colour\" is not a key that this loader knows; passed over\n");
    assert_int_equal(f->config.timeout, 50);
}

/* Keys of the loader whose syntax this is: one line in all. */
static void keys_without_effect(void **state)
{
    struct config_fixture *f = *state;
    static const char *const key[] = {"backdrop",
                                      "editor_highlighting",
                                      "editor_validation",
                                      "firmware_logo",
                                      "graphics",
                                      "interface_branding",
                                      "interface_help_hidden",
                                      "keyboard_layout",
                                      "mouse",
                                      "term_font",
                                      "TERM_PALETTE",
                                      "serial_baudrate",
                                      "terse",
                                      "textmode",
                                      "verbose",
                                      "wallpaper",
                                      "wallpaper_style",
                                      "drive",
                                      "dtb_path",
                                      "entry",
                                      "global_dtb",
                                      "gpt_guid",
                                      "gpt_uuid",
                                      "mbr_id",
                                      "partition"};
    char text[256];
    char expected[256];

    for (size_t i = 0; i < sizeof key / sizeof key[0]; i++) {
        snprintf(text, sizeof text, "\n%s: x\n" CONFIG_ENTRY "%s: x\nmouse: x\n", key[i], key[i]);
        snprintf(expected, sizeof expected,
                 CONFIG_NAME ": 3 lines have no effect in this loader, the first is \"%s\" in line "
                             "2\n",
                 key[i]);
        config_accepted(f, text);
        assert_string_equal(f->log, expected);
    }
    config_accepted(f, "terminal: x\nterm_: y\ninterface: z\n" CONFIG_ENTRY);
    assert_non_null(strstr(f->log, "\"terminal\" is not a key"));
    assert_non_null(strstr(f->log, "\"term_\" is not a key"));
    assert_non_null(strstr(f->log, "\"interface\" is not a key"));
    assert_null(strstr(f->log, "no effect"));
}

/* What another loader would do, and this one doesn't, is told each time. */
static void keys_not_supported(void **state)
{
    struct config_fixture *f = *state;
    static const char *const key[] = {"boot_keybind", "measured_boot", "randomise_memory",
                                      "randomize_memory", "remember_last_entry"};
    char text[256];
    char expected[256];

    for (size_t i = 0; i < sizeof key / sizeof key[0]; i++) {
        snprintf(text, sizeof text, "\n%s: yes\n" CONFIG_ENTRY, key[i]);
        snprintf(expected, sizeof expected,
                 CONFIG_NAME ", line 2: \"%s\" is not done by this loader; passed over\n", key[i]);
        config_accepted(f, text);
        assert_string_equal(f->log, expected);
        snprintf(text, sizeof text, "\n%s: no\n" CONFIG_ENTRY, key[i]);
        config_accepted_silently(f, text);
    }
}

/* What is for the whole file counts wherever it stands. */
static void keys_in_any_place(void **state)
{
    struct config_fixture *f = *state;

    config_accepted(f, "path: boot():/stray\n" CONFIG_ENTRY "timeout: 1\nquiet: yes\n");
    assert_string_equal(f->log, CONFIG_NAME
                        ", line 1: \"path\" belongs below an entry's heading; passed over\n");
    assert_int_equal(f->config.timeout, 10);
    assert_true(f->config.quiet);
    config_check_slice(config_entry(f, 0)->path, "boot():/kernel.elf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(smallest),
        CONFIG_TEST(whole),
        CONFIG_TEST(several_entries),
        CONFIG_TEST(line_ends),
        CONFIG_TEST(byte_order_mark),
        CONFIG_TEST(comments),
        CONFIG_TEST(blanks),
        CONFIG_TEST(case_of_keys),
        CONFIG_TEST(colons_in_values),
        CONFIG_TEST(older_names),
        CONFIG_TEST(modules),
        CONFIG_TEST(timeouts),
        CONFIG_TEST(odd_bytes),
        CONFIG_TEST(unknown_keys),
        CONFIG_TEST(keys_without_effect),
        CONFIG_TEST(keys_not_supported),
        CONFIG_TEST(keys_in_any_place),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
