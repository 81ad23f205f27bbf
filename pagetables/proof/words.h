/* SPDX-License-Identifier: BSD-2-Clause */
/* The words that contracts are written in: bits, levels, what an entry says. */
#ifndef PAGETABLES_PROOF_WORDS_H
#define PAGETABLES_PROOF_WORDS_H

#include "pagetables/pagetables.h"
#include "pagetables/proof/sequential.h"

/* Bit i of a word.  WP works BIT out where both are numbers; `bit` it leaves closed, and has no
 * definition but in lemmas.c: elsewhere the lemmas say all that is needed about it. */
#define BIT(word, i) (((word) & ((integer)1 << (i))) != 0)
#ifdef PROOF_STEPS
/*@ predicate bit(integer word, integer i) = BIT(word, i); */
#else
/*@ axiomatic Bit { predicate bit(integer word, integer i) reads \nothing; } */
#endif

/* What fits in 64 bits; and equality, where it is to be proved bit by bit. */
/*@ predicate word(integer x) = 0 <= x <= UINT64_MAX;
    predicate same(integer x, integer y) = x <= y && y <= x; */

#define U64(word)    ((uint64_t)(word))
#define U32(word)    ((uint32_t)(word))

/* The bits of a mask, by a condition on their number `i`. */
#define MASK(word, condition) \forall integer i; 0 <= i < 64 ==> (bit(word, i) <==> (condition))

/* log2 of the bytes that an entry covers. */
#define SHIFT(level) (12 + PGT_INDEX_BITS * ((level) - 1))

/*@ logic integer reach_of(integer level) =
        level == 1 ? 0x1000 : level == 2 ? 0x200000 : level == 3 ? 0x40000000 :
        level == 4 ? 0x8000000000 : level == 5 ? 0x1000000000000 : 0x200000000000000;

    predicate is_level(integer level) = 1 <= level <= 5;
    predicate is_leaf_level(integer level) = 1 <= level <= 3;
*/

/* ---- entries: these expand where they are used, when pagetables/entry.h has named the bits -- */
#define IS_PRESENT(raw) (((raw) & ENTRY_PRESENT) != 0)
#define COUNT_OF(raw)   (((raw) & ENTRY_COUNT) >> ENTRY_COUNT_SHIFT)
#define PHYS_OF_LEAF(raw, level) ((raw) & ENTRY_ADDRESS & U64(~(reach_of(level) - 1)))
#define ATTRIBUTES_IN_LARGE(attributes) \
    (((attributes) & ~ENTRY_PAT_4K) | (((attributes) & ENTRY_PAT_4K) != 0 ? ENTRY_PAT_LARGE : 0))
#define ATTRIBUTES_OF_LEAF(raw, level) \
    ((level) == LEVEL_4K ? (raw) & ~ENTRY_ADDRESS \
                         : ((raw) & ~(ENTRY_ADDRESS | ENTRY_LARGE)) | \
                               (((raw) & ENTRY_PAT_LARGE) != 0 ? ENTRY_PAT_4K : 0))

/*@ logic uint64_t stepped(uint64_t first, uint64_t step, integer i) =
        i <= 0 ? first : (uint64_t)(stepped(first, step, i - 1) + step);
*/

#endif
