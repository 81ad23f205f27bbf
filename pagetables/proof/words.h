/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words that contracts are written in: bits, levels, what an entry says.  A machine word is a
 * number; so a field of it is a quotient's remainder, and fields that can't overlap are added.
 */
#ifndef PAGETABLES_PROOF_WORDS_H
#define PAGETABLES_PROOF_WORDS_H

#include "pagetables/pagetables.h"
#include "pagetables/proof/sequential.h"

/* Is a bit set?  `bit` has one name, and is a power of two. */
#define HAS(word, bit) ((word) / (bit) % 2 != 0)

/* A word's bit by its number, closed outside lemmas.c: for contracts that speak of all bits. */
#define BIT(word, i) (((word) & ((integer)1 << (i))) != 0)
#ifdef PROOF_STEPS
/*@ predicate bit(integer word, integer i) = BIT(word, i); */
#else
/*@ axiomatic Bit { predicate bit(integer word, integer i) reads \nothing; } */
#endif

#define U64(word) ((uint64_t)(word))
#define U32(word) ((uint32_t)(word))

/* ---- levels ------------------------------------------------------------------------------ */
/* log2 of the bytes that an entry covers. */
#define SHIFT(level) (12 + PGT_INDEX_BITS * ((level) - 1))

/*@ logic integer reach_of(integer level) =
        level == 1 ? 0x1000 : level == 2 ? 0x200000 : level == 3 ? 0x40000000 :
        level == 4 ? 0x8000000000 : level == 5 ? 0x1000000000000 : 0x200000000000000;

    predicate is_level(integer level) = 1 <= level <= 5;
    predicate is_leaf_level(integer level) = 1 <= level <= 3;
*/

/* ---- entries: these expand where they are used, when pagetables/entry.h has named the bits -- */
#define IS_PRESENT(raw) HAS(raw, ENTRY_PRESENT)

/* The address field, and what a word holds below and above it. */
#define ADDRESS_OF(raw)     ((raw) / 0x1000 % 0x10000000000 * 0x1000)
#define NO_ADDRESS_OF(raw)  ((raw) % 0x1000 + ABOVE_ADDRESS(raw))
#define ABOVE_ADDRESS(raw)  ((raw) / 0x10000000000000 * 0x10000000000000)
#define IS_ADDRESS(phys)    ((phys) == ADDRESS_OF(phys))

/* How many entries of a table are present, in the entry that refers to it. */
#define COUNT_OF(raw)   ((raw) / 0x10000000000000 % 0x400)
#define WITHOUT_COUNT(raw) \
    ((raw) % 0x10000000000000 + (raw) / 0x4000000000000000 * 0x4000000000000000)

/* A leaf's address, whose low bits are free for other uses in larger leaves. */
/*@ logic integer phys_of_leaf(integer raw, integer level) =
        level == 1 ? raw / 0x1000 % 0x10000000000 * 0x1000 :
        level == 2 ? raw / 0x200000 % 0x80000000 * 0x200000 :
                     raw / 0x40000000 % 0x400000 * 0x40000000;
*/

/* Attributes are in the form of a 4K leaf: PAT is bit 7.  In a larger leaf it is bit 12. */
#define IS_ATTRIBUTES(word) ((word) == NO_ADDRESS_OF(word))
#define ATTRIBUTES_AT(attributes, level) \
    ((level) == LEVEL_4K ? (attributes) \
                         : (attributes) + (attributes) / ENTRY_PAT_4K % 2 * \
                               (ENTRY_PAT_LARGE - ENTRY_PAT_4K))
#define ATTRIBUTES_OF_LEAF(raw, level) \
    ((level) == LEVEL_4K ? NO_ADDRESS_OF(raw) \
                         : (raw) % 0x80 + (raw) / 0x100 % 0x10 * 0x100 + ABOVE_ADDRESS(raw) + \
                               (raw) / ENTRY_PAT_LARGE % 2 * ENTRY_PAT_4K)

/* Leaves that continue each other; a sum that leaves 64 bits goes on from 0. */
/*@ logic uint64_t stepped(uint64_t first, uint64_t step, integer i) =
        i <= 0 ? first : (uint64_t)(stepped(first, step, i - 1) + step);
*/

#include "pagetables/entry.h"

/* How many entries of a run are present: those of slot[from .. to - 1]. */
/*@ logic integer present{L}(pgt_entry *slot, integer from, integer to) =
        from >= to ? 0 :
        present(slot, from, to - 1) + (IS_PRESENT(slot[to - 1].raw) ? 1 : 0);
*/

#endif
