/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the library's files share about a space: reaching its tables, taking and giving
 * frames, judging ranges.
 */
#ifndef PAGETABLES_SPACE_H
#define PAGETABLES_SPACE_H

#include "pagetables/entry.h"

/* First and last byte of a range; last may be the last of the address space. */
struct range {
    uint64_t first;
    uint64_t last;
};

/* Tables are at a constant distance; see struct pgt_frames. */
static inline pgt_entry *table_at(const struct pgt_frames *frames, uint64_t phys)
{
    return (pgt_entry *)(uintptr_t)(phys + frames->offset);
}

static inline uint64_t table_phys(const struct pgt_frames *frames, const pgt_entry *table)
{
    return (uint64_t)(uintptr_t)table - frames->offset;
}

static inline pgt_entry *space_root(const struct pgt_space *space)
{
    return table_at(&space->frames, space->root);
}

static inline uint64_t table_take(const struct pgt_space *space)
{
    return space->frames.take(space->frames.context);
}

static inline void table_give(const struct pgt_space *space, uint64_t table)
{
    space->frames.give(space->frames.context, table);
}

static inline bool frames_reserve(const struct pgt_frames *frames, size_t count)
{
    return count == 0 || frames->reserve(frames->context, count);
}

/* The part of `range` that lies in the entry's reach which starts at `base`. */
/*@ requires is_level(level) && base % reach_of(level) == 0;
    assigns \nothing;
    ensures \result.first == higher(range.first, base);
    ensures \result.last == lower(range.last, base + reach_of(level) - 1); */
static inline struct range range_clip(struct range range, uint64_t base, unsigned level)
{
    uint64_t last = base + level_mask(level);
    return (struct range){range.first > base ? range.first : base,
                          range.last < last ? range.last : last};
}

/* Is a part of an entry's reach all of it? */
/*@ requires is_level(level) && part.first <= part.last;
    assigns \nothing;
    ensures \result <==> part.last - part.first + 1 == reach_of(level);
    ensures part.first / reach_of(level) == part.last / reach_of(level) ==>
            (\result <==> part.first % reach_of(level) == 0 &&
                          part.last % reach_of(level) == reach_of(level) - 1); */
static inline bool range_covers(struct range part, unsigned level)
{
    return part.last - part.first == level_mask(level);
}

/* Bytes that a whole table of a level covers, less one: a mask too. */
/*@ requires is_level(level);
    assigns \nothing;
    ensures \result == reach_of(level + 1) - 1; */
static inline uint64_t table_mask(unsigned level)
{
    return (UINT64_C(1) << (12 + PGT_INDEX_BITS * level)) - 1;
}

/* Half of the addresses that are translated: where the upper half begins, without the sign
 * extension. */
/*@ requires \valid_read(arch) && is_depth(arch->levels);
    assigns \nothing;
    ensures \result == space_bytes(arch->levels) / 2; */
static inline uint64_t linear_half(const struct pgt_arch *arch)
{
    return UINT64_C(1) << (11 + PGT_INDEX_BITS * arch->levels);
}

/* Canonical: all bits above the highest translated one repeat it (SDM 4.5.1).  Of a linear
 * address, without the sign extension. */
/*@ requires \valid_read(arch) && is_depth(arch->levels) && linear < space_bytes(arch->levels);
    assigns \nothing;
    ensures canonical(arch->levels, \result);
    ensures \result % space_bytes(arch->levels) == linear;
    ensures \result == canonical_of(arch->levels, linear); */
static inline uint64_t canonical_form(const struct pgt_arch *arch, uint64_t linear)
{
    uint64_t half = linear_half(arch);
    return linear < half ? linear : linear + (UINT64_MAX - (2 * half - 1));
}

/* All addresses of a space, without the sign extension. */
/*@ requires \valid_read(arch) && is_depth(arch->levels);
    assigns \nothing;
    ensures \result.first == 0 && \result.last == space_bytes(arch->levels) - 1; */
static inline struct range linear_all(const struct pgt_arch *arch)
{
    return (struct range){0, table_mask(arch->levels)};
}

/*@ requires \valid_read(arch) && is_depth(arch->levels);
    assigns \nothing;
    ensures \result.first == range.first % space_bytes(arch->levels);
    ensures \result.last == range.last % space_bytes(arch->levels);
    ensures in_one_half(arch->levels, range.first, range.last) ==>
            \result.last - \result.first == range.last - range.first; */
