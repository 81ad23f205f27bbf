/* SPDX-License-Identifier: BSD-2-Clause */
/* The way to the lemmas in bits_runs.h: words of 32 bits a tactic of WP takes apart. */
#define PROOF_STEPS
#include "pagetables/proof/words.h"

#define RAW_BIT(word, i) (((word) & ((integer)1 << (i))) != 0)

/*@ lemma alike_32: \forall integer x, y;
        (\forall integer i; 0 <= i < 32 ==> (RAW_BIT(U32(x), i) <==> RAW_BIT(U32(y), i))) ==>
        U32(x) == U32(y);
    lemma cut_32: \forall integer x; 0 <= x ==> U32(x) == x % 0x100000000;
    lemma low_bit: \forall integer x, i;
        0 <= i < 32 ==> (RAW_BIT(U32(x), i) <==> bit(x, i));
    lemma high_bit: \forall integer x, i;
        0 <= i < 32 ==> (RAW_BIT(U32(x >> 32), i) <==> bit(x, i + 32));
    lemma alike_low: \forall integer x, y;
        (\forall integer i; 0 <= i < 64 ==> (bit(x, i) <==> bit(y, i))) ==> U32(x) == U32(y);
    lemma alike_high: \forall integer x, y;
        (\forall integer i; 0 <= i < 64 ==> (bit(x, i) <==> bit(y, i))) ==>
        U32(x >> 32) == U32(y >> 32);
    lemma shifted_again: \forall integer x, k; 0 <= k ==> ((x >> k) >> 1) == (x >> (k + 1));
    lemma shifted_twice_2: \forall uint64_t x; ((x >> 1) >> 1) == x / 0x4;
    lemma shifted_2: \forall uint64_t x; (x >> 2) == x / 0x4;
    lemma shifted_twice_4: \forall uint64_t x; ((x >> 2) >> 2) == x / 0x10;
    lemma shifted_4: \forall uint64_t x; (x >> 4) == x / 0x10;
    lemma shifted_twice_8: \forall uint64_t x; ((x >> 4) >> 4) == x / 0x100;
    lemma shifted_8: \forall uint64_t x; (x >> 8) == x / 0x100;
    lemma shifted_twice_16: \forall uint64_t x; ((x >> 8) >> 8) == x / 0x10000;
    lemma shifted_16: \forall uint64_t x; (x >> 16) == x / 0x10000;
    lemma shifted_twice_32: \forall uint64_t x; ((x >> 16) >> 16) == x / 0x100000000;
    lemma shifted_32: \forall uint64_t x; (x >> 32) == x / 0x100000000;
    lemma two_halves: \forall uint64_t x; x == U32(x) + 0x100000000 * U32(x >> 32);
*/

/* What fits in 64 bits.  Under a name of its own, since WP would look through a conversion. */
/*@ logic integer held(integer x) = (uint64_t)x;
    lemma held_fits: \forall integer x; 0 <= held(x) <= UINT64_MAX;
    lemma and_held: \forall uint64_t x, y; held(x & y) == (x & y);
    lemma or_held: \forall uint64_t x, y; held(x | y) == (x | y);
    lemma xor_held: \forall uint64_t x, y; held(x ^ y) == (x ^ y);
*/

#include "pagetables/proof/bits_runs.h"
