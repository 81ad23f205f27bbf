/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From plan to page tables: the kernel root, and the transition root that shares
 * its upper half.
 */
#ifndef LOADER_TABLES_H
#define LOADER_TABLES_H

#include "loader/plan.h"

struct ldr_tables {
    struct pgt_space kernel;     /* the upper, sealed; at base revision 0 the identity map too */
    struct pgt_space transition; /* the handoff page, identity mapped, on the kernel's upper */
};

/* Upper bound of the frames that ldr_tables_build() takes for a plan: reserve so
 * many before asking.  Without a walk, from the plan alone. */
size_t ldr_tables_bound(const struct ldr_plan *plan);

/* Builds both.  LDR_NO_MEMORY when frames run out; then all are given back. */
enum ldr_status ldr_tables_build(struct ldr_tables *ret_tables, const struct ldr_plan *plan,
                                 const struct pgt_frames *frames, struct ldr_report *report);

/* Physical addresses of every table of a root that `space` owns, root first, into
 * frame[capacity]; returns how many there are (which may exceed capacity). */
size_t ldr_tables_list(const struct pgt_space *space, uint64_t *frame, size_t capacity);

#endif
