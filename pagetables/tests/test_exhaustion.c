/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that run out: with each smaller number than an operation needs, it is
 * refused and has changed nothing; with exactly that number it succeeds.
 */
#include "pagetables/tests/suite.h"

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start(suite, &arch);
}

static struct pgt_mapping mapping_of(uint64_t virt, uint64_t bytes, unsigned rights, uint64_t phys)
{
    return (struct pgt_mapping){.virt = virt, .phys = phys, .bytes = bytes, .rights = rights};
}

/* A space with leaves of all sizes, so that a map has to make tables, split at
 * both ends, and replace. */
static void prepare_mixed(struct suite *suite, unsigned levels)
{
    start(suite, levels);
    suite_map(suite, GIB, 2 * GIB, RW, 8 * GIB);
    suite_map(suite, 3 * GIB, 6 * MIB, RO, 4 * MIB);
    suite_map(suite, 3 * GIB + 8 * MIB, 0x3000, RX, 0x2a000);
}

/* The operation is refused with each smaller number of frames, and with the last
 * one refused; then it succeeds with exactly that many. */
static void exhaust_map(unsigned levels, struct pgt_mapping mapping)
{
    struct suite suite;
    size_t cost;

    prepare_mixed(&suite, levels);
    assert_int_equal(pgt_map_cost(&suite.space, &mapping, &cost), PGT_OK);
    for (size_t frames = 0; frames < cost; frames++) {
        suite.arena.limit = suite.arena.outstanding + frames;
        suite_refuse_map(&suite, &suite.space, &mapping, PGT_NO_FRAMES);
        suite_check(&suite.space);
    }
    suite.arena.limit = suite.arena.count;
    if (cost > 0) {
        suite.arena.refuse_in = 1;
        suite_refuse_map(&suite, &suite.space, &mapping, PGT_NO_FRAMES);
    }
    suite.arena.limit = suite.arena.outstanding + cost;
    suite_map(&suite, mapping.virt, mapping.bytes, mapping.rights, mapping.phys);
    suite_end(&suite);
}

static void a_map_that_ran_out_of_frames_stayed_half_way(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        exhaust_map(levels, mapping_of(0x400000, 0x1000, RW, 0x2a000));
        exhaust_map(levels, mapping_of(GIB - 0x1000, 0x2000, RO, 0x2a000));
        exhaust_map(levels, mapping_of(GIB + 0x1000, 8 * MIB, RO, 0x2000));
        exhaust_map(levels, mapping_of(2 * GIB - 0x1000, GIB + 0x2000, RX, 4 * MIB - 0x1000));
        exhaust_map(levels, mapping_of(3 * GIB + 0x1000, 0x1000, RW, 0x2a000));
        exhaust_map(levels, mapping_of(0, 8 * GIB, RO, 2 * MIB));
        exhaust_map(levels, mapping_of(LOWER_LAST_4 - 3 * MIB, 0x1000, RW, 0x2a000));
        exhaust_map(levels, mapping_of(3 * GIB + 2 * MIB, 3 * MIB, RW, 0x2a000));
    }
}

static void exhaust_unmap(unsigned levels, uint64_t virt, uint64_t bytes, size_t cost)
{
    struct suite suite;

    prepare_mixed(&suite, levels);
    for (size_t frames = 0; frames < cost; frames++) {
        suite.arena.limit = suite.arena.outstanding + frames;
        suite_refuse_unmap(&suite, &suite.space, virt, bytes, PGT_NO_FRAMES);
        suite_check(&suite.space);
    }
    suite.arena.limit = suite.arena.outstanding + cost;
    size_t takes = suite.arena.takes;
    suite_unmap(&suite, virt, bytes);
    assert_int_equal(suite.arena.takes - takes, cost);
    suite_end(&suite);
}

static void an_unmap_that_ran_out_of_frames_stayed_half_way(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        exhaust_unmap(levels, GIB + 0x1000, 0x1000, 2);           /* 1G -> 2M -> 4K */
        exhaust_unmap(levels, GIB + 2 * MIB, 2 * MIB, 1);         /* 1G -> 2M */
        exhaust_unmap(levels, GIB + 0x1000, 2 * GIB - 0x2000, 4); /* both ends, two leaves */
        exhaust_unmap(levels, GIB + 0x1000, GIB - 0x2000, 3);     /* both ends, one leaf */
        exhaust_unmap(levels, 3 * GIB + 0x1000, 4 * MIB, 2);      /* two leaves of 2M */
        exhaust_unmap(levels, GIB + 0x1000, 2 * GIB, 3);          /* 1G and 2M leaf */
        exhaust_unmap(levels, 3 * GIB + 8 * MIB, 0x2000, 0);
        exhaust_unmap(levels, GIB, 4 * GIB, 0);
    }
}

/* What would leave no frames at all still works if it takes none. */
static void unmap_needed_frames_that_it_did_not_take(void **state)
{
    struct suite suite;
    (void)state;

    prepare_mixed(&suite, 4);
    suite.arena.limit = 0;
    suite_unmap(&suite, 0, 8 * GIB);
    EXPECT_NOTHING(&suite);
    suite_end(&suite);
}

static void no_frame_for_a_root(void **state)
{
    struct arena arena;
    struct pgt_space space;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    arena_init(&arena, 0x100000, 4, 1);
    arena.limit = 0;
    struct arena_snapshot snapshot = arena_snapshot(&arena);
    assert_int_equal(pgt_init(&space, &arch, &arena.frames), PGT_NO_FRAMES);
    arena_assert_unchanged(&arena, &snapshot);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_that_ran_out_of_frames_stayed_half_way),
        cmocka_unit_test(an_unmap_that_ran_out_of_frames_stayed_half_way),
        cmocka_unit_test(unmap_needed_frames_that_it_did_not_take),
        cmocka_unit_test(no_frame_for_a_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
