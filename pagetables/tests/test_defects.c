/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What went wrong in other page-table code, as regression tests, each named for
 * the symptom that it once showed there.
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

/* Counts the leaves of a walk, of one size. */
static size_t count_leaves(const struct suite *suite, uint64_t bytes)
{
    struct walk_list list = {0};
    size_t count = 0;

    walk_all(&list, &suite->arena, &suite->space.arch, suite->space.root);
    assert_int_equal(list.bad, 0);
    for (size_t i = 0; i < list.count; i++)
        count += list.leaf[i].bytes == bytes;
    walk_list_free(&list);
    return count;
}

/* ---- ranges ------------------------------------------------------------- */

static void remap_of_a_large_leaf_to_an_odd_frame_lost_the_range(void **state)
{
    static const uint64_t bytes[] = {2 * MIB, GIB};
    (void)state;

    for (unsigned i = 0; i < 2; i++) {
        struct suite suite;
        start(&suite, 4);
        suite_map(&suite, GIB, bytes[i], RO, 8 * GIB);
        assert_true(suite_map(&suite, GIB, bytes[i], RW, 16 * GIB + 0x1000).needed);
        for (uint64_t at = 0; at < bytes[i]; at += 4 * KIB) {
            struct walk_leaf leaf =
                walk(&suite.arena, &suite.space.arch, suite.space.root, GIB + at);
            assert_int_equal(leaf.kind, WALK_LEAF);
            assert_int_equal(leaf.phys, 16 * GIB + 0x1000 + at);
            assert_int_equal(leaf.rights, RW);
        }
        assert_int_equal(count_leaves(&suite, 4 * KIB), bytes[i] / (4 * KIB));
        /* Off 1 GiB, but on 2 MiB: pages of 2 MiB. */
        suite_map(&suite, GIB, bytes[i], RW, 16 * GIB + 2 * MIB);
        assert_int_equal(count_leaves(&suite, 2 * MIB), bytes[i] / (2 * MIB));
        assert_int_equal(count_leaves(&suite, 4 * KIB), 0);
        suite_end(&suite);
    }
}

static void the_top_page_could_not_be_mapped(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_leaf leaf;
        start(&suite, levels);
        suite_map(&suite, TOP_PAGE, 0x1000, RW, 0x2a000);
        EXPECT(&suite, LEAF(TOP_PAGE, 0x1000, RW, 0x2a000));
        assert_false(pgt_lookup(&suite.space, 0, &leaf)); /* upstream answered for 0 */
        assert_true(pgt_next(&suite.space, UINT64_MAX, &leaf));
        assert_int_equal(leaf.virt, TOP_PAGE);
        struct pgt_flush flush = suite_unmap(&suite, TOP_PAGE, 0x1000);
        assert_true(flush.needed);
        assert_int_equal(suite_flush_first(&flush), TOP_PAGE);
        assert_int_equal(suite_flush_last(&flush), UINT64_MAX);
        EXPECT_NOTHING(&suite);
        suite_end(&suite);
    }
}

static void a_kernel_in_the_top_2_gib_could_not_be_mapped(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, -2 * GIB, 2 * GIB, RX, 2 * GIB);
    EXPECT(&suite, LEAF(-2 * GIB, GIB, RX, 2 * GIB), LEAF(-GIB, GIB, RX, 3 * GIB));
    suite_unmap(&suite, -2 * MIB, 2 * MIB);
    suite_map(&suite, TOP_PAGE, 0x1000, RO, 0x2a000);
    assert_int_equal(count_leaves(&suite, 4 * KIB), 1);
    assert_int_equal(count_leaves(&suite, 2 * MIB), 511);
    suite_end(&suite);
}

static void unmap_of_everything_with_a_leaf_at_the_top_never_ended(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4;
        start(&suite, levels);
        suite_map(&suite, TOP_PAGE, 0x1000, RW, 0x2a000);
        suite_map(&suite, 0, 0x1000, RW, 0x2b000);
        assert_true(suite_unmap(&suite, upper, -upper).needed);
        assert_true(suite_unmap(&suite, 0, -upper).needed);
        EXPECT_NOTHING(&suite);
        assert_int_equal(pgt_tables(&suite.space, NULL, 0), 1);
        suite_end(&suite);
    }
}

static void the_last_page_of_the_lower_half_could_not_be_mapped(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        uint64_t last = levels == 5 ? LOWER_LAST_5 : LOWER_LAST_4;
        start(&suite, levels);
        suite_map(&suite, last, 0x1000, RW, 0x2a000);
        EXPECT(&suite, LEAF(last, 0x1000, RW, 0x2a000));
        suite_map(&suite, last - 0x1000, 0x2000, RO, 0x3a000);
        EXPECT(&suite, LEAF(last - 0x1000, 0x1000, RO, 0x3a000), LEAF(last, 0x1000, RO, 0x3b000));
        suite_unmap(&suite, last - 0x1000, 0x2000);
        EXPECT_NOTHING(&suite);
        suite_end(&suite);
    }
}

