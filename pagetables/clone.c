/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cloning a range into another space: one walk over the origin, with the tables of the
 * clone kept beside those of the walk.
 *
 * A table of the clone is made when its first leaf is written, so that none is made for
 * nothing, and linked in when the walk leaves the table of the same level in the
 * origin.
 */
#include "pagetables/walk.h"

struct clone_job {
    struct pgt_space *from;
    struct pgt_space *to;
    enum pgt_clone how;
    uint64_t software; /* attribute bits */
    size_t to_cost;
    size_t from_cost;
    struct pgt_flush *from_flush;
    /* The clone's tables that the current entry is in, as the walk has those of the origin; table
     * is null where there is none yet.  While counting, `fresh` says that one has been counted. */
    struct walk_step clone[WALK_LEVELS];
};

/* Does copy-on-write take a right from this leaf? */
static bool takes_write(const struct clone_job *job, pgt_entry leaf)
{
    return job->how == PGT_CLONE_COPY_ON_WRITE && (leaf.raw & ENTRY_WRITE);
}

/* Must the origin's leaf be split, rather than just looked at in parts? */
static bool splits_origin(const struct clone_job *job, pgt_entry leaf)
{
    return takes_write(job, leaf);
}

/* Brings the clone's side one level down, beside the walk: to the table that is there
 * already, or to none. */
WALK_INLINE void clone_descend(struct clone_job *job, const struct walk *walk)
{
    const struct walk_step *here = &job->clone[walk->level - 1];
    struct walk_step *below = &job->clone[walk->level - 2];
    *below = (struct walk_step){0};
    if (!here->table)
        return;
    pgt_entry entry = entry_load(&here->table[walk_index(walk)]);
    if (entry_present(entry))
        *below = (struct walk_step){.table = table_at(&job->to->frames, entry_table(entry)),
                                    .live = entry_count(entry)};
}

static void count_tables(struct clone_job *job, unsigned level, unsigned top)
{
    for (; level < top; level++) {
        struct walk_step *step = &job->clone[level - 1];
        if (step->table || step->fresh)
            return;
        step->fresh = true;
        job->to_cost++;
    }
}

static enum walk_next count_entry(struct walk *walk, void *context)
{
    struct clone_job *job = context;
    pgt_entry entry = walk_entry(walk);
    if (!entry_present(entry))
        return WALK_ON;
    bool leaf = entry_is_leaf(entry, walk->level);
    if (leaf && range_covers(walk->part, walk->level)) {
        count_tables(job, walk->level, walk->top);
        return WALK_ON;
    }
    if (leaf)
        job->from_cost += splits_origin(job, entry);
    clone_descend(job, walk);
    return leaf ? walk_imagine(walk, entry) : walk_into(walk, job->from, entry);
}

/* The clone's table at the walk's level, made now with all above it that are missing. */
static struct walk_step *clone_table(struct clone_job *job, unsigned level, unsigned top)
{
    for (unsigned at = top - 1; at >= level; at--) {
        struct walk_step *step = &job->clone[at - 1];
        if (step->table)
            continue;
        pgt_entry *table = table_at(&job->to->frames, table_take(job->to));
        pgt_fill_empty(job->to, table);
        *step = (struct walk_step){.table = table, .fresh = true};
    }
    return &job->clone[level - 1];
}

static void clone_leaf(struct walk *walk, struct clone_job *job, pgt_entry leaf)
{
    unsigned level = walk->level;
    bool taken = takes_write(job, leaf);
    uint64_t clear = taken || job->how == PGT_CLONE_READ_ONLY ? ENTRY_WRITE | ENTRY_DIRTY : 0;
    uint64_t set = taken ? job->software : 0;
    uint64_t attributes = (leaf_attributes(leaf, level) & ~clear) | set;
    struct walk_step *to = clone_table(job, level, walk->top);
    entry_store(&to->table[walk_index(walk)],
                entry_to_leaf(attributes_preset(attributes), leaf_phys(leaf, level), level));
    to->live++;
    to->global |= (attributes & ENTRY_GLOBAL) != 0;
    if (!taken)
        return;
    entry_change(walk_slot(walk), ENTRY_WRITE, job->software);
    pgt_flush_add(job->from_flush, job->from, walk->part, leaf, false);
}

static enum walk_next clone_entry(struct walk *walk, void *context)
{
    struct clone_job *job = context;
    pgt_entry entry = walk_entry(walk);
    if (!entry_present(entry))
        return WALK_ON;
    bool leaf = entry_is_leaf(entry, walk->level);
    if (leaf && range_covers(walk->part, walk->level)) {
        clone_leaf(walk, job, entry);
        return WALK_ON;
    }
    clone_descend(job, walk);
    if (!leaf)
        return walk_into(walk, job->from, entry);
    return splits_origin(job, entry) ? walk_split(walk, job->from, entry)
                                     : walk_imagine(walk, entry);
}

