/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the tests of fault reports: a page that lines are printed on, tables whose entries are
 * written by hand, and the states of a processor.
 */
#ifndef PAGETABLES_TESTS_REPORT_H
#define PAGETABLES_TESTS_REPORT_H

#include "pagetables/explain.h"
#include "pagetables/tests/suite.h"

/* Error codes, written out (SDM 4.7). */
enum { P = 1, W = 2, U = 4, RSVD = 8, I = 16, PK = 32, SS = 64, HLAT = 128, SGX = 0x8000 };

#define REPORT_LINES 48

struct page {
    char line[REPORT_LINES][128];
    unsigned count;
};

/* The function for lines, with a page as its context.  It fails the test at a line of 100 columns
 * or more, at an empty one, and at what isn't printable ASCII. */
void report_line(void *context, const char *text);

/* These lines and no more. */
void report_expect(const struct page *page, const char *const *expected, unsigned count);
#define EXPECT_PAGE(page, ...)                                                                     \
    report_expect((page), (const char *const[]){__VA_ARGS__},                                      \
                  sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

#define VIRT UINT64_C(0x8080604400) /* indices 1, 2, 3, 4 */

/* Tables of which there is one of each level on the way to VIRT. */
struct tables {
    struct suite suite;
    uint64_t *slot[5]; /* by level - 1 */
    unsigned levels;
};

void report_tables(struct tables *tables, unsigned levels);
/* Frees the memory: the entries are no longer what the space thinks. */
void report_tables_end(struct tables *tables);

/* Bits 0 to 6: CR0.WP, CR4.SMEP, SMAP, PKE, PKS, EFER.NXE, RFLAGS.AC. */
struct pgt_state report_state(unsigned bits);

/* An entry: bits 0 to 4 are P, R/W, U/S, XD, a reserved bit of the address. */
uint64_t report_entry(unsigned bits, uint64_t address);

#endif
