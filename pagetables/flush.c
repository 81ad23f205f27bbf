/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathering what has to be invalidated.  Calls go through addresses in ascending order,
 * so a new range continues, if any, the one before it; a caller may come back to the
 * same pages, or go downwards.
 */
#include "pagetables/space.h"

/* Does a range overlap another, or lie right beside it?  Nothing lies below address 0. */
static bool ranges_touch(uint64_t first, uint64_t last, uint64_t other_first, uint64_t other_last)
{
    return first - (first > 0) <= other_last && other_first - (other_first > 0) <= last;
}

static inline __attribute__((always_inline)) void add_range(struct pgt_flush *flush, uint64_t first,
                                                            uint64_t last)
{
    if (flush->count > 0) {
        uint64_t *before_first = &flush->range[flush->count - 1].first;
        uint64_t *before_last = &flush->range[flush->count - 1].last;
        if (ranges_touch(first, last, *before_first, *before_last)) {
            *before_first = first < *before_first ? first : *before_first;
            *before_last = last > *before_last ? last : *before_last;
            return;
        }
    }
    if (flush->count == PGT_FLUSH_RANGES) {
        flush->everything = true;
        return;
    }
    flush->range[flush->count].first = first;
    flush->range[flush->count].last = last;
    flush->count++;
}

void pgt_flush_range(struct pgt_flush *flush, uint64_t first, uint64_t last)
{
    add_range(flush, first, last);
}

void pgt_flush_add(struct pgt_flush *flush, const struct pgt_space *space, struct range part,
                   pgt_entry entry, bool widened)
{
    add_range(flush, canonical_form(&space->arch, part.first),
              canonical_form(&space->arch, part.last));
    flush->needed |= !widened;
    flush->widened |= widened;
    flush->global |= (entry.raw & ENTRY_GLOBAL) != 0;
    flush->upper |= slot_is_upper(space, level_index(part.first, space->arch.levels));
}

void pgt_flush_join(struct pgt_flush *flush, const struct pgt_flush *more)
{
    for (unsigned i = 0; i < more->count; i++)
        add_range(flush, more->range[i].first, more->range[i].last);
    flush->needed |= more->needed;
    flush->widened |= more->widened;
    flush->everything |= more->everything;
    flush->global |= more->global;
    flush->upper |= more->upper;
}
