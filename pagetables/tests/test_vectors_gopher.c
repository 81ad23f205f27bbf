/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of gopher-os's vmm assert, said in this library's words.
 */
#include "pagetables/tests/suite.h"

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start(suite, &arch);
}

static void walk_indices(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, UINT64_C(0x8080604000), 0x1000, RW, 0x2a000);
    uint64_t table = suite.space.root;
    for (unsigned index = 1; index <= 3; index++) {
        uint64_t entry = arena_table(&suite.arena, table)[index];
        assert_int_equal(entry & 0xfff, 0x067);
        table = entry & UINT64_C(0xffffffffff000);
    }
    assert_int_equal(arena_table(&suite.arena, table)[4], UINT64_C(0x800000000002a063));
    suite_end(&suite);
}

static void a_region_is_mapped_whole_or_not_at_all(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    /* Four frames short of what two pages on either side of a 1 GiB border need. */
    struct pgt_mapping region = {
        .virt = GIB - 0x1000, .phys = 0xdf0000, .bytes = 0x2000, .rights = RW};
    for (size_t frames = 0; frames < 5; frames++) {
        suite.arena.limit = suite.arena.outstanding + frames;
        suite_refuse_map(&suite, &suite.space, &region, PGT_NO_FRAMES);
        EXPECT_NOTHING(&suite);
    }
    suite.arena.limit++;
    suite_map(&suite, region.virt, region.bytes, RW, region.phys);
    EXPECT(&suite, LEAF(GIB - 0x1000, 0x1000, RW, 0xdf0000), LEAF(GIB, 0x1000, RW, 0xdf1000));
    suite_end(&suite);
}

/* The callers' lengths are pages: what gopher-os rounds up is refused here. */
static void a_length_is_not_rounded(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_refuse_map(
        &suite, &suite.space,
        &(struct pgt_mapping){.virt = 0xdf0000, .phys = 0xdf0000, .bytes = 4097, .rights = RW},
        PGT_MISALIGNED);
    suite_end(&suite);
}

static void translate_keeps_the_offset(void **state)
{
    struct suite suite;
    struct pgt_leaf leaf;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, 0, 0x1000, RO, 42 * 4096);
    assert_true(pgt_lookup(&suite.space, 1234, &leaf));
    assert_int_equal(leaf.phys + (1234 - leaf.virt), 42 * 4096 + 1234);
    suite_end(&suite);
}

/* Each single absent level: with a neighbour that shares all levels above. */
static void translate_finds_nothing_below_an_absent_entry(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_leaf leaf;
        uint64_t mapped = UINT64_C(0x8080604000);
        start(&suite, levels);
        suite_map(&suite, mapped, 0x1000, RO, 42 * 4096);
        for (unsigned level = 1; level <= levels; level++) {
            uint64_t beside = mapped + (UINT64_C(0x1000) << 9 * (level - 1));
            assert_false(pgt_lookup(&suite.space, beside, &leaf));
            assert_false(suite_unmap(&suite, beside & ~UINT64_C(0xfff), 0x1000).needed);
        }
        assert_true(pgt_lookup(&suite.space, mapped, &leaf));
        suite_end(&suite);
    }
}

static void translate_goes_through_large_pages(void **state)
{
    struct suite suite;
    struct pgt_leaf leaf;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, GIB, RO, 6 * GIB);
    suite_map(&suite, 2 * GIB, 2 * MIB, RO, 10 * MIB);
    assert_true(pgt_lookup(&suite.space, GIB + 0x12345678, &leaf));
    assert_int_equal(leaf.phys + (GIB + 0x12345678 - leaf.virt), 6 * GIB + 0x12345678);
    assert_true(pgt_lookup(&suite.space, 2 * GIB + 0x123456, &leaf));
    assert_int_equal(leaf.phys + (2 * GIB + 0x123456 - leaf.virt), 10 * MIB + 0x123456);
    suite_end(&suite);
}

/* Kernel sections, with exactly their rights. */
static void sections_get_exact_flags(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, 0x10000, 0x2000, RX, 0x10000);
    suite_map(&suite, 0x2000, 0x1000, RW, 0x2000);
    suite_map(&suite, 0x3000, 0x2000, RO, 0x3000);
    EXPECT(&suite, LEAF(0x2000, 0x1000, RW, 0x2000), LEAF(0x3000, 0x1000, RO, 0x3000),
           LEAF(0x4000, 0x1000, RO, 0x4000), LEAF(0x10000, 0x1000, RX, 0x10000),
           LEAF(0x11000, 0x1000, RX, 0x11000));
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walk_indices),
        cmocka_unit_test(a_region_is_mapped_whole_or_not_at_all),
        cmocka_unit_test(a_length_is_not_rounded),
        cmocka_unit_test(translate_keeps_the_offset),
        cmocka_unit_test(translate_finds_nothing_below_an_absent_entry),
        cmocka_unit_test(translate_goes_through_large_pages),
        cmocka_unit_test(sections_get_exact_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