static void unaligned_arguments_mapped_nothing_or_too_much(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, 0x2000, RO, 0x2a000);
    for (uint64_t off = 1; off < 0x1000; off = off * 2 + 1) {
        struct pgt_mapping frame = mapping_of(GIB, 0x1000, RW, 0x3a000 + off);
        struct pgt_mapping length = mapping_of(GIB, 0x1000 + off, RW, 0x3a000);
        struct pgt_mapping start_ = mapping_of(GIB + off, 0x1000, RW, 0x3a000);
        suite_refuse_map(&suite, &suite.space, &frame, PGT_MISALIGNED);
        suite_refuse_map(&suite, &suite.space, &length, PGT_MISALIGNED);
        suite_refuse_map(&suite, &suite.space, &start_, PGT_MISALIGNED);
        suite_refuse_unmap(&suite, &suite.space, GIB + off, 0x1000, PGT_MISALIGNED);
        suite_refuse_unmap(&suite, &suite.space, GIB, 0x1000 + off, PGT_MISALIGNED);
    }
    suite_end(&suite);
}

static void physical_bits_above_the_width_reached_the_entry(void **state)
{
    static const uint8_t width[] = {36, 39, 46, 51};
    (void)state;

    for (unsigned i = 0; i < 4; i++) {
        struct suite suite;
        struct pgt_arch arch = suite_arch(4);
        arch.physical_bits = width[i];
        suite_start(&suite, &arch);
        for (unsigned bit = width[i]; bit < 64; bit++) {
            struct pgt_mapping mapping = mapping_of(GIB, 0x1000, RW, UINT64_C(1) << bit);
            suite_refuse_map(&suite, &suite.space, &mapping, PGT_BAD_PHYSICAL);
        }
        suite_end(&suite);
    }
}

/* ---- life of tables ----------------------------------------------------- */

static void unmap_of_what_was_mapped_left_its_tables(void **state)
{
    static const uint64_t bytes[] = {4 * KIB, 8 * KIB, 2 * MIB, 2 * MIB + 4 * KIB, GIB, 2 * GIB};
    (void)state;

    for (unsigned i = 0; i < 12; i++) {
        struct suite suite;
        start(&suite, 4 + i / 6);
        uint64_t virt = GIB - 4 * KIB;
        suite_map(&suite, virt, bytes[i % 6], RW, 0x2a000);
        suite_unmap(&suite, virt, bytes[i % 6]);
        assert_int_equal(suite.arena.outstanding, 1);
        assert_int_equal(pgt_tables(&suite.space, NULL, 0), 1);
        assert_int_equal(suite.space.root_live, 0);
        suite_end(&suite);
    }
}

/* A table goes with its last entry, in whatever order and steps they go. */
static void a_table_goes_with_its_last_entry(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, 2 * MIB, RW, 0x2a000);
    for (uint64_t i = 0; i < 512; i++) {
        assert_int_equal(suite.arena.outstanding, 4);
        /* 7 is prime to 512, so this comes by each page once. */
        suite_unmap(&suite, GIB + (i * 7 % 512) * 0x1000, 0x1000);
    }
    assert_int_equal(suite.arena.outstanding, 1);
    suite_end(&suite);
}

/* Whole tables that a large leaf or a smaller one replaces go back, too. */
static void a_replaced_table_was_kept_or_turned_into_a_leaf(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    for (uint64_t i = 0; i < 8; i++)
        suite_map(&suite, GIB + i * 4 * MIB, 0x1000, RW, 0x2a000);
    assert_int_equal(suite.arena.outstanding, 3 + 8);
    assert_true(suite_map(&suite, GIB + 4 * MIB, 2 * MIB, RO, 8 * MIB).needed);
    assert_int_equal(suite.arena.outstanding, 3 + 7);
    assert_int_equal(suite_entry(&suite, GIB + 4 * MIB, 2), UINT64_C(0x80000000008000a1));
    assert_true(suite_map(&suite, GIB, GIB, RO, 8 * GIB).needed);
    EXPECT(&suite, LEAF(GIB, GIB, RO, 8 * GIB));
    assert_int_equal(suite.arena.outstanding, 2);
    suite_end(&suite);
}

/* An emptied table must not stand in the way of a large leaf. */
static void a_large_page_was_refused_where_tables_had_been(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, 0x1000, RW, 0x2a000);
    suite_unmap(&suite, GIB, 0x1000);
    suite_map(&suite, GIB, 2 * MIB, RW, 2 * MIB);
    EXPECT(&suite, LEAF(GIB, 2 * MIB, RW, 2 * MIB));
    suite_end(&suite);
}

