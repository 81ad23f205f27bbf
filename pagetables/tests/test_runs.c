/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading in ranges: merged runs, and emptiness.
 */
#include "pagetables/tests/calls.h"
#include "pagetables/tests/leaves.h"
#include "pagetables/tests/zoo.h"

#include <string.h>

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start_sized(suite, &arch, 64);
}

/* ---- runs ---------------------------------------------------------------- */

static bool continues(const struct pgt_leaf *a, const struct pgt_leaf *b)
{
    return a->virt + a->bytes == b->virt && a->phys + a->bytes == b->phys &&
           a->rights == b->rights && a->memory == b->memory && a->key == b->key &&
           a->software == b->software;
}

static bool same_run(const struct pgt_run *a, const struct pgt_run *b)
{
    return a->virt == b->virt && a->phys == b->phys && a->bytes == b->bytes &&
           a->rights == b->rights && a->memory == b->memory && a->key == b->key &&
           a->software == b->software && a->leaves_4k == b->leaves_4k &&
           a->leaves_2m == b->leaves_2m && a->leaves_1g == b->leaves_1g;
}

/* The run that starts with the first leaf that ends at or above virt. */
static bool naive_run(const struct leaves *leaves, uint64_t virt, struct pgt_run *ret_run)
{
    size_t i = 0;

    while (i < leaves->count && leaves->leaf[i].virt + (leaves->leaf[i].bytes - 1) < virt)
        i++;
    if (i == leaves->count)
        return false;
    const struct pgt_leaf *leaf = &leaves->leaf[i];
    *ret_run = (struct pgt_run){.virt = leaf->virt,
                                .phys = leaf->phys,
                                .rights = leaf->rights,
                                .memory = leaf->memory,
                                .key = leaf->key,
                                .software = leaf->software};
    do {
        leaf = &leaves->leaf[i];
        ret_run->bytes += leaf->bytes;
        ret_run->leaves_4k += leaf->bytes == 4 * KIB;
        ret_run->leaves_2m += leaf->bytes == 2 * MIB;
        ret_run->leaves_1g += leaf->bytes == GIB;
        i++;
    } while (i < leaves->count && continues(leaf, &leaves->leaf[i]));
    return true;
}

static void expect_runs_from(const struct suite *suite, const struct leaves *leaves, uint64_t virt)
{
    struct pgt_run run, want, untouched;

    memset(&run, 0x5a, sizeof(run));
    untouched = run;
    bool found = pgt_next_run(&suite->space, virt, &run);
    assert_int_equal(found, naive_run(leaves, virt, &want));
    if (found && !same_run(&run, &want))
        fail_msg("from %#lx: run of %#lx bytes at %#lx, not %#lx bytes at %#lx",
                 (unsigned long)virt, (unsigned long)run.bytes, (unsigned long)run.virt,
                 (unsigned long)want.bytes, (unsigned long)want.virt);
    if (!found)
        assert_memory_equal(&run, &untouched, sizeof(run));
}

/* From each border on, just below it, and within. */
static void runs_from_every_address_that_matters(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++)
        for (unsigned place = 0; place < ZOO_PLACES; place++) {
            struct suite suite;
            uint64_t base = zoo_base(levels, place), upper = levels == 5 ? UPPER_5 : UPPER_4;
            zoo_start(&suite, levels, base, 32);
            /* Leaves of three sizes that continue each other. */
            suite_map(&suite, base + GIB - 0x3000, 0x3000, RX, 16 * GIB - 2 * MIB - 0x3000);
            suite_map(&suite, base + GIB, 2 * MIB, RX, 16 * GIB - 2 * MIB);
            suite_map(&suite, base + GIB + 2 * MIB, 2 * MIB, RX, 16 * GIB);
            struct leaves leaves = leaves_read(&suite.arena, &suite.space);
            for (unsigned i = 0; i < ZOO_BORDERS; i++) {
                expect_runs_from(&suite, &leaves, base + zoo_border[i]);
                expect_runs_from(&suite, &leaves, base + zoo_border[i] - 1);
                expect_runs_from(&suite, &leaves, base + zoo_border[i] + 0x1234);
            }
            const uint64_t far[] = {0,     -upper - 1, -upper,     UINT64_C(1) << 63,
                                    upper, upper - 1,  UINT64_MAX, TOP_PAGE};
            for (unsigned i = 0; i < 8; i++)
                expect_runs_from(&suite, &leaves, far[i]);
            leaves_free(&leaves);
            suite_end(&suite);
        }
}

