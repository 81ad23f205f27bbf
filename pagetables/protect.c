/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing the attributes of what is mapped.  Leaves that the range covers change in
 * place; those that it cuts are split first.
 */
#include "pagetables/walk.h"

struct protect_job {
    struct pgt_space *space;
    struct range range; /* linear */
    uint64_t clear;     /* attribute bits in the form of a 4K leaf */
    uint64_t set;
    size_t cost;
    struct pgt_flush *flush;
};

/* What the change does to a leaf, by the attribute bits that it loses and gains. */
enum effect {
    EFFECT_NONE,
    EFFECT_UNSEEN, /* only what the processor ignores */
    EFFECT_WIDENS,
    EFFECT_NARROWS,
};

/*@ requires (lost & gained) == 0;
    assigns \nothing;
    behavior none:
        assumes (lost | gained) == 0;
        ensures \result == EFFECT_NONE;
    behavior narrows:
        assumes NARROWS(lost, gained);
        ensures \result == EFFECT_NARROWS;
    behavior widens:
        assumes !NARROWS(lost, gained) && WIDENS(lost, gained);
        ensures \result == EFFECT_WIDENS;
    behavior unseen:
        assumes (lost | gained) != 0 && !NARROWS(lost, gained) && !WIDENS(lost, gained);
        ensures \result == EFFECT_UNSEEN;
        ensures ((lost | gained) & ENTRY_SEEN) == 0;
    complete behaviors;
    disjoint behaviors; */
static enum effect effect_of(uint64_t lost, uint64_t gained)
{
    if (!(lost | gained))
        return EFFECT_NONE;
    if (((lost | gained) & (ENTRY_MEMORY | ENTRY_KEY)) ||
        (lost & (ENTRY_WRITE | ENTRY_USER | ENTRY_GLOBAL)) || (gained & ENTRY_XD))
        return EFFECT_NARROWS;
    if ((gained & (ENTRY_WRITE | ENTRY_USER | ENTRY_GLOBAL)) || (lost & ENTRY_XD))
        return EFFECT_WIDENS;
    return EFFECT_UNSEEN;
}

static enum effect effect_on(const struct protect_job *job, pgt_entry leaf, unsigned level)
{
    uint64_t old = leaf_attributes(leaf, level);
    return effect_of(old & job->clear, job->set & ~old);
}

/* A leaf that is cut, and would change: to be split.  Tables are looked into. */
static enum walk_next count_entry(struct walk *walk, void *context)
{
    struct protect_job *job = context;
    pgt_entry entry = walk_entry(walk);
    if (!entry_present(entry))
        return WALK_ON;
    bool leaf = entry_is_leaf(entry, walk->level);
    if (leaf && (range_covers(walk->part, walk->level) || !effect_on(job, entry, walk->level)))
        return WALK_ON;
    job->cost += leaf;
    if (walk->level - 1 == LEVEL_4K)
        return WALK_ON;
    return leaf ? walk_imagine(walk, entry) : walk_into(walk, job->space, entry);
}

/* As many entries as general registers hold. */
#define BLOCK 8

/* The loop that costs per page: entries that are like the first in what is cared for get
 * some bits flipped.  Returns how many that were, from the first on; the rest is left alone. A
 * block at a time, so that nothing is stored before all of them were looked at. */
/*@ requires 1 <= run <= PGT_ENTRIES && \valid(slot + (0 .. run - 1));
    assigns slot[0 .. run - 1].raw;
    ensures 1 <= \result <= run;
    ensures \forall integer k; 0 <= k < \result ==>
            ((\old(slot[k].raw) ^ \old(slot->raw)) & care) == 0;
    ensures \forall integer k; 0 <= k < \result ==> slot[k].raw == (\old(slot[k].raw) ^ flip);
    ensures \forall integer k; \result <= k < run ==> slot[k].raw == \old(slot[k].raw);
    ensures \result < run ==>
            ((\old(slot[\result].raw) ^ \old(slot->raw)) & care) != 0; */
