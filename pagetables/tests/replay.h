/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random runs that can be had again: PGT_SEED=<n> replays one, PGT_OPERATIONS=<n> sets its length.
 */
#ifndef PAGETABLES_TESTS_REPLAY_H
#define PAGETABLES_TESTS_REPLAY_H

#include <stdint.h>

struct replay {
    uint64_t random;     /* for arena_random() */
    uint64_t operations; /* how many to do */
};

/* Reads the two from the environment, says what they are, and starts the generator. */
struct replay replay_start(uint64_t seed, uint64_t operations);

/* A number below `below`. */
uint64_t replay_draw(struct replay *replay, uint64_t below);

#endif
