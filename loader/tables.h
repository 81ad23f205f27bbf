/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From plan to page tables: the kernel root, and the transition root that shares its
 * upper half.
 */
#ifndef LOADER_TABLES_H
#define LOADER_TABLES_H

#include "loader/plan.h"

struct ldr_tables {
    struct pgt_space kernel;     /* the upper, sealed; at base revision 0 the identity map too */
    struct pgt_space transition; /* the handoff page, identity mapped, on the kernel's upper */
};

/* Upper bound of the frames that ldr_tables_build() takes for a plan: reserve so many
 * before asking.  Without a walk, from the plan alone. */
size_t ldr_tables_bound(const struct ldr_plan *plan);

/* Builds both and seals the upper.  *ret_tables shall stay where it is as long as the
 * spaces are used, since the transition refers to the kernel's.  LDR_NO_MEMORY when
 * frames run out; then all are given back and *ret_tables means nothing. */
enum ldr_status ldr_tables_build(struct ldr_tables *ret_tables, const struct ldr_plan *plan,
                                 const struct pgt_frames *frames, struct ldr_report *report);

#endif
