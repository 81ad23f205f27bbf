/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every reason to refuse, at its exact border: the last argument that is
 * accepted and the first that is not; and that the cost told is the cost paid.
 */
#include "pagetables/tests/suite.h"

#include <string.h>

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start(suite, &arch);
}

static void refuse_map(struct suite *suite, uint64_t virt, uint64_t bytes, unsigned rights,
                       uint64_t phys, enum pgt_status status)
{
    suite_refuse_map(
        suite, &suite->space,
        &(struct pgt_mapping){.virt = virt, .phys = phys, .bytes = bytes, .rights = rights},
        status);
}

/* Refused for map, its cost and unmap alike. */
static void refuse_range(struct suite *suite, uint64_t virt, uint64_t bytes, enum pgt_status status)
{
    refuse_map(suite, virt, bytes, RW, 0x2a000, status);
    suite_refuse_unmap(suite, &suite->space, virt, bytes, status);
}

static void every_status_has_its_text(void **state)
{
    (void)state;
    for (int i = PGT_OK; i <= PGT_MALFORMED; i++) {
        assert_non_null(pgt_status_text((enum pgt_status)i));
        assert_int_not_equal(strlen(pgt_status_text((enum pgt_status)i)), 0);
        for (int j = PGT_OK; j < i; j++)
            assert_string_not_equal(pgt_status_text((enum pgt_status)i),
                                    pgt_status_text((enum pgt_status)j));
    }
    assert_non_null(pgt_status_text((enum pgt_status)(PGT_MALFORMED + 1)));
    assert_non_null(pgt_status_text((enum pgt_status)0x7fffffff));
}

static void a_new_space_is_empty(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_arch arch = suite_arch(levels);
        start(&suite, levels);
        assert_int_equal(suite.space.arch.levels, levels);
        assert_int_equal(suite.space.arch.physical_bits, arch.physical_bits);
        assert_int_equal(suite.space.arch.pages_1g, arch.pages_1g);
        assert_int_equal(suite.space.arch.no_execute, arch.no_execute);
        assert_int_equal(suite.space.arch.pat, arch.pat);
        assert_int_equal(suite.space.root % PGT_PAGE, 0);
        assert_null(suite.space.upper);
        assert_int_equal(suite.space.upper_slot, PGT_ENTRIES);
        assert_int_equal(suite.space.root_live, 0);
        assert_int_equal(pgt_tables(&suite.space, NULL, 0), 1);
        assert_int_equal(suite.space.dependents, 0);
        EXPECT_NOTHING(&suite);
        for (unsigned i = 0; i < 512; i++) /* the arena hands out rubbish */
            assert_int_equal(arena_table(&suite.arena, suite.space.root)[i], 0);
        suite_end(&suite);
    }
}

static void empty_and_wrapping_ranges(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        start(&suite, levels);
        suite_map(&suite, GIB, 0x1000, RO, 0x2a000);
        refuse_range(&suite, GIB, 0, PGT_BAD_RANGE);
        refuse_range(&suite, 0, 0, PGT_BAD_RANGE);
        refuse_range(&suite, TOP_PAGE, 0x2000, PGT_BAD_RANGE);
        refuse_range(&suite, -GIB, GIB + 0x1000, PGT_BAD_RANGE);
        refuse_range(&suite, UPPER_4, -UINT64_C(0x1000), PGT_BAD_RANGE);
        refuse_range(&suite, 0x1000, -UINT64_C(0x1000), PGT_BAD_RANGE);
        refuse_range(&suite, 0, -UINT64_C(0x1000), PGT_BAD_RANGE);
        suite_end(&suite);
    }
}

/* The pages right outside of both halves. */
static void refuse_hole(struct suite *suite, uint64_t lower_last, uint64_t upper)
{
    refuse_range(suite, lower_last + 0x1000, 0x1000, PGT_BAD_RANGE);
    refuse_range(suite, upper - 0x1000, 0x1000, PGT_BAD_RANGE);
}