static void leaves_of_all_sizes_are_one_run(void **state)
{
    struct suite suite;
    struct pgt_run run;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB - 2 * MIB - 0x2000, 2 * GIB + 4 * MIB + 0x3000, RW,
              5 * GIB - 2 * MIB - 0x2000);
    const struct pgt_run want = {.virt = GIB - 2 * MIB - 0x2000,
                                 .phys = 5 * GIB - 2 * MIB - 0x2000,
                                 .bytes = 2 * GIB + 4 * MIB + 0x3000,
                                 .rights = RW,
                                 .leaves_4k = 2 + 1,
                                 .leaves_2m = 1 + 1,
                                 .leaves_1g = 2};
    assert_true(pgt_next_run(&suite.space, 0, &run));
    assert_true(same_run(&run, &want));
    suite_end(&suite);
}

static size_t count_runs(const struct pgt_space *space)
{
    struct pgt_run run;
    size_t count = 0;

    for (uint64_t at = 0; pgt_next_run(space, at, &run); count++) {
        at = run.virt + run.bytes;
        if (at == 0)
            return count + 1;
    }
    return count;
}

/* Each attribute ends a run where it changes; accessed and dirty do not. */
static void what_ends_a_run(void **state)
{
    static const struct pgt_protection other[] = {
        {.change = PGT_CHANGE_RIGHTS, .rights = RO},
        {.change = PGT_CHANGE_RIGHTS, .rights = RWX},
        {.change = PGT_CHANGE_RIGHTS, .rights = RW | PGT_USER},
        {.change = PGT_CHANGE_RIGHTS, .rights = RW | PGT_GLOBAL},
        {.change = PGT_CHANGE_MEMORY, .memory = PGT_UNCACHEABLE},
        {.change = PGT_CHANGE_KEY, .key = 1},
        {.change = PGT_CHANGE_SOFTWARE, .software = 0x200},
        {.change = 0},
    };
    (void)state;

    for (unsigned i = 0; i < 8; i++) {
        struct suite suite;
        start(&suite, 4);
        suite_map(&suite, GIB, 3 * 0x1000, RW, 0x2a000);
        struct call call = {
            .kind = CALL_PROTECT, .virt = GIB + 0x1000, .bytes = 0x1000, .protection = other[i]};
        call_do(&suite.arena, &suite.space, &call);
        suite_mark(&suite.arena, &suite.space, GIB, 0);
        assert_int_equal(count_runs(&suite.space), i < 7 ? 3 : 1);
        suite_map(&suite, GIB + 0x3000, 0x1000, RW, 0x2e000); /* a frame further on */
        suite_map(&suite, GIB + 0x5000, 0x1000, RW, 0x2f000); /* a page further on */
        assert_int_equal(count_runs(&suite.space), (i < 7 ? 3 : 1) + 2);
        suite_end(&suite);
    }
}

/* Across 2M tables, root slots, but not across the hole. */
static void runs_cross_tables_but_not_the_hole(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_run run;
        uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4, slot = UINT64_C(0x1000)
                                                                 << 9 * (levels - 1);
        start(&suite, levels);
        suite_map(&suite, slot - 0x1000, 0x2000, RO, 0x2a000);
        suite_map(&suite, -upper - 0x1000, 0x1000, RO, 0x2c000);
        suite_map(&suite, upper, 0x1000, RO, 0x2d000);
        suite_map(&suite, TOP_PAGE, 0x1000, RO, 0x2e000);
        assert_int_equal(count_runs(&suite.space), 4);
        assert_true(pgt_next_run(&suite.space, 0, &run));
        assert_int_equal(run.virt, slot - 0x1000);
        assert_int_equal(run.bytes, 0x2000);
        assert_true(pgt_next_run(&suite.space, slot, &run)); /* from within: the rest */
        assert_int_equal(run.virt, slot);
        assert_int_equal(run.bytes, 0x1000);
        assert_true(pgt_next_run(&suite.space, TOP_PAGE, &run));
        assert_int_equal(run.virt + (run.bytes - 1), UINT64_MAX);
        suite_end(&suite);
    }
}

