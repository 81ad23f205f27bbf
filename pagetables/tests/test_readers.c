/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The readers at addresses that are awkward, and the list of tables.
 */
#include "pagetables/tests/suite.h"

#include <string.h>

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start(suite, &arch);
}

static void readers_at_addresses_that_are_none(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_leaf leaf;
        uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4;
        start(&suite, levels);
        assert_false(pgt_next(&suite.space, 0, &leaf));
        assert_false(pgt_next(&suite.space, UINT64_MAX, &leaf));
        suite_map(&suite, 0, 0x1000, RW, 0x2a000);
        suite_map(&suite, upper, 0x1000, RW, 0x2b000);
        /* The hole folds onto neither half. */
        assert_false(pgt_lookup(&suite.space, -upper, &leaf));
        assert_false(pgt_lookup(&suite.space, upper << 1, &leaf));
        assert_false(pgt_lookup(&suite.space, UINT64_C(1) << 63, &leaf));
        assert_true(pgt_next(&suite.space, -upper, &leaf));
        assert_int_equal(leaf.virt, upper);
        assert_true(pgt_next(&suite.space, upper - 1, &leaf));
        assert_int_equal(leaf.virt, upper);
        assert_true(pgt_next(&suite.space, 0x1000, &leaf));
        assert_int_equal(leaf.virt, upper);
        assert_true(pgt_next(&suite.space, 0xfff, &leaf));
        assert_int_equal(leaf.virt, 0);
        assert_false(pgt_next(&suite.space, upper + 0x1000, &leaf));
        suite_end(&suite);
    }
}

/* A reader that finds nothing leaves its output alone. */
static void readers_leave_their_output(void **state)
{
    struct suite suite;
    struct pgt_leaf leaf;
    struct pgt_leaf before;
    (void)state;

    start(&suite, 4);
    memset(&leaf, 0x5a, sizeof(leaf));
    memcpy(&before, &leaf, sizeof(leaf));
    assert_false(pgt_lookup(&suite.space, GIB, &leaf));
    assert_false(pgt_next(&suite.space, GIB, &leaf));
    assert_memory_equal(&leaf, &before, sizeof(leaf));
    suite_end(&suite);
}

static void the_tables_are_listed_parents_first(void **state)
{
    struct suite suite;
    uint64_t frame[16];
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, 3 * MIB, RW, 0x2a000);
    suite_map(&suite, TOP_PAGE, 0x1000, RW, 0x2a000);
    size_t count = pgt_tables(&suite.space, frame, 16);
    assert_int_equal(count, pgt_tables(&suite.space, NULL, 0));
    assert_int_equal(count, 8);
    assert_int_equal(frame[0], suite.space.root);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(arena_table(&suite.arena, frame[i]));
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(frame[i], frame[j]);
    }
    for (uint64_t virt = GIB;; virt = TOP_PAGE) {
        uint64_t parent = 0;
        for (unsigned level = 4; level > 1; level--) {
            uint64_t table = suite_entry(&suite, virt, level) & UINT64_C(0xffffffffff000);
            uint64_t position = 0;
            while (position < count && frame[position] != table)
                position++;
            assert_true(position > parent && position < count);
            parent = position;
        }
        if (virt == TOP_PAGE)
            break;
    }
    /* Too little room: as many as fit, and nothing beyond. */
    uint64_t few[4] = {0, 0, 0, 77};
    assert_int_equal(pgt_tables(&suite.space, few, 3), 8);
    assert_memory_equal(few, frame, 3 * sizeof(few[0]));
    assert_int_equal(few[3], 77);
    assert_int_equal(pgt_tables(&suite.space, few, 0), 8);
    suite_end(&suite);
}

/* The last page of the lower half and the first of the upper are neighbours in the tables
 * alone. */
static void a_run_ends_at_the_hole(void **state)
{
    struct suite suite;
    struct pgt_run run;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, LOWER_LAST_4, 0x1000, RW, 0x2a000);
    suite_map(&suite, UPPER_4, 0x1000, RW, 0x2b000);
    assert_true(pgt_next_run(&suite.space, 0, &run));
    assert_int_equal(run.virt, LOWER_LAST_4);
    assert_int_equal(run.bytes, 0x1000);
    assert_true(pgt_next_run(&suite.space, LOWER_LAST_4 + 0x1000, &run));
    assert_int_equal(run.virt, UPPER_4);
    assert_int_equal(run.bytes, 0x1000);
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_at_addresses_that_are_none),
        cmocka_unit_test(readers_leave_their_output),
        cmocka_unit_test(a_run_ends_at_the_hole),
        cmocka_unit_test(the_tables_are_listed_parents_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
