/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the exhaustive test explores: worlds small enough to see all of, and the operations
 * that are tried in every state of one.
 */
#ifndef PAGETABLES_TESTS_EXHAUSTIVE_PLAN_H
#define PAGETABLES_TESTS_EXHAUSTIVE_PLAN_H

#include "pagetables/tests/exhaustive_pages.h"

enum step_kind {
    STEP_MAP,
    STEP_UNMAP,
    STEP_PROTECT,
    STEP_PROMOTE,
    STEP_SPLIT,
    STEP_CLONE,
    STEP_MARK,
    STEP_HARVEST,
};
#define STEP(kind) (1u << STEP_##kind)

struct step {
    uint8_t kind;
    uint8_t space; /* that changes; a clone's `to` */
    struct span span;
    uint8_t what;   /* change, largest leaf, kind of clone, write, or what to clear */
    uint8_t shift;  /* frame less page */
    bool promote;   /* after mapping */
    struct page as; /* what to map, or to change to */
};

#define PLAN_LIST 8
struct plan {
    const char *name;
    unsigned levels;
    bool pages_1g;   /* leaves at level 3 */
    unsigned spaces; /* 1 or 2 */
    unsigned seal;   /* page from which on the second shares what the first maps; 0: nothing */
    size_t frames;   /* for all tables of both */
    unsigned depth;  /* 0: until no operation leads to a new state */
    unsigned steps;  /* STEP() of those that are tried */
    unsigned borders;
    uint8_t border[16]; /* ranges run from one of these to another, in one half */
    unsigned shifts;
    uint8_t shift[PLAN_LIST];
    unsigned kinds;
    struct page kind[PLAN_LIST]; /* rights, memory, software */
    bool promoting;              /* map with .promote as well */
};

/* The worlds for this PGT_INDEX_BITS. */
extern const struct plan plans[];
extern const size_t plan_count;

struct extent plan_extent(const struct plan *plan);
/* All steps of a plan; to be freed. */
struct step *plan_steps(const struct plan *plan, size_t *ret_count);
/* One line for people. */
void step_print(const struct step *step);

#endif
