/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations, every one that pagetables.h has, against two oracles.  The leaves
 * that the processor's rules find are exactly those that the flat model foretells, with
 * all that they say; the number of tables is what these leaves need; what has to be flushed
 * is what changed; pgt_check() is content after every step; a call takes as many
 * frames as its dry run said; and a call that was refused changed nothing.
 *
 * Every step looks at a few pages in and around its range; every refused one, and some
 * others, at all that there is.
 *
 * PGT_SEED=<n> replays a run, PGT_OPERATIONS=<n> sets its length.
 */
#include "pagetables/tests/world_steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The build makes this program twice, see build.mk. */
#ifndef DEFAULT_SEED
#define DEFAULT_SEED 1
#endif
#ifndef DEFAULT_OPERATIONS
#define DEFAULT_OPERATIONS 100000
#endif

#define OPERATIONS_PER_WORLD 250

/* ---- the run ------------------------------------------------------------ */

static int allocate_world(void **state)
{
    *state = calloc(1, sizeof(struct world));
    return *state == NULL;
}

/* Says where a failed run was: cmocka leaves a test by a jump. */
static int release_world(void **state)
{
    struct world *world = *state;

    if (world->operation != world->operations)
        print_message("failed at operation %" PRIu64 " of PGT_SEED=%" PRIu64 "\n", world->operation,
                      world->seed);
    world_free(world);
    free(world);
    return 0;
}

static void random_operations_match_model_and_walker(void **state)
{
    struct world *world = *state;
    world->seed = arena_from_environment("PGT_SEED", DEFAULT_SEED);
    world->operations = arena_from_environment("PGT_OPERATIONS", DEFAULT_OPERATIONS);
    world->random = world->seed * 2 + 1;

    print_message("PGT_SEED=%" PRIu64 " PGT_OPERATIONS=%" PRIu64 "\n", world->seed,
                  world->operations);
    while (world->operation < world->operations) {
        world_start(world);
        for (unsigned i = 0; i < OPERATIONS_PER_WORLD; i++) {
            if (world->operation == world->operations)
                break;
            world_step(world);
            world->operation++;
        }
        world_end(world);
        world_free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_operations_match_model_and_walker, allocate_world,
                                        release_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
