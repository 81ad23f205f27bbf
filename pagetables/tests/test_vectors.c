/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of gVisor's ring0/pagetables assert, said in this library's
 * words: for 4 levels, and with the base moved for 5.
 */
#include "pagetables/tests/suite.h"

/* Virtual base of the vectors with large pages. */
static uint64_t base_of(unsigned levels)
{
    return levels == 5 ? UINT64_C(0xff000000000000) : UINT64_C(0x7f0000000000);
}

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start(suite, &arch);
}

static void unmap_leaves_nothing(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        start(&suite, levels);
        suite_map(&suite, 0x400000, 0x1000, RW, 0x2a000);
        struct pgt_flush flush = suite_unmap(&suite, 0x400000, 0x1000);
        assert_true(flush.needed);
        assert_int_equal(suite_flush_first(&flush), 0x400000);
        assert_int_equal(suite_flush_last(&flush), 0x400fff);
        EXPECT_NOTHING(&suite);
        suite_end(&suite);
    }
}

static void read_only_and_read_write(void **state)
{
    static const unsigned rights[] = {RO, RW};
    (void)state;

    for (unsigned i = 0; i < 4; i++) {
        struct suite suite;
        start(&suite, 4 + i / 2);
        assert_false(suite_map(&suite, 0x400000, 0x1000, rights[i % 2], 0x2a000).needed);
        EXPECT(&suite, LEAF(0x400000, 0x1000, rights[i % 2], 0x2a000));
        suite_end(&suite);
    }
}

static void serial_entries(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        start(&suite, levels);
        suite_map(&suite, 0x400000, 0x1000, RW, 0x2a000);
        suite_map(&suite, 0x401000, 0x1000, RW, 0x2f000);
        EXPECT(&suite, LEAF(0x400000, 0x1000, RW, 0x2a000), LEAF(0x401000, 0x1000, RW, 0x2f000));
        suite_end(&suite);
    }
}

static void spanning_entries(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        uint64_t base = base_of(levels);
        start(&suite, levels);
        suite_map(&suite, base - 0x1000, 0x2000, RO, 0x2a000);
        EXPECT(&suite, LEAF(base - 0x1000, 0x1000, RO, 0x2a000), LEAF(base, 0x1000, RO, 0x2b000));
        suite_end(&suite);
    }
}

static void sparse_entries(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        uint64_t base = base_of(levels);
        start(&suite, levels);
        suite_map(&suite, 0x400000, 0x1000, RW, 0x2a000);
        suite_map(&suite, base, 0x1000, RO, 0x2f000);
        EXPECT(&suite, LEAF(0x400000, 0x1000, RW, 0x2a000), LEAF(base, 0x1000, RO, 0x2f000));
        suite_end(&suite);
    }
}

static void large_beside_4k(void **state)
{
    static const uint64_t bytes[] = {2 * MIB, GIB};
    static const uint64_t phys[] = {0x5e00000, UINT64_C(0xbc0000000)};
    (void)state;

    for (unsigned i = 0; i < 4; i++) {
        struct suite suite;
        unsigned levels = 4 + i / 2;
        uint64_t base = base_of(levels);
        start(&suite, levels);
        suite_map(&suite, 0x400000, 0x1000, RW, 0x2a000);
        suite_map(&suite, base, bytes[i % 2], RO, phys[i % 2]);
        EXPECT(&suite, LEAF(0x400000, 0x1000, RW, 0x2a000),
               LEAF(base, bytes[i % 2], RO, phys[i % 2]));
        suite_end(&suite);
    }
}

static void split_1g_page(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        uint64_t base = base_of(levels);
        start(&suite, levels);
        suite_map(&suite, base, GIB, RO, UINT64_C(0xa80000000));
        suite_unmap(&suite, base + 0x1000, GIB - 0x2000);
        EXPECT(&suite, LEAF(base, 0x1000, RO, UINT64_C(0xa80000000)),
               LEAF(base + 0x3ffff000, 0x1000, RO, UINT64_C(0xabffff000)));
        suite_end(&suite);
    }
}

static void split_2m_page(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        uint64_t base = base_of(levels);
        start(&suite, levels);
        suite_map(&suite, base, 2 * MIB, RO, 0x5400000);
        suite_unmap(&suite, base + 0x1000, 2 * MIB - 0x2000);
        EXPECT(&suite, LEAF(base, 0x1000, RO, 0x5400000),
               LEAF(base + 0x1ff000, 0x1000, RO, 0x55ff000));
        suite_end(&suite);
    }
}

