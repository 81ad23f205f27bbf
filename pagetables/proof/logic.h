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
    lemma or_is_word: WORD(x) WORD(y) 0 <= (x | y) <= UINT64_MAX;
    lemma xor_is_word: WORD(x) WORD(y) 0 <= (x ^ y) <= UINT64_MAX;
    lemma half_word: \forall integer x; 0 <= x ==> U32(x) == x % 0x100000000;
    lemma half_index: WORD(x) (U32(x) & 0x1ff) == x % 0x200;
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
        NO_ADDRESS_OF(x) - x / 0x80 % 2 * 0x80;
    lemma and_not_pat: WORD(x) (x & U64(~ENTRY_PAT_4K)) == x - x / 0x80 % 2 * 0x80;
    lemma and_count: WORD(x) (x & ENTRY_COUNT) == COUNT_OF(x) * 0x10000000000000;
    lemma and_not_count: WORD(x) (x & U64(~ENTRY_COUNT)) == WITHOUT_COUNT(x);
    lemma and_not_kept: WORD(x) (x & U64(~(ENTRY_COUNT | (ENTRY_GLOBAL << 1)))) ==
        WITHOUT_COUNT(x) - x / 0x200 % 2 * 0x200;
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
    lemma phys_is_masked_here: \forall pgt_entry e, integer level; 0 <= e.raw <= UINT64_MAX ==> 1 <= level <= 3 ==>
        (e.raw & ENTRY_ADDRESS & U64(~(reach_of(level) - 1))) == phys_of_leaf(e.raw, level);
*/

/*@ lemma shift_to_reach: \forall integer x, level; 0 <= x <= 0x200 ==> 1 <= level <= 3 ==>
        (x << SHIFT(level)) == x * reach_of(level);
*/

/* ---- software's bits, keys, rights ----------------------------------------------------------- */
/*@ lemma half_7: WORD(x) (U32(x) & 7) == x % 8;
    lemma half_index_7: WORD(x) (U32(x) & 0x7f) == x % 0x80;
    lemma half_15: WORD(x) (U32(x) & 15) == x % 16;
    lemma and_7f: WORD(x) (x & 0x7f) == x % 0x80;
    lemma and_15: WORD(x) (x & 15) == x % 16;
    lemma shift_3: WORD(x) (x >> 3) == x / 8;
    lemma shift_9: WORD(x) (x >> 9) == x / 0x200;
    lemma shift_59: WORD(x) (x >> 59) == x / 0x800000000000000;
    lemma shift_to_3: WORD(x) (x << 3) == x * 8;
    lemma shift_to_9: WORD(x) (x << 9) == x * 0x200;
    lemma shift_to_59: WORD(x) (x << 59) == x * 0x800000000000000;
    lemma and_not_known: WORD(x) (x & 0xffffffe0) == x % 0x100000000 - x % 0x20;
*/

/* ---- leaves: what is encoded is read back, at every level --------------------------------------- */
#define LEAF(attributes, phys, level) \
    \forall integer attributes, phys, level; is_attributes(attributes) ==> \
        is_leaf_level(level) ==> is_phys_of_leaf(phys, level) ==>
/*@ lemma leaf_is_word: LEAF(attributes, phys, level)
        0 <= leaf_of(attributes, phys, level) <= UINT64_MAX;
    lemma leaf_is_large: LEAF(attributes, phys, level)
        level != 1 ==> HAS(leaf_of(attributes, phys, level), 0x80);
    lemma leaf_has_phys: LEAF(attributes, phys, level)
        phys_of_leaf(leaf_of(attributes, phys, level), level) == phys;
    lemma leaf_has_attributes: LEAF(attributes, phys, level)
        attributes_of_leaf(leaf_of(attributes, phys, level), level) == attributes;
    lemma leaf_is_leaf: LEAF(attributes, phys, level) is_leaf(leaf_of(attributes, phys, level), level);
    lemma phys_of_any: \forall integer raw, level; 0 <= raw <= UINT64_MAX ==>
        is_leaf_level(level) ==> is_phys_of_leaf(phys_of_leaf(raw, level), level);
    lemma attributes_of_any: \forall integer raw, level; 0 <= raw <= UINT64_MAX ==>
        is_leaf_level(level) ==> is_attributes(attributes_of_leaf(raw, level));
    lemma part_has_phys: \forall integer phys, index, level; 2 <= level <= 3 ==>
        is_phys_of_leaf(phys, level) ==> 0 <= index < 0x200 ==>
        is_phys_of_leaf(phys + index * reach_of(level - 1), level - 1);
    lemma leaf_again: \forall integer raw, level; is_leaf(raw, level) ==> is_leaf_level(level) ==>
        leaf_of(attributes_of_leaf(raw, level), phys_of_leaf(raw, level), level) == raw;
*/

/* ---- how many entries of a run are present ------------------------------------------------------- */
/*@ lemma present_none{L}: \forall pgt_entry *slot, integer from, to; 0 <= from <= to ==>
        (\forall integer k; from <= k < to ==> !IS_PRESENT(slot[k].raw)) ==>
        present(slot, from, to) == 0;
    lemma present_all{L}: \forall pgt_entry *slot, integer from, to; 0 <= from <= to ==>
        (\forall integer k; from <= k < to ==> IS_PRESENT(slot[k].raw)) ==>
        present(slot, from, to) == to - from;
    lemma present_same{L, M}: \forall pgt_entry *slot, integer from, to; 0 <= from <= to ==>
        (\forall integer k; from <= k < to ==> \at(slot[k].raw, L) == \at(slot[k].raw, M)) ==>
        present{L}(slot, from, to) == present{M}(slot, from, to);
    lemma present_parts{L}: \forall pgt_entry *slot, integer from, mid, to;
        0 <= from <= mid <= to ==>
        present(slot, from, to) == present(slot, from, mid) + present(slot, mid, to);
    lemma word_even: \forall integer x; 0 <= x ==> U64(x) % 2 == x % 2;
    lemma stepped_even: \forall uint64_t first, step, integer i; step % 2 == 0 ==> 0 <= i ==>
        stepped(first, step, i) % 2 == first % 2;
*/

#endif
