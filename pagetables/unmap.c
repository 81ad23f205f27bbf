/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unmapping: the same plan, reserve, commit.  Only a larger leaf of which a
 * part stays costs tables; at most one at either end of the range is such.
 */
#include "pagetables/walk.h"

struct unmap_job {
    struct pgt_space *space;
    size_t cost;
    struct pgt_flush flush;
};

static enum walk_next count_entry(struct walk *walk, void *context)
{
    struct unmap_job *job = context;
    pgt_entry entry = walk_entry(walk);
    if (!entry_present(entry) || range_covers(walk->part, walk->level))
        return WALK_ON;
    bool leaf = entry_is_leaf(entry, walk->level);
    job->cost += leaf;
    if (walk->level - 1 == LEVEL_4K)
        return WALK_ON;
    return leaf ? walk_imagine(walk, entry) : walk_into(walk, job->space, entry);
}

static enum walk_next unmap_entry(struct walk *walk, void *context)
{
    struct unmap_job *job = context;
    if (walk_here(walk)->doomed)
        return walk_doomed(walk, job->space);
    pgt_entry *slot = walk_slot(walk);
    pgt_entry old = *slot;
    if (!entry_present(old))
        return WALK_ON;
    bool leaf = entry_is_leaf(old, walk->level);
    /* A sealed slot keeps its table, even if all below it goes. */
    bool whole = range_covers(walk->part, walk->level) && !walk_at_upper(walk, job->space);
    if (!whole)
        return leaf ? walk_split(walk, job->space, old) : walk_into(walk, job->space, old);
    entry_store(slot, (pgt_entry){0});
    walk_here(walk)->live--;
    flush_add(&job->flush, &job->space->arch, walk->part);
    return leaf ? WALK_ON : walk_doom(walk, job->space, old);
}

static void unmap_leave(struct walk *walk, void *context)
{
    struct unmap_job *job = context;
    walk_settle(walk, job->space);
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
    struct unmap_job job = {.space = space};
    struct walk walk;
    walk_start(&walk, space, linear_range(&space->arch, range));
    walk_range(&walk, &job, count_entry, walk_leave);
    if (!frames_reserve(&space->frames, job.cost))
        return PGT_NO_FRAMES;
    walk_range(&walk, &job, unmap_entry, unmap_leave);
    space->root_live = walk.step[walk.top - 1].live;
    *ret_flush = job.flush;
    return PGT_OK;
}
