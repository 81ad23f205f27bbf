/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unmapping: the same plan, reserve, commit.  Only a larger leaf of which a part
 * stays costs tables; at most one at either end of the range is such.
 */
#include "pagetables/space.h"

/* Tables that it takes to unmap only `part` of what `entry` maps. */
static size_t cost_of_entry(const struct pgt_frames *frames, pgt_entry entry, unsigned level,
                            struct range part)
{
    if (!entry_present(entry) || range_covers(part, level))
        return 0;
    unsigned below = level - 1;
    bool split = entry_is_leaf(entry, level);
    if (below == LEVEL_4K)
        return split;
    const pgt_entry *table = split ? NULL : table_at(frames, entry_table(entry));
    unsigned first = level_index(part.first, below);
    unsigned last = level_index(part.last, below);
    size_t cost = split;
    /* Entries between the ends are covered whole, and cost nothing. */
    for (unsigned i = first; i <= last; i += i < last ? last - first : 1) {
        uint64_t base = (part.first & ~level_mask(level)) + ((uint64_t)i << level_shift(below));
        cost += cost_of_entry(frames, table ? table[i] : leaf_part(entry, level, i), below,
                              range_clip(part, base, below));
    }
    return cost;
}

static unsigned unmap_in_table(struct pgt_space *space, struct pgt_flush *flush, pgt_entry *table,
                               unsigned level, struct range part, unsigned live);

/* A leaf that goes in part: the table that maps the rest. */
static pgt_entry split_leaf(struct pgt_space *space, struct pgt_flush *flush, pgt_entry leaf,
                            unsigned level, struct range part)
{
    uint64_t frame = table_take(space);
    pgt_entry *table = table_at(&space->frames, frame);
    pgt_fill_split(table, leaf, level);
    return entry_to_table(
        frame, unmap_in_table(space, flush, table, level - 1, part, PGT_ENTRIES));
}

/* Unmaps part below one present entry, and stores what the entry becomes. */
static void unmap_entry(struct pgt_space *space, struct pgt_flush *flush, pgt_entry *slot,
                        unsigned level, struct range part)
{
    pgt_entry old = *slot;
    bool leaf = entry_is_leaf(old, level);
    pgt_entry new = {0};
    if (leaf && !range_covers(part, level)) {
        new = split_leaf(space, flush, old, level, part);
    } else if (!leaf && !range_covers(part, level)) {
        unsigned live = unmap_in_table(space, flush, table_at(&space->frames, entry_table(old)),
                                       level - 1, part, entry_count(old));
        if (live > 0)
            new = entry_with_count(old, live);
    } else {
        flush_add(flush, part);
    }
    if (new.raw == old.raw)
        return;
    entry_store(slot, new);
    if (!leaf && !entry_present(new))
        pgt_free_tables(space, entry_table(old), level - 1,
                        range_covers(part, level) ? entry_count(old) : 0);
}

/* Unmaps part in the entries of a table; returns how many are present then. */
static unsigned unmap_in_table(struct pgt_space *space, struct pgt_flush *flush, pgt_entry *table,
                               unsigned level, struct range part, unsigned live)
{
    for (uint64_t base = part.first & ~level_mask(level);; base += level_mask(level) + 1) {
        pgt_entry *slot = &table[level_index(base, level)];
        if (entry_present(*slot)) {
            unmap_entry(space, flush, slot, level, range_clip(part, base, level));
            live -= !entry_present(*slot);
        }
        if (part.last - base <= level_mask(level))
            return live;
    }
}

static size_t unmap_cost(const struct pgt_space *space, struct range range)
{
    unsigned level = space->arch.levels;
    const pgt_entry *root = space_root(space);
    size_t cost = 0;
    unsigned last = level_index(range.last, level);
    for (unsigned i = level_index(range.first, level); i <= last; i++) {
        uint64_t base = canonical_form(&space->arch, (uint64_t)i << level_shift(level));
        cost +=
            cost_of_entry(&space->frames, root[i], level, range_clip(range, base, level));
    }
    return cost;
}

/* The root's own loop: a sealed slot keeps its table, empty or not. */
static void unmap_commit(struct pgt_space *space, struct pgt_flush *flush, struct range range)
{
    unsigned level = space->arch.levels;
    pgt_entry *root = space_root(space);
    unsigned last = level_index(range.last, level);
    for (unsigned i = level_index(range.first, level); i <= last; i++) {
        if (!entry_present(root[i]))
            continue;
        uint64_t base = canonical_form(&space->arch, (uint64_t)i << level_shift(level));
        struct range part = range_clip(range, base, level);
        if (slot_is_upper(space, i)) {
            unmap_in_table(space, flush, table_at(&space->frames, entry_table(root[i])), level - 1,
                           part, PGT_ENTRIES);
        } else {
            unmap_entry(space, flush, &root[i], level, part);
            space->root_live -= !entry_present(root[i]);
        }
    }
}

enum pgt_status pgt_unmap(struct pgt_space *space, uint64_t virt, uint64_t bytes,
                          struct pgt_flush *ret_flush)
{
    struct range range;
    enum pgt_status status = pgt_range(&space->arch, virt, bytes, &range);
    if (status)
        return status;
    if (space->upper && slot_is_upper(space, level_index(range.last, space->arch.levels)))
        return PGT_SEALED;
    if (!frames_reserve(&space->frames, unmap_cost(space, range)))
        return PGT_NO_FRAMES;
    struct pgt_flush flush = {0};
    unmap_commit(space, &flush, range);
    *ret_flush = flush;
    return PGT_OK;
}
