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

/* The address field, and what a word holds below and above it.  A field in its place is what lies
 * below its end, without what lies below its start. */
#define ADDRESS_OF(raw)    ((raw) % 0x10000000000000 - (raw) % 0x1000)
#define NO_ADDRESS_OF(raw) ((raw) - (raw) % 0x10000000000000 + (raw) % 0x1000)
#define IS_ADDRESS(phys)   ((phys) == ADDRESS_OF(phys))

/* How many entries of a table are present, in the entry that refers to it. */
#define COUNT_OF(raw)      ((raw) / 0x10000000000000 % 0x400)
#define WITHOUT_COUNT(raw) ((raw) - (raw) % 0x4000000000000000 + (raw) % 0x10000000000000)

/* A leaf's address, whose low bits are free for other uses in larger leaves. */
/*@ logic integer phys_of_leaf(integer raw, integer level) =
        raw % 0x10000000000000 -
        (level == 1 ? raw % 0x1000 : level == 2 ? raw % 0x200000 : raw % 0x40000000);
*/

/* Attributes are in the form of a 4K leaf: PAT is bit 7.  In a larger leaf it is bit 12, and bit 7
 * says that the entry is a leaf. */
/*@ predicate is_attributes(integer attributes) =
        0 <= attributes <= UINT64_MAX && attributes == NO_ADDRESS_OF(attributes);

    predicate is_phys_of_leaf(integer phys, integer level) =
        0 <= phys && phys == phys_of_leaf(phys, level);

    logic integer attributes_at_level(integer attributes, integer level) =
        level == 1 ? attributes : attributes + attributes / 0x80 % 2 * (0x1000 - 0x80);

    logic integer attributes_of_leaf(integer raw, integer level) =
        level == 1 ? NO_ADDRESS_OF(raw) :
        NO_ADDRESS_OF(raw) - raw / 0x80 % 2 * 0x80 + raw / 0x1000 % 2 * 0x80;

    logic integer leaf_of(integer attributes, integer phys, integer level) =
        attributes_at_level(attributes, level) + (level == 1 ? 0 : 0x80) + phys;

    predicate is_leaf(integer raw, integer level) = 0 <= raw <= UINT64_MAX &&
        (level == 1 || raw / 0x80 % 2 == 1 && raw % reach_of(level) == raw % 0x2000);
*/

/* What a leaf leaves to software, and its protection key. */
#define SOFTWARE_OF(bits) ((bits) / 0x200 % 8 + (bits) / 0x10000000000000 % 0x80 * 8)
#define KEY_OF(bits)      ((bits) / 0x800000000000000 % 16)

/* Memory types as IA32_PAT numbers them, by enum pgt_memory. */
#define PAT_TYPE_OF(memory) \
    ((memory) == 0 ? 6 : (memory) == 1 ? 4 : (memory) == 2 ? 7 : (memory) == 3 ? 0 : \
     (memory) == 4 ? 5 : 1)

/* Rights as attribute bits, and the other way round: whatever is mapped can be read. */
#define ATTRIBUTES_OF_RIGHTS(rights) \
    ((HAS(rights, PGT_WRITE) ? ENTRY_WRITE : 0) + (HAS(rights, PGT_EXECUTE) ? 0 : ENTRY_XD) + \
     (HAS(rights, PGT_USER) ? ENTRY_USER : 0) + (HAS(rights, PGT_GLOBAL) ? ENTRY_GLOBAL : 0))
#define RIGHTS_OF(attributes) \
    (PGT_READ + (HAS(attributes, ENTRY_WRITE) ? PGT_WRITE : 0) + \
     (HAS(attributes, ENTRY_XD) ? 0 : PGT_EXECUTE) + \
     (HAS(attributes, ENTRY_USER) ? PGT_USER : 0) + \
     (HAS(attributes, ENTRY_GLOBAL) ? PGT_GLOBAL : 0))

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
