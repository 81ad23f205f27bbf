/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accessed and dirty bits: read and cleared in place, or taken along as pages are unmapped.  The
 * processor sets them with locked updates (SDM 4.8, 8.1.2.1), so they are cleared with one as
 * well.
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

/* ---- harvesting what is unmapped ---------------------------------------------- */

struct gone_job {
    struct pgt_space *space;
    void (*gone)(void *context, const struct pgt_gone *run);
    void *context;
    struct pgt_gone run; /* not told yet; none if it has no bytes */
    uint64_t attributes; /* of its leaves, in the form of a 4K leaf, with the marks */
    struct pgt_harvest sum;
    struct pgt_flush *flush;
};

static void tell_gone(struct gone_job *job)
{
    struct pgt_gone *run = &job->run;
    job->sum.mapped += run->bytes;
    job->sum.accessed += run->accessed ? run->bytes : 0;
    job->sum.dirty += run->dirty ? run->bytes : 0;
    if (job->gone && run->bytes > 0)
        job->gone(job->context, run);
}

/* What the current part of the walk mapped, by leaves like `first`, is gone. */
static __attribute__((noinline)) void add_gone(struct gone_job *job, struct range part,
                                               pgt_entry first, unsigned level)
{
    struct pgt_gone *run = &job->run;
    uint64_t virt = canonical_form(&job->space->arch, part.first);
    uint64_t phys = leaf_phys(first, level), bytes = part.last - part.first + 1;
    uint64_t attributes = leaf_attributes(first, level);
    pgt_flush_add(job->flush, job->space, part, first, false);
    if (run->bytes > 0 && run->virt + run->bytes == virt && run->phys + run->bytes == phys &&
        job->attributes == attributes) {
        run->bytes += bytes;
        return;
    }
    tell_gone(job);
    job->attributes = attributes;
    *run = (struct pgt_gone){
        .virt = virt,
        .phys = phys,
        .bytes = bytes,
        .rights = rights_of_attributes(attributes),
        .software = software_of_attributes(attributes),
        .accessed = attributes & ENTRY_ACCESSED,
        .dirty = attributes & ENTRY_DIRTY,
    };
}

/* Clears pages from the first on that continue it and are like it to the bit.  They are marked
 * accessed and dirty: the processor has nothing more to write to them, and plain stores will do. */
/*@ requires count <= PGT_ENTRIES && \valid(slot + (0 .. count - 1));
    assigns slot[0 .. count - 1].raw;
    ensures \result <= count;
    ensures \forall integer k; 0 <= k < \result ==>
            \old(slot[k].raw) == U64(first.raw + k * PGT_PAGE) && slot[k].raw == 0;
    ensures \forall integer k; \result <= k < count ==> slot[k].raw == \old(slot[k].raw);
    ensures \result < count ==>
            \old(slot[\result].raw) != U64(first.raw + \result * PGT_PAGE); */
static unsigned clear_marked(pgt_entry *slot, unsigned count, pgt_entry first)
{
    uint64_t expected = first.raw;
    unsigned i = 0;
    /*@ loop invariant 0 <= i <= count && expected == U64(first.raw + i * PGT_PAGE);
        loop invariant \forall integer k; 0 <= k < i ==>
                       \at(slot[k].raw, Pre) == U64(first.raw + k * PGT_PAGE);
        loop invariant \forall integer k; 0 <= k < i ==> slot[k].raw == 0;
        loop invariant \forall integer k; i <= k < count ==>
                       slot[k].raw == \at(slot[k].raw, Pre);
        loop assigns i, expected, slot[0 .. count - 1].raw;
        loop variant count - i; */
    for (; i < count && __atomic_load_n(&slot[i].raw, __ATOMIC_RELAXED) == expected; i++) {
        /*@ assert \at(slot[\at(i, Here)].raw, Pre) == expected; */
        entry_put(&slot[i], 0);
        expected += PGT_PAGE;
    }
    return i;
}

/* How many pages can follow each other before the highest physical address of all. */
/*@ requires 1 <= count;
    assigns \nothing;
    ensures 1 <= \result <= count;
    ensures phys_of_leaf(leaf.raw, LEVEL_4K) + (\result - 1) * PGT_PAGE <= ENTRY_ADDRESS; */
static unsigned pages_to_the_top(pgt_entry leaf, unsigned count)
{
    uint64_t more = (ENTRY_ADDRESS - leaf_phys(leaf, LEVEL_4K)) / PGT_PAGE;
    return more < count ? (unsigned)more + 1 : count;
}

/* A leaf that the range cuts.  Its parts are linked in before any is harvested: what the
 * processor marks until then is in the leaf, and what it marks from then on in a part. */
static enum walk_next split_first(struct walk *walk, struct gone_job *job, pgt_entry *slot,
                                  pgt_entry leaf)
{
    enum walk_next next = walk_split(walk, job->space, leaf);
    struct walk_step *made = walk_below(walk);
    uint64_t frame = table_phys(&job->space->frames, made->table);
    made->fresh = false;
    uint64_t marks = entry_exchange(slot, entry_to_table(frame, PGT_ENTRIES)).raw & ENTRY_MARKS &
                     ~(uint64_t)made->marks;
    if (marks)
        walk_inherit_marks(&job->space->frames, made->table, walk->level - 1, marks);
    return next;
}

static enum walk_next gone_entry(struct walk *walk, void *context)
{
    struct gone_job *job = context;
    unsigned level = walk->level, count = 1;
    pgt_entry *slot = walk_slot(walk);
    pgt_entry old = entry_load(slot);
    if (!entry_present(old))
        return WALK_ON;
    if (!entry_is_leaf(old, level))
        return walk_into(walk, job->space, old);
    if (!range_covers(walk->part, level))
        return split_first(walk, job, slot, old);
    if (level == LEVEL_4K && (old.raw & ENTRY_MARKS) == ENTRY_MARKS)
        count = clear_marked(slot, pages_to_the_top(old, walk_run(walk)), old);
    else
        old = entry_exchange(slot, (pgt_entry){0});
    walk_here(walk)->live -= count;
    (void)walk_past(walk, count);
    add_gone(job, walk->part, old, level);
    return WALK_ON;
}

static void gone_leave(struct walk *walk, void *context)
{
    struct gone_job *job = context;
    walk_settle(walk, job->space);
}

static __attribute__((noinline)) void gone_commit(struct gone_job *job, struct range range)
{
    struct walk walk;
    walk_start(&walk, job->space, range);
    unsigned live = walk.step[walk.top - 1].live;
    walk_range(&walk, job, gone_entry, gone_leave);
    walk_end(&walk, job->space, live);
    tell_gone(job);
}

enum pgt_status pgt_unmap_harvest(struct pgt_space *space, uint64_t virt, uint64_t bytes,
                                  void (*gone)(void *context, const struct pgt_gone *run),
                                  void *context, struct pgt_harvest *ret_harvest,
                                  struct pgt_flush *flush)
{
    size_t cost;
    enum pgt_status status = pgt_unmap_cost(space, virt, bytes, &cost);
    if (status)
        return status;
    if (!frames_reserve(&space->frames, cost))
        return PGT_NO_FRAMES;
    struct gone_job job = {.space = space, .gone = gone, .context = context, .flush = flush};
    gone_commit(&job, linear_range(&space->arch, (struct range){virt, virt + (bytes - 1)}));
    *ret_harvest = job.sum;
    return PGT_OK;
}