static __attribute__((noinline)) unsigned flip_alike(pgt_entry *slot, unsigned run, uint64_t care,
                                                     uint64_t flip)
{
    const uint64_t like = entry_load(slot).raw;
    unsigned i = 0;
    /*@ loop invariant 0 <= i <= run && FLIPPED(slot, i, like, care, flip, run);
        loop assigns i, slot[0 .. run - 1].raw;
        loop variant run - i; */
    for (; i + BLOCK <= run; i += BLOCK) {
        pgt_entry *block = slot + i;
        uint64_t raw[BLOCK], differs = 0;
#pragma GCC unroll 8
        /*@ loop invariant 0 <= k <= BLOCK;
            loop invariant \forall integer j; 0 <= j < k ==> raw[j] == block[j].raw;
            loop invariant (differs & care) == 0 ==>
                           \forall integer j; 0 <= j < k ==> ((raw[j] ^ like) & care) == 0;
            loop assigns k, differs, raw[0 .. BLOCK - 1];
            loop variant BLOCK - k; */
        for (int k = 0; k < BLOCK; k++) {
            raw[k] = __atomic_load_n(&block[k].raw, __ATOMIC_RELAXED);
            differs |= raw[k] ^ like;
        }
        if (differs & care)
            break;
#pragma GCC unroll 8
        /*@ loop invariant 0 <= k <= BLOCK;
            loop invariant FLIPPED(slot, i + k, like, care, flip, run);
            loop assigns k, block[0 .. BLOCK - 1].raw;
            loop variant BLOCK - k; */
        for (int k = 0; k < BLOCK; k++)
            entry_put(&block[k], raw[k] ^ flip);
    }
    /*@ loop invariant 0 <= i <= run && FLIPPED(slot, i, like, care, flip, run);
        loop assigns i, slot[0 .. run - 1].raw;
        loop variant run - i; */
    for (; i < run; i++) {
        uint64_t raw = __atomic_load_n(&slot[i].raw, __ATOMIC_RELAXED);
        if ((raw ^ like) & care)
            break;
        entry_put(&slot[i], raw ^ flip);
    }
    return i;
}

/* Pages that follow a first one and are like it in all that matters here.  They are marked
 * accessed and dirty, so that the processor doesn't write to their entries and plain stores
 * will do. */
static enum walk_next protect_run(struct walk *walk, struct protect_job *job, pgt_entry *slot,
                                  pgt_entry first)
{
    const uint64_t changed = job->clear | job->set;
    const uint64_t care = ENTRY_PRESENT | ENTRY_MARKS | ENTRY_GLOBAL | changed;
    enum effect effect = effect_on(job, first, LEVEL_4K);
    uint64_t flip = first.raw ^ ((first.raw & ~job->clear) | job->set);
    (void)walk_past(walk, effect ? flip_alike(slot, walk_run(walk), care, flip)
                                 : count_like(slot, walk_run(walk), first, care));
    if (effect == EFFECT_NONE)
        return WALK_ON;
    walk_here(walk)->global |= (job->set & ENTRY_GLOBAL) != 0;
    if (effect != EFFECT_UNSEEN)
        pgt_flush_add(job->flush, job->space, walk->part, first, effect == EFFECT_WIDENS);
    return WALK_ON;
}

static enum walk_next protect_entry(struct walk *walk, void *context)
{
    struct protect_job *job = context;
    unsigned level = walk->level;
    pgt_entry *slot = walk_slot(walk);
    pgt_entry old = entry_load(slot);
    if (!entry_present(old))
        return WALK_ON;
    if (!entry_is_leaf(old, level))
        return walk_into(walk, job->space, old);
    if (level == LEVEL_4K && (old.raw & ENTRY_MARKS) == ENTRY_MARKS)
        return protect_run(walk, job, slot, old);
    enum effect effect = effect_on(job, old, level);
    if (effect == EFFECT_NONE)
        return WALK_ON;
    if (!range_covers(walk->part, level))
        return walk_split(walk, job->space, old);
    entry_change(slot, attributes_at(job->clear, level), attributes_at(job->set, level));
    walk_here(walk)->global |= (job->set & ENTRY_GLOBAL) != 0;
    if (effect != EFFECT_UNSEEN)
        pgt_flush_add(job->flush, job->space, walk->part, old, effect == EFFECT_WIDENS);
    return WALK_ON;
}

