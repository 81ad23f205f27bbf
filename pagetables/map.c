/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping: plan, reserve, commit.
 *
 * decide() says for one entry what is to be done; it sees nothing but the entry
 * and the part of the range below it.  One recursion asks it to count the
 * tables that will be needed, a second one to do it.  Both see the same
 * decisions, so the count is exact and the second can't fail.
 */
#include "pagetables/space.h"

struct map_job {
    struct range range;
    uint64_t phys_from_virt; /* physical = virtual + this, modulo 2^64 */
    uint64_t attributes;     /* in the form of a 4K leaf */
    unsigned largest_level;
    struct pgt_flush flush;
};

enum map_action {
    MAP_KEEP,    /* a leaf that maps this part alike */
    MAP_LEAF,    /* write a leaf, over nothing or over a leaf */
    MAP_REPLACE, /* write a leaf over a table, and free that */
    MAP_DESCEND, /* into a table */
    MAP_FRESH,   /* make a table, over nothing or over a leaf that is covered whole */
    MAP_SPLIT,   /* make a table that maps what the leaf mapped, and descend */
};

/* Does the leaf map the part just as the job would?  Accessed and dirty are the
 * processor's business. */
static bool leaf_agrees(const struct map_job *job, pgt_entry entry, unsigned level,
                        struct range part)
{
    const uint64_t ignored = ENTRY_ACCESSED | ENTRY_DIRTY;
    uint64_t phys = leaf_phys(entry, level) + (part.first & level_mask(level));
    return phys == part.first + job->phys_from_virt &&
           !((leaf_attributes(entry, level) ^ job->attributes) & ~ignored);
}

static enum map_action decide(const struct map_job *job, pgt_entry entry, unsigned level,
                              struct range part)
{
    bool whole = range_covers(part, level);
    uint64_t phys = part.first + job->phys_from_virt;
    bool fits = whole && level <= job->largest_level && !(phys & level_mask(level));
    if (!entry_present(entry))
        return fits ? MAP_LEAF : MAP_FRESH;
    if (!entry_is_leaf(entry, level))
        return fits ? MAP_REPLACE : MAP_DESCEND;
    if (leaf_agrees(job, entry, level, part))
        return MAP_KEEP;
    if (fits)
        return MAP_LEAF;
    return whole ? MAP_FRESH : MAP_SPLIT;
}

/* Tables that the part of the range below one entry needs.  A table that does
 * not exist yet is represented by what would fill it: nothing, or a leaf's parts. */
static size_t cost_of_entry(const struct pgt_frames *frames, const struct map_job *job,
                            pgt_entry entry, unsigned level, struct range part)
{
    enum map_action action = decide(job, entry, level, part);
    if (action == MAP_KEEP || action == MAP_LEAF || action == MAP_REPLACE)
        return 0;
    size_t cost = action == MAP_DESCEND ? 0 : 1;
    unsigned below = level - 1;
    if (below == LEVEL_4K)
        return cost; /* nothing is made below a page table */
    const pgt_entry *table = action == MAP_DESCEND ? table_at(frames, entry_table(entry)) : NULL;
    for (uint64_t base = part.first & ~level_mask(below);; base += level_mask(below) + 1) {
        unsigned i = level_index(base, below);
        pgt_entry next = table                 ? table[i]
                         : action == MAP_SPLIT ? leaf_part(entry, level, i)
                                               : (pgt_entry){0};
        cost += cost_of_entry(frames, job, next, below, range_clip(part, base, below));
        if (part.last - base <= level_mask(below))
            return cost;
    }
}

static unsigned map_in_table(struct pgt_space *space, struct map_job *job, pgt_entry *table,
                             unsigned level, struct range part, unsigned live);

/* Makes and fills a table for one entry, and returns the entry that leads to it. */
static pgt_entry make_table(struct pgt_space *space, struct map_job *job, pgt_entry leaf,
                            unsigned level, struct range part, enum map_action action)
{
    uint64_t frame = table_take(space);
    pgt_entry *table = table_at(&space->frames, frame);
    unsigned live = 0;
    if (action == MAP_SPLIT) {
        pgt_fill_split(table, leaf, level);
        live = PGT_ENTRIES;
    } else {
        pgt_fill_empty(table);
    }
    live = map_in_table(space, job, table, level - 1, part, live);
    return entry_to_table(frame, live);
}