static void clone_leave(struct walk *walk, void *context)
{
    struct clone_job *job = context;
    if (job->clone[walk->level - 1].table)
        walk_settle_beside(walk, job->clone, job->to);
    /* Not a table that was only imagined, nor, while nothing changes, a real one. */
    if (walk_here(walk)->table && job->how == PGT_CLONE_COPY_ON_WRITE)
        walk_settle(walk, job->from);
}

/* Slots of a sealed upper that the clone's own can't be made in. */
static bool needs_new_sealed_slot(const struct pgt_space *to, struct range range)
{
    const pgt_entry *root = space_root(to);
    unsigned last = level_index(range.last, to->arch.levels);
    for (unsigned i = level_index(range.first, to->arch.levels); i <= last; i++)
        if (slot_is_upper(to, i) && !entry_present(root[i]))
            return true;
    return false;
}

static __attribute__((noinline)) enum pgt_status
clone_check(const struct pgt_space *to, const struct pgt_space *from, uint64_t virt, uint64_t bytes,
            enum pgt_clone how, struct range *ret_range)
{
    pgt_assert(to != from && to->arch.levels == from->arch.levels);
    enum pgt_status status = pgt_own_range(to, virt, bytes, ret_range);
    if (status)
        return status;
    if ((unsigned)how > PGT_CLONE_COPY_ON_WRITE)
        return PGT_BAD_RIGHTS;
    if (how == PGT_CLONE_COPY_ON_WRITE && range_is_foreign(from, *ret_range))
        return PGT_SEALED;
    if (needs_new_sealed_slot(to, *ret_range))
        return PGT_SEALED;
    return pgt_is_empty(to, virt, bytes) ? PGT_OK : PGT_OCCUPIED;
}

static void start_clone(struct walk *walk, struct clone_job *job, struct range range)
{
    walk_start(walk, job->from, range);
    job->clone[walk->top - 1] = walk_root(job->to);
}

static __attribute__((noinline)) void clone_plan(struct clone_job *job, struct range range)
{
    struct walk walk;
    start_clone(&walk, job, range);
    walk_range(&walk, job, count_entry, walk_leave);
}

static __attribute__((noinline)) void clone_commit(struct clone_job *job, struct range range)
{
    struct walk walk;
    start_clone(&walk, job, range);
    const struct walk_step *to_root = &job->clone[walk.top - 1];
    unsigned from_live = walk.step[walk.top - 1].live, to_live = to_root->live;
    walk_range(&walk, job, clone_entry, clone_leave);
    walk_end(&walk, job->from, from_live);
    root_count_changed(job->to, to_live, to_root->live);
}

/* Both at once from one allocator, or each from its own.  What the first granted and
 * isn't taken then costs nothing: a grant is only good until the next call. */
static bool reserve_both(const struct clone_job *job)
{
    const struct pgt_frames *to = &job->to->frames, *from = &job->from->frames;
    if (to->context == from->context && to->reserve == from->reserve)
        return frames_reserve(to, job->to_cost + job->from_cost);
    return frames_reserve(to, job->to_cost) && frames_reserve(from, job->from_cost);
}

enum pgt_status pgt_clone_cost(const struct pgt_space *to, const struct pgt_space *from,
                               uint64_t virt, uint64_t bytes, enum pgt_clone how,
                               size_t *ret_to_frames, size_t *ret_from_frames)
{
    struct clone_job job = {
        .from = (struct pgt_space *)from, .to = (struct pgt_space *)to, .how = how};
    struct range range;
    enum pgt_status status = clone_check(to, from, virt, bytes, how, &range);
    if (status)
        return status;
    clone_plan(&job, range);
    *ret_to_frames = job.to_cost;
    *ret_from_frames = job.from_cost;
    return PGT_OK;
}

enum pgt_status pgt_clone(struct pgt_space *to, struct pgt_space *from, uint64_t virt,
                          uint64_t bytes, enum pgt_clone how, unsigned software,
                          struct pgt_flush *from_flush)
{
    struct clone_job job = {.from = from,
                            .to = to,
                            .how = how,
                            .software = attributes_of_software(software),
                            .from_flush = from_flush};
    struct range range;
    enum pgt_status status = clone_check(to, from, virt, bytes, how, &range);
    if (!status && how == PGT_CLONE_COPY_ON_WRITE && software > PGT_SOFTWARE_ALL)
        status = PGT_BAD_RIGHTS;
    if (status)
        return status;
    clone_plan(&job, range);
    if (!reserve_both(&job))
        return PGT_NO_FRAMES;
    clone_commit(&job, range);
    return PGT_OK;
}