static void large_addresses_with_5_levels(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 5);
    suite_map(&suite, UINT64_C(1) << 50, 0x1000, RW, 0x2a000);
    suite_map(&suite, UINT64_C(1) << 54, 2 * MIB, RO, 0x5400000);
    EXPECT(&suite, LEAF(UINT64_C(1) << 50, 0x1000, RW, 0x2a000),
           LEAF(UINT64_C(1) << 54, 2 * MIB, RO, 0x5400000));
    suite_end(&suite);
}

/* NumMemoryTypes: three bits select one of eight, so all types fit; each type
 * comes back from a leaf of each size. */
static void memory_types_fit_the_selector(void **state)
{
    static const uint64_t bytes[] = {4 * KIB, 2 * MIB, GIB};
    (void)state;

    assert_true(PGT_MEMORY_TYPES <= 8);
    for (unsigned i = 0; i < 3 * PGT_MEMORY_TYPES; i++) {
        struct suite suite;
        enum pgt_memory memory = (enum pgt_memory)(i / 3);
        start(&suite, 4);
        suite_map_memory(&suite, GIB, bytes[i % 3], RW, 4 * GIB, memory);
        EXPECT(
            &suite,
            {.virt = GIB, .phys = 4 * GIB, .bytes = bytes[i % 3], .rights = RW, .memory = memory});
        suite_end(&suite);
    }
}

static void raw_leaf_values(void **state)
{
    static const struct {
        unsigned rights;
        uint64_t raw;
    } vector[] = {
        {PGT_READ, UINT64_C(0x800000000002a021)},
        {PGT_READ | PGT_WRITE, UINT64_C(0x800000000002a063)},
        {PGT_WRITE, UINT64_C(0x800000000002a063)},
        {PGT_EXECUTE, 0x2a021},
        {PGT_READ | PGT_EXECUTE, 0x2a021},
        {PGT_READ | PGT_WRITE | PGT_EXECUTE, 0x2a063},
        {PGT_READ | PGT_USER, UINT64_C(0x800000000002a025)},
        {PGT_READ | PGT_GLOBAL, UINT64_C(0x800000000002a121)},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(vector) / sizeof(vector[0]); i++) {
        struct suite suite;
        start(&suite, 4);
        suite_map(&suite, 0x400000, 0x1000, vector[i].rights, 0x2a000);
        assert_int_equal(suite_entry(&suite, 0x400000, 1), vector[i].raw);
        suite_end(&suite);
    }
}

/* gVisor's IA32_PAT has write-combining at index 1, so it is PWT alone. */
static void write_combining_uses_the_index_that_the_pat_gives(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    arch.pat = UINT64_C(0x0007010600070106);
    suite_start(&suite, &arch);
    suite_map_memory(&suite, 0x400000, 0x1000, RO, 0x2a000, PGT_WRITE_COMBINING);
    suite_map_memory(&suite, 0x600000, 2 * MIB, RO, 0x200000, PGT_WRITE_COMBINING);
    assert_int_equal(suite_entry(&suite, 0x400000, 1), UINT64_C(0x800000000002a029));
    assert_int_equal(suite_entry(&suite, 0x600000, 2), UINT64_C(0x80000000002000a9));
    suite_end(&suite);

    arch.pat = PGT_PAT_LIMINE; /* index 5: PAT and PWT */
    suite_start(&suite, &arch);
    suite_map_memory(&suite, 0x400000, 0x1000, RO, 0x2a000, PGT_WRITE_COMBINING);
    suite_map_memory(&suite, 0x600000, 2 * MIB, RO, 0x200000, PGT_WRITE_COMBINING);
    assert_int_equal(suite_entry(&suite, 0x400000, 1), UINT64_C(0x800000000002a0a9));
    assert_int_equal(suite_entry(&suite, 0x600000, 2), UINT64_C(0x80000000002010a9));
    suite_end(&suite);
}

static void table_entries_are_permissive(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        start(&suite, levels);
        suite_map(&suite, 0x400000, 0x1000, RO, 0x2a000);
        for (unsigned level = 2; level <= levels; level++) {
            uint64_t entry = suite_entry(&suite, 0x400000, level);
            assert_int_equal(entry & 0xfff, 0x067);
            assert_int_equal(entry >> 63, 0);
        }
        suite_end(&suite);
    }
}

