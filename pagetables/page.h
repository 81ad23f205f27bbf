/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a page fault asks for: one page, mapped or unmapped without a walk.
 */
#ifndef PAGETABLES_PAGE_H
#define PAGETABLES_PAGE_H

#include "pagetables/space.h"

/* One present entry more or less in the table that an entry leads to. */
#define COUNT_ONE (UINT64_C(1) << ENTRY_COUNT_SHIFT)

/* Entries on the way down to a page. */
struct page_place {
    pgt_entry *slot;  /* that maps it, in its page table */
    pgt_entry *above; /* that leads to its page table; never one of the root */
    pgt_entry *top;   /* that leads to the table of `above` */
};

/* What is on the way down to a page. */
enum page_way {
    PAGE_THERE,       /* all its tables */
    PAGE_LACKS_TABLE, /* all but its page table: `above` is absent, and `top` isn't the root's */
    PAGE_OTHERWISE,   /* fewer, or a larger leaf maps it */
};

/* Is it canonical, and in no upper that the space shares? */
static inline bool page_is_own(const struct pgt_space *space, uint64_t virt)
{
    return is_canonical(&space->arch, virt) && (virt < space->upper_start || !space->upper);
}

/* Is nothing unusual about a page there, as plain_pages() in space.c has it? */
static inline bool page_is_plain(const struct pgt_space *space, uint64_t virt)
{
    return virt - space->plain_start < space->plain_bytes;
}

/* Goes down to the entry of a page that is the space's own.  The loop is laid out flat, so that it
 * shifts by constants and guesses each level by itself: a page fault is little more. */
static inline enum page_way page_find(const struct pgt_space *space, uint64_t virt,
                                      struct page_place *ret_place)
{
    const unsigned levels = space->arch.levels;
    const uint64_t offset = space->frames.offset;
    struct page_place place = {.slot = NULL};
    pgt_entry *table = space_root(space);
#pragma GCC unroll 4
    for (unsigned level = LEVELS_MOST; level > LEVEL_4K; level--) {
        if (level > LEVELS_FEWEST && usually(level > levels))
            continue;
        place.top = place.above;
        place.above = &table[level_index(virt, level)];
        uint64_t differs = entry_load(place.above).raw ^ ENTRY_PRESENT;
        if (differs & (ENTRY_PRESENT | ENTRY_LARGE)) {
            *ret_place = place;
            bool lacks = level + 1 < LEVELS_FEWEST && (differs & ENTRY_PRESENT);
            return level == LEVEL_2M && lacks ? PAGE_LACKS_TABLE : PAGE_OTHERWISE;
        }
        table = (pgt_entry *)(uintptr_t)((differs & ENTRY_ADDRESS) + offset);
    }
    place.slot = &table[level_index(virt, LEVEL_4K)];
    *ret_place = place;
    return PAGE_THERE;
}

/* The first entry on the way to a page that is absent. */
struct page_gap {
    pgt_entry *slot;
    unsigned level;   /* of the table that holds it, above LEVEL_4K */
    pgt_entry *above; /* the entry that leads to that table; null if that is the root */
};

/* Goes down to it, for a page that is the space's own and that page_find() didn't find.  False if a
 * larger leaf is in the way, or if it is a sealed root slot. */
static inline bool page_gap(const struct pgt_space *space, uint64_t virt, struct page_gap *ret_gap)
{
    struct page_gap gap = {.slot = space_root(space), .level = space->arch.levels};
    bool upper = slot_is_upper(space, level_index(virt, gap.level));
    for (;; gap.level--) {
        gap.slot += level_index(virt, gap.level);
        pgt_entry entry = entry_load(gap.slot);
        if (!entry_present(entry)) {
            *ret_gap = gap;
            return !(upper && gap.level == space->arch.levels);
        }
        if (entry_is_leaf(entry, gap.level))
            return false;
        gap.above = gap.slot;
        gap.slot = table_at(&space->frames, entry_table(entry));
    }
}

/* The page at `virt`, of which `entry` was the leaf.  In place where it is the first in its
 * gather, as in a page fault. */
static inline void flush_page(struct pgt_flush *flush, const struct pgt_space *space, uint64_t virt,
                              pgt_entry entry)
{
    uint64_t last = virt + (PGT_PAGE - 1);
    flush->needed = true;
    if (entry.raw & ENTRY_GLOBAL)
        flush->global = true;
    if (virt >= space->upper_start)
        flush->upper = true;
    if (flush->count > 0) {
        pgt_flush_range(flush, virt, last);
        return;
    }
    flush->count = 1;
    flush->range[0].first = virt;
    flush->range[0].last = last;
}

#endif
