/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading tables.  Nothing here writes, not even accessed bits.
 */
#include "pagetables/directory.h"
#include "pagetables/walk.h"

void pgt_describe(const struct pgt_space *space, pgt_entry entry, unsigned level, uint64_t virt,
                  struct pgt_leaf *ret_leaf)
{
    uint64_t attributes = leaf_attributes(entry, level);
    *ret_leaf = (struct pgt_leaf){
        .virt = virt & ~level_mask(level),
        .phys = leaf_phys(entry, level),
        .bytes = level_mask(level) + 1,
        .rights = rights_of_attributes(attributes),
        .memory = memory_of_attributes(&space->arch, attributes),
        .key = key_of_attributes(attributes),
        .software = software_of_attributes(attributes),
        .accessed = attributes & ENTRY_ACCESSED,
        .dirty = attributes & ENTRY_DIRTY,
    };
}

/* The leaf that maps the byte at virt, and its level.  The loop is laid out flat, as in
 * page_find() of page.h: a lookup is little more. */
static inline bool find_leaf(const struct pgt_space *space, uint64_t virt, pgt_entry *ret_leaf,
                             unsigned *ret_level)
{
    if (!is_canonical(&space->arch, virt))
        return false;
    const unsigned levels = space->arch.levels;
    const uint64_t offset = space->frames.offset;
    const pgt_entry *table = space_root(space);
#pragma GCC unroll 5
    for (unsigned level = LEVELS_MOST; level > LEVEL_4K; level--) {
        if (level > LEVELS_FEWEST && usually(level > levels))
            continue;
        pgt_entry entry = entry_load(&table[level_index(virt, level)]);
        if (!entry_present(entry))
            return false;
        if (entry_is_leaf(entry, level)) {
            *ret_leaf = entry;
            *ret_level = level;
            return true;
        }
        table = (const pgt_entry *)(uintptr_t)(entry_table(entry) + offset);
    }
    pgt_entry entry = entry_load(&table[level_index(virt, LEVEL_4K)]);
    if (!entry_present(entry))
        return false;
    *ret_leaf = entry;
    *ret_level = LEVEL_4K;
    return true;
}

bool pgt_lookup(const struct pgt_space *space, uint64_t virt, struct pgt_leaf *ret_leaf)
{
    pgt_entry leaf;
    unsigned level;
    if (!find_leaf(space, virt, &leaf, &level))
        return false;
    pgt_describe(space, leaf, level, virt, ret_leaf);
    return true;
}

bool pgt_translate(const struct pgt_space *space, uint64_t virt, uint64_t *ret_phys)
{
    pgt_entry leaf;
    unsigned level;
    if (!find_leaf(space, virt, &leaf, &level))
        return false;
    *ret_phys = leaf_phys(leaf, level) | (virt & level_mask(level));
    return true;
}

struct next_job {
    const struct pgt_space *space;
    struct pgt_leaf *ret_leaf;
};

static enum walk_next next_entry(struct walk *walk, void *context)
{
    const struct next_job *job = context;
    pgt_entry entry = entry_load(walk_slot(walk));
    if (!entry_present(entry))
        return WALK_ON;
    if (!entry_is_leaf(entry, walk->level))
        return walk_into(walk, job->space, entry);
    pgt_describe(job->space, entry, walk->level,
                 canonical_form(&job->space->arch, walk->part.first), job->ret_leaf);
    return WALK_STOP;
}

bool pgt_next(const struct pgt_space *space, uint64_t virt, struct pgt_leaf *ret_leaf)
{
    struct range range = linear_all(&space->arch);
    /* From inside the hole the next address that can be mapped is the first of
     * the upper half. */
    range.first = is_canonical(&space->arch, virt) ? virt & range.last : range.last / 2 + 1;
    struct next_job job = {space, ret_leaf};
    struct walk walk;
    walk_start(&walk, space, range);
    return !walk_range(&walk, &job, next_entry, walk_leave);
}

static enum walk_next empty_entry(struct walk *walk, void *context)
{
    const struct pgt_space *space = context;
    pgt_entry entry = entry_load(walk_slot(walk));
    if (!entry_present(entry))
        return WALK_ON;
    /* A table holds something, and if it is covered whole it doesn't matter what;
     * but those right below the root may be empty. */
    if (entry_is_leaf(entry, walk->level) ||
        (range_covers(walk->part, walk->level) && walk->level < walk->top))
        return WALK_STOP;
    return walk_into(walk, space, entry);
}

bool pgt_is_empty(const struct pgt_space *space, uint64_t virt, uint64_t bytes)
{
    struct range range = {virt, virt + (bytes - 1)};
    pgt_assert(pgt_range(&space->arch, virt, bytes, &(struct range){0}) == PGT_OK);
    struct walk walk;
    walk_start(&walk, space, linear_range(&space->arch, range));
    return walk_range(&walk, (void *)space, empty_entry, walk_leave);
}

struct list_job {
    const struct pgt_space *space;
    uint64_t *frame;
    size_t capacity;
    size_t count;
};

static void list_table(struct list_job *job, uint64_t table)
{
    if (job->count < job->capacity)
        job->frame[job->count] = table;
    job->count++;
}

static enum walk_next list_entry(struct walk *walk, void *context)
{
    struct list_job *job = context;
    pgt_entry entry = entry_load(walk_slot(walk));
    if (!entry_present(entry) || entry_is_leaf(entry, walk->level))
        return WALK_ON;
    list_table(job, entry_table(entry));
    return walk->level - 1 > LEVEL_4K ? walk_into(walk, job->space, entry) : WALK_ON;
}

size_t pgt_tables(const struct pgt_space *space, uint64_t *frame, size_t capacity)
{
    struct list_job job = {space, frame, capacity, 0};
    struct walk walk;
    walk_start(&walk, space, own_range(space));
    list_table(&job, space->root);
    walk_range(&walk, &job, list_entry, walk_leave);
    return job.count;
}