/* ---- emptiness ----------------------------------------------------------- */

static void expect_emptiness(const struct suite *suite, uint64_t virt, uint64_t bytes,
                             const struct leaves *leaves)
{
    bool empty = true;

    for (size_t i = 0; i < leaves->count; i++)
        empty &= !leaves_meets(&leaves->leaf[i], virt, bytes);
    assert_int_equal(pgt_is_empty(&suite->space, virt, bytes), empty);
}

static void is_empty_over_every_range(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * ZOO_PLACES; i++) {
        struct suite suite;
        unsigned levels = 4 + i / ZOO_PLACES;
        uint64_t base = zoo_base(levels, i % ZOO_PLACES);
        zoo_start(&suite, levels, base, 32);
        struct leaves leaves = leaves_read(&suite.arena, &suite.space);
        for (unsigned from = 0; from < ZOO_BORDERS; from++)
            for (unsigned to = from + 1; to < ZOO_BORDERS; to++)
                expect_emptiness(&suite, base + zoo_border[from], zoo_border[to] - zoo_border[from],
                                 &leaves);
        leaves_free(&leaves);
        suite_end(&suite);
    }
}

/* Tables without a leaf below are empty: those that a seal keeps ready. */
static void tables_of_a_seal_are_empty(void **state)
{
    struct suite suite;
    struct pgt_space dependent;
    (void)state;

    start(&suite, 4);
    assert_int_equal(pgt_seal(&suite.space, UPPER_4, 4), PGT_OK);
    assert_int_equal(pgt_init_on(&dependent, &suite.space, &suite.arena.frames), PGT_OK);
    assert_true(pgt_is_empty(&suite.space, UPPER_4, -UPPER_4));
    assert_true(pgt_is_empty(&suite.space, 0, -UPPER_4));
    assert_true(pgt_is_empty(&dependent, UPPER_4, -UPPER_4));
    suite_map(&suite, UPPER_4 + 600 * GIB, 0x1000, RW, 0x2a000);
    assert_false(pgt_is_empty(&dependent, UPPER_4, -UPPER_4));
    assert_true(pgt_is_empty(&dependent, UPPER_4, 600 * GIB));
    assert_true(pgt_is_empty(&dependent, UPPER_4 + 600 * GIB + 0x1000, GIB));
    assert_false(pgt_is_empty(&dependent, UPPER_4 + 600 * GIB, 0x1000));
    assert_int_equal(pgt_destroy(&dependent), PGT_OK);
    suite_end(&suite);
}

/* Readers of ranges write nothing, either. */
static void readers_of_ranges_write_nothing(void **state)
{
    struct suite suite;
    (void)state;

    zoo_start(&suite, 4, 0, 32);
    struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
    struct pgt_space before = suite.space;
    assert_int_equal(count_runs(&suite.space), 10);
    assert_false(pgt_is_empty(&suite.space, 0, -UPPER_4));
    assert_memory_equal(&before, &suite.space, sizeof(before));
    arena_assert_unchanged(&suite.arena, &snapshot);
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_from_every_address_that_matters),
        cmocka_unit_test(leaves_of_all_sizes_are_one_run),
        cmocka_unit_test(what_ends_a_run),
        cmocka_unit_test(runs_cross_tables_but_not_the_hole),
        cmocka_unit_test(is_empty_over_every_range),
        cmocka_unit_test(tables_of_a_seal_are_empty),
        cmocka_unit_test(readers_of_ranges_write_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
