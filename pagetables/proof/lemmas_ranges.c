/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to the lemmas in logic_ranges.h, which are proved at its end, where that file is
 * included: shifts a few places at a time.
 */
#include "pagetables/proof/words.h"

/*@ lemma times_12: \forall integer x; (x << 12) == x * 0x1000;
    lemma times_21: \forall integer x; (x << 21) == x * 0x200000;
    lemma times_30: \forall integer x; (x << 30) == x * 0x40000000;
    lemma times_38: \forall integer x; (x << 38) == x * 0x4000000000;
    lemma times_39: \forall integer x; (x << 39) == x * 0x8000000000;
    lemma times_47: \forall integer x; (x << 47) == x * 0x800000000000;
    lemma times_48: \forall integer x; (x << 48) == x * 0x1000000000000;
    lemma times_56: \forall integer x; (x << 56) == x * 0x100000000000000;
    lemma times_57: \forall integer x; (x << 57) == x * 0x200000000000000;

    lemma truncated_64: \forall integer x; 0 <= x ==> U64(x) == x % 0x10000000000000000;

    lemma right_1: \forall uint64_t x; (x >> 1) == x / 2;
    lemma right_twice_2: \forall uint64_t x; ((x >> 1) >> 1) == x / 4;
    lemma right_2: \forall uint64_t x; (x >> 2) == x / 4;
    lemma right_twice_3: \forall uint64_t x; ((x >> 2) >> 1) == x / 8;
    lemma right_3: \forall uint64_t x; (x >> 3) == x / 8;
    lemma right_twice_9: \forall uint64_t x; (((x >> 3) >> 3) >> 3) == x / 0x200;
    lemma right_9: \forall uint64_t x; (x >> 9) == x / 0x200;
    lemma right_twice_12: \forall uint64_t x; ((x >> 9) >> 3) == x / 0x1000;
    lemma divided_12: \forall uint64_t x; (x >> 12) == x / 0x1000;
    lemma right_twice_21: \forall uint64_t x; ((x >> 12) >> 9) == x / 0x200000;
    lemma divided_21: \forall uint64_t x; (x >> 21) == x / 0x200000;
    lemma right_twice_30: \forall uint64_t x; ((x >> 21) >> 9) == x / 0x40000000;
    lemma divided_30: \forall uint64_t x; (x >> 30) == x / 0x40000000;
    lemma right_twice_39: \forall uint64_t x; ((x >> 30) >> 9) == x / 0x8000000000;
    lemma divided_39: \forall uint64_t x; (x >> 39) == x / 0x8000000000;
    lemma right_twice_48: \forall uint64_t x; ((x >> 39) >> 9) == x / 0x1000000000000;
    lemma divided_48: \forall uint64_t x; (x >> 48) == x / 0x1000000000000;

    lemma nested_12: \forall integer x; 0 <= x ==>
        x / 0x1000 / 512 == x / 0x200000;
    lemma nested_21: \forall integer x; 0 <= x ==>
        x / 0x200000 / 512 == x / 0x40000000;
    lemma nested_30: \forall integer x; 0 <= x ==>
        x / 0x40000000 / 512 == x / 0x8000000000;
    lemma nested_39: \forall integer x; 0 <= x ==>
        x / 0x8000000000 / 512 == x / 0x1000000000000;
    lemma nested_48: \forall integer x; 0 <= x ==>
        x / 0x1000000000000 / 512 == x / 0x200000000000000;

    lemma low_12: \forall uint64_t x; (x & 0xfff) == x % 0x1000;
    lemma low_21: \forall uint64_t x; (x & 0x1fffff) == x % 0x200000;
    lemma low_30: \forall uint64_t x; (x & 0x3fffffff) == x % 0x40000000;
    lemma low_39: \forall uint64_t x; (x & 0x7fffffffff) == x % 0x8000000000;
    lemma low_48: \forall uint64_t x; (x & 0xffffffffffff) == x % 0x1000000000000;
    lemma low_57: \forall uint64_t x; (x & 0x1ffffffffffffff) == x % 0x200000000000000;
*/

#include "pagetables/proof/logic_ranges.h"
