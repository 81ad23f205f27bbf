/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A report's lines, sorted by what they tell.
 */
#ifndef LOADER_STUB_CRASH_LINES_H
#define LOADER_STUB_CRASH_LINES_H

#include "loader/stub/report.h"

enum crash_part {
    CRASH_TITLE,  /* which exception */
    CRASH_ACCESS, /* what was done, and the processor's view of it */
    CRASH_BROKEN, /* the rule */
    CRASH_ADVICE,
    CRASH_WALK, /* the tables, level by level */
    CRASH_REGISTERS,
    CRASH_CODE,
    CRASH_BACKTRACE,
    CRASH_PARTS
};

#define CRASH_LINES      80
#define CRASH_LINE_BYTES 112

struct crash_line {
    enum crash_part part;
    char text[CRASH_LINE_BYTES];
};

struct crash_lines {
    struct crash_line line[CRASH_LINES];
    unsigned count;
};

/* The lines of a report; what doesn't fit is left out. */
void crash_lines_collect(struct crash_lines *lines, const struct report *report);

/* The first line of a part; null if there is none. */
const char *crash_lines_first(const struct crash_lines *lines, enum crash_part part);

/* Is this line of the walk the entry that the broken rule names? */
bool crash_lines_to_blame(const struct crash_lines *lines, const char *walk);

#endif
