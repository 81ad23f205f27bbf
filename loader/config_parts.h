/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files that read a configuration; nobody else includes this.
 */
#ifndef LOADER_CONFIG_PARTS_H
#define LOADER_CONFIG_PARTS_H

#include "loader/config_lines.h"

/* A configuration that is being read.  The caller's is written once all is well. */
struct ldr_reading {
    struct ldr_config config;
    struct ldr_config_room *room;
    struct ldr_entry *entry;        /* the one being read, in the room; null: none yet */
    struct ldr_text default_text;   /* of default_entry, */
    unsigned default_line;          /* and where it stands; 0: it doesn't */
    bool seen[LDR_KEYS];            /* global keys in the file, others in this entry */
    unsigned idle_count, idle_line; /* keys without effect, and where the first stands */
    struct ldr_text idle;           /* its name */
    const struct ldr_log *log;
    struct ldr_report *report;
};

/* LDR_BAD_CONFIG: file, line, the text in quotes (shortened if it is long), and what is wrong
 * with it and what to do. */
enum ldr_status ldr_config_refuse(const struct ldr_reading *r, unsigned line, struct ldr_text about,
                                  const char *why);

/* A warning of the same form, about what is then passed over. */
void ldr_config_warn(const struct ldr_reading *r, unsigned line, struct ldr_text about,
                     const char *why);

/* Copies `text` to the room, with its macros replaced and without its comments, line for line, so
 * that line numbers stay what they were. */
enum ldr_status ldr_config_expand(struct ldr_reading *r, struct ldr_text text,
                                  struct ldr_text *ret_text);

/* Takes the value of a setting.  Below a heading r->entry is the entry. */
enum ldr_status ldr_config_take(struct ldr_reading *r, const struct ldr_line *line,
                                enum ldr_key key);

/* Finds the default entry, once all of them are read. */
void ldr_config_choose_default(struct ldr_reading *r);

#endif