static void read_everything(const struct pgt_space *space)
{
    static const uint64_t awkward[] = {
        0, 0x1234, GIB - 1, GIB, 3 * GIB, LOWER_LAST_4 + 0xfff, UPPER_4 - 1, UPPER_4, UINT64_MAX,
    };
    struct pgt_fault fault;
    struct pgt_leaf leaf;

    for (size_t i = 0; i < sizeof(awkward) / sizeof(awkward[0]); i++) {
        (void)pgt_lookup(space, awkward[i], &leaf);
        (void)pgt_next(space, awkward[i], &leaf);
    }
    for (uint64_t at = 0; pgt_next(space, at, &leaf);) {
        at = leaf.virt + leaf.bytes;
        if (at == 0)
            break;
    }
    assert_int_equal(pgt_check(space, &fault), PGT_OK);
}

static void readers_freed_tables_even_of_the_upper(void **state)
{
    struct suite suite;
    struct pgt_space lower;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, UPPER_4, GIB + 0x1000, RW, 0);
    suite_map(&suite, UPPER_4 + 2 * GIB, 0x1000, RW, 0x2a000);
    suite_map(&suite, TOP_PAGE, 0x1000, RX, 0x2b000);
    suite_map(&suite, 0, 3 * 0x1000, RX, 0x2b000);
    assert_int_equal(pgt_seal(&suite.space, UPPER_4, 0), PGT_OK);
    /* A table of the upper that is empty: what upstream's readers freed. */
    suite_unmap(&suite, TOP_PAGE, 0x1000);
    assert_int_equal(pgt_init_on(&lower, &suite.space, &suite.arena.frames), PGT_OK);

    struct pgt_space before = suite.space;
    struct pgt_space before_lower = lower;
    struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
    read_everything(&suite.space);
    read_everything(&lower);
    arena_assert_unchanged(&suite.arena, &snapshot);
    assert_memory_equal(&before, &suite.space, sizeof(before));
    assert_memory_equal(&before_lower, &lower, sizeof(lower));

    assert_int_equal(pgt_destroy(&lower), PGT_OK);
    suite_end(&suite);
}

static void a_map_without_rights_allocated_and_stored_nothing(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, GIB, RW, 8 * GIB);
    struct pgt_mapping none = mapping_of(GIB, GIB, 0, 8 * GIB + 0x1000);
    suite_refuse_map(&suite, &suite.space, &none, PGT_BAD_RIGHTS);
    none.bytes = 0x1000;
    suite_refuse_map(&suite, &suite.space, &none, PGT_BAD_RIGHTS);
    suite_end(&suite);
}

/* ---- splitting (seen in loaders) ---------------------------------------- */

/* Attributes go into the parts; bit 12 of a large leaf is no address bit. */
static void a_split_dropped_memory_type_or_rights(void **state)
{
    static const unsigned rights[] = {RO, RW | PGT_GLOBAL, RX | PGT_USER};
    (void)state;

    for (unsigned i = 0; i < PGT_MEMORY_TYPES * 3; i++) {
        struct suite suite;
        enum pgt_memory memory = (enum pgt_memory)(i / 3);
        start(&suite, 4);
        suite_map_memory(&suite, GIB, GIB, rights[i % 3], 8 * GIB, memory);
        suite_unmap(&suite, GIB + 0x1000, GIB - 2 * 0x1000 - 2 * MIB);
        struct pgt_leaf parts[3] = {
            LEAF(GIB, 0x1000, rights[i % 3], 8 * GIB),
            LEAF(2 * GIB - 2 * MIB - 0x1000, 0x1000, rights[i % 3], 9 * GIB - 2 * MIB - 0x1000),
            LEAF(2 * GIB - 2 * MIB, 2 * MIB, rights[i % 3], 9 * GIB - 2 * MIB),
        };
        for (unsigned part = 0; part < 3; part++)
            parts[part].memory = memory;
        suite_expect(&suite.arena, &suite.space, parts, 3);
        suite_end(&suite);
    }
}

static void a_page_inside_a_write_combining_2m_page_panicked(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map_memory(&suite, GIB, 2 * MIB, RW, 2 * MIB, PGT_WRITE_COMBINING);
    suite_map(&suite, GIB + 0x3000, 0x1000, RX, 0x2a000);
    for (uint64_t at = 0; at < 2 * MIB; at += 0x1000) {
        struct walk_leaf leaf = walk(&suite.arena, &suite.space.arch, suite.space.root, GIB + at);
        bool is_new = at == 0x3000;
        assert_int_equal(leaf.phys, is_new ? 0x2a000 : 2 * MIB + at);
        assert_int_equal(leaf.memory, is_new ? PGT_WRITE_BACK : PGT_WRITE_COMBINING);
        assert_int_equal(leaf.rights, is_new ? RX : RW);
    }
    suite_end(&suite);
}

