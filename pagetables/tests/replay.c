/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/replay.h"

#include <inttypes.h>
#include <stdlib.h>

#include "pagetables/tests/suite.h"

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

struct replay replay_start(uint64_t seed, uint64_t operations)
{
    seed = from_environment("PGT_SEED", seed);
    operations = from_environment("PGT_OPERATIONS", operations);
    print_message("PGT_SEED=%" PRIu64 " PGT_OPERATIONS=%" PRIu64 "\n", seed, operations);
    return (struct replay){seed * 2 + 1, operations}; /* xorshift never leaves 0 */
}

uint64_t replay_draw(struct replay *replay, uint64_t below)
{
    return arena_random(&replay->random) % below;
}
