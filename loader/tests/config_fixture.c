/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/tests/config_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int config_start(void **state)
{
    *state = calloc(1, sizeof(struct config_fixture));
    return 0;
}

int config_stop(void **state)
{
    struct config_fixture *f = *state;

    free(f);
    return 0;
}

static void keep_line(void *context, const char *line)
{
    struct config_fixture *f = context;
    size_t length = strlen(f->log);

    snprintf(f->log + length, sizeof f->log - length, "%s\n", line);
}

enum ldr_status config_read_bytes(struct config_fixture *f, const char *text, size_t length)
{
    struct ldr_log log = {keep_line, f};

    f->copy = text == NULL ? NULL : malloc(length);
    if (length > 0)
        memcpy(f->copy, text, length);
    f->log[0] = '\0';
    memset(&f->room, 0xa5, sizeof f->room);
    enum ldr_status status = ldr_config_read(
        &f->config, CONFIG_NAME, (struct ldr_text){f->copy, length}, &f->room, &log, &f->report);
    /* Nothing may need the text any more. */
    free(f->copy);
    f->copy = NULL;
    return status;
}

void config_accepted(struct config_fixture *f, const char *text)
{
    if (config_read_bytes(f, text, strlen(text)) != LDR_OK)
        fail_msg("refused: %s", f->report.text);
}

void config_accepted_silently(struct config_fixture *f, const char *text)
{
    config_accepted(f, text);
    assert_string_equal(f->log, "");
}

void config_check_text(const char *text, const char *where, const char *why)
{
    if (strncmp(text, where, strlen(where)) != 0 || strstr(text, why) == NULL)
        fail_msg("expected \"%s\" and \"%s\" in \"%s\"", where, why, text);
    /* With room left, or it was cut; and with a word of advice. */
    assert_true(strlen(text) < LDR_REPORT_BYTES - 1);
    assert_non_null(strstr(text, "; "));
    for (const char *c = text; *c != '\0'; c++)
        assert_in_range(*c, ' ', '~');
}

void config_refused_bytes(struct config_fixture *f, const char *text, size_t length,
                          const char *where, const char *why)
{
    struct ldr_config before;

    memset(&f->config, 0xa5, sizeof f->config);
    before = f->config;
    f->report.status = LDR_OK;
    assert_int_equal(config_read_bytes(f, text, length), LDR_BAD_CONFIG);
    assert_int_equal(f->report.status, LDR_BAD_CONFIG);
    config_check_text(f->report.text, where, why);
    assert_memory_equal(&f->config, &before, sizeof before);
}

void config_refused(struct config_fixture *f, const char *text, unsigned line, const char *why)
{
    char where[64];

    snprintf(where, sizeof where, CONFIG_NAME ", line %u: ", line);
    config_refused_bytes(f, text, strlen(text), where, why);
}

void config_check_slice(struct ldr_text slice, const char *expected)
{
    assert_int_equal(slice.length, strlen(expected));
    assert_memory_equal(slice.at, expected, slice.length);
}

const struct ldr_entry *config_entry(struct config_fixture *f, size_t index)
{
    assert_true(index < f->config.entry_count);
    assert_ptr_equal(f->config.entry, f->room.entry);
    f->entry = &f->room.entry[index];
    return f->entry;
}
