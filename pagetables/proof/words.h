/* SPDX-License-Identifier: BSD-2-Clause */
/* Bits and widths of words, in contracts. */
#ifndef PAGETABLES_PROOF_WORDS_H
#define PAGETABLES_PROOF_WORDS_H

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

#endif
