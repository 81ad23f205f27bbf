/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping: plan, reserve, commit.
 *
 * decide() says for one entry what is to be done; it sees nothing but the entry and the
 * part of the range below it.  A first walk asks it to count the tables that will be
 * needed, a second one to do it.  Both see the same decisions, so the count is exact
 * and the second can't fail.
 */
#include "pagetables/page.h"
#include "pagetables/walk.h"

struct map_job {
    struct pgt_space *space;
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

/* Does the leaf map the part just as the job would? Accessed and dirty are the
 * processor's business. */
/*@ requires \valid_read(job) && is_leaf_level(level) && IS_PART(part, level);
    assigns \nothing;
    ensures \result <==> AGREES(job, entry.raw, level, part); */
static bool leaf_agrees(const struct map_job *job, pgt_entry entry, unsigned level,
                        struct range part)
{
    uint64_t phys = leaf_phys(entry, level) + (part.first & level_mask(level));
    if (phys != part.first + job->phys_from_linear)
        return false;
    uint64_t differs = leaf_attributes(entry, level) ^ job->attributes;
    return !(differs & ~ENTRY_MARKS);
}

/* Nothing is overwritten or leaked: a leaf is written only where the part is all that the entry
 * covers, and a table goes, with all below it, only where it is covered whole. */
/*@ requires \valid_read(job) && IS_SOUND(entry.raw, level) && IS_PART(part, level);
    assigns \nothing;
    ensures \result == MAP_LEAF || \result == MAP_REPLACE ==> FITS(job, part, level);
    ensures \result == MAP_REPLACE || \result == MAP_DESCEND <==>
            IS_PRESENT(entry.raw) && !IS_LEAF(entry.raw, level);
    behavior over_nothing:
        assumes !IS_PRESENT(entry.raw);
        ensures \result == (FITS(job, part, level) ? MAP_LEAF : MAP_FRESH);
    behavior over_a_table:
        assumes IS_PRESENT(entry.raw) && !IS_LEAF(entry.raw, level);
        ensures \result == (FITS(job, part, level) ? MAP_REPLACE : MAP_DESCEND);
    behavior over_a_leaf_alike:
        assumes IS_PRESENT(entry.raw) && IS_LEAF(entry.raw, level);
        assumes AGREES(job, entry.raw, level, part);
        ensures \result == MAP_KEEP;
    behavior over_another_leaf:
        assumes IS_PRESENT(entry.raw) && IS_LEAF(entry.raw, level);
        assumes !AGREES(job, entry.raw, level, part);
        ensures \result == (FITS(job, part, level) ? MAP_LEAF :
                            IS_WHOLE(part, level) ? MAP_FRESH : MAP_SPLIT);
    complete behaviors;
    disjoint behaviors; */
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

/* Would a new table for this entry hold nothing but leaves? Then it is filled in one
 * go, without a visit to each of its entries. */
static bool holds_leaves(const struct map_job *job, const struct walk *walk)
{
    unsigned below = walk->level - 1;
    uint64_t phys = walk->part.first + job->phys_from_linear;
    return below <= job->largest_level &&
           !((walk->part.first | (walk->part.last + 1) | phys) & level_mask(below));
}

/* Counts the tables to make.  Nothing is made below a page table, so those are not
 * looked at. */
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
    if (walk->level - 1 == LEVEL_4K || (action == MAP_FRESH && holds_leaves(job, walk)))
        return WALK_ON;
    if (action == MAP_DESCEND)
        return walk_into(walk, job->space, entry);
    return walk_imagine(walk, action == MAP_SPLIT ? entry : (pgt_entry){0});
}

