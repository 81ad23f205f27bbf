/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One edit through recursive addresses.
 *
 * Its cursor goes over the entries in which the walks for a range end, in ascending order: leaves
 * of any size, and absent entries of any level.
 */
#ifndef PAGETABLES_RECURSIVE_EDIT_H
#define PAGETABLES_RECURSIVE_EDIT_H

#include "pagetables/recursive_parts.h"

struct cursor {
    struct range range; /* linear */
    uint64_t at;        /* linear; first address that the current entry covers of it */
    pgt_entry entry;
    unsigned withheld; /* rights that entries above took away so far */
    uint8_t level;     /* of the current entry */
    bool malformed;    /* a leaf was met that the processor doesn't have */
};

struct edit {
    const struct pgt_recursive *recursive;
    struct cursor cursor;
    union {
        uint64_t phys_from_linear; /* of a map: physical = linear + this, modulo 2^64 */
        uint64_t clear;            /* of a protect: bits, like `set` */
    };
    uint64_t set;            /* attributes of a leaf, in the form of a 4K one */
    size_t cost;             /* tables to be made */
    uint64_t scratch;        /* the window's page through which they are filled */
    bool drops;              /* empty tables are taken out on the way */
    bool drops_all;          /* those that lead to the window, too */
    struct pgt_flush *flush; /* null if nobody needs to know */
};

static inline const struct pgt_space *space_of(const struct edit *edit)
{
    return &edit->recursive->space;
}

/* Where the current entry is. */
static inline uint64_t current_address(const struct edit *edit)
{
    return entry_address(edit->recursive, edit->cursor.at, edit->cursor.level);
}

/* What the current entry covers of the range. */
static inline struct range current_part(const struct edit *edit)
{
    const struct cursor *cursor = &edit->cursor;
    return range_clip(cursor->range, cursor->at & ~level_mask(cursor->level), cursor->level);
}

/* The physical address at which the current leaf maps the start of its part. */
static inline uint64_t current_phys(const struct edit *edit)
{
    const struct cursor *cursor = &edit->cursor;
    return leaf_phys(cursor->entry, cursor->level) + (cursor->at & level_mask(cursor->level));
}

/* Puts the cursor on the first entry of the range. */
void pgt_recursive_start(struct edit *edit);

/* On to the next entry; false at the end.  Tables that are left and empty are dropped, if the edit
 * says so. */
bool pgt_recursive_next(struct edit *edit);

/* Puts a table in the place of the current entry, which maps what the entry maps, and moves the
 * cursor down into it. */
void pgt_recursive_make_table(struct edit *edit);

/* A large leaf of which `at` is an address went.  At the recursive addresses of what lies below it
 * the processor took it for tables, and may have looked there unasked: makes it forget. */
void pgt_recursive_leaf_went(const struct edit *edit, uint64_t at, unsigned level, pgt_entry leaf);

/* Gathers a linear range: of the translation of `at`, or a recursive address of a table for
 * it.  `old` is the entry that was there. */
void pgt_recursive_gather(const struct edit *edit, struct range part, uint64_t at, pgt_entry old,
                          bool widened);

#endif
