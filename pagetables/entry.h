/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one file that knows the bits of an entry (SDM 4.5, tables 4-14 to 4-20).
 *
 *   63  62    59 58  52 51                    12 11 9 8 7  6 5 4   3   2  1 0
 *   XD  key      free   physical address         free  G PS D A PCD PWT US W P
 *
 * Bit 7 is PS above level 1: set in a leaf, clear in an entry that refers to a
 * table.  In a 4K leaf bit 7 is PAT instead; in a larger leaf PAT is bit 12,
 * the lowest of those that its larger alignment sets free.  To keep that from
 * getting anywhere else, attributes are held in the form of a 4K leaf and
 * translated where an entry is written or read.
 *
 * An entry that refers to a table grants all rights, since rights live in
 * leaves, and has accessed preset, so that the processor never writes it.  Its
 * bits 52 to 61, which the processor ignores, hold how many entries of that
 * table are present: 0 to 512.
 */
#ifndef PAGETABLES_ENTRY_H
#define PAGETABLES_ENTRY_H

#include "pagetables/pagetables.h"

#ifdef PGT_ASSERT
#define pgt_assert(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#define pgt_assert(condition) ((void)0)
#endif

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

#define ENTRY_COUNT_SHIFT 52
#define ENTRY_COUNT       (UINT64_C(0x3ff) << ENTRY_COUNT_SHIFT)

/* All rights, accessed, and dirty, which is ignored here: the classic 067. */
#define ENTRY_TABLE (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED | ENTRY_DIRTY)

/* The levels that can hold leaves: 1 (4K), 2 (2M), 3 (1G). */
#define LEVEL_4K 1u
#define LEVEL_2M 2u
#define LEVEL_1G 3u

/* log2 of the bytes that one entry of a table at `level` covers. */
static inline unsigned level_shift(unsigned level)
{
    return 12 + PGT_INDEX_BITS * (level - 1);
}

/* Bytes that one entry of a table at `level` covers, less one: a mask too. */
static inline uint64_t level_mask(unsigned level)
{
    return (UINT64_C(1) << level_shift(level)) - 1;
}

static inline unsigned level_index(uint64_t virt, unsigned level)
{
    return (unsigned)(virt >> level_shift(level)) & (PGT_ENTRIES - 1);
}

static inline unsigned arch_largest_level(const struct pgt_arch *arch)
{
    return arch->pages_1g ? LEVEL_1G : LEVEL_2M;
}

static inline bool entry_present(pgt_entry entry)
{
    return entry.raw & ENTRY_PRESENT;
}

/* For a present entry. */
static inline bool entry_is_leaf(pgt_entry entry, unsigned level)
{
    return level == LEVEL_4K || (entry.raw & ENTRY_LARGE);
}

static inline pgt_entry entry_to_table(uint64_t table, unsigned count)
{
    return (pgt_entry){table | ENTRY_TABLE | (uint64_t)count << ENTRY_COUNT_SHIFT};
}

static inline uint64_t entry_table(pgt_entry entry)
{
    return entry.raw & ENTRY_ADDRESS;
}

static inline unsigned entry_count(pgt_entry entry)
{
    return (unsigned)((entry.raw & ENTRY_COUNT) >> ENTRY_COUNT_SHIFT);
}

static inline pgt_entry entry_with_count(pgt_entry entry, unsigned count)
{
    return (pgt_entry){(entry.raw & ~ENTRY_COUNT) | (uint64_t)count << ENTRY_COUNT_SHIFT};
}

/* attributes are in the form of a 4K leaf. */
static inline pgt_entry entry_to_leaf(uint64_t attributes, uint64_t phys, unsigned level)
{
    if (level == LEVEL_4K)
        return (pgt_entry){attributes | phys};
    uint64_t pat = attributes & ENTRY_PAT_4K ? ENTRY_PAT_LARGE : 0;
    return (pgt_entry){(attributes & ~ENTRY_PAT_4K) | ENTRY_LARGE | pat | phys};
}

static inline uint64_t leaf_phys(pgt_entry entry, unsigned level)
{
    return entry.raw & ENTRY_ADDRESS & ~level_mask(level);
}

/* The attributes of a leaf of any level in the form of a 4K leaf. */
static inline uint64_t leaf_attributes(pgt_entry entry, unsigned level)
{
    if (level == LEVEL_4K)
        return entry.raw & ~ENTRY_ADDRESS;
    uint64_t pat = entry.raw & ENTRY_PAT_LARGE ? ENTRY_PAT_4K : 0;
    return (entry.raw & ~(ENTRY_ADDRESS | ENTRY_LARGE)) | pat;
}

/* The leaf one level down that maps the index-th part of a larger leaf alike.
 */
static inline pgt_entry leaf_part(pgt_entry leaf, unsigned level, unsigned index)
{
    uint64_t phys = leaf_phys(leaf, level) + ((uint64_t)index << level_shift(level - 1));
    return entry_to_leaf(leaf_attributes(leaf, level), phys, level - 1);
}

/* Memory types as IA32_PAT numbers them (SDM table 11-10), by enum pgt_memory.
 */
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

/* The PAT selector bits of a memory type: the first PAT entry that holds it.
 * False where none does. */
static inline bool attributes_of_memory(const struct pgt_arch *arch, enum pgt_memory memory,
                                        uint64_t *ret_bits)
{
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

/* Rights and memory type as attributes; false where arch can't express them:
 * no right to access at all, no XD, or a memory type that the PAT lacks. */
static inline bool attributes_encode(const struct pgt_arch *arch, unsigned rights,
                                     enum pgt_memory memory, uint64_t *ret_attributes)
{
    uint64_t bits;
    if (!(rights & (PGT_READ | PGT_WRITE | PGT_EXECUTE)) || rights > 31u ||
        (unsigned)memory >= PGT_MEMORY_TYPES || !attributes_of_memory(arch, memory, &bits))
        return false;
    if (!(rights & PGT_EXECUTE) && !arch->no_execute)
        return false;
    *ret_attributes = bits | ENTRY_PRESENT | ENTRY_ACCESSED |
                      (rights & PGT_WRITE ? ENTRY_WRITE | ENTRY_DIRTY : 0) |
                      (rights & PGT_EXECUTE ? 0 : ENTRY_XD) | (rights & PGT_USER ? ENTRY_USER : 0) |
                      (rights & PGT_GLOBAL ? ENTRY_GLOBAL : 0);
    return true;
}

static inline unsigned rights_of_attributes(uint64_t attributes)
{
    return PGT_READ | (attributes & ENTRY_WRITE ? PGT_WRITE : 0) |
           (attributes & ENTRY_XD ? 0 : PGT_EXECUTE) | (attributes & ENTRY_USER ? PGT_USER : 0) |
           (attributes & ENTRY_GLOBAL ? PGT_GLOBAL : 0);
}

/* One store, never torn, after all stores before it: a processor or another
 * reader that sees this entry sees what it leads to. */
static inline void entry_store(pgt_entry *slot, pgt_entry entry)
{
    __atomic_store_n(&slot->raw, entry.raw, __ATOMIC_RELEASE);
}

static inline pgt_entry entry_load(const pgt_entry *slot)
{
    return (pgt_entry){__atomic_load_n(&slot->raw, __ATOMIC_ACQUIRE)};
}

#endif
