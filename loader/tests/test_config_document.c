/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every example in loader/CONFIGURATION.md is a configuration that is read without a warning,
 * with paths that can be read; and every key in its tables is one that the loader knows.
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

#include "loader/config_lines.h"
#include "loader/path.h"
#include "loader/tests/config_fixture.h"

/* Tests run in the root of the tree. */
#define DOCUMENT "loader/CONFIGURATION.md"

static char *document;

static int read_document(void **state)
{
    FILE *file = fopen(DOCUMENT, "r");
    size_t bytes = 1 << 16;

    (void)state;
    if (file == NULL)
        return -1;
    document = calloc(1, bytes);
    size_t length = fread(document, 1, bytes - 1, file);
    fclose(file);
    return length > 0 && length < bytes - 1 ? 0 : -1;
}

static int forget_document(void **state)
{
    (void)state;
    free(document);
    return 0;
}

static void check_path(struct ldr_text text, unsigned line)
{
    struct ldr_path path;
    struct ldr_report report;

    if (ldr_path_read(&path, DOCUMENT, line, text, &report) != LDR_OK)
        fail_msg("%s", report.text);
}

static void check_paths(struct config_fixture *f)
{
    for (size_t i = 0; i < f->config.entry_count; i++) {
        const struct ldr_entry *entry = config_entry(f, i);
        if (!entry->directory)
            check_path(entry->path, entry->path_line);
        for (size_t m = 0; m < entry->module_count; m++) {
            struct ldr_module_line module;
            ldr_entry_module(entry, m, &module);
            check_path(module.path, module.line);
        }
    }
}

/* The next block of lines that are indented by four, without that; false where there is none. */
static bool next_example(const char **at, char *example)
{
    bool inside = false;
    size_t used = 0;

    while (**at != '\0') {
        size_t length = strcspn(*at, "\n") + 1;
        bool indented = strncmp(*at, "    ", 4) == 0;
        if (inside && !indented && **at != '\n')
            break;
        inside |= indented;
        if (inside && indented)
            used += (size_t)sprintf(example + used, "%.*s", (int)length - 4, *at + 4);
        else if (inside)
            used += (size_t)sprintf(example + used, "\n");
        *at += length;
    }
    return inside;
}

static void examples(void **state)
{
    struct config_fixture *f = *state;
    const char *at = document;
    char *example = malloc(strlen(document) + 1);
    unsigned count = 0;

    while (next_example(&at, example)) {
        count++;
        config_accepted_silently(f, example);
        assert_int_not_equal(f->config.default_entry, LDR_NO_ENTRY);
        check_paths(f);
    }
    assert_int_equal(count, 5);
    free(example);
}

/* What the first example says is what it means. */
static void first_example(void **state)
{
    struct config_fixture *f = *state;
    const char *at = document;
    char *example = malloc(strlen(document) + 1);

    assert_true(next_example(&at, example));
    config_accepted_silently(f, example);
    assert_int_equal(f->config.timeout, 30);
    assert_int_equal(f->config.default_entry, 1);
    config_check_slice(config_entry(f, 1)->path, "boot():/kernels/kernel.elf");
    config_check_slice(config_entry(f, 2)->name, "The same, in 5 levels of page tables");
    assert_int_equal(f->entry->levels.least, 5);
    assert_int_equal(config_entry(f, 3)->protocol, LDR_PROTOCOL_EFI);
    free(example);
}

/* What stands between backticks in the first cell of a row: keys, or paths. */
static unsigned check_row(const char *row)
{
    size_t cell = strcspn(row + 2, "|");
    unsigned keys = 0;

    for (const char *at = row + 2; (at = strchr(at, '`')) != NULL && at < row + 2 + cell;) {
        struct ldr_text text = {at + 1, strcspn(at + 1, "`")};
        if (memchr(text.at, '/', text.length) != NULL)
            check_path(text, 0);
        else if (ldr_line_key(text) >= LDR_KEYS)
            fail_msg("%.*s is not a key", LDR_TEXT(text));
        else
            keys++;
        at += text.length + 2;
    }
    return keys;
}

/* Every name that the loader gives a meaning to is in a table, and no other. */
static void tables(void **state)
{
    unsigned keys = 0;

    (void)state;
    for (const char *row = document; (row = strstr(row, "\n| `")) != NULL; row++)
        keys += check_row(row + 1);
    assert_int_equal(keys, 27);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(examples),
        CONFIG_TEST(first_example),
        CONFIG_TEST(tables),
    };

    return cmocka_run_group_tests_name("config document", tests, read_document, forget_document);
}