static void ranges_stay_canonical(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        uint64_t last = levels == 5 ? LOWER_LAST_5 : LOWER_LAST_4;
        uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4;
        start(&suite, levels);
        refuse_hole(&suite, last, upper);
        refuse_range(&suite, last, 0x2000, PGT_BAD_RANGE);
        refuse_range(&suite, upper - 0x1000, 0x2000, PGT_BAD_RANGE);
        refuse_range(&suite, UINT64_C(1) << 62, 0x1000, PGT_BAD_RANGE);
        /* Both ends canonical, the hole between. */
        refuse_range(&suite, last, upper - last + 0x1000, PGT_BAD_RANGE);
        refuse_range(&suite, 0, upper + 0x1000, PGT_BAD_RANGE);
        suite_map(&suite, last, 0x1000, RW, 0x2a000);
        suite_map(&suite, upper, 0x1000, RW, 0x2b000);
        EXPECT(&suite, LEAF(last, 0x1000, RW, 0x2a000), LEAF(upper, 0x1000, RW, 0x2b000));
        /* Without the sign extension they are those two, of which all tables are there. */
        refuse_hole(&suite, last, upper);
        suite_end(&suite);
    }
}

/* A whole half in one call: 128 TiB of 1 GiB pages, to the very top. */
static void a_half_of_the_space_in_one_call(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_leaf leaf;
    (void)state;

    arch.physical_bits = 52;
    suite_start(&suite, &arch);
    suite_map(&suite, UPPER_4, -UPPER_4, RW, 0);
    suite_map(&suite, 0, -UPPER_4, RX, -UPPER_4);
    assert_int_equal(pgt_tables(&suite.space, NULL, 0), 1 + 512);
    size_t leaves = 0;
    for (uint64_t at = 0; pgt_next(&suite.space, at, &leaf);) {
        assert_int_equal(leaf.virt, leaves < 0x20000 ? at : at | UPPER_4);
        assert_int_equal(leaf.bytes, GIB);
        leaves++;
        at = leaf.virt + leaf.bytes;
        if (at == 0)
            break;
    }
    assert_int_equal(leaves, 0x40000);
    assert_int_equal(leaf.phys, -UPPER_4 - GIB);
    suite_unmap(&suite, UPPER_4, -UPPER_4);
    suite_unmap(&suite, 0, -UPPER_4);
    assert_int_equal(suite.arena.outstanding, 1);
    suite_end(&suite);
}

static void physical_addresses_stay_within_the_width(void **state)
{
    static const uint8_t width[] = {32, 36, 39, 46, 52};
    (void)state;

    for (unsigned i = 0; i < 5; i++) {
        struct suite suite;
        struct pgt_arch arch = suite_arch(4);
        uint64_t end = UINT64_C(1) << width[i];
        arch.physical_bits = width[i];
        suite_start(&suite, &arch);
        refuse_map(&suite, GIB, 0x1000, RW, end, PGT_BAD_PHYSICAL);
        refuse_map(&suite, GIB, 0x2000, RW, end - 0x1000, PGT_BAD_PHYSICAL);
        refuse_map(&suite, GIB, 2 * GIB, RW, end - GIB, PGT_BAD_PHYSICAL);
        refuse_map(&suite, 0, LOWER_LAST_4 + 0x1000, RW, end - 0x1000, PGT_BAD_PHYSICAL);
        refuse_map(&suite, GIB, 0x1000, RW, UINT64_C(1) << 63, PGT_BAD_PHYSICAL);
        refuse_map(&suite, GIB, 0x2000, RW, TOP_PAGE, PGT_BAD_PHYSICAL); /* wraps */
        suite_map(&suite, GIB, GIB, RW, end - GIB);
        suite_map(&suite, 3 * GIB - 0x1000, 0x1000, RW, end - 0x1000);
        suite_map(&suite, 4 * GIB, 2 * MIB, RW, end - 2 * MIB);
        EXPECT(&suite, LEAF(GIB, GIB, RW, end - GIB),
               LEAF(3 * GIB - 0x1000, 0x1000, RW, end - 0x1000),
               LEAF(4 * GIB, 2 * MIB, RW, end - 2 * MIB));
        suite_end(&suite);
    }
}