/* A new table of leaves alone: nothing, a run, nothing; and the entry that leads to it. */
static pgt_entry filled_table(const struct walk *walk, const struct map_job *job)
{
    struct pgt_space *space = job->space;
    unsigned below = walk->level - 1;
    unsigned head = level_index(walk->part.first, below);
    unsigned end = level_index(walk->part.last, below) + 1;
    uint64_t phys = walk->part.first + job->phys_from_linear;
    uint64_t frame = table_take(space);
    pgt_entry *table = table_at(&space->frames, frame);
    if (!space->frames.zeroed) {
        clear_unseen(table, head);
        clear_unseen(table + end, PGT_ENTRIES - end);
    }
    fill_leaves(table + head, end - head, entry_to_leaf(job->attributes, phys, below),
                level_mask(below) + 1);
    pgt_entry link = entry_to_table(frame, end - head);
    link.raw |= global_below(job->attributes);
    return link;
}

static enum walk_next map_filled(struct walk *walk, struct map_job *job, pgt_entry *slot,
                                 pgt_entry old)
{
    entry_store(slot, filled_table(walk, job));
    walk_here(walk)->live += !entry_present(old);
    walk_here(walk)->global |= (job->attributes & ENTRY_GLOBAL) != 0;
    return WALK_ON;
}

/* Leaves over nothing: as many as there are in a row. */
/*@ requires \valid(walk) && \valid_read(job) && walk_is_sound(walk);
    requires is_leaf_level(walk->level) && is_attributes(job->attributes);
    requires is_phys_of_leaf(U64(walk->part.first + job->phys_from_linear), walk->level);
    requires 1 <= run <= entries_left(walk) && \valid(slot + (0 .. run - 1));
    requires \separated(slot + (0 .. run - 1), walk, job);
    requires walk->step[walk->level - 1].live + run <= PGT_ENTRIES;
    assigns slot[0 .. run - 1].raw, walk->part.last;
    assigns walk->step[walk->level - 1].live, walk->step[walk->level - 1].global;
    ensures walk->step[walk->level - 1].live == \old(walk->step[walk->level - 1].live) + run; */
static enum walk_next map_run(struct walk *walk, struct map_job *job, pgt_entry *slot, unsigned run)
{
    uint64_t phys = walk->part.first + job->phys_from_linear;
    fill_leaves(slot, run, entry_to_leaf(job->attributes, phys, walk->level),
                level_mask(walk->level) + 1);
    /*@ assert walk->part == \at(walk->part, Pre) && walk->range == \at(walk->range, Pre) &&
               walk->level == \at(walk->level, Pre) && walk->top == \at(walk->top, Pre); */
    walk_here(walk)->live += run;
    walk_here(walk)->global |= (job->attributes & ENTRY_GLOBAL) != 0;
    /*@ assert 1 <= run <= entries_left(walk); */
    return walk_past(walk, run);
}

