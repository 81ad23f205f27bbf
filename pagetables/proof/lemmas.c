/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to the lemmas in logic.h, which are proved at its end, where that file is included.
 * Elsewhere these steps would only lead the provers astray.
 */
#define PROOF_STEPS
#include "pagetables/proof/words.h"

/* Words are their bits: first those of 32 bits, which a tactic of WP takes apart. */
/*@ lemma same_bits_32: \forall integer x, y;
        (\forall integer i; 0 <= i < 32 ==> (BIT(U32(x), i) <==> BIT(U32(y), i))) ==>
        U32(x) == U32(y);
    lemma truncated_32: \forall integer x; 0 <= x ==> U32(x) == x % 0x100000000;
    lemma bit_of_low_half: \forall integer x, i;
        0 <= i < 32 ==> (BIT(U32(x), i) <==> BIT(x, i));
    lemma bit_of_high_half: \forall integer x, i;
        0 <= i < 32 ==> (BIT(U32(x >> 32), i) <==> BIT(x, i + 32));
    lemma same_low_half: \forall integer x, y;
        (\forall integer i; 0 <= i < 64 ==> (BIT(x, i) <==> BIT(y, i))) ==> U32(x) == U32(y);
    lemma same_high_half: \forall integer x, y;
        (\forall integer i; 0 <= i < 64 ==> (BIT(x, i) <==> BIT(y, i))) ==>
        U32(x >> 32) == U32(y >> 32);
*/

/* What fits in 64 bits.  Under a name of its own, since WP would look through a conversion. */
/*@ logic integer wrapped(integer x) = (uint64_t)x;
    lemma wrapped_fits: \forall integer x; 0 <= wrapped(x) <= UINT64_MAX;
    lemma and_wrapped: \forall uint64_t x, y; wrapped(x & y) == (x & y);
    lemma xor_wrapped: \forall uint64_t x, y; wrapped(x ^ y) == (x ^ y);
    lemma or_wrapped: \forall uint64_t x, y; wrapped(x | y) == (x | y);
*/

/* A shift is a division: a few places at a time. */
/*@ lemma shift_again: \forall integer x, k; 0 <= k ==> ((x >> k) >> 1) == (x >> (k + 1));
    lemma shift_fits: \forall uint64_t x; \forall integer k; 0 <= k ==> U64(x >> k) == (x >> k);
    lemma shift_positive: \forall uint64_t x; \forall integer k; 0 <= k ==> 0 <= (x >> k);
    lemma shift_halves: \forall uint64_t x; \forall integer k;
        0 <= k ==> (x >> (k + 1)) == (x >> k) / 2;
    lemma twice_2: \forall uint64_t x; ((x >> 1) >> 1) == x / 0x4;
    lemma by_2: \forall uint64_t x; (x >> 2) == x / 0x4;
    lemma twice_4: \forall uint64_t x; ((x >> 2) >> 2) == x / 0x10;
    lemma by_4: \forall uint64_t x; (x >> 4) == x / 0x10;
    lemma twice_8: \forall uint64_t x; ((x >> 4) >> 4) == x / 0x100;
    lemma by_8: \forall uint64_t x; (x >> 8) == x / 0x100;
    lemma twice_12: \forall uint64_t x; ((x >> 8) >> 4) == x / 0x1000;
    lemma by_12: \forall uint64_t x; (x >> 12) == x / 0x1000;
    lemma twice_16: \forall uint64_t x; ((x >> 8) >> 8) == x / 0x10000;
    lemma by_16: \forall uint64_t x; (x >> 16) == x / 0x10000;
    lemma twice_32: \forall uint64_t x; ((x >> 16) >> 16) == x / 0x100000000;
    lemma by_32: \forall uint64_t x; (x >> 32) == x / 0x100000000;
    lemma halves: \forall uint64_t x; x == U32(x) + 0x100000000 * U32(x >> 32);
    lemma equal_if_same_bits: \forall uint64_t x, y;
        (\forall integer i; 0 <= i < 64 ==> (BIT(x, i) <==> BIT(y, i))) ==> x == y;
    lemma shift_down: \forall uint64_t x; \forall integer k;
        1 <= k ==> (x >> k) == (x >> (k - 1)) / 2;
    lemma by_6: \forall uint64_t x; (x >> 6) == x / 0x40;
    lemma by_10: \forall uint64_t x; (x >> 10) == x / 0x400;
    lemma by_14: \forall uint64_t x; (x >> 14) == x / 0x4000;
    lemma by_18: \forall uint64_t x; (x >> 18) == x / 0x40000;
    lemma by_20: \forall uint64_t x; (x >> 20) == x / 0x100000;
    lemma by_21: \forall uint64_t x; (x >> 21) == x / 0x200000;
    lemma by_24: \forall uint64_t x; (x >> 24) == x / 0x1000000;
    lemma by_26: \forall uint64_t x; (x >> 26) == x / 0x4000000;
    lemma by_28: \forall uint64_t x; (x >> 28) == x / 0x10000000;
    lemma by_30: \forall uint64_t x; (x >> 30) == x / 0x40000000;
    lemma by_34: \forall uint64_t x; (x >> 34) == x / 0x400000000;
    lemma by_36: \forall uint64_t x; (x >> 36) == x / 0x1000000000;
    lemma by_38: \forall uint64_t x; (x >> 38) == x / 0x4000000000;
    lemma by_39: \forall uint64_t x; (x >> 39) == x / 0x8000000000;
    lemma by_42: \forall uint64_t x; (x >> 42) == x / 0x40000000000;
    lemma by_44: \forall uint64_t x; (x >> 44) == x / 0x100000000000;
    lemma by_46: \forall uint64_t x; (x >> 46) == x / 0x400000000000;
    lemma by_48: \forall uint64_t x; (x >> 48) == x / 0x1000000000000;
    lemma by_50: \forall uint64_t x; (x >> 50) == x / 0x4000000000000;
    lemma by_52: \forall uint64_t x; (x >> 52) == x / 0x10000000000000;
*/

