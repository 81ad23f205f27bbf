/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Larger leaves from small ones, and back.
 */
#include "pagetables/walk.h"

struct promote_job {
    struct pgt_space *space;
    struct pgt_flush *flush;
};

/* Page tables are judged as a whole, when they are left. */
static enum walk_next promote_entry(struct walk *walk, void *context)
{
    struct promote_job *job = context;
    if (walk->level == LEVEL_4K) {
        walk_skip_rest(walk);
        return WALK_ON;
    }
    pgt_entry entry = walk_load(walk);
    if (!entry_present(entry) || entry_is_leaf(entry, walk->level))
        return WALK_ON;
    return walk_into(walk, job->space, entry);
}

/* Do the entries of a full table map, all alike, what one leaf of the level above
 * could? Then that leaf. */
static bool merged_leaf(const struct pgt_space *space, const pgt_entry *table, unsigned level,
                        pgt_entry *ret_leaf)
{
    pgt_entry first = entry_load(&table[0]);
    if (level + 1 > arch_largest_level(&space->arch) || !entry_present(first) ||
        !entry_is_leaf(first, level) || (leaf_phys(first, level) & level_mask(level + 1)))
        return false;
    for (unsigned i = 1; i < PGT_ENTRIES; i++) {
        uint64_t want = first.raw + ((uint64_t)i << level_shift(level));
        if ((entry_load(&table[i]).raw ^ want) & ~ENTRY_MARKS)
            return false;
    }
    /* A processor that still has the table cached may be about to mark a part of it, which nobody
     * would see any more: so the leaf counts as accessed, and as dirty if it can be written. */
    *ret_leaf = entry_to_leaf(attributes_preset(leaf_attributes(first, level)),
                              leaf_phys(first, level), level + 1);
    return true;
}

/* Takes the merged leaf's place: what the parts were marked with is kept besides. */
static uint64_t marks_of(const pgt_entry *table)
{
    uint64_t marks = 0;
    for (unsigned i = 0; i < PGT_ENTRIES; i++)
        marks |= entry_load(&table[i]).raw & ENTRY_MARKS;
    return marks;
}

static void promote_leave(struct walk *walk, void *context)
{
    struct promote_job *job = context;
    struct pgt_space *space = job->space;
    pgt_entry *table = walk_here(walk)->table;
    pgt_entry *slot = walk_slot_above(walk);
    pgt_entry old = entry_load(slot), leaf;
    if (walk_leaves_upper(walk, space) || entry_count(old) != PGT_ENTRIES ||
        !merged_leaf(space, table, walk->level, &leaf))
        return;
    leaf.raw |= marks_of(table);
    entry_store(slot, leaf);
    uint64_t base = walk->part.first & ~level_mask(walk->level + 1);
    pgt_flush_add(job->flush, space, (struct range){base, base + level_mask(walk->level + 1)}, leaf,
                  false);
    table_give(space, entry_table(old));
}

void pgt_promote_range(struct pgt_space *space, struct range range, struct pgt_flush *flush)
{
    struct promote_job job = {space, flush};
    struct walk walk;
    walk_start(&walk, space, range);
    walk_range(&walk, &job, promote_entry, promote_leave);
}

enum pgt_status pgt_promote(struct pgt_space *space, uint64_t virt, uint64_t bytes,
                            struct pgt_flush *flush)
{
    struct range range;
    enum pgt_status status = pgt_own_range(space, virt, bytes, &range);
    if (!status)
        pgt_promote_range(space, range, flush);
    return status;
}

struct split_job {
    struct pgt_space *space;
    struct range range;
    unsigned largest_level;
    size_t cost;
};

static enum walk_next count_split(struct walk *walk, void *context)
{
    struct split_job *job = context;
    pgt_entry entry = walk_entry(walk);
    if (!entry_present(entry) || walk->level <= job->largest_level)
        return WALK_ON;
    bool leaf = entry_is_leaf(entry, walk->level);
    job->cost += leaf;
    return leaf ? walk_imagine(walk, entry) : walk_into(walk, job->space, entry);
}

static enum walk_next split_entry(struct walk *walk, void *context)
{
    struct split_job *job = context;
    pgt_entry entry = walk_load(walk);
    if (!entry_present(entry) || walk->level <= job->largest_level)
        return WALK_ON;
    return entry_is_leaf(entry, walk->level) ? walk_split(walk, job->space, entry)
                                             : walk_into(walk, job->space, entry);
}

static void split_leave(struct walk *walk, void *context)
{
    struct split_job *job = context;
    walk_settle(walk, job->space);
}

static __attribute__((noinline)) enum pgt_status split_plan(const struct pgt_space *space,
                                                            uint64_t virt, uint64_t bytes,
                                                            uint64_t largest,
                                                            struct split_job *ret_job)
{
    struct split_job job = {
        .space = (struct pgt_space *)space, /* only a commit writes */
        .largest_level = largest == level_mask(LEVEL_4K) + 1 ? LEVEL_4K : LEVEL_2M,
    };
    if (largest != level_mask(job.largest_level) + 1)
        return PGT_MISALIGNED;
    enum pgt_status status = pgt_own_range(space, virt, bytes, &job.range);
    if (status)
        return status;
    struct walk walk;
    walk_start(&walk, space, job.range);
    walk_range(&walk, &job, count_split, walk_leave);
    *ret_job = job;
    return PGT_OK;
}

static __attribute__((noinline)) void split_commit(struct split_job *job)
{
    struct walk walk;
    walk_start(&walk, job->space, job->range);
    walk_range(&walk, job, split_entry, split_leave);
}

enum pgt_status pgt_split_cost(const struct pgt_space *space, uint64_t virt, uint64_t bytes,
                               uint64_t largest, size_t *ret_frames)
{
    struct split_job job;
    enum pgt_status status = split_plan(space, virt, bytes, largest, &job);
    if (!status)
        *ret_frames = job.cost;
    return status;
}

enum pgt_status pgt_split(struct pgt_space *space, uint64_t virt, uint64_t bytes, uint64_t largest)
{
    struct split_job job;
    enum pgt_status status = split_plan(space, virt, bytes, largest, &job);
    if (status)
        return status;
    if (!frames_reserve(&space->frames, job.cost))
        return PGT_NO_FRAMES;
    split_commit(&job);
    return PGT_OK;
}
