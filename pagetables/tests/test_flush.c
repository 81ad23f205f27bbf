/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gather: which ranges it lists, when they merge, when they become everything, and that
 * global leaves and shared uppers are told, also of tables that go as a whole.
 */
#include "pagetables/tests/calls.h"

#include <string.h>

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start_sized(suite, &arch, 64);
}

static void unmap(struct suite *suite, uint64_t virt, uint64_t bytes, struct pgt_flush *flush)
{
    assert_int_equal(pgt_unmap(&suite->space, virt, bytes, flush), PGT_OK);
    suite_check(&suite->space);
}

/* ---- ranges -------------------------------------------------------------- */

static void nothing_that_was_valid_changed(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    EXPECT_NO_FLUSH(suite_map(&suite, GIB, 3 * MIB, RW | PGT_GLOBAL, 0x2a000));
    EXPECT_NO_FLUSH(suite_map(&suite, GIB, 3 * MIB, RW | PGT_GLOBAL, 0x2a000));
    EXPECT_NO_FLUSH(suite_unmap(&suite, 2 * GIB, GIB));
    suite_end(&suite);
}

/* Leaves of different sizes, one after the other, are one range. */
static void neighbours_are_merged(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    uint64_t virt = GIB - 2 * MIB - 0x2000, bytes = 2 * GIB + 4 * MIB + 0x3000;
    suite_map(&suite, virt, bytes, RW, 5 * GIB - 2 * MIB - 0x2000);
    struct pgt_flush flush = suite_map(&suite, virt, bytes, RO, 5 * GIB - 2 * MIB - 0x2000);
    EXPECT_FLUSH(flush, .needed = true, .count = 1, .range = {{virt, virt + bytes - 1}});
    flush = suite_unmap(&suite, virt, bytes);
    EXPECT_FLUSH(flush, .needed = true, .count = 1, .range = {{virt, virt + bytes - 1}});
    suite_end(&suite);
}

/* One gather for any number of calls: pages that touch merge, whichever came first. */
static void neighbours_of_several_calls_are_merged(void **state)
{
    (void)state;
    for (unsigned down = 0; down < 2; down++)
        for (unsigned i = 0; i < 3; i++) {
            const uint64_t base[] = {0, GIB, -8 * PGT_PAGE};
            struct suite suite;
            struct pgt_flush flush = {0};
            start(&suite, 4);
            suite_map(&suite, base[i], 8 * PGT_PAGE, RW, 0x2a000);
            for (unsigned page = 0; page < 8; page++)
                unmap(&suite, base[i] + (down ? 7 - page : page) * PGT_PAGE, PGT_PAGE, &flush);
            EXPECT_FLUSH(flush, .needed = true, .count = 1,
                         .range = {{base[i], base[i] + (8 * PGT_PAGE - 1)}});
            suite_end(&suite);
        }
}

/* The same page again and again: once page 0 filled the gather. */
static void the_same_page_again_is_not_listed_twice(void **state)
{
    static const uint64_t page[] = {0, GIB, TOP_PAGE};
    (void)state;

    for (unsigned i = 0; i < 3; i++) {
        struct suite suite;
        struct pgt_flush flush = {0};
        start(&suite, 4);
        for (unsigned times = 0; times < 8; times++) {
            suite_map(&suite, page[i], PGT_PAGE, RW, 0x2a000);
            unmap(&suite, page[i], PGT_PAGE, &flush);
        }
        EXPECT_FLUSH(flush, .needed = true, .count = 1,
                     .range = {{page[i], page[i] + (PGT_PAGE - 1)}});
        suite_end(&suite);
    }
}

/* Pages with gaps between: as many as there is room for are listed, in the order in which they
 * were added; one more is everything, and what was listed stays. */
static void too_many_ranges_are_everything(void **state)
{
    static const unsigned order[PGT_FLUSH_RANGES + 1] = {6, 0, 4, 2, 8};
    struct suite suite;
    struct pgt_flush flush = {0}, want = {.needed = true};
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, 16 * PGT_PAGE, RW, 0x2a000);
    for (unsigned i = 0; i < PGT_FLUSH_RANGES; i++) {
        uint64_t at = GIB + order[i] * PGT_PAGE;
        unmap(&suite, at, PGT_PAGE, &flush);
        want.range[i].first = at;
        want.range[i].last = at + PGT_PAGE - 1;
        want.count = i + 1;
        call_expect_flush(flush, want);
    }
    /* A neighbour of the last one still has room. */
    unmap(&suite, GIB + 3 * PGT_PAGE, PGT_PAGE, &flush);
    want.range[3].last += PGT_PAGE;
    call_expect_flush(flush, want);
    unmap(&suite, GIB + order[PGT_FLUSH_RANGES] * PGT_PAGE, PGT_PAGE, &flush);
    want.everything = true;
    call_expect_flush(flush, want);
    unmap(&suite, GIB + 12 * PGT_PAGE, PGT_PAGE, &flush);
    call_expect_flush(flush, want);
    suite_end(&suite);
}

