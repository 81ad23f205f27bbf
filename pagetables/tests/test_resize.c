/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pgt_split() and pgt_promote(): which leaves they touch, that every attribute survives both ways,
 * and what they take, give and flush.
 */
#include "pagetables/tests/calls.h"
#include "pagetables/tests/leaves.h"
#include "pagetables/tests/zoo.h"

static void start(struct suite *suite, unsigned levels, size_t frames)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start_sized(suite, &arch, frames);
}

static struct call split(uint64_t virt, uint64_t bytes, uint64_t largest)
{
    return (struct call){.kind = CALL_SPLIT, .virt = virt, .bytes = bytes, .largest = largest};
}

static struct call promote(uint64_t virt, uint64_t bytes)
{
    return (struct call){.kind = CALL_PROMOTE, .virt = virt, .bytes = bytes};
}

/* ---- split --------------------------------------------------------------- */

/* A leaf that meets the range is split, one size at a time, until none that meets it is larger. */
static void split_leaf(struct leaves *into, const struct pgt_leaf *leaf, const struct call *call,
                       size_t *tables)
{
    if (!leaves_meets(leaf, call->virt, call->bytes) || leaf->bytes <= call->largest) {
        leaves_add(into, leaf);
        return;
    }
    ++*tables;
    for (unsigned i = 0; i < 512; i++) {
        struct pgt_leaf part = *leaf;
        part.bytes /= 512;
        part.virt += i * part.bytes;
        part.phys += i * part.bytes;
        split_leaf(into, &part, call, tables);
    }
}

static void split_and_compare(struct suite *suite, struct call call)
{
    struct leaves before = leaves_read(&suite->arena, &suite->space), after = {0};
    size_t tables = 0, cost;

    for (size_t i = 0; i < before.count; i++)
        split_leaf(&after, &before.leaf[i], &call, &tables);
    assert_int_equal(call_cost(&suite->space, &call, &cost), PGT_OK);
    assert_int_equal(cost, tables);
    struct pgt_flush flush = call_exhaust(&suite->arena, &suite->space, &call);
    EXPECT_NO_FLUSH(flush);
    leaves_expect(&suite->arena, &suite->space, &after);
    leaves_free(&before);
}

static void split_a_range(unsigned levels, uint64_t base, uint64_t virt, uint64_t bytes)
{
    struct suite suite;

    zoo_start(&suite, levels, base, 64);
    split_and_compare(&suite, split(virt, bytes, PGT_PAGE_2M));
    if (bytes <= 8 * MIB) /* at most four tables each */
        split_and_compare(&suite, split(virt, bytes, PGT_PAGE));
    suite_end(&suite);
}

static void split_over_leaves_of_all_sizes(void **state)
{
    (void)state;
    zoo_visit(split_a_range);
}

/* Each of the 513 allocations failed in turn. */
static void a_1g_leaf_down_to_4k(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4, 520);
    suite_map_memory(&suite, GIB, GIB, RX | PGT_USER, 4 * GIB, PGT_WRITE_COMBINING);
    split_and_compare(&suite, split(GIB, GIB, PGT_PAGE));
    assert_int_equal(pgt_tables(&suite.space, NULL, 0), 2 + 513);
    suite_end(&suite);
}

static void split_has_two_sizes(void **state)
{
    static const uint64_t none[] = {0,       1,           0x800,           0x2000,    MIB,
                                    4 * MIB, PGT_PAGE_1G, PGT_PAGE_2M + 1, UINT64_MAX};
    struct suite suite;
    (void)state;

    start(&suite, 4, 64);
    suite_map(&suite, GIB, GIB, RW, 4 * GIB);
    for (unsigned i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct call call = split(GIB, GIB, none[i]);
        call_refuse(&suite.arena, &suite.space, &call, PGT_MISALIGNED);
    }
    call_refuse_bad_ranges(&suite.arena, &suite.space, split(0, 0, PGT_PAGE));
    call_refuse_bad_ranges(&suite.arena, &suite.space, split(0, 0, PGT_PAGE_2M));
    suite_end(&suite);
}

