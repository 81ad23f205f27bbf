/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lemmas about runs of entries, in sums, products, quotients and remainders: what the proofs of
 * mapping, unmapping and protecting need to know of bits is said here in those terms, and little
 * else is told to the provers.  The way there is in lemmas_runs.c.
 */
#ifndef PAGETABLES_PROOF_LOGIC_RUNS_H
#define PAGETABLES_PROOF_LOGIC_RUNS_H

#include "pagetables/proof/equal.h"
#include "pagetables/proof/words.h"

/* The operands of `&` and `^` get sorted before a prover sees them, and not always alike: it is to
 * know that their order doesn't matter. */
/*@ logic integer both(integer x, integer y) = x & y;
    lemma both_is_and: \forall uint64_t x, y; equal(both(x, y), x & y);
    lemma both_commutes: \forall uint64_t x, y; equal(both(x, y), both(y, x));
    logic integer differing(integer x, integer y) = x ^ y;
    lemma differing_is_xor: \forall uint64_t x, y; equal(differing(x, y), x ^ y);
    lemma differing_commutes: \forall uint64_t x, y; equal(differing(x, y), differing(y, x));
*/

/* Words that are alike in what is cared for. */
/*@ lemma neither: \forall uint64_t x, y, care;
        ((x | y) & care) == 0 ==> (x & care) == 0 && (y & care) == 0;
    lemma differs_fits: \forall uint64_t x, y; equal(U64(x ^ y), x ^ y);
    lemma like_itself: \forall uint64_t x, y, care; equal(x, y) ==> equal((x ^ y) & care, 0);
*/

/* What leaves 64 bits goes on from 0, now or later. */
/*@ lemma wraps_once: \forall integer x, y; 0 <= x ==> 0 <= y ==> U64(U64(x) + y) == U64(x + y);
*/

/* Does a leaf map an address to the physical one that is `delta` more, modulo 2^64? */
/*@ predicate leads_to(integer raw, integer level, integer virt, integer delta) =
        phys_of_leaf(raw, level) + virt % reach_of(level) == U64(virt + delta);
*/

#endif