static void rights_that_cannot_be_said(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    refuse_map(&suite, GIB, 0x1000, 0, 0x2a000, PGT_BAD_RIGHTS);
    refuse_map(&suite, GIB, 0x1000, RW | 32, 0x2a000, PGT_BAD_RIGHTS);
    refuse_map(&suite, GIB, 0x1000, RW | 0x80000000, 0x2a000, PGT_BAD_RIGHTS);
    for (unsigned rights = 1; rights < 32; rights++) {
        if ((rights & RWX) == 0)
            continue;
        suite_map(&suite, GIB, 0x1000, rights, 0x2a000);
        EXPECT(&suite, LEAF(GIB, 0x1000, rights, 0x2a000));
    }
    suite_end(&suite);
}

/* Bit 63 is reserved there: all that is mapped can be executed. */
static void a_processor_without_execute_disable(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    arch.no_execute = false;
    suite_start(&suite, &arch);
    refuse_map(&suite, GIB, 0x1000, RO, 0x2a000, PGT_BAD_RIGHTS);
    refuse_map(&suite, GIB, GIB, RW | PGT_USER, GIB, PGT_BAD_RIGHTS);
    suite_map(&suite, GIB, 0x1000, RX, 0x2a000);
    refuse_map(&suite, GIB + 0x1000, 0x1000, RO, 0x2a000, PGT_BAD_RIGHTS); /* its table is there */
    suite_map(&suite, 2 * GIB, 2 * MIB, RWX, 2 * MIB);
    EXPECT(&suite, LEAF(GIB, 0x1000, RX, 0x2a000), LEAF(2 * GIB, 2 * MIB, RWX, 2 * MIB));
    suite_end(&suite);
}

static void refuse_memory(struct suite *suite, enum pgt_memory memory)
{
    suite_refuse_map(suite, &suite->space,
                     &(struct pgt_mapping){
                         .virt = GIB, .phys = GIB, .bytes = 0x1000, .rights = RW, .memory = memory},
                     PGT_BAD_RIGHTS);
}

static void memory_types_that_the_pat_lacks(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    arch.pat = PGT_PAT_RESET;
    suite_start(&suite, &arch);
    refuse_memory(&suite, PGT_WRITE_COMBINING);
    refuse_memory(&suite, PGT_WRITE_PROTECTED);
    refuse_memory(&suite, (enum pgt_memory)PGT_MEMORY_TYPES);
    refuse_memory(&suite, (enum pgt_memory)255);
    suite_map_memory(&suite, GIB, 0x1000, RW, GIB, PGT_UNCACHEABLE);
    suite_map_memory(&suite, GIB, 0x1000, RW, GIB, PGT_UNCACHED_MINUS);
    suite_map_memory(&suite, GIB, 0x1000, RW, GIB, PGT_WRITE_THROUGH);
    suite_end(&suite);

    arch.pat = 0; /* all uncacheable: not even ordinary memory */
    suite_start(&suite, &arch);
    refuse_memory(&suite, PGT_WRITE_BACK);
    suite_map_memory(&suite, GIB, 0x1000, RW, GIB, PGT_UNCACHEABLE);
    suite_end(&suite);
}

/* Any place in the PAT will do, in small pages and large: one type at each of
 * the eight, all else uncacheable. */
static void a_memory_type_at_any_index_of_the_pat(void **state)
{
    (void)state;
    for (unsigned index = 0; index < 8; index++) {
        struct suite suite;
        struct pgt_arch arch = suite_arch(4);
        arch.pat = UINT64_C(6) << 8 * index;
        suite_start(&suite, &arch);
        suite_map(&suite, GIB, 0x1000, RW, 0x2a000);
        suite_map(&suite, GIB + 0x1000, 0x1000, RX, 0x2b000); /* whose table is there */
        suite_map(&suite, 2 * GIB, GIB + 2 * MIB, RW, 8 * GIB);
        suite_map_memory(&suite, 4 * GIB, 2 * MIB + 0x1000, RW, 8 * GIB, PGT_UNCACHEABLE);
        EXPECT(&suite, LEAF(GIB, 0x1000, RW, 0x2a000), LEAF(GIB + 0x1000, 0x1000, RX, 0x2b000),
               LEAF(2 * GIB, GIB, RW, 8 * GIB), LEAF(3 * GIB, 2 * MIB, RW, 9 * GIB),
               {.virt = 4 * GIB,
                .phys = 8 * GIB,
                .bytes = 2 * MIB,
                .rights = RW,
                .memory = PGT_UNCACHEABLE},
               {.virt = 4 * GIB + 2 * MIB,
                .phys = 8 * GIB + 2 * MIB,
                .bytes = 0x1000,
                .rights = RW,
                .memory = PGT_UNCACHEABLE});
        suite_end(&suite);
    }
}

