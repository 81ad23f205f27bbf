/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the library's files share about a space: reaching its tables, taking and
 * giving frames, judging ranges.
 */
#ifndef PAGETABLES_SPACE_H
#define PAGETABLES_SPACE_H

#include "pagetables/entry.h"

/* First and last byte of a range; last may be the last of the address space. */
struct range {
    uint64_t first;
    uint64_t last;
};

static inline pgt_entry *table_at(const struct pgt_frames *frames, uint64_t phys)
{
    return (pgt_entry *)(uintptr_t)(phys + frames->offset);
}

static inline pgt_entry *space_root(const struct pgt_space *space)
{
    return table_at(&space->frames, space->root);
}

static inline uint64_t table_take(struct pgt_space *space)
{
    space->tables++;
    return space->frames.take(space->frames.context);
}

static inline void table_give(struct pgt_space *space, uint64_t table)
{
    space->tables--;
    space->frames.give(space->frames.context, table);
}

static inline bool frames_reserve(const struct pgt_frames *frames, size_t count)
{
    return count == 0 || frames->reserve(frames->context, count);
}

/* The part of `range` that lies in the entry's reach which starts at `base`. */
static inline struct range range_clip(struct range range, uint64_t base, unsigned level)
{
    uint64_t last = base + level_mask(level);
    return (struct range){range.first > base ? range.first : base,
                          range.last < last ? range.last : last};
}

static inline bool range_covers(struct range part, unsigned level)
{
    return part.last - part.first == level_mask(level);
}

/* Canonical: all bits above the highest translated one repeat it (SDM 4.5.1). */
static inline uint64_t canonical_form(const struct pgt_arch *arch, uint64_t virt)
{
    unsigned unused = 64 - (12 + PGT_INDEX_BITS * arch->levels);
    return (uint64_t)((int64_t)(virt << unused) >> unused);
}

static inline bool is_canonical(const struct pgt_arch *arch, uint64_t virt)
{
    return canonical_form(arch, virt) == virt;
}

/* PGT_MISALIGNED, PGT_BAD_RANGE, or PGT_OK with the range. */
enum pgt_status pgt_range(const struct pgt_arch *arch, uint64_t virt, uint64_t bytes,
                          struct range *ret_range);

/* Is a root slot at or above the split of a space that is sealed or shares? */
static inline bool slot_is_upper(const struct pgt_space *space, unsigned slot)
{
    return slot >= space->upper_slot;
}

/* Gives back `table`, whose entries are at `level` and of which `live` are
 * present, with all tables below it. */
void pgt_free_tables(struct pgt_space *space, uint64_t table, unsigned level, unsigned live);

/* Fills a new table with the parts of a leaf of the level above. */
void pgt_fill_split(pgt_entry *table, pgt_entry leaf, unsigned level);

/* Zeroes a new table. */
void pgt_fill_empty(pgt_entry *table);

/* The range [first, last] is to be invalidated as well. */
static inline void flush_add(struct pgt_flush *flush, struct range part)
{
    if (!flush->needed || part.first < flush->first)
        flush->first = part.first;
    if (!flush->needed || part.last > flush->last)
        flush->last = part.last;
    flush->needed = true;
}

/* What an audit expects of a tree of tables. */
struct audit {
    const struct pgt_arch *arch;
    const struct pgt_frames *frames;
    bool counts;           /* live counts shall be right (false: not kept yet) */
    unsigned levels;
    unsigned own_slots;    /* root slots to look at: [0, own_slots) */
    unsigned sealed_slot;  /* from here on root slots may hold empty tables */
    size_t tables;         /* counted on the way, the root included */
    unsigned root_live;
    struct pgt_fault fault;
};

/* Walks the tables below `root` and stops at the first broken rule: false, with
 * audit->fault. */
bool pgt_audit(struct audit *audit, uint64_t root);

#endif