static enum walk_next map_entry(struct walk *walk, void *context)
{
    struct map_job *job = context;
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
        pgt_flush_add(job->flush, job->space, walk->part, entry_told(old, walk->level), false);
    if (action == MAP_FRESH)
        return holds_leaves(job, walk) ? map_filled(walk, job, slot, old)
                                       : walk_make(walk, job->space);
    unsigned run = walk_run(walk);
    if (!(summarize(slot, run).any & ENTRY_PRESENT))
        return map_run(walk, job, slot, run);
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

/* The attributes of a mapping; 0, which no leaf has, where arch can't express them. */
static __attribute__((noinline)) uint64_t map_attributes(const struct pgt_arch *arch,
                                                         const struct pgt_mapping *mapping)
{
    uint64_t rights, memory;
    if (mapping->key >= PGT_KEYS || mapping->software > PGT_SOFTWARE_ALL ||
        !attributes_of_rights(arch, mapping->rights, &rights) ||
        !attributes_of_memory(arch, mapping->memory, &memory))
        return 0;
    return attributes_preset(rights | memory | attributes_of_key(mapping->key) |
                             attributes_of_software(mapping->software));
}

/* What can be refused of the frames and of the rights; and the attributes. */
static inline enum pgt_status map_judge(const struct pgt_arch *arch,
                                        const struct pgt_mapping *mapping, uint64_t *ret_attributes)
{
    if (mapping->phys & (PGT_PAGE - 1))
        return PGT_MISALIGNED;
    uint64_t highest = (UINT64_C(1) << arch->physical_bits) - 1;
    if (mapping->phys > highest || mapping->bytes - 1 > highest - mapping->phys)
        return PGT_BAD_PHYSICAL;
    *ret_attributes = map_attributes(arch, mapping);
    return *ret_attributes ? PGT_OK : PGT_BAD_RIGHTS;
}

/* Made anew where it is needed, to keep the stack small. */
static inline struct range map_linear(const struct pgt_space *space,
                                      const struct pgt_mapping *mapping)
{
    struct range range = {mapping->virt, mapping->virt + (mapping->bytes - 1)};
    return linear_range(&space->arch, range);
}

/* Everything that can be refused for what the mapping itself says; and the job. */
static enum pgt_status map_start(const struct pgt_space *space, const struct pgt_mapping *mapping,
                                 struct map_job *ret_job)
{
    struct range range;
    uint64_t attributes;
    enum pgt_status status = pgt_range(&space->arch, mapping->virt, mapping->bytes, &range);
    if (!status)
        status = map_judge(&space->arch, mapping, &attributes);
    if (status)
        return status;
    ret_job->space = (struct pgt_space *)space; /* only a commit writes through it */
    ret_job->phys_from_linear = mapping->phys - map_linear(space, mapping).first;
    ret_job->attributes = attributes;
    ret_job->largest_level = arch_largest_level(&space->arch);
    ret_job->cost = 0;
    return PGT_OK;
}

/* What it costs; apart from the rest to keep the stack small. */
static __attribute__((noinline)) enum pgt_status map_plan(struct map_job *job,
                                                          const struct pgt_mapping *mapping)
{
    struct walk walk;
    walk_start(&walk, job->space, map_linear(job->space, mapping));
    return walk_range(&walk, job, count_entry, walk_leave) ? PGT_OK : PGT_SEALED;
}

static __attribute__((noinline)) void map_commit(struct map_job *job,
                                                 const struct pgt_mapping *mapping)
{
    struct walk walk;
    walk_start(&walk, job->space, map_linear(job->space, mapping));
    unsigned live = walk.step[walk.top - 1].live;
    walk_range(&walk, job, map_entry, map_leave);
    walk_end(&walk, job->space, live);
}

enum pgt_status pgt_map_cost(const struct pgt_space *space, const struct pgt_mapping *mapping,
                             size_t *ret_frames)
{
    struct map_job job;
    enum pgt_status status = map_start(space, mapping, &job);
    if (!status)
        status = map_plan(&job, mapping);
    if (!status)
        *ret_frames = job.cost;
    return status;
}

/* Plan, reserve, commit. */
static __attribute__((noinline)) enum pgt_status
map_range(struct pgt_space *space, const struct pgt_mapping *mapping, struct pgt_flush *flush)
{
    struct map_job job;
    enum pgt_status status = map_start(space, mapping, &job);
    if (!status)
        status = map_plan(&job, mapping);
    if (status)
        return status;
    if (!frames_reserve(&space->frames, job.cost))
        return PGT_NO_FRAMES;
    job.flush = flush;
    map_commit(&job, mapping);
    if (mapping->promote)
        pgt_promote_range(space, map_linear(space, mapping), flush);
    return PGT_OK;
}

/* ---- one page: what page faults ask for, without a walk ------------------- */

/* What map_attributes() says of ordinary memory, for each set of rights: a page fault asks for
 * little else. */
#define PLAIN(rights)                                                                              \
    (!((rights) & (PGT_READ | PGT_WRITE | PGT_EXECUTE))                                            \
         ? 0                                                                                       \
         : ENTRY_PRESENT | ENTRY_ACCESSED | ((rights)&PGT_WRITE ? ENTRY_WRITE | ENTRY_DIRTY : 0) | \
               ((rights)&PGT_EXECUTE ? 0 : ENTRY_XD) | ((rights)&PGT_USER ? ENTRY_USER : 0) |      \
               ((rights)&PGT_GLOBAL ? ENTRY_GLOBAL : 0))
#define PLAIN_4(rights) PLAIN(rights), PLAIN((rights) + 1), PLAIN((rights) + 2), PLAIN((rights) + 3)
static const uint64_t plain_attributes[32] = {PLAIN_4(0),  PLAIN_4(4),  PLAIN_4(8),  PLAIN_4(12),
                                              PLAIN_4(16), PLAIN_4(20), PLAIN_4(24), PLAIN_4(28)};

/* Does it map one page, and can nothing be said against its frame? */
static inline bool map_is_page(const struct pgt_arch *arch, const struct pgt_mapping *mapping)
{
    uint64_t phys = mapping->phys;
    uint64_t wrong = (mapping->bytes ^ PGT_PAGE) | mapping->promote |
                     ((mapping->virt | phys) & (PGT_PAGE - 1)) | (phys >> arch->physical_bits);
    return usually(!wrong);
}

/* map_attributes() for ordinary memory without a key or software bits, where arch_is_usual(); 0 for
 * any other. */
static inline uint64_t map_plain(const struct pgt_mapping *mapping)
{
    unsigned special = (unsigned)mapping->memory | mapping->key | mapping->software;
    return special || mapping->rights >= 32 ? 0 : plain_attributes[mapping->rights];
}

/* Makes tables from the level below `level` down to the page's own, which nothing leads to
 * yet, and returns the entry for the topmost.  Reserved already. */
static inline pgt_entry page_chain(struct pgt_space *space, uint64_t virt, unsigned level,
                                   pgt_entry leaf)
{
    uint64_t global = global_below(leaf.raw);
    uint64_t frame = table_take(space);
    pgt_entry link = {entry_to_table(frame, 1).raw | global};
    for (;;) {
        pgt_entry *table = table_at(&space->frames, frame);
        pgt_fill_empty(space, table);
        if (--level == LEVEL_4K) {
            table[level_index(virt, level)] = leaf;
            return link;
        }
        frame = table_take(space);
        table[level_index(virt, level)] = (pgt_entry){entry_to_table(frame, 1).raw | global};
    }
}

/* What the calls for one page return in place of a status if a walk has to look at it. */
#define FOR_A_WALK (-1)

static __attribute__((noinline)) enum pgt_status map_told(struct pgt_space *space, uint64_t virt)
{
    pgt_tell_global(space, virt, LEVEL_4K);
    return PGT_OK;
}

/* Maps a page that lacks its page table alone. */
static __attribute__((noinline)) enum pgt_status
map_first(struct pgt_space *space, uint64_t virt, pgt_entry leaf, pgt_entry *above, pgt_entry *top)
{
    if (!space->frames.reserve(space->frames.context, 1))
        return PGT_NO_FRAMES;
    uint64_t frame = table_take(space);
    pgt_entry *table = table_at(&space->frames, frame);
    if (!space->frames.zeroed)
        clear_unseen(table, PGT_ENTRIES);
    table[level_index(virt, LEVEL_4K)] = leaf;
    entry_store(above, (pgt_entry){entry_to_table(frame, 1).raw | global_below(leaf.raw)});
    entry_store(top, (pgt_entry){entry_load(top).raw + COUNT_ONE});
    return leaf.raw & ENTRY_GLOBAL ? map_told(space, virt) : PGT_OK;
}

/* Maps a page that lacks tables; whatever else is in the way is for a walk. */
static __attribute__((noinline)) int map_chain(struct pgt_space *space,
                                               const struct pgt_mapping *mapping, pgt_entry leaf)
{
    uint64_t virt = mapping->virt;
    struct page_gap gap;
    if (!page_gap(space, virt, &gap))
        return FOR_A_WALK;
    if (!frames_reserve(&space->frames, gap.level - LEVEL_4K))
        return PGT_NO_FRAMES;
    entry_store(gap.slot, page_chain(space, virt, gap.level, leaf));
    if (!gap.above)
        __atomic_fetch_add(&space->root_live, 1, __ATOMIC_RELAXED);
    else if (!is_sealed_root(space, gap.level + 1, virt))
        entry_store(gap.above, (pgt_entry){entry_load(gap.above).raw + COUNT_ONE});
    if (leaf.raw & ENTRY_GLOBAL)
        pgt_tell_global(space, virt, gap.level);
    return PGT_OK;
}

/* Stores a leaf over another, unless it is the same. */
static __attribute__((noinline)) enum pgt_status map_over(struct pgt_space *space, uint64_t virt,
                                                          struct pgt_flush *flush, pgt_entry leaf,
                                                          pgt_entry *slot)
{
    pgt_entry old = entry_load(slot);
    if (!((old.raw ^ leaf.raw) & ~ENTRY_MARKS))
        return PGT_OK;
    flush_page(flush, space, virt, old);
    entry_store(slot, leaf);
    if (leaf.raw & ENTRY_GLOBAL)
        pgt_tell_global(space, virt, LEVEL_4K);
    return PGT_OK;
}

/* In a table that is there. */
static inline enum pgt_status map_at(struct pgt_space *space, uint64_t virt,
                                     struct pgt_flush *flush, pgt_entry leaf,
                                     struct page_place place)
{
    if (entry_present(entry_load(place.slot)))
        return map_over(space, virt, flush, leaf, place.slot);
    entry_store(place.slot, leaf);
    entry_store(place.above, (pgt_entry){entry_load(place.above).raw + COUNT_ONE});
    return leaf.raw & ENTRY_GLOBAL ? map_told(space, virt) : PGT_OK;
}

/* One page, whatever is unusual about it or missing for it. */
static __attribute__((noinline)) int
map_unusual(struct pgt_space *space, const struct pgt_mapping *mapping, struct pgt_flush *flush)
{
    const struct pgt_arch *arch = &space->arch;
    if (!map_is_page(arch, mapping) || !page_is_own(space, mapping->virt))
        return FOR_A_WALK;
    uint64_t attributes = arch_is_usual(arch) ? map_plain(mapping) : 0;
    if (!attributes)
        attributes = map_attributes(arch, mapping);
    if (!attributes)
        return FOR_A_WALK;
    pgt_entry leaf = {attributes | mapping->phys};
    struct page_place place;
    if (page_find(space, mapping->virt, &place) == PAGE_THERE)
        return (int)map_at(space, mapping->virt, flush, leaf, place);
    return map_chain(space, mapping, leaf);
}

static __attribute__((noinline)) enum pgt_status
map_otherwise(struct pgt_space *space, const struct pgt_mapping *mapping, struct pgt_flush *flush)
{
    int status = map_unusual(space, mapping, flush);
    return status == FOR_A_WALK ? map_range(space, mapping, flush) : (enum pgt_status)status;
}

/* What is rare is apart and called last, so that a page fault's way needs no stack. */
enum pgt_status pgt_map(struct pgt_space *space, const struct pgt_mapping *mapping,
                        struct pgt_flush *flush)
{
    if (!map_is_page(&space->arch, mapping) || !page_is_plain(space, mapping->virt))
        return map_otherwise(space, mapping, flush);
    struct page_place place;
    pgt_entry leaf = {map_plain(mapping) | mapping->phys};
    if (!entry_present(leaf))
        return map_otherwise(space, mapping, flush);
    enum page_way way = page_find(space, mapping->virt, &place);
    if (way == PAGE_THERE)
        return map_at(space, mapping->virt, flush, leaf, place);
    if (way == PAGE_LACKS_TABLE)
        return map_first(space, mapping->virt, leaf, place.above, place.top);
    return map_otherwise(space, mapping, flush);
}
