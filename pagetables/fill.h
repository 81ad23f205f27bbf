/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops over entries of one table.  Everything else in the library costs per table;
 * these cost per page, and are as short as they can be.
 */
#ifndef PAGETABLES_FILL_H
#define PAGETABLES_FILL_H

#include "pagetables/entry.h"

/* One store, never torn; for entries of a table that others may be reading. */
static inline void entry_put(pgt_entry *slot, uint64_t raw)
{
    __atomic_store_n(&slot->raw, raw, __ATOMIC_RELAXED);
}

/* Leaves that continue each other: the first, and each `step` behind the one before. */
static inline void fill_leaves(pgt_entry *slot, unsigned count, pgt_entry first, uint64_t step)
{
    uint64_t raw = first.raw;
    for (unsigned i = 0; i < count; i++, raw += step)
        entry_put(&slot[i], raw);
}

/* In a table that nobody can see yet: one of the four functions that every part brings
 * along is the fastest there is for its processor. */
static inline void clear_unseen(pgt_entry *slot, unsigned count)
{
    __builtin_memset(slot, 0, count * sizeof(*slot));
}

static inline void fill_zero(pgt_entry *slot, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        entry_put(&slot[i], 0);
}

/* What a run of entries has in common. */
struct summary {
    uint64_t all; /* bits that are set in every entry */
    uint64_t any; /* bits that are set in one at least */
};

static inline struct summary summarize(const pgt_entry *slot, unsigned count)
{
    struct summary summary = {UINT64_MAX, 0};
    for (unsigned i = 0; i < count; i++) {
        uint64_t raw = __atomic_load_n(&slot[i].raw, __ATOMIC_RELAXED);
        summary.all &= raw;
        summary.any |= raw;
    }
    return summary;
}

/* How many of them, from the first on, are `first` and each `step` more, but for
 * accessed and dirty. */
static inline unsigned count_alike(const pgt_entry *slot, unsigned count, pgt_entry first,
                                   uint64_t step)
{
    uint64_t expected = first.raw;
    unsigned i = 0;
    for (; i < count; i++, expected += step)
        if ((__atomic_load_n(&slot[i].raw, __ATOMIC_RELAXED) ^ expected) & ~ENTRY_MARKS)
            break;
    return i;
}

/* How many of them, from the first on, are like it in the bits of `care`. */
static inline unsigned count_like(const pgt_entry *slot, unsigned count, pgt_entry first,
                                  uint64_t care)
{
    unsigned i = 0;
    while (i < count && !((__atomic_load_n(&slot[i].raw, __ATOMIC_RELAXED) ^ first.raw) & care))
        i++;
    return i;
}

#endif
