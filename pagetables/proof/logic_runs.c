/* SPDX-License-Identifier: BSD-2-Clause */
/* From bits to the lemmas in logic_runs.h. */
#include "pagetables/proof/bits_runs.h"

/*@ lemma or_absorbs: \forall uint64_t x, y; equal(x & (x | y), x);
    lemma or_nothing: \forall uint64_t x, y; equal(x | y, 0) ==> equal(x & (x | y), 0);
    lemma or_neither: \forall uint64_t x, y; equal(x | y, 0) ==> equal(x, 0);
    lemma and_or: \forall uint64_t x, y, care;
        equal((x | y) & care, (x & care) | (y & care));
*/

#include "pagetables/proof/logic_runs.h"

/* What follows from them: a leaf that maps one address right maps all that follow right, as far
 * as it reaches.  So it is enough that leaf_agrees() looks at the first. */
/*@ lemma leaf_goes_on_4k: \forall uint64_t raw, first, virt, delta;
        first <= virt ==> first / 0x1000 == virt / 0x1000 ==>
        phys_of_leaf(raw, 1) + first % 0x1000 == U64(first + delta) ==>
        phys_of_leaf(raw, 1) + virt % 0x1000 == U64(virt + delta);
    lemma leaf_goes_on_2m: \forall uint64_t raw, first, virt, delta;
        first <= virt ==> first / 0x200000 == virt / 0x200000 ==>
        phys_of_leaf(raw, 2) + first % 0x200000 == U64(first + delta) ==>
        phys_of_leaf(raw, 2) + virt % 0x200000 == U64(virt + delta);
    lemma leaf_goes_on_1g: \forall uint64_t raw, first, virt, delta;
        first <= virt ==> first / 0x40000000 == virt / 0x40000000 ==>
        phys_of_leaf(raw, 3) + first % 0x40000000 == U64(first + delta) ==>
        phys_of_leaf(raw, 3) + virt % 0x40000000 == U64(virt + delta);
    lemma leaf_goes_on: \forall uint64_t raw, first, virt, delta; \forall integer level;
        is_leaf_level(level) ==> leads_to(raw, level, first, delta) ==>
        first <= virt ==> first / reach_of(level) == virt / reach_of(level) ==>
        leads_to(raw, level, virt, delta);
*/
