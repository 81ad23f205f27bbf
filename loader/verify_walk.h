/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier's own walk through page tables.  For loader/verify.c alone.
 */
#ifndef LOADER_VERIFY_WALK_H
#define LOADER_VERIFY_WALK_H

#include "loader/plan.h"

/* A leaf as a processor would use it. */
struct ldr_walk_leaf {
    uint64_t virt;
    uint64_t phys;
    uint64_t bytes;
    uint64_t entry; /* raw */
    unsigned level; /* 1 for 4K, 2 for 2M, 3 for 1G */
    unsigned rights;
    unsigned type; /* memory type, as IA32_PAT encodes it */
};

/* What a walk works on, who is shown the leaves, and what it counts. */
struct ldr_walk {
    const struct ldr_plan *plan;
    uint64_t offset;  /* a table at physical p is read at p + offset */
    const char *name; /* of the root, for messages */
    uint64_t root;    /* physical */
    enum ldr_status (*visit)(void *context, const struct ldr_walk_leaf *leaf);
    void *context;
    struct ldr_report *report;

    uint64_t tables;    /* the root included */
    uint64_t leaves[3]; /* 4K, 2M, 1G */
};

/* Shows the leaves of the root slots below `end` to walk->visit, in ascending order, until
 * it returns anything but LDR_OK.  On the way it proves what verify.h says of tables, reserved
 * bits and rights above leaves.  LDR_BAD_TABLES. */
enum ldr_status ldr_walk(struct ldr_walk *walk, unsigned end);

/* Do the roots have the same upper half, slot by slot?  Both were walked before, as far as
 * they are not shared.  LDR_BAD_TABLES, as of the walk's root. */
enum ldr_status ldr_walk_same_upper(const struct ldr_walk *walk, uint64_t other_root);

/* Refuse: a broken rule at an entry; at a leaf; at whatever ends the walk to virt. */
enum ldr_status ldr_walk_refuse(const struct ldr_walk *walk, uint64_t virt, unsigned level,
                                uint64_t entry, const char *rule);
enum ldr_status ldr_walk_refuse_leaf(const struct ldr_walk *walk, const struct ldr_walk_leaf *leaf,
                                     const char *rule);
enum ldr_status ldr_walk_refuse_gap(const struct ldr_walk *walk, uint64_t virt);

/* How every refusal of the verifier ends. */
#define LDR_WALK_ADVICE "the kernel was not started, please report this as a defect of the loader"

#endif
