/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries for those who look at them themselves, a fault handler for instance: flags by name,
 * and the frame.  The bits are those of pagetables/entry.h, which is the one place that knows them.
 *
 * Who maps and protects doesn't need this: rights and memory types in the words of
 * pagetables/pagetables.h are enough, and are judged against the processor.
 */
#ifndef PAGETABLES_FLAGS_H
#define PAGETABLES_FLAGS_H

#include "pagetables/entry.h"

/* Flags of an entry, to be joined with "|". */
#define PGT_FLAG_PRESENT       ENTRY_PRESENT
#define PGT_FLAG_WRITABLE      ENTRY_WRITE
#define PGT_FLAG_USER          ENTRY_USER
#define PGT_FLAG_WRITE_THROUGH ENTRY_PWT
#define PGT_FLAG_CACHE_DISABLE ENTRY_PCD
#define PGT_FLAG_ACCESSED      ENTRY_ACCESSED
#define PGT_FLAG_DIRTY         ENTRY_DIRTY
#define PGT_FLAG_HUGE          ENTRY_LARGE /* above level 1; there the bit belongs to the PAT */
#define PGT_FLAG_GLOBAL        ENTRY_GLOBAL
#define PGT_FLAG_NO_EXECUTE    ENTRY_XD

/* Copy-on-write is no flag of the processor's but a bit that it leaves to software: the lowest of
 * them, in a leaf.  As flag, and as `software` of a mapping. */
#define PGT_SOFTWARE_COPY_ON_WRITE 1u
#define PGT_FLAG_COPY_ON_WRITE     (UINT64_C(1) << ENTRY_SOFTWARE_LOW_SHIFT)
_Static_assert(PGT_FLAG_COPY_ON_WRITE &ENTRY_SOFTWARE, "left to software");

/* Frames by number: bytes 0 to 4095 are frame 0. */
static inline uint64_t pgt_frame_number(uint64_t phys)
{
    return phys / PGT_PAGE;
}

static inline uint64_t pgt_frame_address(uint64_t number)
{
    return number * PGT_PAGE;
}

static inline bool pgt_entry_has_all(pgt_entry entry, uint64_t flags)
{
    return (entry.raw & flags) == flags;
}

static inline bool pgt_entry_has_any(pgt_entry entry, uint64_t flags)
{
    return entry.raw & flags;
}

/* The entry with flags set, or cleared, and all else kept. */
static inline pgt_entry pgt_entry_set(pgt_entry entry, uint64_t flags)
{
    return (pgt_entry){entry.raw | flags};
}

static inline pgt_entry pgt_entry_clear(pgt_entry entry, uint64_t flags)
{
    return (pgt_entry){entry.raw & ~flags};
}

/* The bits that hold a physical address in an entry of a level: in a large leaf the lower ones
 * are flags. */
static inline uint64_t pgt_entry_address_bits(pgt_entry entry, unsigned level)
{
    return entry_is_leaf(entry, level) ? ENTRY_ADDRESS & ~level_mask(level) : ENTRY_ADDRESS;
}

/* The number of the first frame that an entry of a level (1 is a page table's) maps, or of the
 * table that it leads to. */
static inline uint64_t pgt_entry_frame(pgt_entry entry, unsigned level)
{
    return pgt_frame_number(entry.raw & pgt_entry_address_bits(entry, level));
}

/* The entry with another frame, and its flags kept.  The frame shall be one that such an entry can
 * hold: below 2^40, and aligned to the size of a large leaf. */
static inline pgt_entry pgt_entry_with_frame(pgt_entry entry, unsigned level, uint64_t number)
{
    uint64_t bits = pgt_entry_address_bits(entry, level);
    pgt_assert(number <= pgt_frame_number(ENTRY_ADDRESS) && !(pgt_frame_address(number) & ~bits));
    return (pgt_entry){(entry.raw & ~bits) | pgt_frame_address(number)};
}

#endif
