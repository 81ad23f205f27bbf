/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one file that knows the bits of an entry (SDM 4.5, tables 4-14 to 4-20).
 *
 *     63  62    59 58  52 51                    12 11   9 8 7  6 5 4   3   2  1 0
 *     XD  key      free   physical address         free   G PS D A PCD PWT US W P
 *
 * Bit 7 is PS above level 1: set in a leaf, clear in an entry that refers to a table.
 * In a 4K leaf bit 7 is PAT instead; in a larger leaf PAT is bit 12, the lowest of
 * those that its larger alignment sets free.  To keep that from getting anywhere else,
 * attributes are held in the form of a 4K leaf and translated where an entry is written
 * or read.
 *
 * An entry that refers to a table grants all rights, since rights live in leaves, and
 * has accessed preset, so that the processor never writes it.  Its bits 52 to 61, which
 * the processor ignores, hold how many entries of that table are present: 0 to 512; and
 * its bit 9, ignored as well, is set if a global leaf may lie below, so that dropping
 * the table tells what to flush.  (Not bit 8, G of a leaf: Intel's processors ignore it in
 * such an entry, AMD's reserve it, APM 2, 5.3.3, and fault.)  Root entries of a sealed upper hold neither.
 */
#ifndef PAGETABLES_ENTRY_H
#define PAGETABLES_ENTRY_H

#include "pagetables/pagetables.h"

#ifdef PGT_ASSERT
#define pgt_assert(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#define pgt_assert(condition) ((void)0)
#endif

/* Lays out what follows a condition that nearly always holds in a line. */
#define usually(condition) __builtin_expect(!!(condition), 1)

/* A type of its own, so that an entry can't be mistaken for an address. */
typedef struct {
    uint64_t raw;
} pgt_entry;

#define ENTRY_PRESENT   (UINT64_C(1) << 0)
#define ENTRY_WRITE     (UINT64_C(1) << 1)
#define ENTRY_USER      (UINT64_C(1) << 2)
#define ENTRY_PWT       (UINT64_C(1) << 3)
#define ENTRY_PCD       (UINT64_C(1) << 4)
#define ENTRY_ACCESSED  (UINT64_C(1) << 5)
#define ENTRY_DIRTY     (UINT64_C(1) << 6)
#define ENTRY_LARGE     (UINT64_C(1) << 7)
#define ENTRY_PAT_4K    (UINT64_C(1) << 7)
#define ENTRY_GLOBAL    (UINT64_C(1) << 8)
#define ENTRY_PAT_LARGE (UINT64_C(1) << 12)
#define ENTRY_XD        (UINT64_C(1) << 63)
#define ENTRY_ADDRESS   UINT64_C(0x000ffffffffff000)

/* What a leaf leaves to software, in two pieces, and its protection key. */
#define ENTRY_SOFTWARE_LOW_SHIFT  9
#define ENTRY_SOFTWARE_LOW_BITS   3
#define ENTRY_SOFTWARE_HIGH_SHIFT 52
#define ENTRY_SOFTWARE            ((UINT64_C(7) << 9) | (UINT64_C(0x7f) << 52))
#define ENTRY_KEY_SHIFT           59
#define ENTRY_KEY                 (UINT64_C(15) << ENTRY_KEY_SHIFT)

/* What the processor sets by itself. */
#define ENTRY_MARKS (ENTRY_ACCESSED | ENTRY_DIRTY)

#define ENTRY_MEMORY (ENTRY_PWT | ENTRY_PCD | ENTRY_PAT_4K)
#define ENTRY_RIGHTS (ENTRY_WRITE | ENTRY_USER | ENTRY_GLOBAL | ENTRY_XD)

#define ENTRY_COUNT_SHIFT 52
#define ENTRY_COUNT       (UINT64_C(0x3ff) << ENTRY_COUNT_SHIFT)

/* All rights, accessed, and dirty, which is ignored here: the classic 067. */
#define ENTRY_TABLE (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED | ENTRY_DIRTY)

/* The levels that can hold leaves: 1 (4K), 2 (2M), 3 (1G). */
#define LEVEL_4K 1u
#define LEVEL_2M 2u
#define LEVEL_1G 3u

/* Contracts are for Frama-C (make prove); pagetables/proof/logic.h has their words. */

/* log2 of the bytes that one entry of a table at `level` covers. */
/*@ requires is_level(level);
    assigns \nothing;
    ensures \result == SHIFT(level); */
static inline unsigned level_shift(unsigned level)
{
    return 12 + PGT_INDEX_BITS * (level - 1);
}

/* Bytes that one entry of a table at `level` covers, less one: a mask too. */
/*@ requires is_level(level);
    assigns \nothing;
    ensures \result == reach_of(level) - 1; */
static inline uint64_t level_mask(unsigned level)
{
    return (UINT64_C(1) << level_shift(level)) - 1;
}

/*@ requires is_level(level);
    assigns \nothing;
    ensures \result == virt / reach_of(level) % PGT_ENTRIES;
    ensures \result < PGT_ENTRIES; */
static inline unsigned level_index(uint64_t virt, unsigned level)
{
    return (unsigned)(virt >> level_shift(level)) & (PGT_ENTRIES - 1);
}

/*@ requires \valid_read(arch);
    assigns \nothing;
    ensures \result == (arch->pages_1g ? LEVEL_1G : LEVEL_2M); */
static inline unsigned arch_largest_level(const struct pgt_arch *arch)
{
    return arch->pages_1g ? LEVEL_1G : LEVEL_2M;
}

/*@ assigns \nothing;
    ensures \result <==> IS_PRESENT(entry.raw); */
static inline bool entry_present(pgt_entry entry)
{
    return entry.raw & ENTRY_PRESENT;
}

/* For a present entry. */
/*@ assigns \nothing;
    ensures \result <==> level == LEVEL_4K || HAS(entry.raw, ENTRY_LARGE); */
static inline bool entry_is_leaf(pgt_entry entry, unsigned level)
{
    return level == LEVEL_4K || (entry.raw & ENTRY_LARGE);
}

/*@ requires IS_ADDRESS(table) && count <= PGT_ENTRIES;
    assigns \nothing;
    ensures \result.raw == table + ENTRY_TABLE + count * 0x10000000000000;
    ensures ADDRESS_OF(\result.raw) == table && COUNT_OF(\result.raw) == count; */
static inline pgt_entry entry_to_table(uint64_t table, unsigned count)
{
    return (pgt_entry){table + ENTRY_TABLE + ((uint64_t)count << ENTRY_COUNT_SHIFT)};
}

/*@ assigns \nothing;
    ensures \result == ADDRESS_OF(entry.raw); */
static inline uint64_t entry_table(pgt_entry entry)
{
    return entry.raw & ENTRY_ADDRESS;
}

/*@ assigns \nothing;
    ensures \result == COUNT_OF(entry.raw) <= 0x3ff; */
static inline unsigned entry_count(pgt_entry entry)
{
    return (unsigned)((entry.raw & ENTRY_COUNT) >> ENTRY_COUNT_SHIFT);
}

/* In an entry that leads to a table. */
#define ENTRY_GLOBAL_BELOW (ENTRY_GLOBAL << 1)

/* What an entry above a leaf with these attributes tells of it. */
/*@ assigns \nothing;
    ensures \result == (HAS(attributes, ENTRY_GLOBAL) ? ENTRY_GLOBAL_BELOW : 0); */
static inline uint64_t global_below(uint64_t attributes)
{
    return (attributes & ENTRY_GLOBAL) << 1;
}

/* A present entry as a flush is told of it: global if it is a global leaf, or leads to a table that
 * may have one below. */
/*@ assigns \nothing;
    ensures HAS(\result.raw, ENTRY_GLOBAL) <==>
            (level == LEVEL_4K || HAS(entry.raw, ENTRY_LARGE)
                 ? HAS(entry.raw, ENTRY_GLOBAL) : HAS(entry.raw, ENTRY_GLOBAL_BELOW)); */
static inline pgt_entry entry_told(pgt_entry entry, unsigned level)
{
    if (!entry_is_leaf(entry, level))
        entry.raw = (entry.raw & ENTRY_GLOBAL_BELOW) >> 1;
    return entry;
}

/* Without what this library keeps in ignored bits. */
/*@ assigns \nothing;
    ensures \result.raw == WITHOUT_COUNT(entry.raw) - entry.raw / 0x200 % 2 * 0x200; */
static inline pgt_entry entry_plain(pgt_entry entry)
{
    return (pgt_entry){entry.raw & ~(ENTRY_COUNT | ENTRY_GLOBAL_BELOW)};
}

/*@ requires count <= PGT_ENTRIES;
    assigns \nothing;
    ensures \result.raw == WITHOUT_COUNT(entry.raw) + count * 0x10000000000000;
    ensures COUNT_OF(\result.raw) == count; */
static inline pgt_entry entry_with_count(pgt_entry entry, unsigned count)
{
    return (pgt_entry){(entry.raw & ~ENTRY_COUNT) + ((uint64_t)count << ENTRY_COUNT_SHIFT)};
}

/* Attribute bits in the form that a leaf of this level has them. */
/*@ requires is_attributes(attributes);
    assigns \nothing;
    ensures \result == attributes_at_level(attributes, level); */
static inline uint64_t attributes_at(uint64_t attributes, unsigned level)
{
    if (level == LEVEL_4K)
        return attributes;
    return (attributes & ~ENTRY_PAT_4K) + (attributes & ENTRY_PAT_4K ? ENTRY_PAT_LARGE : 0);
}

/* attributes are in the form of a 4K leaf. */
/*@ requires is_leaf_level(level) && is_attributes(attributes) && is_phys_of_leaf(phys, level);
    assigns \nothing;
    ensures \result.raw == leaf_of(attributes, phys, level); */
static inline pgt_entry entry_to_leaf(uint64_t attributes, uint64_t phys, unsigned level)
{
    uint64_t large = level == LEVEL_4K ? 0 : ENTRY_LARGE;
    return (pgt_entry){attributes_at(attributes, level) + large + phys};
}

/*@ requires is_leaf_level(level);
    assigns \nothing;
    ensures \result == phys_of_leaf(entry.raw, level) && is_phys_of_leaf(\result, level); */
static inline uint64_t leaf_phys(pgt_entry entry, unsigned level)
{
    return entry.raw & ENTRY_ADDRESS & ~level_mask(level);
}

/* The attributes of a leaf of any level in the form of a 4K leaf. */
/*@ requires is_leaf_level(level);
    assigns \nothing;
    ensures \result == attributes_of_leaf(entry.raw, level) && is_attributes(\result); */
static inline uint64_t leaf_attributes(pgt_entry entry, unsigned level)
{
    if (level == LEVEL_4K)
        return entry.raw & ~ENTRY_ADDRESS;
    uint64_t pat = entry.raw & ENTRY_PAT_LARGE ? ENTRY_PAT_4K : 0;
    return (entry.raw & ~(ENTRY_ADDRESS | ENTRY_LARGE)) + pat;
}

/* The leaf one level down that maps the index-th part of a larger leaf alike. */
/*@ requires 2 <= level <= 3 && index < PGT_ENTRIES;
    assigns \nothing;
    ensures \result.raw ==
            leaf_of(attributes_of_leaf(leaf.raw, level),
                    phys_of_leaf(leaf.raw, level) + index * reach_of(level - 1), level - 1); */
static inline pgt_entry leaf_part(pgt_entry leaf, unsigned level, unsigned index)
{
    uint64_t phys = leaf_phys(leaf, level) + ((uint64_t)index << level_shift(level - 1));
    return entry_to_leaf(leaf_attributes(leaf, level), phys, level - 1);
}

/* Memory types as IA32_PAT numbers them (SDM table 11-10), by enum pgt_memory. */
/*@ requires 0 <= memory < PGT_MEMORY_TYPES;
    assigns \nothing;
    ensures \result == PAT_TYPE_OF(memory); */
static inline unsigned memory_to_pat_type(enum pgt_memory memory)
{
    static const uint8_t type[PGT_MEMORY_TYPES] = {6, 4, 7, 0, 5, 1};
    return type[memory];
}

/* 2 and 3 are reserved and can't be in IA32_PAT; they read as uncacheable. */
static inline enum pgt_memory memory_from_pat_type(unsigned type)
{
    static const uint8_t memory[8] = {
        PGT_UNCACHEABLE,   PGT_WRITE_COMBINING, PGT_UNCACHEABLE, PGT_UNCACHEABLE,
        PGT_WRITE_THROUGH, PGT_WRITE_PROTECTED, PGT_WRITE_BACK,  PGT_UNCACHED_MINUS,
    };
    return (enum pgt_memory)memory[type & 7];
}

/* The PAT selector bits of a memory type: the first PAT entry that holds it. False
 * where none does. */
static inline bool attributes_of_memory(const struct pgt_arch *arch, enum pgt_memory memory,
                                        uint64_t *ret_bits)
{
    if ((unsigned)memory >= PGT_MEMORY_TYPES)
        return false;
    unsigned type = memory_to_pat_type(memory);
    for (unsigned i = 0; i < 8; i++) {
        if (((arch->pat >> (8 * i)) & 7) != type)
            continue;
        *ret_bits = (i & 1 ? ENTRY_PWT : 0) | (i & 2 ? ENTRY_PCD : 0) | (i & 4 ? ENTRY_PAT_4K : 0);
        return true;
    }
    return false;
}

static inline enum pgt_memory memory_of_attributes(const struct pgt_arch *arch, uint64_t bits)
{
    unsigned i =
        (bits & ENTRY_PWT ? 1 : 0) | (bits & ENTRY_PCD ? 2 : 0) | (bits & ENTRY_PAT_4K ? 4 : 0);
    return memory_from_pat_type((unsigned)(arch->pat >> (8 * i)) & 7);
}

/* Rights as attributes; false where arch can't express them: no right to access at all, or no
 * XD. */
/*@ requires \valid_read(arch) && \valid(ret_bits) && \separated(arch, ret_bits);
    assigns *ret_bits;
    ensures \result <==> rights < 32 && rights % 8 != 0 &&
            (HAS(rights, PGT_EXECUTE) || arch->no_execute);
    ensures \result ==> *ret_bits == ATTRIBUTES_OF_RIGHTS(rights);
    ensures !\result ==> *ret_bits == \old(*ret_bits); */
static inline bool attributes_of_rights(const struct pgt_arch *arch, unsigned rights,
                                        uint64_t *ret_bits)
{
    const unsigned known = PGT_READ | PGT_WRITE | PGT_EXECUTE | PGT_USER | PGT_GLOBAL;
    if (!(rights & (PGT_READ | PGT_WRITE | PGT_EXECUTE)) || (rights & ~known))
        return false;
    if (!(rights & PGT_EXECUTE) && !arch->no_execute)
        return false;
    *ret_bits = (rights & PGT_WRITE ? ENTRY_WRITE : 0) + (rights & PGT_EXECUTE ? 0 : ENTRY_XD) +
                (rights & PGT_USER ? ENTRY_USER : 0) + (rights & PGT_GLOBAL ? ENTRY_GLOBAL : 0);
    return true;
}

/*@ requires software <= PGT_SOFTWARE_ALL;
    assigns \nothing;
    ensures \result == software % 8 * 0x200 + software / 8 * 0x10000000000000;
    ensures SOFTWARE_OF(\result) == software; */
static inline uint64_t attributes_of_software(unsigned software)
{
    const unsigned low = (1u << ENTRY_SOFTWARE_LOW_BITS) - 1;
    return ((uint64_t)(software & low) << ENTRY_SOFTWARE_LOW_SHIFT) +
           ((uint64_t)(software >> ENTRY_SOFTWARE_LOW_BITS) << ENTRY_SOFTWARE_HIGH_SHIFT);
}

/*@ assigns \nothing;
    ensures \result == SOFTWARE_OF(bits); */
static inline unsigned software_of_attributes(uint64_t bits)
{
    const unsigned low = (1u << ENTRY_SOFTWARE_LOW_BITS) - 1;
    return ((unsigned)(bits >> ENTRY_SOFTWARE_LOW_SHIFT) & low) +
           (((unsigned)(bits >> ENTRY_SOFTWARE_HIGH_SHIFT) & 0x7f) << ENTRY_SOFTWARE_LOW_BITS);
}

/*@ requires key < PGT_KEYS;
    assigns \nothing;
    ensures \result == key * 0x800000000000000 && KEY_OF(\result) == key; */
static inline uint64_t attributes_of_key(unsigned key)
{
    return (uint64_t)key << ENTRY_KEY_SHIFT;
}

/*@ assigns \nothing;
    ensures \result == KEY_OF(bits) < PGT_KEYS; */
static inline unsigned key_of_attributes(uint64_t bits)
{
    return (unsigned)(bits >> ENTRY_KEY_SHIFT) & 15;
}

/* Accessed, and dirty where the leaf can be written: then the processor never writes it. */
static inline uint64_t attributes_preset(uint64_t bits)
{
    return bits | ENTRY_PRESENT | ENTRY_ACCESSED | (bits & ENTRY_WRITE ? ENTRY_DIRTY : 0);
}

/*@ assigns \nothing;
    ensures \result == RIGHTS_OF(attributes); */
static inline unsigned rights_of_attributes(uint64_t attributes)
{
    return PGT_READ + (attributes & ENTRY_WRITE ? PGT_WRITE : 0) +
           (attributes & ENTRY_XD ? 0 : PGT_EXECUTE) + (attributes & ENTRY_USER ? PGT_USER : 0) +
           (attributes & ENTRY_GLOBAL ? PGT_GLOBAL : 0);
}

/* One store, never torn, after all stores before it: a processor or another reader that
 * sees this entry sees what it leads to. */
/*@ requires \valid(slot);
    assigns slot->raw;
    ensures slot->raw == entry.raw; */
static inline void entry_store(pgt_entry *slot, pgt_entry entry)
{
    __atomic_store_n(&slot->raw, entry.raw, __ATOMIC_RELEASE);
}

/*@ requires \valid_read(slot);
    assigns \nothing;
    ensures \result.raw == slot->raw; */
static inline pgt_entry entry_load(const pgt_entry *slot)
{
    return (pgt_entry){__atomic_load_n(&slot->raw, __ATOMIC_ACQUIRE)};
}

/* Stores an entry and returns the one that it replaced, so that an accessed or dirty
 * bit which the processor set in the meantime is not lost. */
/*@ requires \valid(slot);
    assigns slot->raw;
    ensures slot->raw == entry.raw && \result.raw == \old(slot->raw); */
static inline pgt_entry entry_exchange(pgt_entry *slot, pgt_entry entry)
{
    return (pgt_entry){__atomic_exchange_n(&slot->raw, entry.raw, __ATOMIC_ACQ_REL)};
}

/* Clears and sets bits of a leaf, and leaves accessed and dirty to the processor unless
 * they are named.  Where both are set already the processor has nothing to write any
 * more (SDM 4.8), and a plain store will do.  Returns what the leaf was. */
/*@ requires \valid(slot);
    assigns slot->raw;
    ensures \result.raw == \old(slot->raw) && slot->raw == ((\old(slot->raw) & U64(~clear)) | set); */
static inline pgt_entry entry_change(pgt_entry *slot, uint64_t clear, uint64_t set)
{
    pgt_entry old = entry_load(slot);
    if ((old.raw & ENTRY_MARKS) == ENTRY_MARKS) {
        entry_store(slot, (pgt_entry){(old.raw & ~clear) | set});
        return old;
    }
    /*@ loop invariant old.raw == slot->raw == \at(slot->raw, Pre);
        loop assigns old, slot->raw; */
    while (!__atomic_compare_exchange_n(&slot->raw, &old.raw, (old.raw & ~clear) | set, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    }
    return old;
}

#endif
