/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accessed and dirty bits.  The processor sets them with locked updates (SDM 4.8,
 * 8.1.2.1), so they are cleared with one as well.
 */
#include "pagetables/walk.h"

struct harvest_job {
    struct pgt_space *space;
    uint64_t clear; /* entry bits */
    void (*each)(void *context, const struct pgt_leaf *leaf);
    void *each_context;
    struct pgt_harvest sum;
    struct pgt_flush *flush;
};

static enum walk_next harvest_entry(struct walk *walk, void *context)
{
    struct harvest_job *job = context;
    pgt_entry *slot = walk_slot(walk);
    pgt_entry entry = entry_load(slot);
    if (!entry_present(entry))
        return WALK_ON;
    if (!entry_is_leaf(entry, walk->level))
        return walk_into(walk, job->space, entry);
    if (entry.raw & job->clear) {
        entry.raw = __atomic_fetch_and(&slot->raw, ~job->clear, __ATOMIC_ACQ_REL);
        pgt_flush_add(job->flush, job->space, walk->part, entry, false);
    }
    uint64_t bytes = level_mask(walk->level) + 1;
    job->sum.mapped += bytes;
    job->sum.accessed += entry.raw & ENTRY_ACCESSED ? bytes : 0;
    job->sum.dirty += entry.raw & ENTRY_DIRTY ? bytes : 0;
    if (job->each) {
        struct pgt_leaf leaf;
        pgt_describe(job->space, entry, walk->level,
                     canonical_form(&job->space->arch, walk->part.first), &leaf);
        job->each(job->each_context, &leaf);
    }
    return WALK_ON;
}

enum pgt_status pgt_harvest(struct pgt_space *space, uint64_t virt, uint64_t bytes, unsigned clear,
                            void (*each)(void *context, const struct pgt_leaf *leaf), void *context,
                            struct pgt_harvest *ret_harvest, struct pgt_flush *flush)
{
    struct range range;
    enum pgt_status status = pgt_range(&space->arch, virt, bytes, &range);
    if (status)
        return status;
    range = linear_range(&space->arch, range);
    if (clear && range_is_foreign(space, range))
        return PGT_SEALED;
    struct harvest_job job = {
        .space = space,
        .clear =
            (clear & PGT_ACCESSED ? ENTRY_ACCESSED : 0) | (clear & PGT_DIRTY ? ENTRY_DIRTY : 0),
        .each = each,
        .each_context = context,
        .flush = flush,
    };
    struct walk walk;
    walk_start(&walk, space, range);
    walk_range(&walk, &job, harvest_entry, walk_leave);
    *ret_harvest = job.sum;
    return PGT_OK;
}