/* One call over many islands. */
static void one_call_may_be_everything(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 5);
    for (uint64_t i = 0; i < 5; i++)
        suite_map(&suite, i * 2 * PGT_PAGE, PGT_PAGE, RW, 0x2a000);
    struct call call = {.kind = CALL_PROTECT,
                        .virt = 0,
                        .bytes = 8 * PGT_PAGE,
                        .protection = {.change = PGT_CHANGE_RIGHTS, .rights = RO}};
    struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
    EXPECT_FLUSH(flush, .needed = true, .count = 4,
                 .range = {{0, 0xfff}, {0x2000, 0x2fff}, {0x4000, 0x4fff}, {0x6000, 0x6fff}});
    call.bytes = GIB;
    call.protection.rights = RX;
    flush = call_do(&suite.arena, &suite.space, &call);
    EXPECT_FLUSH(flush, .needed = true, .widened = true, .everything = true, .count = 4,
                 .range = {{0, 0xfff}, {0x2000, 0x2fff}, {0x4000, 0x4fff}, {0x6000, 0x6fff}});
    suite_end(&suite);
}

/* A table that goes whole is one range, over its holes, too: the processor may know the table. */
static void a_table_that_goes_is_flushed_whole(void **state)
{
    static const uint64_t reach[] = {2 * MIB, GIB, 512 * GIB};
    (void)state;

    for (unsigned i = 0; i < 3; i++) {
        struct suite suite;
        start(&suite, 4);
        for (uint64_t page = 1; page < 64; page += 2)
            suite_map(&suite, 512 * GIB + page * PGT_PAGE, PGT_PAGE, RW, 0x2a000);
        struct pgt_flush flush = suite_unmap(&suite, 512 * GIB, reach[i]);
        EXPECT_FLUSH(flush, .needed = true, .count = 1,
                     .range = {{512 * GIB, 512 * GIB + reach[i] - 1}});
        assert_int_equal(pgt_tables(&suite.space, NULL, 0), 1);
        suite_end(&suite);
    }
}

/* ---- join ---------------------------------------------------------------- */

static struct pgt_flush one_range(uint64_t first, uint64_t last)
{
    return (struct pgt_flush){.needed = true, .count = 1, .range = {{first, last}}};
}

static void join_adds_ranges_and_what_is_said_of_them(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 32; i++) {
        struct pgt_flush flush = one_range(0x1000, 0x1fff), want;
        struct pgt_flush more = {.needed = i & 1,
                                 .widened = i & 2,
                                 .everything = i & 4,
                                 .global = i & 8,
                                 .upper = i & 16,
                                 .count = 1,
                                 .range = {{0x5000, 0x5fff}}};
        want = more;
        want.needed = true;
        want.count = 2;
        want.range[0].first = 0x1000;
        want.range[0].last = 0x1fff;
        want.range[1].first = 0x5000;
        want.range[1].last = 0x5fff;
        pgt_flush_join(&flush, &more);
        call_expect_flush(flush, want);
        /* Nothing takes anything away. */
        pgt_flush_join(&flush, &(struct pgt_flush){0});
        call_expect_flush(flush, want);
        struct pgt_flush empty = {0};
        pgt_flush_join(&empty, &more);
        call_expect_flush(empty, more);
    }
}

