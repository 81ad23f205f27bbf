/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of leaves, and what becomes of them: an oracle that knows no tables.  It
 * takes the list that the walker found before an operation, changes it leaf by leaf
 * as the header says, and so foretells the list after, and the flush.
 */
#ifndef PAGETABLES_TESTS_LEAVES_H
#define PAGETABLES_TESTS_LEAVES_H

#include "pagetables/pagetables.h"
#include "pagetables/tests/arena.h"

struct leaves {
    struct pgt_leaf *leaf;
    size_t count;
    size_t capacity;
};

void leaves_free(struct leaves *leaves);
void leaves_add(struct leaves *leaves, const struct pgt_leaf *leaf);

/* Appends leaves of first's size that continue it over `bytes` bytes. */
void leaves_fill(struct leaves *leaves, struct pgt_leaf first, uint64_t bytes);

/* What the walker finds, every field of it. */
struct leaves leaves_read(const struct arena *arena, const struct pgt_space *space);

/* Fails the test unless walker, pgt_next() and pgt_lookup() tell exactly this list:
 * every field, accessed and dirty too.  Frees it. */
void leaves_expect(const struct arena *arena, const struct pgt_space *space,
                   struct leaves *expected);

/* What a change does to a leaf. */
enum leaves_effect {
    LEAVES_SAME,
    LEAVES_UNSEEN,  /* it changes, and no processor needs to know */
    LEAVES_WIDENS,  /* it only gains rights */
    LEAVES_NARROWS, /* anything else */
};
typedef enum leaves_effect leaves_change(const void *context, struct pgt_leaf *leaf);

/* The list with a change made to a range.  A leaf that would change and is cut by an end of the
 * range is split first, one size at a time.  Unless null, `flush` gathers what the header asks
 * for, and `splits` counts the tables that it takes. */
struct leaves leaves_changed(const struct leaves *old, uint64_t virt, uint64_t bytes,
                             leaves_change *change, const void *context, struct pgt_flush *flush,
                             size_t *splits);

/* The part of the list that lies in a range, with leaves that are cut by its ends in parts. */
struct leaves leaves_clipped(const struct leaves *old, uint64_t virt, uint64_t bytes);

/* Adds a range to a gather as the header says: neighbours of the last range are merged, and
 * what doesn't fit is everything. */
void leaves_flush_add(struct pgt_flush *flush, uint64_t first, uint64_t last);

/* Does the leaf meet the range? */
bool leaves_meets(const struct pgt_leaf *leaf, uint64_t virt, uint64_t bytes);

#endif
