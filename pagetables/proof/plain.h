/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Eva needs besides sequential.h: the builtins that it has no code of, in plain loops, and
 * the one atomic operation whose result is used.
 */
#ifndef PAGETABLES_PROOF_PLAIN_H
#define PAGETABLES_PROOF_PLAIN_H

#include "pagetables/proof/sequential.h"

static inline uint64_t plain_fetch_and(uint64_t *place, uint64_t value)
{
    uint64_t old = *place;
    *place = old & value;
    return old;
}

/* Whole words, which is all that the library clears and copies by a builtin. */
static inline void plain_clear(uint64_t *word, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(*word); i++)
        word[i] = 0;
}

static inline void plain_copy(uint64_t *to, const uint64_t *from, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(*to); i++)
        to[i] = from[i];
}

#undef __atomic_fetch_and
#define __atomic_fetch_and(place, value, order) plain_fetch_and(place, value)
#define __builtin_memset(to, zero, bytes)       plain_clear((uint64_t *)(to), bytes)
#define __builtin_memcpy(to, from, bytes)                                                          \
    plain_copy((uint64_t *)(to), (const uint64_t *)(from), bytes)

#endif
