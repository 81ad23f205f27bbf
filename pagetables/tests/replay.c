/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/replay.h"

#include <inttypes.h>

#include "pagetables/tests/suite.h"

struct replay replay_start(uint64_t seed, uint64_t operations)
{
    seed = arena_from_environment("PGT_SEED", seed);
    operations = arena_from_environment("PGT_OPERATIONS", operations);
    print_message("PGT_SEED=%" PRIu64 " PGT_OPERATIONS=%" PRIu64 "\n", seed, operations);
    return (struct replay){seed * 2 + 1, operations}; /* xorshift never leaves 0 */
}

uint64_t replay_draw(struct replay *replay, uint64_t below)
{
    return arena_random(&replay->random) % below;
}
