/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathering what has to be invalidated.  Calls go through addresses in ascending
 * order, so a new range can only continue the one before it.
 */
#include "pagetables/space.h"

static void add_range(struct pgt_flush *flush, uint64_t first, uint64_t last)
{
    if (flush->count > 0) {
        uint64_t *before = &flush->range[flush->count - 1].last;
        /* Also when the same pages are added again, as a later call may do. */
        if (first >= flush->range[flush->count - 1].first && first - 1 <= *before) {
            *before = last > *before ? last : *before;
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

void pgt_flush_add(struct pgt_flush *flush, const struct pgt_space *space, struct range part,
                   pgt_entry entry, bool widened)
{
    add_range(flush, canonical_form(&space->arch, part.first),
              canonical_form(&space->arch, part.last));
    flush->needed |= !widened;
    flush->widened |= widened;
    /* Of an entry that led to a table this says whether a global leaf may lie below. */
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
