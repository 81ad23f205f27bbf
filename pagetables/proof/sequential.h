/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the compiler's builtins do, in C that Frama-C can read.  Included before everything else,
 * and only on the command line of the proof.
 *
 * The atomic ones have their sequential meaning: what one processor does that nobody disturbs.
 * That is an assumption of the proof; pagetables/proof/README.md says why it is a fair one.
 */
#ifndef PAGETABLES_PROOF_SEQUENTIAL_H
#define PAGETABLES_PROOF_SEQUENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define __atomic_load_n(place, order)         (*(place))
#define __atomic_store_n(place, value, order) ((void)(*(place) = (value)))
#define __atomic_fetch_add(place, value, order) ((void)(*(place) += (value)))
#define __atomic_fetch_sub(place, value, order) ((void)(*(place) -= (value)))
#define __atomic_fetch_or(place, value, order)  ((void)(*(place) |= (value)))
#define __atomic_exchange_n(place, value, order) proof_exchange(place, value)
#define __atomic_compare_exchange_n(place, expected, desired, weak, success, failure)             \
    proof_compare_exchange(place, expected, desired)

/*@ requires \valid(place);
    assigns *place;
    ensures *place == value && \result == \old(*place); */
static inline uint64_t proof_exchange(uint64_t *place, uint64_t value)
{
    uint64_t old = *place;
    *place = value;
    return old;
}

/*@ requires \valid(place) && \valid(expected) && \separated(place, expected);
    assigns *place, *expected;
    ensures \result <==> \old(*place) == \old(*expected);
    ensures \result ==> *place == desired && *expected == \old(*expected);
    ensures !\result ==> *place == \old(*place) && *expected == \old(*place); */
static inline bool proof_compare_exchange(uint64_t *place, uint64_t *expected, uint64_t desired)
{
    if (*place == *expected) {
        *place = desired;
        return true;
    }
    *expected = *place;
    return false;
}

#endif
