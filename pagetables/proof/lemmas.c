/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to the lemmas in logic.h, which are proved at its end, where that file is included.
 * Elsewhere these steps would only lead the provers astray.  build/proof/steps.h has more of them,
 * one for each run of ones and zeros in each mask; steps.py writes it.
 */
#include "pagetables/proof/wrapped.h"

/* A leaf from its lowest bits up. */
#define PHYS_52(a, p, level) \
    \forall integer a, p, level; is_attributes(a) ==> is_phys_of_leaf(p, level) ==>
#define LARGE_LEAF(a, p, level) PHYS_52(a, p, level) 2 <= level <= 3 ==>
/*@ lemma leaf_4k_12: PHYS_52(a, p, level) level == 1 ==> leaf_of(a, p, level) % 0x1000 == a % 0x1000;
    lemma leaf_4k_52: PHYS_52(a, p, level) level == 1 ==>
        leaf_of(a, p, level) % 0x10000000000000 == p + a % 0x1000;
    lemma leaf_large_8: LARGE_LEAF(a, p, level) leaf_of(a, p, level) / 0x80 % 2 == 1;
    lemma leaf_large_12: LARGE_LEAF(a, p, level)
        leaf_of(a, p, level) % 0x1000 == a % 0x1000 + 0x80 - a / 0x80 % 2 * 0x80;
    lemma leaf_large_13: LARGE_LEAF(a, p, level)
        leaf_of(a, p, level) % 0x2000 == a % 0x1000 + 0x80 + a / 0x80 % 2 * 0xf80;
    lemma leaf_large_pat: LARGE_LEAF(a, p, level)
        leaf_of(a, p, level) / 0x1000 % 2 == a / 0x80 % 2;
    lemma leaf_large_21: LARGE_LEAF(a, p, level)
        leaf_of(a, p, level) % 0x200000 == a % 0x1000 + 0x80 + a / 0x80 % 2 * 0xf80;
    lemma leaf_large_30: LARGE_LEAF(a, p, level) level == 3 ==>
        leaf_of(a, p, level) % 0x40000000 == a % 0x1000 + 0x80 + a / 0x80 % 2 * 0xf80;
    lemma leaf_large_52: LARGE_LEAF(a, p, level)
        leaf_of(a, p, level) % 0x10000000000000 == p + a % 0x1000 + 0x80 + a / 0x80 % 2 * 0xf80;
    lemma large_13: \forall integer x, level; is_leaf(x, level) ==> 2 <= level <= 3 ==>
        x % 0x2000 == x % 0x1000 + x / 0x1000 % 2 * 0x1000;
    lemma large_low_12: \forall integer x, level; 0 <= x <= UINT64_MAX ==> 2 <= level <= 3 ==>
        attributes_of_leaf(x, level) % 0x1000 ==
        x % 0x80 + x / 0x1000 % 2 * 0x80 + x / 0x100 % 0x10 * 0x100;
    lemma large_low_52: \forall integer x, level; 0 <= x <= UINT64_MAX ==> 2 <= level <= 3 ==>
        attributes_of_leaf(x, level) % 0x10000000000000 ==
        x % 0x80 + x / 0x1000 % 2 * 0x80 + x / 0x100 % 0x10 * 0x100;
    lemma large_fits: \forall integer x, level; 0 <= x <= UINT64_MAX ==> 2 <= level <= 3 ==>
        0 <= attributes_of_leaf(x, level) <= UINT64_MAX;
    lemma large_is: \forall integer x, level; 0 <= x <= UINT64_MAX ==> 2 <= level <= 3 ==>
        is_attributes(attributes_of_leaf(x, level));
    lemma small_is: \forall integer x, level; 0 <= x <= UINT64_MAX ==> level == 1 ==>
        is_attributes(attributes_of_leaf(x, level));
    lemma large_pat: \forall integer x, level; 0 <= x <= UINT64_MAX ==> 2 <= level <= 3 ==>
        attributes_of_leaf(x, level) / 0x80 % 2 == x / 0x1000 % 2;
    lemma large_again: \forall integer x, level; is_leaf(x, level) ==> 2 <= level <= 3 ==>
        attributes_of_leaf(x, level) + x / 0x1000 % 2 * 0xf80 + 0x80 + phys_of_leaf(x, level) == x;
    lemma large_leaf_again: \forall integer x, level; is_leaf(x, level) ==> 2 <= level <= 3 ==>
        leaf_of(attributes_of_leaf(x, level), phys_of_leaf(x, level), level) == x;
    lemma small_leaf_again: \forall integer x, level; is_leaf(x, level) ==> level == 1 ==>
        leaf_of(attributes_of_leaf(x, level), phys_of_leaf(x, level), level) == x;
*/

#include "pagetables/proof/logic.h"
