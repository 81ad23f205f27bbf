/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping: plan, reserve, commit.
 *
 * decide() says for one entry what is to be done; it sees nothing but the entry
 * and the part of the range below it.  A first walk asks it to count the
 * tables that will be needed, a second one to do it.  Both see the same
 * decisions, so the count is exact and the second can't fail.
 */
#include "pagetables/walk.h"

struct map_job {
    struct pgt_space *space;
    struct range range;        /* linear */
    uint64_t phys_from_linear; /* physical = linear + this, modulo 2^64 */
    uint64_t attributes;       /* in the form of a 4K leaf */
    unsigned largest_level;
    size_t cost;
    struct pgt_flush *flush;
};

enum map_action {
    MAP_KEEP,    /* a leaf that maps this part alike */
    MAP_LEAF,    /* write a leaf, over nothing or over a leaf */
    MAP_REPLACE, /* write a leaf over a table, and free that */
    MAP_DESCEND, /* into a table */
    MAP_FRESH,   /* make a table, over nothing or over a leaf that is covered whole
                  */
    MAP_SPLIT,   /* make a table that maps what the leaf mapped, and descend */
};

/* Does the leaf map the part just as the job would?  Accessed and dirty are the
 * processor's business. */
static bool leaf_agrees(const struct map_job *job, pgt_entry entry, unsigned level,
                        struct range part)
{
    uint64_t phys = leaf_phys(entry, level) + (part.first & level_mask(level));
    return phys == part.first + job->phys_from_linear &&
           !((leaf_attributes(entry, level) ^ job->attributes) & ~ENTRY_MARKS);
}

static enum map_action decide(const struct map_job *job, pgt_entry entry, unsigned level,
                              struct range part)
{
    bool whole = range_covers(part, level);
    uint64_t phys = part.first + job->phys_from_linear;
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

/* Counts the tables to make.  Nothing is made below a page table, so those are
 * not looked at. */
static enum walk_next count_entry(struct walk *walk, void *context)
{
    struct map_job *job = context;
    pgt_entry entry = walk_entry(walk);
    if (walk_at_upper(walk, job->space) && (job->space->upper || !entry_present(entry)))
        return WALK_STOP;
    enum map_action action = decide(job, entry, walk->level, walk->part);
    if (action == MAP_KEEP || action == MAP_LEAF || action == MAP_REPLACE)
        return WALK_ON;
    if (action != MAP_DESCEND)
        job->cost++;
    if (walk->level - 1 == LEVEL_4K)
        return WALK_ON;
    if (action == MAP_DESCEND)
        return walk_into(walk, job->space, entry);
    return walk_imagine(walk, action == MAP_SPLIT ? entry : (pgt_entry){0});
}

static enum walk_next map_entry(struct walk *walk, void *context)
{
    struct map_job *job = context;
    if (walk_here(walk)->doomed)
        return walk_doomed(walk, job->space);
    pgt_entry *slot = walk_slot(walk);
    pgt_entry old = entry_load(slot);
    enum map_action action = decide(job, old, walk->level, walk->part);
    if (action == MAP_KEEP)
        return WALK_ON;
    if (action == MAP_DESCEND)
        return walk_into(walk, job->space, old);
    if (action == MAP_SPLIT)
        return walk_split(walk, job->space, old);
    if (entry_present(old))
        pgt_flush_add(job->flush, job->space, walk->part, old, false);
    if (action == MAP_FRESH)
        return walk_make(walk, job->space);
    uint64_t phys = walk->part.first + job->phys_from_linear;
    entry_store(slot, entry_to_leaf(job->attributes, phys, walk->level));
    walk_here(walk)->live += !entry_present(old);
    walk_here(walk)->global |= (job->attributes & ENTRY_GLOBAL) != 0;
    return action == MAP_REPLACE ? walk_doom(walk, job->space, old) : WALK_ON;
}

static void map_leave(struct walk *walk, void *context)
{
    struct map_job *job = context;
    walk_settle(walk, job->space);
}

/* Everything that can be refused for what the mapping itself says. */
static enum pgt_status map_check(const struct pgt_space *space, const struct pgt_mapping *mapping,
                                 struct range *ret_range, uint64_t *ret_attributes)
{
    struct range range;
    uint64_t attributes, memory;
    enum pgt_status status = pgt_range(&space->arch, mapping->virt, mapping->bytes, &range);
    if (status)
        return status;
    if (mapping->phys & (PGT_PAGE - 1))
        return PGT_MISALIGNED;
    uint64_t highest = (UINT64_C(1) << space->arch.physical_bits) - 1;
    if (mapping->phys > highest || mapping->bytes - 1 > highest - mapping->phys)
        return PGT_BAD_PHYSICAL;
    if (mapping->key >= PGT_KEYS || mapping->software > PGT_SOFTWARE_ALL ||
        !attributes_of_rights(&space->arch, mapping->rights, &attributes) ||
        !attributes_of_memory(&space->arch, mapping->memory, &memory))
        return PGT_BAD_RIGHTS;
    attributes |=
        memory | attributes_of_key(mapping->key) | attributes_of_software(mapping->software);
    *ret_range = linear_range(&space->arch, range);
    *ret_attributes = attributes_preset(attributes);
    return PGT_OK;
}

/* What is to be done, and what it costs; apart from the rest to keep the stack
 * small. */
static __attribute__((noinline)) enum pgt_status
map_plan(const struct pgt_space *space, const struct pgt_mapping *mapping, struct map_job *ret_job)
{
    struct range range;
    uint64_t attributes;
    enum pgt_status status = map_check(space, mapping, &range, &attributes);
    if (status)
        return status;
    *ret_job = (struct map_job){
        .space = (struct pgt_space *)space, /* only a commit writes through it */
        .range = range,
        .phys_from_linear = mapping->phys - range.first,
        .attributes = attributes,
        .largest_level = arch_largest_level(&space->arch),
    };
    struct walk walk;
    walk_start(&walk, space, range);
    return walk_range(&walk, ret_job, count_entry, walk_leave) ? PGT_OK : PGT_SEALED;
}

static __attribute__((noinline)) void map_commit(struct map_job *job)
{
    struct walk walk;
    walk_start(&walk, job->space, job->range);
    unsigned live = walk.step[walk.top - 1].live;
    walk_range(&walk, job, map_entry, map_leave);
    walk_end(&walk, job->space, live);
}

enum pgt_status pgt_map_cost(const struct pgt_space *space, const struct pgt_mapping *mapping,
                             size_t *ret_frames)
{
    struct map_job job;
    enum pgt_status status = map_plan(space, mapping, &job);
    if (!status)
        *ret_frames = job.cost;
    return status;
}

enum pgt_status pgt_map(struct pgt_space *space, const struct pgt_mapping *mapping,
                        struct pgt_flush *flush)
{
    struct map_job job;
    enum pgt_status status = map_plan(space, mapping, &job);
    if (status)
        return status;
    if (!frames_reserve(&space->frames, job.cost))
        return PGT_NO_FRAMES;
    job.flush = flush;
    map_commit(&job);
    if (mapping->promote)
        pgt_promote_range(space, job.range, flush);
    return PGT_OK;
}