/* All attributes there and back, to the bit; the frames, too. */
static void split_and_promote_keep_every_bit(void **state)
{
    static const uint64_t sizes[] = {2 * MIB, GIB};
    (void)state;

    for (unsigned i = 0; i < 2 * PGT_MEMORY_TYPES * 32; i++) {
        struct suite suite;
        uint64_t size = sizes[i % 2];
        unsigned level = i % 2 ? 3 : 2;
        struct pgt_mapping mapping = {
            .virt = GIB,
            .phys = 5 * GIB,
            .bytes = size,
            .rights = i / 2 % 32,
            .memory = (enum pgt_memory)(i / 64),
            .key = i % 16,
            .software = i * 2657 % 1024,
        };
        struct pgt_flush flush = {0};
        if (!(mapping.rights & RWX))
            continue;
        start(&suite, 4, 16);
        assert_int_equal(pgt_map(&suite.space, &mapping, &flush), PGT_OK);
        uint64_t before = suite_entry(&suite, GIB, level);
        size_t outstanding = suite.arena.outstanding;
        struct call call = split(GIB, 0x1000, size / 512);
        EXPECT_NO_FLUSH(call_do(&suite.arena, &suite.space, &call));
        /* Attributes of a part, but for the bits that say the size and the selector's place. */
        uint64_t part = suite_entry(&suite, GIB, level - 1);
        const uint64_t alike = UINT64_C(0xfff0000000000f7f);
        assert_int_equal(part & alike, before & alike);
        call = promote(GIB + size - 0x1000, 0x1000);
        flush = call_do(&suite.arena, &suite.space, &call);
        assert_int_equal(suite_entry(&suite, GIB, level), before);
        assert_int_equal(suite.arena.outstanding, outstanding);
        suite_end(&suite);
    }
}

/* The selector's high bit: 12 in a large leaf, 7 in a small one. */
static void pat_bit_moves_from_12_to_7_and_back(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4, 16);
    suite_map_memory(&suite, GIB, GIB, RW, 4 * GIB, PGT_WRITE_COMBINING);
    assert_int_equal(suite_entry(&suite, GIB, 3), UINT64_C(0x80000001000010eb));
    struct call call = split(GIB, 0x1000, PGT_PAGE);
    call_do(&suite.arena, &suite.space, &call);
    assert_int_equal(suite_entry(&suite, GIB + 2 * MIB, 2), UINT64_C(0x80000001002010eb));
    assert_int_equal(suite_entry(&suite, GIB + 0x3000, 1), UINT64_C(0x80000001000030eb));
    call = promote(GIB, 0x1000);
    call_do(&suite.arena, &suite.space, &call);
    assert_int_equal(suite_entry(&suite, GIB, 3), UINT64_C(0x80000001000010eb));

    suite_map_memory(&suite, 2 * GIB, 2 * MIB, RW, 4 * GIB, PGT_WRITE_THROUGH);
    call = split(2 * GIB, 0x1000, PGT_PAGE);
    call_do(&suite.arena, &suite.space, &call);
    assert_int_equal(suite_entry(&suite, 2 * GIB + 0x3000, 1), UINT64_C(0x800000010000306b));
    suite_end(&suite);
}

/* ---- promote ------------------------------------------------------------- */

#define BLOCKS 8

/* Pages of 4K over blocks of 2M, most of them with some flaw that keeps them apart. */
static void build_blocks(struct suite *suite, uint64_t base)
{
    suite_map(suite, base + 0x1000, BLOCKS * 2 * MIB - 0x1000, RW, 64 * MIB + 0x1000);
    struct call call = split(base, BLOCKS * 2 * MIB, PGT_PAGE);
    call_do(&suite->arena, &suite->space, &call);
    /* 0 lacks its first page; 1 is whole; 2 has another frame in it; 3 other rights at its last
     * page; 4 is whole; 5 lies a page off; 6 is whole; 7 lacks its last page. */
    suite_map(suite, base + 5 * MIB, 0x1000, RW, 0x2a000);
    suite_map(suite, base + 8 * MIB - 0x1000, 0x1000, RO, 64 * MIB + 8 * MIB - 0x1000);
    suite_map(suite, base + 10 * MIB, 2 * MIB, RW, 128 * MIB + 0x1000);
    suite_unmap(suite, base + 16 * MIB - 0x1000, 0x1000);
}

static bool whole(unsigned block)
{
    return block == 1 || block == 4 || block == 6;
}

static void promote_a_range_of_blocks(unsigned levels, uint64_t base, uint64_t virt, uint64_t bytes)
{
    struct suite suite;
    struct pgt_flush want = {0};
    struct leaves after = {0};

    start(&suite, levels, 32);
    build_blocks(&suite, base);
    struct leaves before = leaves_read(&suite.arena, &suite.space);
    unsigned merged = 0;
    for (size_t i = 0; i < before.count; i++) {
        struct pgt_leaf leaf = before.leaf[i];
        unsigned block = (unsigned)((leaf.virt - base) / (2 * MIB));
        uint64_t first = base + block * 2 * MIB;
        if (!whole(block) || first + (2 * MIB - 1) < virt || first > virt + (bytes - 1)) {
            leaves_add(&after, &leaf);
        } else if (leaf.virt == first) {
            leaf.bytes = 2 * MIB;
            leaves_add(&after, &leaf);
            leaves_flush_add(&want, first, first + 2 * MIB - 1);
            want.needed = true;
            merged++;
        }
    }
    suite.arena.limit = 0; /* it takes no frames */
    size_t outstanding = suite.arena.outstanding;
    struct call call = promote(virt, bytes);
    struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
    call_expect_flush(flush, want);
    assert_int_equal(outstanding - suite.arena.outstanding, merged);
    leaves_expect(&suite.arena, &suite.space, &after);
    leaves_free(&before);
    suite.arena.limit = suite.arena.count;
    suite_end(&suite);
}

