/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unmapping: plan, reserve, commit.  Only a larger leaf of which a part stays costs
 * tables; at most one at either end of the range is such.
 */
#include "pagetables/page.h"
#include "pagetables/walk.h"

struct unmap_job {
    struct pgt_space *space;
    struct range range; /* linear */
    size_t cost;
    struct pgt_flush *flush;
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

/* Pages that are all there. */
static enum walk_next unmap_run(struct walk *walk, struct unmap_job *job, pgt_entry *slot,
                                unsigned run, uint64_t any)
{
    fill_zero(slot, run);
    walk_here(walk)->live -= run;
    (void)walk_past(walk, run);
    pgt_flush_add(job->flush, job->space, walk->part, (pgt_entry){any}, false);
    return WALK_ON;
}

static enum walk_next unmap_entry(struct walk *walk, void *context)
{
    struct unmap_job *job = context;
    if (walk_here(walk)->doomed)
        return walk_doomed(walk, job->space);
    pgt_entry *slot = walk_slot(walk);
    pgt_entry old = entry_load(slot);
    if (!entry_present(old))
        return WALK_ON;
    bool leaf = entry_is_leaf(old, walk->level);
    /* A sealed slot keeps its table, even if all below it goes. */
    bool whole = range_covers(walk->part, walk->level) && !walk_at_upper(walk, job->space);
    if (!whole)
        return leaf ? walk_split(walk, job->space, old) : walk_into(walk, job->space, old);
    if (walk->level == LEVEL_4K) {
        unsigned run = walk_run(walk);
        struct summary summary = summarize(slot, run);
        if (summary.all & ENTRY_PRESENT)
            return unmap_run(walk, job, slot, run, summary.any);
    }
    entry_store(slot, (pgt_entry){0});
    walk_here(walk)->live--;
    pgt_flush_add(job->flush, job->space, walk->part, entry_told(old, walk->level), false);
    return leaf ? WALK_ON : walk_doom(walk, job->space, old);
}

static void unmap_leave(struct walk *walk, void *context)
{
    struct unmap_job *job = context;
    walk_settle(walk, job->space);
}

static __attribute__((noinline)) void unmap_plan(struct unmap_job *job)
{
    struct walk walk;
    walk_start(&walk, job->space, job->range);
    walk_range(&walk, job, count_entry, walk_leave);
}

static __attribute__((noinline)) void unmap_commit(struct unmap_job *job)
{
    struct walk walk;
    walk_start(&walk, job->space, job->range);
    unsigned live = walk.step[walk.top - 1].live;
    walk_range(&walk, job, unmap_entry, unmap_leave);
    walk_end(&walk, job->space, live);
}

enum pgt_status pgt_unmap_cost(const struct pgt_space *space, uint64_t virt, uint64_t bytes,
                               size_t *ret_frames)
{
    struct unmap_job job = {.space = (struct pgt_space *)space}; /* only a commit writes */
    enum pgt_status status = pgt_own_range(space, virt, bytes, &job.range);
    if (status)
        return status;
    unmap_plan(&job);
    *ret_frames = job.cost;
    return PGT_OK;
}

/* Plan, reserve, commit. */
static __attribute__((noinline)) enum pgt_status
unmap_range(struct pgt_space *space, uint64_t virt, uint64_t bytes, struct pgt_flush *flush)
{
    struct unmap_job job = {.space = space, .flush = flush};
    enum pgt_status status = pgt_own_range(space, virt, bytes, &job.range);
    if (status)
        return status;
    unmap_plan(&job);
    if (!frames_reserve(&space->frames, job.cost))
        return PGT_NO_FRAMES;
    unmap_commit(&job);
    return PGT_OK;
}

/* One page goes without a walk, unless a larger leaf has to be split for it or its table goes with
 * it: then false. */
static inline bool unmap_at(struct pgt_space *space, uint64_t virt, struct page_place place,
                            struct pgt_flush *flush)
{
    pgt_entry old = entry_load(place.slot);
    if (!entry_present(old))
        return true;
    pgt_entry fewer = {entry_load(place.above).raw - COUNT_ONE};
    if (!(fewer.raw & ENTRY_COUNT))
        return false;
    entry_store(place.slot, (pgt_entry){0});
    entry_store(place.above, fewer);
    flush_page(flush, space, virt, old);
    return true;
}

static __attribute__((noinline)) enum pgt_status
unmap_otherwise(struct pgt_space *space, uint64_t virt, uint64_t bytes, struct pgt_flush *flush)
{
    struct page_place place;
    if (bytes == PGT_PAGE && !(virt & (PGT_PAGE - 1)) && page_is_own(space, virt) &&
        page_find(space, virt, &place) == PAGE_THERE && unmap_at(space, virt, place, flush))
        return PGT_OK;
    return unmap_range(space, virt, bytes, flush);
}

enum pgt_status pgt_unmap(struct pgt_space *space, uint64_t virt, uint64_t bytes,
                          struct pgt_flush *flush)
{
    struct page_place place;
    uint64_t wrong = (bytes ^ PGT_PAGE) | (virt & (PGT_PAGE - 1));
    if (usually(!wrong && page_is_plain(space, virt) &&
                page_find(space, virt, &place) == PAGE_THERE &&
                unmap_at(space, virt, place, flush)))
        return PGT_OK;
    return unmap_otherwise(space, virt, bytes, flush);
}
