/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of text, for the dump and the fault reports: no formatted output in a
 * freestanding library.
 */
#ifndef PAGETABLES_TEXT_H
#define PAGETABLES_TEXT_H

#include "pagetables/pagetables.h"

/* The longest line of a dump has 154 characters. */
#define PGT_LINE_BYTES 160

/* A line under construction: start with all zero.  What doesn't fit is cut off. */
struct pgt_line {
    char text[PGT_LINE_BYTES];
    unsigned length;
};

void pgt_put(struct pgt_line *line, const char *text);

/* At least `digits` digits. */
void pgt_put_number(struct pgt_line *line, uint64_t number, unsigned base, unsigned digits);

/* Hexadecimal, with 0x before it. */
void pgt_put_hex(struct pgt_line *line, uint64_t number, unsigned digits);

/* Blanks up to a column, if the line is shorter. */
void pgt_put_column(struct pgt_line *line, unsigned column);

/* 4K, 2M, 640K: in the largest unit that divides it. */
void pgt_put_size(struct pgt_line *line, uint64_t bytes);

/* PGT_READ and so on as five letters or dashes: rwxug. */
void pgt_put_rights(struct pgt_line *line, unsigned rights);

void pgt_put_memory(struct pgt_line *line, enum pgt_memory memory);

#endif