static void join_merges_neighbours(void **state)
{
    static const struct {
        uint64_t range[4]; /* first and last of two */
        uint64_t merged[2];
    } vector[] = {
        {{0x1000, 0x1fff, 0x2000, 0x2fff}, {0x1000, 0x2fff}},
        {{0x2000, 0x2fff, 0x1000, 0x1fff}, {0x1000, 0x2fff}},
        {{0x1000, 0x5fff, 0x2000, 0x2fff}, {0x1000, 0x5fff}},
        {{0x2000, 0x2fff, 0x1000, 0x5fff}, {0x1000, 0x5fff}},
        {{0x1000, 0x3fff, 0x2000, 0x5fff}, {0x1000, 0x5fff}},
        {{0, 0xfff, 0, 0xfff}, {0, 0xfff}},
        {{0, 0xfff, 0, 0x1fff}, {0, 0x1fff}},
        {{0x1000, 0x1fff, 0, 0xfff}, {0, 0x1fff}},
        {{TOP_PAGE, UINT64_MAX, TOP_PAGE - 0x1000, TOP_PAGE - 1}, {TOP_PAGE - 0x1000, UINT64_MAX}},
        {{TOP_PAGE - 0x1000, TOP_PAGE - 1, TOP_PAGE, UINT64_MAX}, {TOP_PAGE - 0x1000, UINT64_MAX}},
        {{TOP_PAGE, UINT64_MAX, TOP_PAGE, UINT64_MAX}, {TOP_PAGE, UINT64_MAX}},
        /* Page 0 and the top page, and the edges of the halves, are no neighbours. */
        {{TOP_PAGE, UINT64_MAX, 0, 0xfff}, {0, 0}},
        {{0, 0xfff, TOP_PAGE, UINT64_MAX}, {0, 0}},
        {{LOWER_LAST_4, -UPPER_4 - 1, UPPER_4, UPPER_4 + 0xfff}, {0, 0}},
        {{0x1000, 0x1fff, 0x3000, 0x3fff}, {0, 0}},
        {{0x3000, 0x3fff, 0x1000, 0x1fff}, {0, 0}},
    };
    (void)state;

    for (unsigned i = 0; i < sizeof(vector) / sizeof(vector[0]); i++) {
        const uint64_t *range = vector[i].range;
        struct pgt_flush flush = one_range(range[0], range[1]);
        struct pgt_flush more = one_range(range[2], range[3]);
        struct pgt_flush want = one_range(vector[i].merged[0], vector[i].merged[1]);
        if (vector[i].merged[1] == 0)
            want = (struct pgt_flush){
                .needed = true, .count = 2, .range = {{range[0], range[1]}, {range[2], range[3]}}};
        pgt_flush_join(&flush, &more);
        call_expect_flush(flush, want);
    }
}

static void join_of_too_many_is_everything(void **state)
{
    (void)state;
    for (unsigned mine = 0; mine <= PGT_FLUSH_RANGES; mine++) {
        struct pgt_flush flush = {.count = mine}, more = {.count = PGT_FLUSH_RANGES};
        for (unsigned i = 0; i < PGT_FLUSH_RANGES; i++) {
            flush.range[i].first = i * 0x2000;
            flush.range[i].last = i * 0x2000 + 0xfff;
            more.range[i].first = 0x100000 + i * 0x2000;
            more.range[i].last = 0x100000 + i * 0x2000 + 0xfff;
        }
        pgt_flush_join(&flush, &more);
        assert_int_equal(flush.everything, mine > 0);
        assert_int_equal(flush.count, PGT_FLUSH_RANGES);
    }
}

/* ---- global -------------------------------------------------------------- */

/* How a global leaf may come to lie in a table. */
enum origin { MAPPED, MAPPED_LARGE, SPLIT, PROTECTED, CLONED, ADOPTED, RESIZED, SEALED, ORIGINS };

#define HOME (3 * GIB)

static void perform(struct suite *suite, struct pgt_space *space, struct call call)
{
    call.virt = HOME;
    call_do(&suite->arena, space, &call);
}

/* Makes a space in which HOME is mapped by a global leaf in tables up to the root, and nothing
 * else is global. */
