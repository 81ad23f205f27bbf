/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers that can be had again: a seed names the whole sequence.
 */
#ifndef LOADER_STUB_RANDOM_H
#define LOADER_STUB_RANDOM_H

#include <stdint.h>

/* xorshift64: not 0. */
struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return random->state;
}

/* 0 to limit - 1, from the upper bits, which are the better ones. */
static inline unsigned random_below(struct random *random, unsigned limit)
{
    return (unsigned)((random_next(random) >> 33) % limit);
}

#endif
