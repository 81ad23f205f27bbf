/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Macros of a configuration: "${NAME}=value" on a line of its own, "${NAME}" anywhere.
 *
 * They are replaced before lines get a meaning, so that a macro may hold a part of a
 * value, a key or a heading.  A value has no end of line in it: every line stays the line
 * that it was.
 */
#include "loader/config_parts.h"

struct macro {
    struct ldr_text name, value;
    unsigned line; /* of its definition */
    bool open;     /* its value is being put in */
};

#define BUILT_IN 3

/* The macros of one file, and where the text goes. */
struct expansion {
    struct ldr_reading *reading;
    struct macro macro[BUILT_IN + LDR_CONFIG_MACROS];
    size_t count;
    size_t used;     /* bytes of the room */
    size_t replaced; /* macros so far */
    unsigned line;   /* that is being expanded */
};

/* Definitions count wherever in the file they stand. */
static enum ldr_status collect(struct expansion *e, struct ldr_text text)
{
    struct ldr_line line;

    for (unsigned number = 1; ldr_line_next(&text, number, &line); number++) {
        if (line.kind != LDR_LINE_MACRO)
            continue;
        if (e->count == BUILT_IN + LDR_CONFIG_MACROS)
            return ldr_config_refuse(e->reading, number, line.text,
                                     "is one macro more than the 64 of a file; write out some");
        e->macro[e->count++] =
            (struct macro){.name = line.key, .value = line.value, .line = number};
    }
    return LDR_OK;
}

/* The last definition of a name is the one that counts. */
static struct macro *find(struct expansion *e, struct ldr_text name)
{
    for (size_t i = e->count; i > 0; i--) {
        if (ldr_text_equal(e->macro[i - 1].name, name))
            return &e->macro[i - 1];
    }
    return NULL;
}

/* Of the whole file, however it comes to be that long. */
static enum ldr_status too_long(const struct expansion *e, struct ldr_text text)
{
    return ldr_config_refuse(
        e->reading, e->line, text,
        "is where the file, macros replaced, exceeds 262144 bytes; shorten it");
}

static enum ldr_status put(struct expansion *e, struct ldr_text text)
{
    if (text.length > LDR_CONFIG_TEXT - e->used)
        return too_long(e, text);
    for (size_t i = 0; i < text.length; i++)
        e->reading->room->text[e->used++] = text.at[i];
    return LDR_OK;
}

static enum ldr_status put_expanded(struct expansion *e, struct ldr_text text);

/* The count of what was replaced bounds the time that macros of macros of nothing take.
 * A macro that isn't defined is nothing to Limine, too. */
static enum ldr_status put_macro(struct expansion *e, struct ldr_text name)
{
    struct macro *macro = find(e, name);

    if (macro == NULL) {
        ldr_config_warn(e->reading, e->line, name,
                        "is a macro that is not defined; nothing is put in its place");
        return LDR_OK;
    }
    if (macro->open)
        return ldr_config_refuse(e->reading, macro->line, name,
                                 "is a macro whose value needs itself; write it out");
    if (e->replaced++ == LDR_CONFIG_TEXT)
        return too_long(e, name);
    macro->open = true;
    enum ldr_status status = put_expanded(e, macro->value);
    macro->open = false;
    return status;
}

/* As deep in itself as there are macros, at most, since none is open twice. */
static enum ldr_status put_expanded(struct expansion *e, struct ldr_text text)
{
    size_t at;

    while (ldr_text_find(text, "${", &at)) {
        enum ldr_status status = put(e, ldr_text_until(text, at));
        if (status != LDR_OK)
            return status;
        struct ldr_text rest = ldr_text_from(text, at + 2);
        struct ldr_text name = ldr_text_take(&rest, '}');
        if (name.length + 2 == text.length - at)
            return ldr_config_refuse(e->reading, e->line, ldr_text_from(text, at),
                                     "begins a macro that no \"}\" ends; add it");
        status = put_macro(e, name);
        if (status != LDR_OK)
            return status;
        text = rest;
    }
    return put(e, text);
}

/* Comments are left out: what they say of macros is for people. */
enum ldr_status ldr_config_expand(struct ldr_reading *r, struct ldr_text text,
                                  struct ldr_text *ret_text)
{
    struct expansion e = {.reading = r,
                          .count = BUILT_IN,
                          .macro = {
                              {.name = {"ARCH", 4}, .value = {"x86-64", 6}},
                              {.name = {"LOADER_ARCH", 11}, .value = {"x86-64", 6}},
                              {.name = {"FW_TYPE", 7}, .value = {"UEFI", 4}},
                          }};
    struct ldr_line line;
    enum ldr_status status = collect(&e, text);

    for (unsigned number = 1; status == LDR_OK && ldr_line_next(&text, number, &line); number++) {
        e.line = number;
        if (line.kind != LDR_LINE_EMPTY && line.kind != LDR_LINE_MACRO)
            status = put_expanded(&e, line.text);
        if (status == LDR_OK)
            status = put(&e, (struct ldr_text){"\n", 1});
    }
    *ret_text = (struct ldr_text){r->room->text, e.used};
    return status;
}
