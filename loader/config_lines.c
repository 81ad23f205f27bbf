/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of a configuration.
 */
#include "loader/config_lines.h"

/* What can be a key at all.  This keeps a path, which has a colon too, and a key
 * with a blank in it from being passed over as merely unknown. */
static bool is_key(struct ldr_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return text.length > 0;
}

/* A heading's marks tell its depth and whether it is open from the start. */
static void read_heading(struct ldr_line *line)
{
    size_t marks = 0;

    while (marks < line->text.length && line->text.at[marks] == '/')
        marks++;
    if (marks < line->text.length && line->text.at[marks] == '+')
        marks++;
    line->kind = LDR_LINE_HEADING;
    line->key = ldr_text_until(line->text, marks);
    line->value = ldr_text_trimmed(ldr_text_from(line->text, marks));
}

/* A value may hold colons itself: the first one counts. */
static void read_setting(struct ldr_line *line)
{
    struct ldr_text value = line->text;
    struct ldr_text before = ldr_text_take(&value, ':');
    struct ldr_text key = ldr_text_trimmed(before);

    if (before.length == line->text.length || !is_key(key))
        return;
    line->kind = LDR_LINE_SETTING;
    line->key = key;
    line->value = ldr_text_trimmed(value);
}

/* "${NAME}=" begins a definition; with anything else behind the "}" it is a use. */
static bool read_macro(struct ldr_line *line)
{
    struct ldr_text value = line->text;

    if (!ldr_text_starts(value, "${"))
        return false;
    value = ldr_text_from(value, 2);
    struct ldr_text name = ldr_text_take(&value, '}');
    if (!ldr_text_starts(value, "="))
        return false;
    line->kind = LDR_LINE_MACRO;
    line->key = name;
    line->value = ldr_text_from(value, 1);
    return true;
}

/* The first byte decides, except between a setting and what is nothing. */
static void classify(struct ldr_line *line)
{
    line->kind = LDR_LINE_STRAY;
    if (line->text.length == 0 || line->text.at[0] == '#')
        line->kind = LDR_LINE_EMPTY;
    else if (line->text.at[0] == '/')
        read_heading(line);
    else if (!read_macro(line))
        read_setting(line);
}

/* The last line may end without a newline. */
bool ldr_line_next(struct ldr_text *rest, unsigned number, struct ldr_line *ret_line)
{
    struct ldr_line line = {.number = number, .at = rest->at};

    if (rest->length == 0)
        return false;
    line.text = ldr_text_trimmed(ldr_text_take(rest, '\n'));
    classify(&line);
    *ret_line = line;
    return true;
}
