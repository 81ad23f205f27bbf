/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words that the contracts in pagetables/ are written in, and lemmas about bits.  Every
 * lemma is proved like a function's contract; none is an axiom.
 *
 * Frama-C sees machine words as integers, and knows of a bitwise operator what it does to each
 * bit.  So most goals go bit by bit: what bits a mask has, two words with the same bits are equal.
 */
#ifndef PAGETABLES_PROOF_LOGIC_H
#define PAGETABLES_PROOF_LOGIC_H

#include "pagetables/pagetables.h"
#include "pagetables/proof/words.h"

/* ---- words are their bits, shifts are divisions (the way there is in lemmas.c) ------------ */
/*@ lemma word_0: word(0);
    lemma word_typed: \forall uint64_t x; word(x);
    lemma same_bits: \forall integer x, y; word(x) ==> word(y) ==>
        (\forall integer i; 0 <= i < 64 ==> (bit(x, i) <==> bit(y, i))) ==> same(x, y);
    lemma bit_and: \forall integer x, y, i; 0 <= i ==> (bit(x & y, i) <==> bit(x, i) && bit(y, i));
    lemma bit_or: \forall integer x, y, i; 0 <= i ==> (bit(x | y, i) <==> bit(x, i) || bit(y, i));
    lemma bit_xor: \forall integer x, y, i;
        0 <= i ==> (bit(x ^ y, i) <==> !(bit(x, i) <==> bit(y, i)));
    lemma bit_not: \forall integer x, i; 0 <= i ==> (bit(~x, i) <==> !bit(x, i));
    lemma bit_64: \forall integer x, i; 0 <= i < 64 ==> (bit(U64(x), i) <==> bit(x, i));
    lemma bit_32: \forall integer x, i; 0 <= i < 32 ==> (bit(U32(x), i) <==> bit(x, i));
    lemma bit_64_above: \forall uint64_t x; \forall integer i; 64 <= i ==> !bit(x, i);
    lemma bit_32_above: \forall uint32_t x; \forall integer i; 32 <= i ==> !bit(x, i);
    lemma bit_right: \forall integer x, n, i; 0 <= n ==> 0 <= i ==> (bit(x >> n, i) <==> bit(x, i + n));
    lemma bit_left: \forall integer x, n, i; 0 <= n ==> 0 <= i ==>
        (bit(x << n, i) <==> n <= i && bit(x, i - n));
    lemma bit_0: \forall integer x; bit(x, 0) <==> (x & 0x1) != 0;
    lemma bit_1: \forall integer x; bit(x, 1) <==> (x & 0x2) != 0;
    lemma bit_3: \forall integer x; bit(x, 3) <==> (x & 0x8) != 0;
    lemma bit_4: \forall integer x; bit(x, 4) <==> (x & 0x10) != 0;
    lemma bit_7: \forall integer x; bit(x, 7) <==> (x & 0x80) != 0;
    lemma bit_8: \forall integer x; bit(x, 8) <==> (x & 0x100) != 0;
    lemma bit_12: \forall integer x; bit(x, 12) <==> (x & 0x1000) != 0;
    lemma bit_63: \forall integer x; bit(x, 63) <==> (x & 0x8000000000000000) != 0;
    lemma word_converted: \forall integer x; word(U64(x));
    lemma word_and: \forall integer x, y; word(x) ==> word(y) ==> word(x & y);
    lemma word_xor: \forall integer x, y; word(x) ==> word(y) ==> word(x ^ y);
    lemma word_or: \forall integer x, y; word(x) ==> word(y) ==> word(x | y);
    lemma word_right: \forall integer x, k; word(x) ==> 0 <= k ==> word(x >> k);
    lemma shift_12: \forall uint64_t x; (x >> 12) == x / 0x1000;
    lemma shift_21: \forall uint64_t x; (x >> 21) == x / 0x200000;
    lemma shift_30: \forall uint64_t x; (x >> 30) == x / 0x40000000;
    lemma shift_39: \forall uint64_t x; (x >> 39) == x / 0x8000000000;
    lemma shift_48: \forall uint64_t x; (x >> 48) == x / 0x1000000000000;
    lemma shift_52: \forall uint64_t x; (x >> 52) == x / 0x10000000000000;
*/

