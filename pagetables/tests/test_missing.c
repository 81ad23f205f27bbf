/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What other page-table packages lack, one small program each as a user would write it: the
 * symptom that it had was that there was no such call.
 */
#include "pagetables/tests/calls.h"
#include "pagetables/tests/leaves.h"

#include <string.h>

static void start(struct suite *suite)
{
    struct pgt_arch arch = suite_arch(4);
    suite_start_sized(suite, &arch, 32);
}

/* Without a call for it one unmapped and mapped again, with a hole in between. */
static void protection_could_not_be_changed(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite);
    suite_map(&suite, GIB, 2 * MIB, RW, 4 * GIB);
    struct call call = {.kind = CALL_PROTECT,
                        .virt = GIB,
                        .bytes = 2 * MIB,
                        .protection = {.change = PGT_CHANGE_RIGHTS, .rights = RX}};
    size_t takes = suite.arena.takes;
    EXPECT_FLUSH(call_do(&suite.arena, &suite.space, &call), .needed = true, .count = 1,
                 .range = {{GIB, GIB + 2 * MIB - 1}});
    EXPECT(&suite, LEAF(GIB, 2 * MIB, RX, 4 * GIB));
    assert_int_equal(suite.arena.takes, takes);
    suite_end(&suite);
}

static void small_pages_never_became_large_again(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite);
    suite_map(&suite, GIB, 2 * MIB, RW, 4 * GIB);
    suite_map(&suite, GIB + 0x5000, 0x1000, RO, 4 * GIB + 0x5000);
    suite_map(&suite, GIB + 0x5000, 0x1000, RW, 4 * GIB + 0x5000);
    struct call call = {.kind = CALL_PROMOTE, .virt = GIB + 0x5000, .bytes = 0x1000};
    assert_true(call_do(&suite.arena, &suite.space, &call).needed);
    EXPECT(&suite, LEAF(GIB, 2 * MIB, RW, 4 * GIB));
    suite_end(&suite);
}

static void accessed_and_dirty_could_not_be_read_or_cleared(void **state)
{
    struct suite suite;
    struct pgt_harvest sum;
    struct pgt_flush flush = {0};
    (void)state;

    start(&suite);
    suite_map(&suite, GIB, 4 * 0x1000, RW, 0x2a000);
    assert_int_equal(pgt_harvest(&suite.space, GIB, 4 * 0x1000, PGT_ACCESSED | PGT_DIRTY, NULL,
                                 NULL, &sum, &flush),
                     PGT_OK);
    assert_true(flush.needed);
    suite_mark(&suite.arena, &suite.space, GIB + 0x2000, PGT_ACCESSED | PGT_DIRTY);
    assert_int_equal(pgt_harvest(&suite.space, GIB, 4 * 0x1000, 0, NULL, NULL, &sum, &flush),
                     PGT_OK);
    assert_int_equal(sum.mapped, 4 * 0x1000);
    assert_int_equal(sum.dirty, 0x1000);
    suite_end(&suite);
}

static void protection_keys_and_software_bits_were_missing(void **state)
{
    struct suite suite;
    struct pgt_leaf leaf;
    struct pgt_flush flush = {0};
    (void)state;

    start(&suite);
    const struct pgt_mapping mapping = {
        .virt = GIB, .phys = 0x2a000, .bytes = 0x1000, .rights = RW, .key = 11, .software = 0x2aa};
    assert_int_equal(pgt_map(&suite.space, &mapping, &flush), PGT_OK);
    assert_true(pgt_lookup(&suite.space, GIB, &leaf));
    assert_int_equal(leaf.key, 11);
    assert_int_equal(leaf.software, 0x2aa);
    assert_int_equal(suite_entry(&suite, GIB, 1) >> 59 & 15, 11);
    suite_end(&suite);
}

static void users_had_no_iterator(void **state)
{
    struct suite suite;
    struct pgt_leaf leaf;
    struct pgt_run run;
    size_t leaves = 0, runs = 0;
    (void)state;

    start(&suite);
    suite_map(&suite, GIB - 0x3000, 2 * GIB, RW, 5 * GIB - 0x3000);
    suite_map(&suite, TOP_PAGE, 0x1000, RO, 0x2a000);
    for (uint64_t at = 0; pgt_next(&suite.space, at, &leaf);) {
        leaves++;
        at = leaf.virt + leaf.bytes;
        if (at == 0)
            break;
    }
    for (uint64_t at = 0; pgt_next_run(&suite.space, at, &run);) {
        runs++;
        at = run.virt + run.bytes;
        if (at == 0)
            break;
    }
    assert_int_equal(leaves, 3 + 1 + 511 + 509 + 1); /* 4K, 1G, 2M, 4K, and the top page */
    assert_int_equal(runs, 2);
    suite_end(&suite);
}

static void take_line(void *context, const char *text)
{
    char *line = context;
    assert_true(strlen(text) < 128);
    memcpy(line, text, strlen(text) + 1);
}

static void there_was_no_dump(void **state)
{
    struct suite suite;
    char line[128] = "";
    (void)state;

    start(&suite);
    suite_map(&suite, UPPER_4, 0xa0000, RW, 0);
    pgt_dump(&suite.space, take_line, line);
    assert_string_equal(
        line, "0xffff800000000000-0xffff80000009ffff  0x000000000000  640K  rw--- WB  4K*160");
    suite_end(&suite);
}

/* Each page was invalidated by itself, while the operation went on. */
static void invalidations_were_not_gathered(void **state)
{
    struct suite suite;
    struct pgt_flush flush = {0};
    (void)state;

    start(&suite);
    suite_map(&suite, GIB, 64 * 0x1000, RW, 0x2a000);
    for (uint64_t i = 0; i < 64; i++)
        assert_int_equal(pgt_unmap(&suite.space, GIB + i * 0x1000, 0x1000, &flush), PGT_OK);
    EXPECT_FLUSH(flush, .needed = true, .count = 1, .range = {{GIB, GIB + 64 * 0x1000 - 1}});
    suite_end(&suite);
}

static void there_were_three_memory_types(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite);
    for (uint64_t i = 0; i < PGT_MEMORY_TYPES; i++)
        suite_map_memory(&suite, GIB + i * 0x1000, 0x1000, RW, 0x2a000, (enum pgt_memory)i);
    for (uint64_t i = 0; i < PGT_MEMORY_TYPES; i++) {
        struct walk_leaf leaf =
            walk(&suite.arena, &suite.space.arch, suite.space.root, GIB + i * 0x1000);
        assert_int_equal(leaf.memory, i);
    }
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protection_could_not_be_changed),
        cmocka_unit_test(small_pages_never_became_large_again),
        cmocka_unit_test(accessed_and_dirty_could_not_be_read_or_cleared),
        cmocka_unit_test(protection_keys_and_software_bits_were_missing),
        cmocka_unit_test(users_had_no_iterator),
        cmocka_unit_test(there_was_no_dump),
        cmocka_unit_test(invalidations_were_not_gathered),
        cmocka_unit_test(there_were_three_memory_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