static void make_global(struct suite *suite, enum origin origin, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    struct pgt_space other;
    unsigned rights = origin == PROTECTED ? RW : RW | PGT_GLOBAL;

    start(suite, levels);
    suite_map(suite, HOME + 4 * MIB, PGT_PAGE, RW, 0x2b000);
    uint64_t size =
        origin == MAPPED_LARGE || origin == SPLIT || origin == RESIZED ? 2 * MIB : PGT_PAGE;
    suite_map(suite, HOME, size, rights, 2 * MIB);
    if (origin == SPLIT || origin == RESIZED)
        perform(suite, &suite->space,
                (struct call){.kind = CALL_SPLIT, .bytes = PGT_PAGE, .largest = PGT_PAGE});
    if (origin == RESIZED)
        perform(suite, &suite->space, (struct call){.kind = CALL_PROMOTE, .bytes = PGT_PAGE});
    if (origin == PROTECTED)
        perform(
            suite, &suite->space,
            (struct call){.kind = CALL_PROTECT,
                          .bytes = PGT_PAGE,
                          .protection = {.change = PGT_CHANGE_RIGHTS, .rights = RW | PGT_GLOBAL}});
    if (origin == CLONED) {
        assert_int_equal(pgt_init(&other, &arch, &suite->arena.frames), PGT_OK);
        perform(suite, &suite->space,
                (struct call){.kind = CALL_CLONE, .bytes = 8 * MIB, .to = &other});
        assert_int_equal(pgt_destroy(&suite->space), PGT_OK);
        suite->space = other;
    }
    if (origin == SEALED)
        assert_int_equal(pgt_seal(&suite->space, levels == 5 ? UPPER_5 : UPPER_4, 2), PGT_OK);
    if (origin == ADOPTED || origin == SEALED) {
        pgt_disown(&suite->space);
        assert_int_equal(pgt_adopt(&other, &arch, &suite->arena.frames, suite->space.root), PGT_OK);
        suite->space = other;
    }
    suite_check(&suite->space);
}

/* The table with the global leaf goes: as a whole, at each level; by a larger leaf. */
static void a_global_leaf_in_a_table_that_is_dropped_whole(void **state)
{
    static const uint64_t reach[] = {PGT_PAGE, 2 * MIB, GIB, 512 * GIB};
    (void)state;

    for (unsigned origin = 0; origin < ORIGINS; origin++)
        for (unsigned i = 0; i < 7; i++) {
            struct suite suite;
            unsigned levels = 4 + i % 2;
            struct pgt_flush flush;
            make_global(&suite, (enum origin)origin, levels);
            uint64_t bytes = reach[i % 4], virt = HOME & ~(bytes - 1);
            if (i < 4)
                flush = suite_unmap(&suite, virt, bytes);
            else /* replaced by a larger leaf, which isn't global */
                flush = suite_map(&suite, HOME, i == 4 ? 2 * MIB : GIB, RO, 8 * GIB);
            assert_true(flush.needed);
            assert_true(flush.global);
            suite_end(&suite);
        }
}

static void dropped_tables_without_a_global_leaf(void **state)
{
    static const uint64_t reach[] = {2 * MIB, GIB, 512 * GIB};
    (void)state;

    for (unsigned i = 0; i < 6; i++) {
        struct suite suite;
        start(&suite, 4 + i / 3);
        suite_map(&suite, HOME, PGT_PAGE, RW | PGT_USER, 0x2a000);
        /* A global leaf next door, but not below. */
        suite_map(&suite, 512 * GIB, PGT_PAGE, RW | PGT_GLOBAL, 0x2b000);
        struct pgt_flush flush = suite_unmap(&suite, HOME & ~(reach[i % 3] - 1), reach[i % 3]);
        assert_true(flush.needed);
        assert_false(flush.global);
        suite_end(&suite);
    }
}

/* The flag says what was there, not what is: a leaf that becomes global was in no processor as
 * one, and a leaf that no longer is still may be. */
static void global_tells_of_what_was_there(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, GIB, PGT_PAGE, RW, 0x2a000);
    assert_false(suite_map(&suite, GIB, PGT_PAGE, RW | PGT_GLOBAL, 0x2b000).global);
    assert_true(suite_map(&suite, GIB, PGT_PAGE, RW, 0x2a000).global);
    assert_false(suite_unmap(&suite, GIB, PGT_PAGE).global);
    suite_end(&suite);
}

/* ---- upper --------------------------------------------------------------- */