/* ---- low masks are remainders ----------------------------------------------------------- */
/*@ lemma low_3: \forall uint64_t x; (x & 7) == x % 8;
    lemma low_9: \forall uint64_t x; (x & 0x1ff) == x % 0x200;
    lemma low_10: \forall uint64_t x; (x & 0x3ff) == x % 0x400;
    lemma low_12: \forall uint64_t x; (x & 0xfff) == x % 0x1000;
    lemma low_21: \forall uint64_t x; (x & 0x1fffff) == x % 0x200000;
    lemma low_30: \forall uint64_t x; (x & 0x3fffffff) == x % 0x40000000;
    lemma low_39: \forall uint64_t x; (x & 0x7fffffffff) == x % 0x8000000000;
    lemma low_48: \forall uint64_t x; (x & 0xffffffffffff) == x % 0x1000000000000;
    lemma low_57: \forall uint64_t x; (x & 0x1ffffffffffffff) == x % 0x200000000000000;
*/

/*@ lemma no_bits: \forall integer i; 0 <= i ==> !bit(0, i);
    lemma disjoint: \forall integer m, x, i;
        0 <= i < 64 ==> (m & x) == 0 ==> !(bit(m, i) && bit(x, i));
    lemma bits_10: MASK(0x3ff, i < 10);
    lemma small_10: \forall integer x, i; 0 <= x < 0x400 ==> 10 <= i < 64 ==> !bit(x, i);
    lemma index_of_32: \forall uint64_t x; (U32(x) & 0x1ff) == x % 0x200;
*/

/* ---- levels ------------------------------------------------------------------------------ */
/*@ lemma bits_12: MASK(0xfff, i < 12);
    lemma bits_21: MASK(0x1fffff, i < 21);
    lemma bits_30: MASK(0x3fffffff, i < 30);
    lemma bits_39: MASK(0x7fffffffff, i < 39);
    lemma bits_48: MASK(0xffffffffffff, i < 48);
    lemma reach_is_shifted: \forall integer level; 1 <= level <= 6 ==>
        (1 << SHIFT(level)) == reach_of(level);
    lemma shift_is_division: \forall uint64_t x; \forall integer level; 1 <= level <= 5 ==>
        (x >> SHIFT(level)) == x / reach_of(level);
    lemma bits_in_reach: \forall integer level, i; 1 <= level <= 5 ==> 0 <= i < 64 ==>
        (bit(reach_of(level) - 1, i) <==> i < SHIFT(level));
*/

#include "pagetables/entry.h"

/* ---- the bits of each mask, as Frama-C folds them ---------------------------------------- */
/*@ lemma mask_present: MASK(ENTRY_PRESENT, i == 0);
    lemma mask_large: MASK(ENTRY_LARGE, i == 7);
    lemma mask_global: MASK(ENTRY_GLOBAL, i == 8);
    lemma mask_pat_large: MASK(ENTRY_PAT_LARGE, i == 12);
    lemma mask_address: MASK(ENTRY_ADDRESS, 12 <= i < 52);
    lemma mask_no_address: MASK(U64(~ENTRY_ADDRESS), !(12 <= i < 52));
    lemma mask_no_pat: MASK(U64(~ENTRY_PAT_4K), i != 7);
    lemma mask_no_address_large: MASK(U64(~(ENTRY_ADDRESS | ENTRY_LARGE)), !(12 <= i < 52 || i == 7));
    lemma mask_count: MASK(ENTRY_COUNT, 52 <= i < 62);
    lemma mask_no_count: MASK(U64(~ENTRY_COUNT), !(52 <= i < 62));
    lemma mask_kept: MASK((ENTRY_COUNT | ENTRY_GLOBAL), 52 <= i < 62 || i == 8);
    lemma mask_not_kept: MASK(U64(~(ENTRY_COUNT | ENTRY_GLOBAL)), !(52 <= i < 62 || i == 8));
    lemma mask_address_count: MASK((ENTRY_ADDRESS | ENTRY_COUNT), 12 <= i < 62);
    lemma mask_no_address_count: MASK(U64(~(ENTRY_ADDRESS | ENTRY_COUNT)), !(12 <= i < 62));
    lemma mask_none: MASK(0, 0 == 1);
    lemma mask_all: MASK(UINT64_MAX, 0 == 0);
    lemma mask_table: MASK(ENTRY_TABLE, i == 0 || i == 1 || i == 2 || i == 5 || i == 6);
*/

#endif