/* A table whose reach the range meets with one page is judged as a whole, one beside it not. */
static void promote_what_is_full_uniform_and_contiguous(void **state)
{
    static const uint64_t border[] = {
        0,       2 * MIB - 0x1000, 2 * MIB,  2 * MIB + 0x1000,  4 * MIB,
        8 * MIB, 9 * MIB,          12 * MIB, 14 * MIB - 0x1000, 16 * MIB};
    const unsigned borders = sizeof(border) / sizeof(border[0]);
    (void)state;

    for (unsigned levels = 4; levels <= 5; levels++)
        for (unsigned i = 0; i < borders; i++)
            for (unsigned k = i + 1; k < borders; k++) {
                uint64_t base = (i + k) % 2 ? GIB : -16 * MIB;
                promote_a_range_of_blocks(levels, base, base + border[i], border[k] - border[i]);
            }
}

/* One entry of 512 that differs in one bit that matters, in each place once. */
static void one_entry_that_differs_keeps_a_table(void **state)
{
    static const struct pgt_protection other[] = {
        {.change = PGT_CHANGE_RIGHTS, .rights = RO},
        {.change = PGT_CHANGE_RIGHTS, .rights = RWX},
        {.change = PGT_CHANGE_RIGHTS, .rights = RW | PGT_USER},
        {.change = PGT_CHANGE_RIGHTS, .rights = RW | PGT_GLOBAL},
        {.change = PGT_CHANGE_MEMORY, .memory = PGT_WRITE_THROUGH},
        {.change = PGT_CHANGE_MEMORY, .memory = PGT_UNCACHED_MINUS},
        {.change = PGT_CHANGE_MEMORY, .memory = PGT_WRITE_PROTECTED},
        {.change = PGT_CHANGE_KEY, .key = 8},
        {.change = PGT_CHANGE_SOFTWARE, .software = 1},
        {.change = PGT_CHANGE_SOFTWARE, .software = 0x200},
    };
    const unsigned others = sizeof(other) / sizeof(other[0]);
    struct suite suite;
    (void)state;

    start(&suite, 4, 16);
    suite_map(&suite, GIB, 2 * MIB, RW, 4 * GIB);
    struct call call = split(GIB, 0x1000, PGT_PAGE);
    call_do(&suite.arena, &suite.space, &call);
    const struct pgt_protection back = {.change = 15, .rights = RW};
    for (unsigned i = 0; i < 512; i++) {
        call = (struct call){.kind = CALL_PROTECT,
                             .virt = GIB + i * PGT_PAGE,
                             .bytes = PGT_PAGE,
                             .protection = other[i % others]};
        call_do(&suite.arena, &suite.space, &call);
        struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
        struct call merge = promote(GIB, GIB);
        EXPECT_NO_FLUSH(call_do(&suite.arena, &suite.space, &merge));
        arena_assert_unchanged(&suite.arena, &snapshot);
        call.protection = back;
        call_do(&suite.arena, &suite.space, &call);
    }
    call = promote(GIB, GIB);
    call_do(&suite.arena, &suite.space, &call);
    EXPECT(&suite, LEAF(GIB, 2 * MIB, RW, 4 * GIB));
    suite_end(&suite);
}

/* Accessed or dirty in any part make the whole so; what was never written and can't be
 * written does not become dirty. */
static void marks_of_any_part_are_kept(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 512 * 2; i++) {
        struct suite suite;
        struct pgt_leaf leaf;
        unsigned part = i / 2;
        start(&suite, 4, 16);
        suite_map(&suite, GIB, 2 * MIB, RO, 4 * GIB);
        suite_mark(&suite.arena, &suite.space, GIB, 0);
        struct call call = split(GIB, 0x1000, PGT_PAGE);
        call_do(&suite.arena, &suite.space, &call);
        suite_mark(&suite.arena, &suite.space, GIB + part * PGT_PAGE,
                   i % 2 ? PGT_DIRTY : PGT_ACCESSED);
        call = promote(GIB, 0x1000);
        call_do(&suite.arena, &suite.space, &call);
        assert_true(pgt_lookup(&suite.space, GIB, &leaf));
        assert_int_equal(leaf.bytes, 2 * MIB);
        assert_true(leaf.accessed);
        assert_int_equal(leaf.dirty, i % 2);
        suite_end(&suite);
    }
}

