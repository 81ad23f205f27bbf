/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to reading a configuration: its text as lines, without their meaning.
 */
#ifndef LOADER_CONFIG_LINES_H
#define LOADER_CONFIG_LINES_H

#include "loader/config.h"

enum ldr_line_kind {
    LDR_LINE_EMPTY,   /* blank, or a comment */
    LDR_LINE_HEADING, /* "/Name": key holds the slashes and a "+" behind them, value the name */
    LDR_LINE_SETTING, /* "key: value" */
    LDR_LINE_MACRO,   /* "${NAME}=value" */
    LDR_LINE_STRAY,   /* anything else */
};

/* Keys that mean something, and what a key can be else. */
enum ldr_key {
    LDR_KEY_TIMEOUT,
    LDR_KEY_DEFAULT_ENTRY,
    LDR_KEY_PROTOCOL,
    LDR_KEY_PATH,
    LDR_KEY_CMDLINE,
    LDR_KEY_MODULE_PATH,
    LDR_KEY_MODULE_CMDLINE,
    LDR_KEY_WITHOUT_EFFECT, /* of other loaders of the same syntax */
    LDR_KEY_UNKNOWN,
};
#define LDR_KEYS (LDR_KEY_UNKNOWN + 1)

struct ldr_line {
    enum ldr_line_kind kind;
    unsigned number;       /* from 1 */
    const char *at;        /* its first byte, blanks included */
    struct ldr_text text;  /* without the blanks around it */
    struct ldr_text key;   /* of a heading or setting */
    struct ldr_text value; /* of a heading or setting; may be empty */
};

/* Takes the first line off `rest`, which begins with line `number`; false where
 * nothing is left. */
bool ldr_line_next(struct ldr_text *rest, unsigned number, struct ldr_line *ret_line);

/* What a key is, whatever the case of its letters. */
enum ldr_key ldr_line_key(struct ldr_text key);

/* Whether a text is this word, which is in lower case, whatever the case of its own letters. */
bool ldr_text_is(struct ldr_text text, const char *word);

/* Whether a text begins with `word`, in the same sense. */
bool ldr_text_starts(struct ldr_text text, const char *word);

/* Whether `part` begins somewhere in the text; *ret_at says where first. */
bool ldr_text_find(struct ldr_text text, const char *part, size_t *ret_at);

/* The text from byte `from` on; from <= text.length. */
struct ldr_text ldr_text_from(struct ldr_text text, size_t from);

/* As much of a text as a message has room for. */
struct ldr_text ldr_text_excerpt(struct ldr_text text);

#endif