static void upper_is_said_of_sealed_slots_alone(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        uint64_t slot = UINT64_C(0x1000) << 9 * (levels - 1), split = 3 * slot;
        start(&suite, levels);
        suite_map(&suite, split - PGT_PAGE, PGT_PAGE, RW, 0x2a000);
        suite_map(&suite, split, PGT_PAGE, RW, 0x2b000);
        suite_map(&suite, TOP_PAGE, PGT_PAGE, RW, 0x2c000);
        assert_false(suite_map(&suite, split, PGT_PAGE, RO, 0x2b000).upper);
        assert_int_equal(pgt_seal(&suite.space, split, 0), PGT_OK);
        EXPECT_FLUSH(suite_unmap(&suite, TOP_PAGE, PGT_PAGE), .needed = true, .upper = true,
                     .count = 1, .range = {{TOP_PAGE, UINT64_MAX}});
        EXPECT_FLUSH(suite_unmap(&suite, split - PGT_PAGE, PGT_PAGE), .needed = true, .count = 1,
                     .range = {{split - PGT_PAGE, split - 1}});
        suite_map(&suite, split - PGT_PAGE, PGT_PAGE, RW, 0x2a000);
        /* Across the split: one range, and upper. */
        EXPECT_FLUSH(suite_unmap(&suite, split - PGT_PAGE, 2 * PGT_PAGE), .needed = true,
                     .upper = true, .count = 1,
                     .range = {{split - PGT_PAGE, split + PGT_PAGE - 1}});
        /* The whole slot: what goes below it is told, though the slot stays. */
        suite_map(&suite, split + 5 * PGT_PAGE, PGT_PAGE, RW | PGT_GLOBAL, 0x2b000);
        struct pgt_flush flush = suite_unmap(&suite, split, slot);
        assert_true(flush.needed && flush.upper && flush.global);
        suite_end(&suite);
    }
}

/* A dependent's own changes are its own. */
static void a_dependent_changes_no_upper(void **state)
{
    struct suite suite;
    struct pgt_space dependent;
    struct pgt_flush flush = {0};
    (void)state;

    start(&suite, 4);
    assert_int_equal(pgt_seal(&suite.space, UPPER_4, 1), PGT_OK);
    assert_int_equal(pgt_init_on(&dependent, &suite.space, &suite.arena.frames), PGT_OK);
    const struct pgt_mapping last = {
        .virt = LOWER_LAST_4, .phys = 0x2a000, .bytes = PGT_PAGE, .rights = RW};
    assert_int_equal(pgt_map(&dependent, &last, &flush), PGT_OK);
    assert_int_equal(pgt_unmap(&dependent, LOWER_LAST_4, PGT_PAGE, &flush), PGT_OK);
    EXPECT_FLUSH(flush, .needed = true, .count = 1, .range = {{LOWER_LAST_4, -UPPER_4 - 1}});
    assert_int_equal(pgt_destroy(&dependent), PGT_OK);
    suite_end(&suite);
}

/* Page by page, without a walk: more pages apart than the gather has ranges for. */
static void single_pages_overflow_the_gather(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    struct pgt_flush flush = {0};
    (void)state;

    suite_start(&suite, &arch);
    suite_map(&suite, GIB, 2 * MIB, RW, 0x5000);
    for (unsigned i = 0; i <= PGT_FLUSH_RANGES; i++) {
        assert_false(flush.everything);
        assert_int_equal(flush.count, i);
        assert_int_equal(pgt_unmap(&suite.space, GIB + i * 0x2000, 0x1000, &flush), PGT_OK);
    }
    assert_true(flush.everything && flush.needed);

    /* Downwards, side by side: one range. */
    struct pgt_flush down = {0};
    for (unsigned i = 3; i-- > 0;)
        assert_int_equal(pgt_unmap(&suite.space, GIB + MIB + i * 0x1000, 0x1000, &down), PGT_OK);
    assert_int_equal(down.count, 1);
    assert_int_equal(suite_flush_first(&down), GIB + MIB);
    assert_int_equal(suite_flush_last(&down), GIB + MIB + 0x2fff);
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_was_valid_changed),
        cmocka_unit_test(neighbours_are_merged),
        cmocka_unit_test(neighbours_of_several_calls_are_merged),
        cmocka_unit_test(the_same_page_again_is_not_listed_twice),
        cmocka_unit_test(too_many_ranges_are_everything),
        cmocka_unit_test(one_call_may_be_everything),
        cmocka_unit_test(a_table_that_goes_is_flushed_whole),
        cmocka_unit_test(join_adds_ranges_and_what_is_said_of_them),
        cmocka_unit_test(join_merges_neighbours),
        cmocka_unit_test(join_of_too_many_is_everything),
        cmocka_unit_test(a_global_leaf_in_a_table_that_is_dropped_whole),
        cmocka_unit_test(dropped_tables_without_a_global_leaf),
        cmocka_unit_test(global_tells_of_what_was_there),
        cmocka_unit_test(upper_is_said_of_sealed_slots_alone),
        cmocka_unit_test(a_dependent_changes_no_upper),
        cmocka_unit_test(single_pages_overflow_the_gather),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