static inline struct range linear_range(const struct pgt_arch *arch, struct range range)
{
    uint64_t mask = linear_all(arch).last;
    return (struct range){range.first & mask, range.last & mask};
}

/*@ requires \valid_read(arch) && is_depth(arch->levels);
    assigns \nothing;
    ensures \result <==> canonical(arch->levels, virt); */
static inline bool is_canonical(const struct pgt_arch *arch, uint64_t virt)
{
    uint64_t half = linear_half(arch);
    return virt < half || virt > UINT64_MAX - half;
}

/* Levels that a space can have.  Three are for tests in the small. */
#define LEVELS_FEWEST (PGT_INDEX_BITS == 9 ? 4u : 3u)
#define LEVELS_MOST   5u

/* What callers of init shall see to; used in asserts. */
static inline bool arch_is_sane(const struct pgt_arch *arch)
{
    return arch->levels >= LEVELS_FEWEST && arch->levels <= LEVELS_MOST &&
           arch->physical_bits >= 32 && arch->physical_bits <= 52;
}

/* Is ordinary memory, with any rights, what the first entry of the PAT and XD say? */
static inline bool arch_is_usual(const struct pgt_arch *arch)
{
    return arch->no_execute && (uint8_t)arch->pat == memory_to_pat_type(PGT_WRITE_BACK);
}

/* PGT_MISALIGNED, PGT_BAD_RANGE, or PGT_OK with the range. */
/*@ requires \valid_read(arch) && is_depth(arch->levels);
    requires \valid(ret_range) && \separated(arch, ret_range);
    assigns *ret_range;
    ensures !whole_pages(virt, bytes) ==> \result == PGT_MISALIGNED;
    ensures whole_pages(virt, bytes) && !is_range(arch->levels, virt, bytes) ==>
            \result == PGT_BAD_RANGE;
    ensures whole_pages(virt, bytes) && is_range(arch->levels, virt, bytes) ==> \result == PGT_OK;
    ensures \result == PGT_OK ==> ret_range->first == virt && ret_range->last == virt + bytes - 1;
    ensures \result != PGT_OK ==> *ret_range == \old(*ret_range); */
enum pgt_status pgt_range(const struct pgt_arch *arch, uint64_t virt, uint64_t bytes,
                          struct range *ret_range);

/* Is a root slot at or above the split of a space that is sealed or shares? */
/*@ requires \valid_read(space);
    assigns \nothing;
    ensures \result <==> slot >= space->upper_slot; */
static inline bool slot_is_upper(const struct pgt_space *space, unsigned slot)
{
    return slot >= space->upper_slot;
}

/* Fills a new table with the parts of a leaf of the level above. */
void pgt_fill_split(pgt_entry *table, pgt_entry leaf, unsigned level);

/* Zeroes a new table, unless its frame is known to hold zeros. */
void pgt_fill_empty(const struct pgt_space *space, pgt_entry *table);

/* Gives back a page directory that no entry leads to any more, and the page tables below it:
 * `live` entries at most are looked at. */
void pgt_give_directory(struct pgt_space *space, uint64_t directory, unsigned live);

/* The linear range `part`, of which `entry` was the leaf or led to the table, is to be
 * invalidated as well; only for rights that it gained, if widened.  An entry that may have led
 * to a table is as entry_told() has it. */
/*@ requires \valid(flush) && list_is_sound(flush) && \valid_read(space);
    requires \separated(flush, space) && is_depth(space->arch.levels);
    requires part.first <= part.last < space_bytes(space->arch.levels);
    requires part.first < space_bytes(space->arch.levels) / 2 <==>
             part.last < space_bytes(space->arch.levels) / 2;
    assigns *flush;
    ensures list_is_sound(flush);
    ensures forgets_nothing{Old, Post}(flush);
    ensures gathers{Old, Post}(flush, canonical_of(space->arch.levels, part.first),
                               canonical_of(space->arch.levels, part.last));
    ensures gathers_only{Old, Post}(flush, canonical_of(space->arch.levels, part.first),
                                    canonical_of(space->arch.levels, part.last));
    ensures flush->needed <==> \old(flush->needed) || !widened;
    ensures flush->widened <==> \old(flush->widened) || widened;
    ensures flush->global <==> \old(flush->global) || (entry.raw & ENTRY_GLOBAL) != 0;
    ensures flush->upper <==> \old(flush->upper) ||
            part.first / reach_of(space->arch.levels) % PGT_ENTRIES >= space->upper_slot; */
void pgt_flush_add(struct pgt_flush *flush, const struct pgt_space *space, struct range part,
                   pgt_entry entry, bool widened);

