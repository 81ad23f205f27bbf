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
                                        ": value",     "boot():/x",      "${X}"};
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
    config_refused_bytes(f, text, length, CONFIG_NAME ", line 2: ", "not supported");
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

static void macros(void **state)
{
    struct config_fixture *f = *state;

    config_refused(f, "${DIR}=boot():/k\n" CONFIG_ENTRY, 1,
                   "macros are not supported, but \"${DIR}=boot():/k\"");
    config_refused(f, CONFIG_ENTRY "module_path: boot():/${ARCH}/m\n", 4,
                   "macros are not supported");
    config_refused(f, "/K\nprotocol: limine\npath: ${DIR}/k\n", 3, "macros are not supported");

    /* A kernel's command line may use the same characters for itself. */
    config_accepted(f, CONFIG_ENTRY "cmdline: a=${b}\nmodule_path: /m\nmodule_cmdline: ${c}\n");
    config_check_slice(config_entry(f, 0)->cmdline, "a=${b}");
    assert_string_equal(
        f->log, CONFIG_NAME
        ", line 4: macros are not supported; \"a=${b}\" is passed on as it stands\n" CONFIG_NAME
        ", line 6: macros are not supported; \"${c}\" is passed on as it stands\n");
}

static void headings(void **state)
{
    struct config_fixture *f = *state;

    config_refused(f, CONFIG_ENTRY "//Below\nprotocol: limine\npath: /k\n", 4, "not supported yet");
    config_refused(f, "/+Directory\n//Below\n", 1, "\"/+Directory\": directories (/+)");
    config_refused(f, "///Deep\n", 1, "not supported yet");
    config_refused(f, "//\n", 1, "not supported yet");
    config_refused(f, CONFIG_ENTRY "/\n", 4, "without a name");
    config_refused(f, CONFIG_ENTRY "  /  \r\n", 4, "without a name");
}

static void bad_numbers(void **state)
{
    struct config_fixture *f = *state;
    static const char *const bad[] = {"",
                                      "x",
                                      "-1",
                                      "5s",
                                      "0x5",
                                      "1 2",
                                      "none",
                                      "+1",
                                      "18446744073709551615",
                                      "99999999999999999999",
                                      "1.5"};
    char text[256];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "\ntimeout: %s\n" CONFIG_ENTRY, bad[i]);
        config_refused(f, text, 2, "neither a number of seconds nor \"no\"");
        snprintf(text, sizeof text, "default_entry: %s\n" CONFIG_ENTRY, bad[i]);
        config_refused(f, text, 1, "is not a number");
    }
    config_refused(f, "default_entry: no\n" CONFIG_ENTRY, 1, "is not a number");
}

static void default_entry_missing(void **state)
{
    struct config_fixture *f = *state;

    config_accepted_silently(f, "default_entry: 2\n" CONFIG_ENTRY CONFIG_ENTRY);
    config_refused(f, "\n\ndefault_entry: 3\n" CONFIG_ENTRY CONFIG_ENTRY, 3,
                   "default_entry 3 doesn't exist; give a number from 1 to 2");
    config_refused(f, "default_entry: 0\n" CONFIG_ENTRY, 1, "default_entry 0 doesn't exist");
    config_refused(f, "default_entry: 18446744073709551614\n" CONFIG_ENTRY, 1, "doesn't exist");
}

static void entry_lacks(void **state)
{
    struct config_fixture *f = *state;

    config_refused(f, "/A\nprotocol: limine\n" CONFIG_ENTRY, 1,
                   "entry \"A\" lacks a line like \"path:");
    config_refused(f, CONFIG_ENTRY "/B\npath: /k\n", 4,
                   "entry \"B\" lacks a line like \"protocol: limine\"");
    config_refused(f, "\n/C\n", 2, "entry \"C\" lacks");
    /* What comes before the first heading belongs to no entry. */
    config_refused(f, "protocol: limine\npath: /k\n/D", 3, "entry \"D\" lacks");
}

static void other_protocol(void **state)
{
    struct config_fixture *f = *state;

    config_refused(f, CONFIG_ENTRY "/L\nprotocol: linux\npath: /vmlinuz\n", 5,
                   "protocol \"linux\"");
    config_refused(f, "/L\nprotocol:\npath: /k\n", 2, "protocol \"\"");
    config_refused(f, "/L\nprotocol: limine2\npath: /k\n", 2, "protocol \"limine2\"");
    config_refused(f, "/L\nprotocol: limin\npath: /k\n", 2, "protocol \"limin\"");
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

/* A file that breaks off anywhere is refused or read, and nothing behind its end
 * is touched (the sanitizers watch). */
static void every_truncation(void **state)
{
    struct config_fixture *f = *state;
    static const char text[] =
        "\xef\xbb\xbf# c\r\ntimeout: 3\r\n/A\r\nprotocol: limine\r\n"
        "path: boot():/a\r\nmodule_path: /m\r\nmodule_cmdline: c\r\n" CONFIG_ENTRY;

    for (size_t length = 0; length < sizeof text; length++) {
        if (config_read_bytes(f, text, length) != LDR_OK) {
            config_check_text(f->report.text, CONFIG_NAME, ";");
            continue;
        }
        for (size_t i = 0; i < f->config.entry_count; i++) {
            struct ldr_module_line module;
            for (size_t m = 0; m < config_entry(f, i)->module_count; m++)
                ldr_entry_module(&f->entry, m, &module);
        }
    }
    assert_int_equal(f->config.entry_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(no_entries),
        CONFIG_TEST(stray_lines),
        CONFIG_TEST(long_lines),
        CONFIG_TEST(macros),
        CONFIG_TEST(headings),
        CONFIG_TEST(bad_numbers),
        CONFIG_TEST(default_entry_missing),
        CONFIG_TEST(entry_lacks),
        CONFIG_TEST(other_protocol),
        CONFIG_TEST(empty_paths),
        CONFIG_TEST(given_twice),
        CONFIG_TEST(module_cmdline_alone),
        CONFIG_TEST(every_truncation),
    };

    return cmocka_run_group_tests_name("config refusals", tests, NULL, NULL);
}
