/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an address space should hold, without any tables: a sorted list of runs
 * of pages, each linear in physical memory and made of leaves of one size.  It
 * follows the contract of pgt_map() and pgt_unmap() word by word, and so foretells
 * every leaf, the number of tables, and whether a valid translation changed.
 */
#ifndef PAGETABLES_TESTS_MODEL_H
#define PAGETABLES_TESTS_MODEL_H

#include "pagetables/pagetables.h"
#include "pagetables/tests/walker.h"

/* Page numbers are virtual addresses shifted right by 12, so that one beyond
 * the last never wraps. */
struct model_run {
    uint64_t first;
    uint64_t end;  /* page after the last */
    uint64_t phys; /* of the first page's first byte */
    unsigned rights;
    enum pgt_memory memory;
    uint64_t leaf_pages; /* 1, 512 or 262144 */
};

struct model {
    struct model_run *run;
    size_t count;
    size_t capacity;
};

void model_free(struct model *model);

/* The pages, end excluded, of which a valid translation changed; none if they are
 * equal.  A leaf of another size is a change, too: the table that it replaces may
 * still be cached. */
struct model_change {
    uint64_t first;
    uint64_t end;
};

struct model_change model_map(struct model *model, const struct pgt_arch *arch,
                              const struct pgt_mapping *mapping);
struct model_change model_unmap(struct model *model, uint64_t virt, uint64_t bytes);

/* A new model of what lies at or above a page, a border of leaves. */
struct model model_from(const struct model *model, uint64_t page);

/* The run that holds the first leaf which ends at or above a page; null if none. */
const struct model_run *model_next(const struct model *model, uint64_t page);
/* The leaf of a run that holds a page, or the run's first if the page is before. */
struct pgt_leaf model_leaf(const struct model_run *run, uint64_t page);

/* How many tables the runs need, the root included.  Root slots set in `kept`
 * have a table in any case; kept may be null. */
size_t model_tables(const struct model *model, unsigned levels, const bool *kept);

/* Fails the test unless the model and `above`, which holds only higher addresses
 * and may be null, are exactly what a walk found. */
void model_assert_equal(const struct model *model, const struct model *above,
                        const struct walk_list *list);

#endif