static void the_cost_is_what_is_taken(void **state)
{
    struct suite suite;
    size_t cost;
    (void)state;

    start(&suite, 4);
    struct pgt_mapping mapping = {.virt = GIB, .phys = GIB, .bytes = 0x1000, .rights = RW};
    assert_int_equal(pgt_map_cost(&suite.space, &mapping, &cost), PGT_OK);
    assert_int_equal(cost, 3);
    mapping.bytes = GIB;
    assert_int_equal(pgt_map_cost(&suite.space, &mapping, &cost), PGT_OK);
    assert_int_equal(cost, 1);
    mapping.phys = GIB + 0x1000;
    assert_int_equal(pgt_map_cost(&suite.space, &mapping, &cost), PGT_OK);
    assert_int_equal(cost, 2 + 512);
    suite_map(&suite, GIB, GIB, RW, GIB); /* pays 1, and the rest is compared */
    assert_int_equal(pgt_map_cost(&suite.space, &mapping, &cost), PGT_OK);
    assert_int_equal(cost, 1 + 512);
    mapping.phys = GIB;
    assert_int_equal(pgt_map_cost(&suite.space, &mapping, &cost), PGT_OK);
    assert_int_equal(cost, 0);
    suite_end(&suite);
}

/* The cost writes nothing and asks for nothing. */
static void the_cost_is_free(void **state)
{
    struct suite suite;
    size_t cost;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, GIB, RW, GIB);
    struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
    size_t reserves = suite.arena.reserves;
    struct pgt_mapping mapping = {.virt = GIB + 0x1000, .phys = 0, .bytes = 3 * GIB, .rights = RW};
    assert_int_equal(pgt_map_cost(&suite.space, &mapping, &cost), PGT_OK);
    assert_int_equal(suite.arena.reserves, reserves);
    arena_assert_unchanged(&suite.arena, &snapshot);
    suite_end(&suite);
}

static void what_is_not_mapped_is_passed_over(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    assert_false(suite_unmap(&suite, 0, -UPPER_4).needed);
    suite_map(&suite, 5 * GIB, 0x1000, RW, 0x2a000);
    assert_false(suite_unmap(&suite, 5 * GIB + 0x1000, GIB).needed);
    assert_false(suite_unmap(&suite, 0, 5 * GIB).needed);
    EXPECT(&suite, LEAF(5 * GIB, 0x1000, RW, 0x2a000));
    struct pgt_flush flush = suite_unmap(&suite, 0, -UPPER_4);
    assert_true(flush.needed);
    assert_true(suite_flush_first(&flush) <= 5 * GIB &&
                suite_flush_last(&flush) >= 5 * GIB + 0xfff);
    assert_int_equal(suite_flush_first(&flush) % PGT_PAGE, 0);
    assert_int_equal(suite_flush_last(&flush) % PGT_PAGE, PGT_PAGE - 1);
    EXPECT_NOTHING(&suite);
    suite_end(&suite);
}

static void mapping_what_was_absent_needs_no_flush(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    assert_false(suite_map(&suite, GIB, 0x3000, RW, 0x2a000).needed);
    struct pgt_flush flush = suite_map(&suite, GIB + 0x1000, 0x4000, RW, 0x3a000);
    assert_true(flush.needed);
    assert_true(suite_flush_first(&flush) <= GIB + 0x1000 &&
                suite_flush_last(&flush) >= GIB + 0x2fff);
    assert_true(suite_flush_first(&flush) >= GIB && suite_flush_last(&flush) <= GIB + 0x4fff);
    /* 512 pages become one: the table that held them is free to be reused. */
    suite_map(&suite, 2 * GIB, 0x1000, RW, 2 * GIB);
    suite_map(&suite, 2 * GIB + 0x1000, 2 * MIB - 0x1000, RW, 2 * GIB + 0x1000);
    size_t gives = suite.arena.gives;
    flush = suite_map(&suite, 2 * GIB, 2 * MIB, RW, 2 * GIB);
    assert_int_equal(suite.arena.gives, gives + 1);
    assert_true(flush.needed);
    assert_int_equal(suite_flush_first(&flush), 2 * GIB);
    assert_int_equal(suite_flush_last(&flush), 2 * GIB + 2 * MIB - 1);
    suite_end(&suite);
}

