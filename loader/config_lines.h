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
    LDR_LINE_MACRO,   /* "${NAME}=value": key holds the name */
    LDR_LINE_STRAY,   /* anything else */
};

/* What a key is about. */
enum ldr_key {
    /* the whole file, wherever they stand */
    LDR_KEY_TIMEOUT,
    LDR_KEY_DEFAULT_ENTRY,
    LDR_KEY_QUIET,
    LDR_KEY_SERIAL,
    LDR_KEY_EDITOR,
    LDR_KEY_HASH_MISMATCH_PANIC,
    LDR_KEYS_GLOBAL,
    /* the entry in whose lines they stand */
    LDR_KEY_PROTOCOL = LDR_KEYS_GLOBAL,
    LDR_KEY_PATH,
    LDR_KEY_CMDLINE,
    LDR_KEY_COMMENT,
    LDR_KEY_MODULE_PATH,
    LDR_KEY_MODULE_CMDLINE,
    LDR_KEY_RESOLUTION,
    LDR_KEY_KASLR,
    LDR_KEY_RANDOMISE_HHDM,
    LDR_KEY_EARLY_FAULTS,
    LDR_KEY_MIN_PAGING_MODE,
    LDR_KEY_MAX_PAGING_MODE,
    LDR_KEY_PAGING_MODE,
    LDR_KEY_IF_ARCH,
    LDR_KEY_IF_FW_TYPE,
    LDR_KEYS,
    /* nothing here */
    LDR_KEY_UNSUPPORTED = LDR_KEYS, /* its owner should know that it isn't done */
    LDR_KEY_WITHOUT_EFFECT,         /* looks and devices of other loaders */
    LDR_KEY_UNKNOWN,
};

struct ldr_line {
    enum ldr_line_kind kind;
    unsigned number;       /* from 1 */
    const char *at;        /* its first byte, blanks included */
    struct ldr_text text;  /* without the blanks around it */
    struct ldr_text key;   /* of a heading, setting or macro */
    struct ldr_text value; /* of the same; may be empty */
};

/* Takes the first line off `rest`, which begins with line `number`; false where
 * nothing is left. */
bool ldr_line_next(struct ldr_text *rest, unsigned number, struct ldr_line *ret_line);

/* What a key is, whatever the case of its letters. */
enum ldr_key ldr_line_key(struct ldr_text key);

#endif