static void the_largest_page_that_all_allow(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    /* Virtual address: off a 2 MiB border until it reaches one, then off 1 GiB. */
    suite_start(&suite, &arch);
    suite_map(&suite, GIB - 2 * MIB - 4 * KIB, GIB + 2 * MIB + 8 * KIB, RW,
              5 * GIB - 2 * MIB - 4 * KIB);
    EXPECT(&suite, LEAF(GIB - 2 * MIB - 4 * KIB, 4 * KIB, RW, 5 * GIB - 2 * MIB - 4 * KIB),
           LEAF(GIB - 2 * MIB, 2 * MIB, RW, 5 * GIB - 2 * MIB), LEAF(GIB, GIB, RW, 5 * GIB),
           LEAF(2 * GIB, 4 * KIB, RW, 6 * GIB));
    suite_end(&suite);

    /* Length: one page short of 2 MiB is 511 pages. */
    suite_start(&suite, &arch);
    suite_map(&suite, GIB, 2 * MIB - 4 * KIB, RW, GIB);
    assert_int_equal(suite_entry(&suite, GIB + 2 * MIB - 8 * KIB, 1) & 1, 1);
    assert_int_equal(suite_entry(&suite, GIB + 2 * MIB - 4 * KIB, 1), 0);
    suite_end(&suite);

    /* Processor: without 1 GiB pages it is 512 of 2 MiB. */
    arch.pages_1g = false;
    suite_start(&suite, &arch);
    suite_map(&suite, GIB, GIB, RW, GIB);
    assert_int_equal(suite_entry(&suite, GIB, 2) & 0x81, 0x81);
    assert_int_equal(suite_entry(&suite, 2 * GIB - 1, 2) & 0x81, 0x81);
    assert_int_equal(pgt_tables(&suite.space, NULL, 0), 3);
    suite_end(&suite);
}

static void lookup_and_find_first(void **state)
{
    struct suite suite;
    struct pgt_leaf leaf;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, 0x40000000, GIB, RW, 0x80000000);
    assert_true(pgt_lookup(&suite.space, 0x40201234, &leaf));
    assert_int_equal(leaf.virt, 0x40000000);
    assert_int_equal(leaf.phys, 0x80000000);
    assert_int_equal(leaf.bytes, GIB);
    assert_false(pgt_lookup(&suite.space, 0x3ff01234, &leaf));
    assert_true(pgt_next(&suite.space, 0x3ff01234, &leaf));
    assert_int_equal(leaf.virt, 0x40000000);
    assert_int_equal(leaf.phys, 0x80000000);
    assert_int_equal(leaf.bytes, GIB);
    assert_true(pgt_next(&suite.space, 0x7fffffff, &leaf));
    assert_int_equal(leaf.virt, 0x40000000);
    assert_false(pgt_next(&suite.space, 0x80000000, &leaf));
    suite_end(&suite);
}

static void a_whole_1g_page_changes_rights_in_place(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, GIB, RO, 2 * GIB);
    size_t tables = pgt_tables(&suite.space, NULL, 0);
    struct pgt_flush flush = suite_map(&suite, GIB, GIB, RW, 2 * GIB);
    assert_true(flush.needed);
    assert_int_equal(suite_flush_first(&flush), GIB);
    assert_int_equal(suite_flush_last(&flush), 2 * GIB - 1);
    assert_int_equal(pgt_tables(&suite.space, NULL, 0), tables);
    EXPECT(&suite, LEAF(GIB, GIB, RW, 2 * GIB));
    suite_end(&suite);
}

static void a_misaligned_frame_uses_smaller_pages(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, 2 * MIB, RW, 4 * GIB + 4 * KIB);
    for (uint64_t at = 0; at < 2 * MIB; at += 4 * KIB)
        assert_int_equal(suite_entry(&suite, GIB + at, 1),
                         (4 * GIB + 4 * KIB + at) | UINT64_C(0x8000000000000063));
    suite_map(&suite, 2 * GIB, GIB, RW, 4 * GIB + 2 * MIB);
    for (uint64_t at = 0; at < GIB; at += 2 * MIB)
        assert_int_equal(suite_entry(&suite, 2 * GIB + at, 2),
                         (4 * GIB + 2 * MIB + at) | UINT64_C(0x80000000000000e3));
    suite_end(&suite);
}