static void a_1g_page_was_split_straight_to_4k(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, GIB, RW, 8 * GIB);
    struct pgt_flush flush = suite_unmap(&suite, GIB + 5 * MIB, 0x1000);
    assert_true(flush.needed);
    assert_int_equal(count_leaves(&suite, 2 * MIB), 511);
    assert_int_equal(count_leaves(&suite, 4 * KIB), 511);
    assert_int_equal(pgt_tables(&suite.space, NULL, 0), 4);
    suite_end(&suite);
}

/* Accessed and dirty are the processor's word on the whole leaf: its parts keep
 * it, whichever it was. */
static void a_split_dropped_accessed_and_dirty(void **state)
{
    (void)state;
    for (uint64_t bits = 0; bits < 4; bits++) {
        struct suite suite;
        struct pgt_leaf leaf;
        start(&suite, 4);
        suite_map(&suite, GIB, 2 * MIB, RW, 2 * MIB);
        uint64_t *entry = walk_entry(&suite.arena, &suite.space.arch, suite.space.root, GIB, 2);
        *entry = (*entry & ~UINT64_C(0x60)) | bits << 5;
        suite_unmap(&suite, GIB, 0x1000);
        assert_true(pgt_lookup(&suite.space, GIB + 0x5000, &leaf));
        assert_int_equal(leaf.accessed, bits & 1);
        assert_int_equal(leaf.dirty, bits >> 1);
        assert_int_equal(suite_entry(&suite, GIB + 0x5000, 1) & 0x60, bits << 5);
        suite_end(&suite);
    }
}

/* ---- limits ------------------------------------------------------------- */

/* Levels were one global for all; here a 4 and a 5 level space live side by side. */
static void levels_were_global(void **state)
{
    struct suite four;
    struct suite five;
    struct pgt_leaf leaf;
    (void)state;

    start(&four, 4);
    start(&five, 5);
    suite_map(&four, LOWER_LAST_4, 0x1000, RW, 0x2a000);
    suite_map(&five, LOWER_LAST_5, 0x1000, RW, 0x2b000);
    suite_map(&five, LOWER_LAST_4 + 0x1000, 0x1000, RW, 0x2c000);
    EXPECT(&four, LEAF(LOWER_LAST_4, 0x1000, RW, 0x2a000));
    EXPECT(&five, LEAF(LOWER_LAST_4 + 0x1000, 0x1000, RW, 0x2c000),
           LEAF(LOWER_LAST_5, 0x1000, RW, 0x2b000));
    assert_false(pgt_lookup(&four.space, LOWER_LAST_5, &leaf));
    struct pgt_mapping beyond = mapping_of(LOWER_LAST_4 + 0x1000, 0x1000, RW, 0x2c000);
    suite_refuse_map(&four, &four.space, &beyond, PGT_BAD_RANGE);
    suite_end(&four);
    suite_end(&five);
}

static void pages_of_1g_were_used_without_asking(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    arch.pages_1g = false;
    suite_start(&suite, &arch);
    suite_map(&suite, 0, 4 * GIB, RW, 0);
    assert_int_equal(count_leaves(&suite, GIB), 0);
    assert_int_equal(count_leaves(&suite, 2 * MIB), 2048);
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remap_of_a_large_leaf_to_an_odd_frame_lost_the_range),
        cmocka_unit_test(the_top_page_could_not_be_mapped),
        cmocka_unit_test(a_kernel_in_the_top_2_gib_could_not_be_mapped),
        cmocka_unit_test(unmap_of_everything_with_a_leaf_at_the_top_never_ended),
        cmocka_unit_test(the_last_page_of_the_lower_half_could_not_be_mapped),
        cmocka_unit_test(unaligned_arguments_mapped_nothing_or_too_much),
        cmocka_unit_test(physical_bits_above_the_width_reached_the_entry),
        cmocka_unit_test(unmap_of_what_was_mapped_left_its_tables),
        cmocka_unit_test(a_table_goes_with_its_last_entry),
        cmocka_unit_test(a_replaced_table_was_kept_or_turned_into_a_leaf),
        cmocka_unit_test(a_large_page_was_refused_where_tables_had_been),
        cmocka_unit_test(readers_freed_tables_even_of_the_upper),
        cmocka_unit_test(a_map_without_rights_allocated_and_stored_nothing),
        cmocka_unit_test(a_split_dropped_memory_type_or_rights),
        cmocka_unit_test(a_page_inside_a_write_combining_2m_page_panicked),
        cmocka_unit_test(a_1g_page_was_split_straight_to_4k),
        cmocka_unit_test(a_split_dropped_accessed_and_dirty),
        cmocka_unit_test(levels_were_global),
        cmocka_unit_test(pages_of_1g_were_used_without_asking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
