/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Promotion as an option of a mapping: what is mapped piece by piece becomes what one call would
 * have made of it.
 */
#include "pagetables/tests/calls.h"

static void start(struct suite *suite, unsigned levels, size_t frames)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start_sized(suite, &arch, frames);
}

static struct call map(uint64_t virt, uint64_t bytes, uint64_t phys, bool promote_)
{
    return (struct call){
        .kind = CALL_MAP,
        .mapping = {.virt = virt, .phys = phys, .bytes = bytes, .rights = RW, .promote = promote_}};
}

/* The page that completes a table. */
static void map_promotes_on_the_fly_if_asked(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1024; i += 73) {
        struct suite suite;
        uint64_t missing = (i % 512) * PGT_PAGE;
        start(&suite, 4 + i / 512, 16);
        suite_map(&suite, GIB + 0x1000, 2 * MIB - 0x1000, RW, 4 * GIB + 0x1000);
        suite_map(&suite, GIB, 0x1000, RW, 4 * GIB);
        suite_unmap(&suite, GIB + missing, 0x1000);
        struct call call = map(GIB + missing, 0x1000, 4 * GIB + missing, false);
        EXPECT_NO_FLUSH(call_do(&suite.arena, &suite.space, &call));
        assert_int_equal(suite_entry(&suite, GIB, 2) & 0x80, 0);
        call.mapping.promote = true; /* identical: nothing is mapped, and yet it merges */
        suite.arena.limit = 0;
        struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
        EXPECT_FLUSH(flush, .needed = true, .count = 1, .range = {{GIB, GIB + 2 * MIB - 1}});
        EXPECT(&suite, LEAF(GIB, 2 * MIB, RW, 4 * GIB));
        suite.arena.limit = suite.arena.count;
        suite_end(&suite);
    }
}

/* Page by page, in any order, a region becomes what one call would have made of it. */
static void pages_mapped_one_by_one_grow_together(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4, 520);
    for (unsigned i = 0; i < 511; i++) {
        struct call call = map(GIB + i * 2 * MIB, 2 * MIB, 4 * GIB + i * 2 * MIB, true);
        EXPECT_NO_FLUSH(call_do(&suite.arena, &suite.space, &call));
    }
    for (unsigned i = 0; i < 512; i++) {
        uint64_t at = GIB - 2 * MIB + (i * 7 % 512) * PGT_PAGE + 511 * 2 * MIB + 2 * MIB;
        struct call call = map(at, 0x1000, at + 3 * GIB, true);
        struct pgt_flush flush = call_do(&suite.arena, &suite.space, &call);
        assert_int_equal(flush.needed, i == 511);
    }
    EXPECT(&suite, LEAF(GIB, GIB, RW, 4 * GIB));
    assert_int_equal(pgt_tables(&suite.space, NULL, 0), 2);
    suite_end(&suite);
}

/* Out of frames a map that would promote changes nothing either. */
static void a_promoting_map_that_ran_out_of_frames(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4, 32);
    suite_map(&suite, GIB, GIB, RO, 4 * GIB);
    struct call call = map(GIB + 0x1000, 4 * MIB, 16 * GIB + 0x1000, true);
    call_exhaust(&suite.arena, &suite.space, &call);
    call = map(GIB + 0x1000, 4 * MIB, 4 * GIB + 0x1000, true);
    call.mapping.rights = RO;
    struct pgt_flush flush = call_exhaust(&suite.arena, &suite.space, &call);
    assert_true(flush.needed);
    EXPECT(&suite, LEAF(GIB, GIB, RO, 4 * GIB));
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_promotes_on_the_fly_if_asked),
        cmocka_unit_test(pages_mapped_one_by_one_grow_together),
        cmocka_unit_test(a_promoting_map_that_ran_out_of_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
