/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an address space should hold, without any tables: a sorted list of runs
 * of pages, each linear in physical memory and made of leaves of one size.  It
 * follows the contract in pagetables.h word by word, and so foretells every leaf
 * with all that can be read from it, the number of tables, and what a processor
 * has to forget.
 *
 * model.c holds the list; model_change.c the operations, which can't fail: whether one
 * is refused is for the caller to foretell.
 */
#ifndef PAGETABLES_TESTS_MODEL_H
#define PAGETABLES_TESTS_MODEL_H

#include "pagetables/pagetables.h"
#include "pagetables/tests/walker.h"

#define MODEL_PAGES_2M UINT64_C(512)
#define MODEL_PAGES_1G (UINT64_C(512) * 512)

struct model_attributes {
    unsigned rights;
    enum pgt_memory memory;
    unsigned key;
    unsigned software;
};

/* Page numbers are virtual addresses shifted right by 12, so that one beyond
 * the last never wraps. */
struct model_run {
    uint64_t first;
    uint64_t end;  /* page after the last */
    uint64_t phys; /* of the first page's first byte */
    struct model_attributes is;
    bool accessed;
    bool dirty;
    uint64_t leaf_pages; /* 1, 512 or 262144 */
};

struct model {
    struct model_run *run;
    size_t count;
    size_t capacity;
};

void model_free(struct model *model);

/* ---- the list ----------------------------------------------------------- */

/* Index of the first run that ends above a page; count if there is none. */
size_t model_find(const struct model *model, uint64_t page);
void model_insert(struct model *model, size_t at, struct model_run run);
/* Makes two runs of one, at a page between two of its leaves. */
void model_divide(struct model *model, size_t at, uint64_t page);
/* Makes a page the border of a leaf: a leaf that it lies within is split, one
 * size at a time. */
void model_cut(struct model *model, uint64_t page);
/* Removes [first, end), whose borders are borders of leaves. */
void model_drop(struct model *model, uint64_t first, uint64_t end);
/* Joins neighbours that differ in nothing, so that the list stays short. */
void model_tidy(struct model *model);

uint64_t model_phys(const struct model_run *run, uint64_t page);
bool model_alike(const struct model_attributes *a, const struct model_attributes *b);
/* A copy that shares nothing with the model. */
struct model model_copy(const struct model *model);
/* Appends all of `more`, which lies above. */
void model_append(struct model *model, const struct model *more);
/* A new model of what lies at or above a page, a border of leaves. */
struct model model_from(const struct model *model, uint64_t page);

/* The run that holds the first leaf which ends at or above a page; null if none. */
const struct model_run *model_next(const struct model *model, uint64_t page);
/* The leaf of a run that holds a page, or the run's first if the page is before. */
struct pgt_leaf model_leaf(const struct model_run *run, uint64_t page);
/* What pgt_next_run() should say; false if nothing follows. */
bool model_next_run(const struct model *model, uint64_t page, struct pgt_run *ret_run);
/* What pgt_unmap_harvest() should tell of next, from a page on and up to `end`, excluded; false if
 * nothing is left. */
bool model_next_gone(const struct model *model, uint64_t page, uint64_t end,
                     struct pgt_gone *ret_run);
bool model_same_leaf(const struct pgt_leaf *a, const struct pgt_leaf *b);
bool model_same_run(const struct pgt_run *a, const struct pgt_run *b);
bool model_is_empty(const struct model *model, uint64_t virt, uint64_t bytes);

/* How many tables the runs need, the root included.  Root slots set in `kept`
 * have a table in any case; kept may be null. */
size_t model_tables(const struct model *model, unsigned levels, const bool *kept);

/* Fails the test unless the leaf is the one that the model has for a page. */
void model_assert_leaf(const struct model *model, uint64_t page, const struct walk_leaf *leaf);
/* Fails the test unless the model is exactly what a walk found. */
void model_assert_equal(const struct model *model, const struct walk_list *list);

/* ---- the operations ----------------------------------------------------- */

/* What changed for a processor.  A leaf of another size is a change, too: the table that
 * it replaces may still be cached.  The pages are listed, end excluded, as far as they fit. */
#define MODEL_CHANGES 64
struct model_change {
    bool narrowed; /* what struct pgt_flush calls needed */
    bool widened;
    bool global;
    size_t count;
    struct {
        uint64_t first;
        uint64_t end;
    } range[MODEL_CHANGES];
};

struct model_change model_map(struct model *model, const struct pgt_arch *arch,
                              const struct pgt_mapping *mapping);
struct model_change model_unmap(struct model *model, uint64_t virt, uint64_t bytes);
struct model_change model_protect(struct model *model, uint64_t virt, uint64_t bytes,
                                  const struct pgt_protection *protection);
void model_promote(struct model *model, const struct pgt_arch *arch, uint64_t virt, uint64_t bytes,
                   struct model_change *change);
void model_split(struct model *model, uint64_t virt, uint64_t bytes, uint64_t largest);
/* Copies into `to` what `from` holds in the range. */
void model_clone(struct model *to, const struct model *from, uint64_t virt, uint64_t bytes,
                 enum pgt_clone how, unsigned software);
/* What copy-on-write does to the origin. */
struct model_change model_take_write(struct model *model, uint64_t virt, uint64_t bytes,
                                     unsigned software);
struct pgt_harvest model_harvest(struct model *model, uint64_t virt, uint64_t bytes, unsigned clear,
                                 struct model_change *change);
/* A processor read or wrote a page that is mapped. */
void model_mark(struct model *model, uint64_t page, bool write);

#endif