/* What the entry becomes.  The store is the caller's: after a table is filled. */
static pgt_entry map_entry(struct pgt_space *space, struct map_job *job, pgt_entry entry,
                           unsigned level, struct range part)
{
    enum map_action action = decide(job, entry, level, part);
    switch (action) {
    case MAP_KEEP:
        return entry;
    case MAP_DESCEND: {
        pgt_entry *table = table_at(&space->frames, entry_table(entry));
        unsigned live = map_in_table(space, job, table, level - 1, part, entry_count(entry));
        return entry_with_count(entry, live);
    }
    case MAP_FRESH:
    case MAP_SPLIT:
        if (action == MAP_FRESH && entry_present(entry))
            flush_add(&job->flush, part);
        return make_table(space, job, entry, level, part, action);
    case MAP_LEAF:
    case MAP_REPLACE:
        break;
    }
    if (entry_present(entry))
        flush_add(&job->flush, part);
    return entry_to_leaf(job->attributes, part.first + job->phys_from_virt, level);
}

/* Maps part in the entries of a table; returns how many of them are present then. */
static unsigned map_in_table(struct pgt_space *space, struct map_job *job, pgt_entry *table,
                             unsigned level, struct range part, unsigned live)
{
    for (uint64_t base = part.first & ~level_mask(level);; base += level_mask(level) + 1) {
        pgt_entry *slot = &table[level_index(base, level)];
        pgt_entry old = *slot;
        pgt_entry new = map_entry(space, job, old, level, range_clip(part, base, level));
        if (new.raw != old.raw) {
            live += !entry_present(old);
            entry_store(slot, new);
            if (entry_present(old) && !entry_is_leaf(old, level) && entry_is_leaf(new, level))
                pgt_free_tables(space, entry_table(old), level - 1, entry_count(old));
        }
        if (part.last - base <= level_mask(level))
            return live;
    }
}

/* Everything that can be refused, before the first store. */
static enum pgt_status map_check(const struct pgt_space *space, const struct pgt_mapping *mapping,
                                 struct map_job *ret_job)
{
    struct map_job job = {.largest_level = arch_largest_level(&space->arch)};
    enum pgt_status status = pgt_range(&space->arch, mapping->virt, mapping->bytes, &job.range);
    if (status)
        return status;
    if (mapping->phys & (PGT_PAGE - 1))
        return PGT_MISALIGNED;
    uint64_t highest = (UINT64_C(1) << space->arch.physical_bits) - 1;
    if (mapping->phys > highest || mapping->bytes - 1 > highest - mapping->phys)
        return PGT_BAD_PHYSICAL;
    if (!attributes_encode(&space->arch, mapping->rights, mapping->memory, &job.attributes))
        return PGT_BAD_RIGHTS;
    job.phys_from_virt = mapping->phys - mapping->virt;
    *ret_job = job;
    return PGT_OK;
}

/* May the range be mapped, given what is sealed; and how many tables does it take? */
static enum pgt_status map_plan(const struct pgt_space *space, const struct map_job *job,
                                size_t *ret_cost)
{
    unsigned level = space->arch.levels;
    const pgt_entry *root = space_root(space);
    size_t cost = 0;
    unsigned last = level_index(job->range.last, level);
    for (unsigned i = level_index(job->range.first, level); i <= last; i++) {
        if (slot_is_upper(space, i) && (space->upper || !entry_present(root[i])))
            return PGT_SEALED;
        uint64_t base = canonical_form(&space->arch, (uint64_t)i << level_shift(level));
        cost += cost_of_entry(&space->frames, job, root[i], level,
                              range_clip(job->range, base, level));
    }
    *ret_cost = cost;
    return PGT_OK;
}

/* The root's own loop: sealed slots are looked through, never written. */
static void map_commit(struct pgt_space *space, struct map_job *job)
{
    unsigned level = space->arch.levels;
    pgt_entry *root = space_root(space);
    unsigned last = level_index(job->range.last, level);
    for (unsigned i = level_index(job->range.first, level); i <= last; i++) {
        uint64_t base = canonical_form(&space->arch, (uint64_t)i << level_shift(level));
        pgt_entry new = map_entry(space, job, root[i], level, range_clip(job->range, base, level));
        if (slot_is_upper(space, i))
            continue;
        space->root_live += !entry_present(root[i]);
        entry_store(&root[i], new);
    }
}

enum pgt_status pgt_map_cost(const struct pgt_space *space, const struct pgt_mapping *mapping,
                             size_t *ret_frames)
{
    struct map_job job;
    enum pgt_status status = map_check(space, mapping, &job);
    return status ? status : map_plan(space, &job, ret_frames);
}

enum pgt_status pgt_map(struct pgt_space *space, const struct pgt_mapping *mapping,
                        struct pgt_flush *ret_flush)
{
    struct map_job job;
    size_t cost;
    enum pgt_status status = map_check(space, mapping, &job);
    if (!status)
        status = map_plan(space, &job, &cost);
    if (status)
        return status;
    if (!frames_reserve(&space->frames, cost))
        return PGT_NO_FRAMES;
    map_commit(space, &job);
    *ret_flush = job.flush;
    return PGT_OK;
}