/* 4K to 2M to 1G in one call: 512 tables go, and then the one that held them. */
static void promote_up_to_1g_at_once(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        uint64_t top = -GIB;
        start(&suite, levels, 520);
        suite_map_memory(&suite, top, GIB, RX | PGT_GLOBAL, 4 * GIB, PGT_WRITE_PROTECTED);
        struct call call = split(top, GIB, PGT_PAGE);
        call_do(&suite.arena, &suite.space, &call);
        assert_int_equal(pgt_tables(&suite.space, NULL, 0), levels - 2 + 513);
        call = promote(top, GIB);
        struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
        EXPECT_FLUSH(flush, .needed = true, .global = true, .count = 1,
                     .range = {{top, UINT64_MAX}});
        assert_int_equal(pgt_tables(&suite.space, NULL, 0), levels - 2);
        EXPECT(&suite, {.virt = top,
                        .phys = 4 * GIB,
                        .bytes = GIB,
                        .rights = RX | PGT_GLOBAL,
                        .memory = PGT_WRITE_PROTECTED});
        suite_end(&suite);
    }
}

/* 512 leaves of 2M that continue each other from a frame off 1G, or on a processor without
 * such pages, stay. */
static void no_1g_leaf_where_there_can_be_none(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct suite suite;
        struct pgt_arch arch = suite_arch(4);
        arch.pages_1g = i;
        suite_start_sized(&suite, &arch, 16);
        suite_map(&suite, GIB, GIB, RW, i ? 4 * GIB + 2 * MIB : 4 * GIB);
        struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
        struct call call = promote(GIB, GIB);
        EXPECT_NO_FLUSH(call_do(&suite.arena, &suite.space, &call));
        arena_assert_unchanged(&suite.arena, &snapshot);
        suite_end(&suite);
    }
}

/* A full table of 1G leaves, and of tables, is none to be merged. */
static void promote_stops_at_1g(void **state)
{
    struct suite suite;
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    arch.physical_bits = 52;
    suite_start_sized(&suite, &arch, 16);
    suite_map(&suite, 0, 512 * GIB, RW, 0);
    assert_int_equal(pgt_tables(&suite.space, NULL, 0), 2);
    struct call call = promote(0, 512 * GIB);
    EXPECT_NO_FLUSH(call_do(&suite.arena, &suite.space, &call));
    assert_int_equal(pgt_tables(&suite.space, NULL, 0), 2);
    suite_end(&suite);
}

static void resize_in_a_sealed_upper(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_space dependent;
        uint64_t upper = levels == 5 ? UPPER_5 : UPPER_4;
        start(&suite, levels, 32);
        suite_map(&suite, upper, GIB, RW, 4 * GIB);
        assert_int_equal(pgt_seal(&suite.space, upper, 2), PGT_OK);
        assert_int_equal(pgt_init_on(&dependent, &suite.space, &suite.arena.frames), PGT_OK);
        struct call calls[] = {split(upper, 0x1000, PGT_PAGE), promote(upper, 0x1000)};
        uint64_t root = suite_entry(&suite, upper, levels);
        for (unsigned i = 0; i < 2; i++) {
            call_refuse(&suite.arena, &dependent, &calls[i], PGT_SEALED);
            struct pgt_flush flush = call_exhaust(&suite.arena, &suite.space, &calls[i]);
            struct pgt_flush want = {.needed = i, .upper = i};
            if (i) {
                leaves_flush_add(&want, upper, upper + 2 * MIB - 1);
                leaves_flush_add(&want, upper, upper + GIB - 1);
                /* Both merges are told; the larger covers the smaller. */
                want.count = 1;
                want.range[0].last = upper + GIB - 1;
            }
            call_expect_flush(flush, want);
            call_refuse_bad_ranges(&suite.arena, &suite.space, calls[i]);
            assert_int_equal(suite_entry(&suite, upper, levels), root);
            suite_check(&dependent);
        }
        const struct pgt_leaf seen = LEAF(upper, GIB, RW, 4 * GIB);
        suite_expect(&suite.arena, &dependent, &seen, 1);
        assert_int_equal(pgt_destroy(&dependent), PGT_OK);
        suite_end(&suite);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_over_leaves_of_all_sizes),
        cmocka_unit_test(a_1g_leaf_down_to_4k),
        cmocka_unit_test(split_has_two_sizes),
        cmocka_unit_test(split_and_promote_keep_every_bit),
        cmocka_unit_test(pat_bit_moves_from_12_to_7_and_back),
        cmocka_unit_test(promote_what_is_full_uniform_and_contiguous),
        cmocka_unit_test(one_entry_that_differs_keeps_a_table),
        cmocka_unit_test(marks_of_any_part_are_kept),
        cmocka_unit_test(promote_up_to_1g_at_once),
        cmocka_unit_test(no_1g_leaf_where_there_can_be_none),
        cmocka_unit_test(promote_stops_at_1g),
        cmocka_unit_test(resize_in_a_sealed_upper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
