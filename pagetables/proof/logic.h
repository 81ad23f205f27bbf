/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the proofs have to be told of `&`, `<<` and `>>`: they are remainders, products and
 * quotients.  Every lemma is proved like a function's contract; none is an axiom.
 *
 * Frama-C sees machine words as integers, and its provers are at home in sums, quotients and
 * remainders by constants; of bits they know little.
 */
#ifndef PAGETABLES_PROOF_LOGIC_H
#define PAGETABLES_PROOF_LOGIC_H

#include "pagetables/proof/words.h"

#define WORD(x) \forall integer x; 0 <= x <= UINT64_MAX ==>

/*@ lemma and_is_word: WORD(x) WORD(y) 0 <= (x & y) <= UINT64_MAX;
    lemma half_word: \forall integer x; 0 <= x ==> U32(x) == x % 0x100000000;
*/

/* ---- bits of a word, one by one -------------------------------------------------------------- */
#define BIT_IS(name, power) lemma name: WORD(x) ((x & power) != 0 <==> x / power % 2 != 0)
/*@ BIT_IS(bit_0, 0x1);
    BIT_IS(bit_1, 0x2);
    BIT_IS(bit_2, 0x4);
    BIT_IS(bit_3, 0x8);
    BIT_IS(bit_4, 0x10);
    BIT_IS(bit_7, 0x80);
    BIT_IS(bit_8, 0x100);
    BIT_IS(bit_9, 0x200);
    BIT_IS(bit_12, 0x1000);
    BIT_IS(bit_63, 0x8000000000000000);
    lemma bit_and: \forall integer x, y, i; 0 <= i ==> (bit(x & y, i) <==> bit(x, i) && bit(y, i));
    lemma bit_or: \forall integer x, y, i; 0 <= i ==> (bit(x | y, i) <==> bit(x, i) || bit(y, i));
    lemma bit_none: \forall integer i; 0 <= i ==> !bit(0, i);
    lemma bit_all: \forall integer i; 0 <= i < 64 ==> bit(UINT64_MAX, i);
*/

/* ---- masks ----------------------------------------------------------------------------------- */
/*@ lemma and_7: WORD(x) (x & 7) == x % 8;
    lemma and_9_bits: WORD(x) (x & 0x1ff) == x % 0x200;
    lemma and_global: WORD(x) (x & ENTRY_GLOBAL) == x / 0x100 % 2 * 0x100;
    lemma and_told: WORD(x) (x & (ENTRY_GLOBAL << 1)) == x / 0x200 % 2 * 0x200;
    lemma and_address: WORD(x) (x & ENTRY_ADDRESS) == ADDRESS_OF(x);
    lemma and_not_address: WORD(x) (x & U64(~ENTRY_ADDRESS)) == NO_ADDRESS_OF(x);
    lemma and_not_address_large: WORD(x) (x & U64(~(ENTRY_ADDRESS | ENTRY_LARGE))) ==
        x % 0x80 + x / 0x100 % 0x10 * 0x100 + ABOVE_ADDRESS(x);
    lemma and_not_pat: WORD(x) (x & U64(~ENTRY_PAT_4K)) == x % 0x80 + x / 0x100 * 0x100;
    lemma and_count: WORD(x) (x & ENTRY_COUNT) == COUNT_OF(x) * 0x10000000000000;
    lemma and_not_count: WORD(x) (x & U64(~ENTRY_COUNT)) == WITHOUT_COUNT(x);
    lemma and_not_kept: WORD(x) (x & U64(~(ENTRY_COUNT | (ENTRY_GLOBAL << 1)))) ==
        x % 0x200 + x / 0x400 % 0x40000000000 * 0x400 +
        x / 0x4000000000000000 * 0x4000000000000000;
*/

/* ---- shifts ---------------------------------------------------------------------------------- */
/*@ lemma shift_count: WORD(x) (x >> 52) == x / 0x10000000000000;
    lemma shift_to_count: WORD(x) (x << 52) == x * 0x10000000000000;
    lemma shift_1: WORD(x) (x >> 1) == x / 2;
    lemma shift_to_1: WORD(x) (x << 1) == x * 2;
*/

/* ---- levels ---------------------------------------------------------------------------------- */
/*@ lemma reach_is_shifted: \forall integer level; 1 <= level <= 6 ==>
        (1 << SHIFT(level)) == reach_of(level);
    lemma shift_is_division: \forall integer x, level; 0 <= x <= UINT64_MAX ==> 1 <= level <= 5 ==>
        (x >> SHIFT(level)) == x / reach_of(level);
    lemma phys_is_masked: \forall integer x, level; 0 <= x <= UINT64_MAX ==> 1 <= level <= 3 ==>
        (x & ENTRY_ADDRESS & U64(~(reach_of(level) - 1))) == phys_of_leaf(x, level);
*/

#endif
