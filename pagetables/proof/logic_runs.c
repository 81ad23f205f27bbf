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
