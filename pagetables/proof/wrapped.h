/* SPDX-License-Identifier: BSD-2-Clause */
/* What the steps to the lemmas begin with: included before those that steps.py writes, and these
 * before lemmas.c. */
#ifndef PAGETABLES_PROOF_WRAPPED_H
#define PAGETABLES_PROOF_WRAPPED_H

#define PROOF_STEPS
#include "pagetables/proof/words.h"

/* What fits in 64 bits.  Under a name of its own, since WP would look through a conversion. */
/*@ logic integer wrapped(integer x) = (uint64_t)x;
    lemma wrapped_fits: \forall integer x; 0 <= wrapped(x) <= UINT64_MAX;
    lemma and_wrapped: \forall uint64_t x, y; wrapped(x & y) == (x & y);
    lemma or_wrapped: \forall uint64_t x, y; wrapped(x | y) == (x | y);
    lemma xor_wrapped: \forall uint64_t x, y; wrapped(x ^ y) == (x ^ y);
    lemma and_fits: \forall uint64_t x, y; 0 <= (x & y) <= UINT64_MAX;
    lemma or_fits: \forall uint64_t x, y; 0 <= (x | y) <= UINT64_MAX;
    lemma xor_fits: \forall uint64_t x, y; 0 <= (x ^ y) <= UINT64_MAX;
    lemma all_bits: \forall integer i; 0 <= i < 64 ==> BIT(UINT64_MAX, i);
*/

#endif