static void protect_leave(struct walk *walk, void *context)
{
    struct protect_job *job = context;
    walk_settle(walk, job->space);
}

/* The bits to clear and set; PGT_BAD_RIGHTS where arch can't express them. */
static enum pgt_status protect_bits(const struct pgt_arch *arch,
                                    const struct pgt_protection *protection,
                                    struct protect_job *job)
{
    const unsigned known =
        PGT_CHANGE_RIGHTS | PGT_CHANGE_MEMORY | PGT_CHANGE_KEY | PGT_CHANGE_SOFTWARE;
    unsigned change = protection->change;
    uint64_t rights = 0, memory = 0, key = 0, software = 0;
    if (change & ~known)
        return PGT_BAD_RIGHTS;
    if ((change & PGT_CHANGE_RIGHTS) && !attributes_of_rights(arch, protection->rights, &rights))
        return PGT_BAD_RIGHTS;
    if ((change & PGT_CHANGE_MEMORY) && !attributes_of_memory(arch, protection->memory, &memory))
        return PGT_BAD_RIGHTS;
    if (change & PGT_CHANGE_KEY) {
        if (protection->key >= PGT_KEYS)
            return PGT_BAD_RIGHTS;
        key = attributes_of_key(protection->key);
    }
    if (change & PGT_CHANGE_SOFTWARE) {
        if (protection->software > PGT_SOFTWARE_ALL)
            return PGT_BAD_RIGHTS;
        software = attributes_of_software(protection->software);
    }
    job->set = rights | memory | key | software;
    job->clear = ((change & PGT_CHANGE_RIGHTS ? ENTRY_RIGHTS : 0) |
                  (change & PGT_CHANGE_MEMORY ? ENTRY_MEMORY : 0) |
                  (change & PGT_CHANGE_KEY ? ENTRY_KEY : 0) |
                  (change & PGT_CHANGE_SOFTWARE ? ENTRY_SOFTWARE : 0)) &
                 ~job->set;
    return PGT_OK;
}

static __attribute__((noinline)) enum pgt_status
protect_plan(const struct pgt_space *space, uint64_t virt, uint64_t bytes,
             const struct pgt_protection *protection, struct protect_job *ret_job)
{
    struct protect_job job = {.space = (struct pgt_space *)space}; /* only a commit writes */
    enum pgt_status status = pgt_own_range(space, virt, bytes, &job.range);
    if (!status)
        status = protect_bits(&space->arch, protection, &job);
    if (status)
        return status;
    struct walk walk;
    walk_start(&walk, space, job.range);
    walk_range(&walk, &job, count_entry, walk_leave);
    *ret_job = job;
    return PGT_OK;
}

static __attribute__((noinline)) void protect_commit(struct protect_job *job)
{
    struct walk walk;
    walk_start(&walk, job->space, job->range);
    walk_range(&walk, job, protect_entry, protect_leave);
}

enum pgt_status pgt_protect_cost(const struct pgt_space *space, uint64_t virt, uint64_t bytes,
                                 const struct pgt_protection *protection, size_t *ret_frames)
{
    struct protect_job job;
    enum pgt_status status = protect_plan(space, virt, bytes, protection, &job);
    if (!status)
        *ret_frames = job.cost;
    return status;
}

enum pgt_status pgt_protect(struct pgt_space *space, uint64_t virt, uint64_t bytes,
                            const struct pgt_protection *protection, struct pgt_flush *flush)
{
    struct protect_job job;
    enum pgt_status status = protect_plan(space, virt, bytes, protection, &job);
    if (status)
        return status;
    if (!frames_reserve(&space->frames, job.cost))
        return PGT_NO_FRAMES;
    job.flush = flush;
    protect_commit(&job);
    return PGT_OK;
}
