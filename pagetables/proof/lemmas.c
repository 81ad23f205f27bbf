/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to the lemmas in logic.h, which are proved at its end, where that file is included.
 * Elsewhere these steps would only lead the provers astray.  build/proof/steps.h has more of them,
 * one for each run of ones and zeros in each mask; steps.py writes it.
 */
#define PROOF_STEPS
#include "pagetables/proof/words.h"

/* What fits in 64 bits.  Under a name of its own, since WP would look through a conversion. */
/*@ logic integer wrapped(integer x) = (uint64_t)x;
    lemma wrapped_fits: \forall integer x; 0 <= wrapped(x) <= UINT64_MAX;
    lemma and_wrapped: \forall uint64_t x, y; wrapped(x & y) == (x & y);
    lemma and_fits: \forall uint64_t x, y; 0 <= (x & y) <= UINT64_MAX;
    lemma all_bits: \forall integer i; 0 <= i < 64 ==> BIT(UINT64_MAX, i);
*/
#include "steps.h"

#include "pagetables/proof/logic.h"