#include "pagetables/entry.h"

/* The bits of each mask of logic.h, number by number. */
#define RAW_MASK(word, condition) \forall integer i; 0 <= i < 64 ==> (BIT(word, i) <==> (condition))
/*@ lemma raw_bits_10: RAW_MASK(0x3ff, i < 10);
    lemma raw_bits_12: RAW_MASK(0xfff, i < 12);
    lemma raw_bits_21: RAW_MASK(0x1fffff, i < 21);
    lemma raw_bits_30: RAW_MASK(0x3fffffff, i < 30);
    lemma raw_bits_39: RAW_MASK(0x7fffffffff, i < 39);
    lemma raw_bits_48: RAW_MASK(0xffffffffffff, i < 48);
    lemma raw_mask_present: RAW_MASK(ENTRY_PRESENT, i == 0);
    lemma raw_mask_large: RAW_MASK(ENTRY_LARGE, i == 7);
    lemma raw_mask_global: RAW_MASK(ENTRY_GLOBAL, i == 8);
    lemma raw_mask_pat_large: RAW_MASK(ENTRY_PAT_LARGE, i == 12);
    lemma raw_mask_address: RAW_MASK(ENTRY_ADDRESS, 12 <= i < 52);
    lemma raw_mask_no_address: RAW_MASK(U64(~ENTRY_ADDRESS), !(12 <= i < 52));
    lemma raw_mask_no_pat: RAW_MASK(U64(~ENTRY_PAT_4K), i != 7);
    lemma raw_mask_no_address_large: RAW_MASK(U64(~(ENTRY_ADDRESS | ENTRY_LARGE)), !(12 <= i < 52 || i == 7));
    lemma raw_mask_count: RAW_MASK(ENTRY_COUNT, 52 <= i < 62);
    lemma raw_mask_no_count: RAW_MASK(U64(~ENTRY_COUNT), !(52 <= i < 62));
    lemma raw_mask_kept: RAW_MASK((ENTRY_COUNT | ENTRY_GLOBAL), 52 <= i < 62 || i == 8);
    lemma raw_mask_not_kept: RAW_MASK(U64(~(ENTRY_COUNT | ENTRY_GLOBAL)), !(52 <= i < 62 || i == 8));
    lemma raw_mask_address_count: RAW_MASK((ENTRY_ADDRESS | ENTRY_COUNT), 12 <= i < 62);
    lemma raw_mask_no_address_count: RAW_MASK(U64(~(ENTRY_ADDRESS | ENTRY_COUNT)), !(12 <= i < 62));
    lemma raw_mask_none: RAW_MASK(0, 0 == 1);
    lemma raw_mask_all: RAW_MASK(UINT64_MAX, 0 == 0);
    lemma raw_mask_table: RAW_MASK(ENTRY_TABLE, i == 0 || i == 1 || i == 2 || i == 5 || i == 6);
    lemma bits_above_10: \forall uint64_t x; \forall integer i;
        10 <= i < 64 ==> (bit(x, i) <==> bit(x >> 10, i - 10));
*/

#include "pagetables/proof/logic.h"