static void destroy_gives_the_root_last(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        start(&suite, levels);
        suite_map(&suite, GIB, 3 * MIB, RW, 0x2a000);
        suite_map(&suite, 8 * GIB, 3 * GIB, RW, 0);
        suite_map(&suite, TOP_PAGE, 0x1000, RW, 0x2a000);
        suite_map(&suite, 0, 0x1000, RW, 0x2a000);
        assert_int_equal(suite.arena.outstanding, pgt_tables(&suite.space, NULL, 0));
        uint64_t root = suite.space.root;
        assert_int_equal(pgt_destroy(&suite.space), PGT_OK);
        assert_int_equal(suite.arena.outstanding, 0);
        assert_int_equal(suite.arena.last_given, root);
        arena_free(&suite.arena);
    }
}

/* Every entry of a new table is written, whatever the frame held: a fault in
 * this shows as rubbish beside the mapping. */
static void frames_need_not_be_zeroed(void **state)
{
    struct suite suite;
    struct walk_list list = {0};
    (void)state;

    start(&suite, 5);
    suite_map(&suite, 0x12345000, 0x1000, RW, 0x2a000);
    walk_all(&list, &suite.arena, &suite.space.arch, suite.space.root);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.bad, 0);
    assert_int_equal(list.tables, 5);
    for (unsigned level = 1; level < 5; level++) {
        const uint64_t *entry =
            walk_entry(&suite.arena, &suite.space.arch, suite.space.root, 0x12345000, level);
        const uint64_t *table = (const uint64_t *)((uintptr_t)entry & ~(uintptr_t)0xfff);
        for (unsigned i = 0; i < 512; i++)
            assert_true(&table[i] == entry || table[i] == 0);
    }
    walk_list_free(&list);
    suite_end(&suite);
}

/* Physical address 0 is an address, and offset any number. */
static void tables_may_lie_at_0(void **state)
{
    struct arena arena;
    struct pgt_space space;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_flush flush = {0};
    (void)state;

    arena_init(&arena, 0, 4, 1); /* all four are needed, so 0 is among them */
    assert_int_equal(pgt_init(&space, &arch, &arena.frames), PGT_OK);
    struct pgt_mapping mapping = {.virt = 0, .phys = 0, .bytes = 0x1000, .rights = RW};
    assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_OK);
    suite_check(&space);
    const struct pgt_leaf leaf = LEAF(0, 0x1000, RW, 0);
    suite_expect(&arena, &space, &leaf, 1);
    assert_int_equal(pgt_unmap(&space, 0, 0x1000, &flush), PGT_OK);
    assert_int_equal(arena.outstanding, 1);
    assert_int_equal(pgt_destroy(&space), PGT_OK);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_text),
        cmocka_unit_test(a_new_space_is_empty),
        cmocka_unit_test(empty_and_wrapping_ranges),
        cmocka_unit_test(ranges_stay_canonical),
        cmocka_unit_test(a_half_of_the_space_in_one_call),
        cmocka_unit_test(physical_addresses_stay_within_the_width),
        cmocka_unit_test(rights_that_cannot_be_said),
        cmocka_unit_test(a_processor_without_execute_disable),
        cmocka_unit_test(memory_types_that_the_pat_lacks),
        cmocka_unit_test(a_memory_type_at_any_index_of_the_pat),
        cmocka_unit_test(the_cost_is_what_is_taken),
        cmocka_unit_test(the_cost_is_free),
        cmocka_unit_test(what_is_not_mapped_is_passed_over),
        cmocka_unit_test(mapping_what_was_absent_needs_no_flush),
        cmocka_unit_test(destroy_gives_the_root_last),
        cmocka_unit_test(frames_need_not_be_zeroed),
        cmocka_unit_test(tables_may_lie_at_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