/* Is any root slot of the linear range out of bounds for a change that makes no root entry? */
/*@ requires \valid_read(space) && is_depth(space->arch.levels);
    assigns \nothing;
    ensures \result <==> is_foreign(space, range.last); */
static inline bool range_is_foreign(const struct pgt_space *space, struct range range)
{
    return space->upper && slot_is_upper(space, level_index(range.last, space->arch.levels));
}

/* The same for addresses as they are, and nothing but those. */
/*@ requires \valid(flush) && list_is_sound(flush) && first <= last;
    assigns flush->range[0 .. PGT_FLUSH_RANGES - 1], flush->count, flush->everything;
    ensures list_is_sound(flush);
    ensures forgets_nothing{Old, Post}(flush);
    ensures gathers{Old, Post}(flush, first, last);
    ensures gathers_only{Old, Post}(flush, first, last); */
void pgt_flush_range(struct pgt_flush *flush, uint64_t first, uint64_t last);

/* Root entries of a sealed upper stay as they are. */
static inline bool is_sealed_root(const struct pgt_space *space, unsigned level, uint64_t linear)
{
    return level == space->arch.levels && slot_is_upper(space, level_index(linear, level));
}

/* Tells of a global leaf in all entries above a level. */
void pgt_tell_global(struct pgt_space *space, uint64_t linear, unsigned lowest);

/* What pgt_range() says, with the linear range; PGT_SEALED where the range is foreign. */
/*@ requires \valid_read(space) && is_depth(space->arch.levels);
    requires \valid(ret_range) && \separated(space, ret_range);
    assigns *ret_range;
    ensures !whole_pages(virt, bytes) ==> \result == PGT_MISALIGNED;
    ensures whole_pages(virt, bytes) && !is_range(space->arch.levels, virt, bytes) ==>
            \result == PGT_BAD_RANGE;
    ensures whole_pages(virt, bytes) && is_range(space->arch.levels, virt, bytes) ==>
            (is_foreign(space, (virt + bytes - 1) % space_bytes(space->arch.levels))
                 ? \result == PGT_SEALED
                 : \result == PGT_OK);
    ensures \result == PGT_OK ==>
            ret_range->first == virt % space_bytes(space->arch.levels) &&
            ret_range->last == ret_range->first + bytes - 1 < space_bytes(space->arch.levels);
    ensures \result != PGT_OK ==> *ret_range == \old(*ret_range); */
enum pgt_status pgt_own_range(const struct pgt_space *space, uint64_t virt, uint64_t bytes,
                              struct range *ret_range);

/* A leaf in the words of the public header; virt is any address in it. */
void pgt_describe(const struct pgt_space *space, pgt_entry entry, unsigned level, uint64_t virt,
                  struct pgt_leaf *ret_leaf);

/* pgt_promote() for a linear range that is the space's own. */
void pgt_promote_range(struct pgt_space *space, struct range range, struct pgt_flush *flush);

/* What an audit expects of the tables below a root, and what it found. */
struct audit {
    const struct pgt_space *space;
    bool counts; /* live counts are kept already, and shall be right */
    unsigned root_live;
    struct pgt_fault fault;
};

/* Walks the space's own tables and stops at the first broken rule: false, with
 * audit->fault. */
bool pgt_audit(struct audit *audit);

/* Root slots whose tables belong to the space itself: all below this one. */
/*@ requires \valid_read(space);
    assigns \nothing;
    ensures \result == (space->upper != \null ? space->upper_slot : PGT_ENTRIES); */
static inline unsigned own_slots(const struct pgt_space *space)
{
    return space->upper ? space->upper_slot : PGT_ENTRIES;
}

/* The linear range that those cover: never nothing, since no seal starts at slot 0. */
/*@ requires \valid_read(space) && is_depth(space->arch.levels);
    requires 1 <= space->upper_slot <= PGT_ENTRIES;
    assigns \nothing;
    ensures \result.first == 0;
    ensures \result.last + 1 == entries_reach(space->arch.levels, space->upper != \null
                                                                      ? space->upper_slot
                                                                      : PGT_ENTRIES);
    ensures \forall integer at; 0 <= at < space_bytes(space->arch.levels) ==>
            (at <= \result.last <==> !is_foreign(space, at)); */
static inline struct range own_range(const struct pgt_space *space)
{
    uint64_t slots = own_slots(space);
    uint64_t last = (slots << level_shift(space->arch.levels)) - 1;
    return (struct range){0, last};
}

#endif
