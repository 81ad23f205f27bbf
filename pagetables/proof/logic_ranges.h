/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arithmetic that addresses and ranges take: shifts and masks by the few numbers of bits that
 * levels have are products, quotients and remainders.  The lemmas go by the number of bits (n) or
 * the mask (m), and so need no form of the expression that it comes from.
 */
#ifndef PAGETABLES_PROOF_LOGIC_RANGES_H
#define PAGETABLES_PROOF_LOGIC_RANGES_H

#include "pagetables/proof/words_ranges.h"

/*@ lemma left_12: \forall integer x, n; n == 12 ==> (x << n) == x * 0x1000;
    lemma left_21: \forall integer x, n; n == 21 ==> (x << n) == x * 0x200000;
    lemma left_30: \forall integer x, n; n == 30 ==> (x << n) == x * 0x40000000;
    lemma left_38: \forall integer x, n; n == 38 ==> (x << n) == x * 0x4000000000;
    lemma left_39: \forall integer x, n; n == 39 ==> (x << n) == x * 0x8000000000;
    lemma left_47: \forall integer x, n; n == 47 ==> (x << n) == x * 0x800000000000;
    lemma left_48: \forall integer x, n; n == 48 ==> (x << n) == x * 0x1000000000000;
    lemma left_56: \forall integer x, n; n == 56 ==> (x << n) == x * 0x100000000000000;
    lemma left_57: \forall integer x, n; n == 57 ==> (x << n) == x * 0x200000000000000;
    lemma right_12: \forall uint64_t x; \forall integer n; n == 12 ==> (x >> n) == x / 0x1000;
    lemma right_21: \forall uint64_t x; \forall integer n; n == 21 ==> (x >> n) == x / 0x200000;
    lemma right_30: \forall uint64_t x; \forall integer n; n == 30 ==> (x >> n) == x / 0x40000000;
    lemma right_39: \forall uint64_t x; \forall integer n; n == 39 ==> (x >> n) == x / 0x8000000000;
    lemma right_48: \forall uint64_t x; \forall integer n;
        n == 48 ==> (x >> n) == x / 0x1000000000000;
    lemma mask_12: \forall uint64_t x; \forall integer m;
        m == 0xfff ==> (m & x) == x % 0x1000;
    lemma mask_21: \forall uint64_t x; \forall integer m;
        m == 0x1fffff ==> (m & x) == x % 0x200000;
    lemma mask_30: \forall uint64_t x; \forall integer m;
        m == 0x3fffffff ==> (m & x) == x % 0x40000000;
    lemma mask_39: \forall uint64_t x; \forall integer m;
        m == 0x7fffffffff ==> (m & x) == x % 0x8000000000;
    lemma mask_48: \forall uint64_t x; \forall integer m;
        m == 0xffffffffffff ==> (m & x) == x % 0x1000000000000;
    lemma mask_57: \forall uint64_t x; \forall integer m;
        m == 0x1ffffffffffffff ==> (m & x) == x % 0x200000000000000;
*/

/* The same again: WP sorts what & joins by name, and the provers look for either order. */
/*@ lemma masked_12: \forall uint64_t a; \forall integer m;
        m == 0xfff ==> (a & m) == a % 0x1000;
    lemma masked_21: \forall uint64_t a; \forall integer m;
        m == 0x1fffff ==> (a & m) == a % 0x200000;
    lemma masked_30: \forall uint64_t a; \forall integer m;
        m == 0x3fffffff ==> (a & m) == a % 0x40000000;
    lemma masked_39: \forall uint64_t a; \forall integer m;
        m == 0x7fffffffff ==> (a & m) == a % 0x8000000000;
    lemma masked_48: \forall uint64_t a; \forall integer m;
        m == 0xffffffffffff ==> (a & m) == a % 0x1000000000000;
    lemma masked_57: \forall uint64_t a; \forall integer m;
        m == 0x1ffffffffffffff ==> (a & m) == a % 0x200000000000000;
*/

/*@ lemma index_12: \forall integer x; 0 <= x ==>
        x / 0x1000 % 512 == x / 0x1000 - 512 * (x / 0x200000);
    lemma index_21: \forall integer x; 0 <= x ==>
        x / 0x200000 % 512 == x / 0x200000 - 512 * (x / 0x40000000);
    lemma index_30: \forall integer x; 0 <= x ==>
        x / 0x40000000 % 512 == x / 0x40000000 - 512 * (x / 0x8000000000);
    lemma index_39: \forall integer x; 0 <= x ==>
        x / 0x8000000000 % 512 == x / 0x8000000000 - 512 * (x / 0x1000000000000);
    lemma index_48: \forall integer x; 0 <= x ==>
        x / 0x1000000000000 % 512 == x / 0x1000000000000 - 512 * (x / 0x200000000000000);
    lemma entries_reach_is_product: \forall integer level, n; 1 <= level <= 6 ==>
        entries_reach(level, n) == n * reach_of(level);
*/

/* Linear addresses of the two halves. */
/*@ lemma half_3: space_bytes(3) / 2 == 0x4000000000;
    lemma half_4: space_bytes(4) / 2 == 0x800000000000;
    lemma half_5: space_bytes(5) / 2 == 0x100000000000000;
    lemma upper_3: \forall integer x; 0xffffff8000000000 <= x < 0x10000000000000000 ==>
        x % 0x8000000000 == x - 0xffffff8000000000;
    lemma upper_4: \forall integer x; 0xffff000000000000 <= x < 0x10000000000000000 ==>
        x % 0x1000000000000 == x - 0xffff000000000000;
    lemma upper_5: \forall integer x; 0xfe00000000000000 <= x < 0x10000000000000000 ==>
        x % 0x200000000000000 == x - 0xfe00000000000000;
    lemma linear_lower: \forall integer levels, x; 3 <= levels <= 5 ==>
        0 <= x < space_bytes(levels) ==> x % space_bytes(levels) == x;
    lemma linear_upper: \forall integer levels, x; 3 <= levels <= 5 ==>
        0x10000000000000000 - space_bytes(levels) <= x < 0x10000000000000000 ==>
        x % space_bytes(levels) == x - (0x10000000000000000 - space_bytes(levels));
    lemma canonical_is_unique: \forall integer levels, x, y; 3 <= levels <= 5 ==>
        canonical(levels, x) ==> canonical(levels, y) ==>
        x % space_bytes(levels) == y % space_bytes(levels) ==> x == y;
*/

#endif
