/* SPDX-License-Identifier: BSD-2-Clause */
/* Words are their bits: what leads to logic_runs.h.  Proved in lemmas_runs.c. */
#ifndef PAGETABLES_PROOF_BITS_RUNS_H
#define PAGETABLES_PROOF_BITS_RUNS_H

#include "pagetables/proof/equal.h"
#include "pagetables/proof/words.h"

/*@ lemma alike_bits: \forall uint64_t x, y;
        (\forall integer i; 0 <= i < 64 ==> (bit(x, i) <==> bit(y, i))) ==> equal(x, y);
    lemma and_bit: \forall integer x, y, i; 0 <= i ==> (bit(x & y, i) <==> bit(x, i) && bit(y, i));
    lemma or_bit: \forall integer x, y, i; 0 <= i ==> (bit(x | y, i) <==> bit(x, i) || bit(y, i));
    lemma xor_bit: \forall integer x, y, i;
        0 <= i ==> (bit(x ^ y, i) <==> !(bit(x, i) <==> bit(y, i)));
    lemma bit_of_nothing: \forall integer i; 0 <= i ==> !bit(0, i);
    lemma and_word: \forall uint64_t x, y; 0 <= (x & y) <= UINT64_MAX;
    lemma or_word: \forall uint64_t x, y; 0 <= (x | y) <= UINT64_MAX;
    lemma xor_word: \forall uint64_t x, y; 0 <= (x ^ y) <= UINT64_MAX;
    lemma cut_64: \forall integer x; 0 <= x ==> U64(x) == x % 0x10000000000000000;
*/

#endif