static void a_shared_upper_is_seen_and_never_changed(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_space lower;
        struct pgt_flush flush = {0};
        uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4;
        start(&suite, levels);
        suite_map(&suite, upper, 0x2000, RW, 0x2a000);
        assert_int_equal(pgt_seal(&suite.space, upper, 0), PGT_OK);
        assert_int_equal(pgt_init_on(&lower, &suite.space, &suite.arena.frames), PGT_OK);
        assert_int_equal(
            pgt_map(&lower,
                    &(struct pgt_mapping){
                        .virt = 0x400000, .phys = 0x2f000, .bytes = 0x1000, .rights = RO},
                    &flush),
            PGT_OK);
        const struct pgt_leaf both[] = {
            LEAF(0x400000, 0x1000, RO, 0x2f000),
            LEAF(upper, 0x1000, RW, 0x2a000),
            LEAF(upper + 0x1000, 0x1000, RW, 0x2b000),
        };
        suite_expect(&suite.arena, &lower, both, 3);
        suite_refuse_map(
            &suite, &lower,
            &(struct pgt_mapping){.virt = upper, .phys = 0x90000, .bytes = 0x1000, .rights = RO},
            PGT_SEALED);
        suite_refuse_unmap(&suite, &lower, upper, 0x1000, PGT_SEALED);
        suite_refuse_unmap(&suite, &lower, upper + 0x1000, 0x1000, PGT_SEALED);
        suite_expect(&suite.arena, &suite.space, both + 1, 2);
        assert_int_equal(pgt_destroy(&lower), PGT_OK);
        suite_end(&suite);
    }
}

static void an_identical_remap_changes_nothing(void **state)
{
    static const uint64_t bytes[] = {4 * KIB, 2 * MIB, GIB, GIB + 2 * MIB + 4 * KIB};
    (void)state;

    for (unsigned i = 0; i < 4; i++) {
        struct suite suite;
        struct pgt_flush flush = {0};
        start(&suite, 4);
        struct pgt_mapping mapping = {
            .virt = GIB, .phys = 4 * GIB, .bytes = bytes[i], .rights = RW};
        assert_false(suite_map(&suite, GIB, bytes[i], RW, 4 * GIB).needed);
        struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
        suite.arena.limit = 0; /* nor may it ask for frames */
        assert_int_equal(pgt_map(&suite.space, &mapping, &flush), PGT_OK);
        assert_false(flush.needed);
        arena_assert_unchanged(&suite.arena, &snapshot);
        suite_end(&suite);
    }
}

/* The same for a part of a larger leaf: it is not split for nothing. */
static void an_identical_part_of_a_leaf_is_left_alone(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, GIB, RW, 4 * GIB);
    struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
    assert_false(suite_map(&suite, GIB + 4 * KIB, 4 * KIB, RW, 4 * GIB + 4 * KIB).needed);
    assert_false(suite_map(&suite, GIB + 2 * MIB, 4 * MIB, RW, 4 * GIB + 2 * MIB).needed);
    assert_false(suite_map(&suite, 2 * GIB - 4 * KIB, 4 * KIB, RW, 5 * GIB - 4 * KIB).needed);
    arena_assert_unchanged(&suite.arena, &snapshot);
    EXPECT(&suite, LEAF(GIB, GIB, RW, 4 * GIB));
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unmap_leaves_nothing),
        cmocka_unit_test(read_only_and_read_write),
        cmocka_unit_test(serial_entries),
        cmocka_unit_test(spanning_entries),
        cmocka_unit_test(sparse_entries),
        cmocka_unit_test(large_beside_4k),
        cmocka_unit_test(split_1g_page),
        cmocka_unit_test(split_2m_page),
        cmocka_unit_test(large_addresses_with_5_levels),
        cmocka_unit_test(memory_types_fit_the_selector),
        cmocka_unit_test(raw_leaf_values),
        cmocka_unit_test(write_combining_uses_the_index_that_the_pat_gives),
        cmocka_unit_test(table_entries_are_permissive),
        cmocka_unit_test(the_largest_page_that_all_allow),
        cmocka_unit_test(lookup_and_find_first),
        cmocka_unit_test(a_whole_1g_page_changes_rights_in_place),
        cmocka_unit_test(a_misaligned_frame_uses_smaller_pages),
        cmocka_unit_test(a_shared_upper_is_seen_and_never_changed),
        cmocka_unit_test(an_identical_remap_changes_nothing),
        cmocka_unit_test(an_identical_part_of_a_leaf_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
