/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page directories and translation: through pages of every size, to the last byte; nothing below
 * an absent entry of any level.  (pgt_activate() loads CR3: the stub kernel runs it.)
 */
#include "pagetables/directory.h"
#include "pagetables/tests/suite.h"

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start(suite, &arch);
}

static void expect(const struct suite *suite, uint64_t virt, uint64_t phys)
{
    uint64_t found = UINT64_MAX;

    if (!pgt_translate(&suite->space, virt, &found))
        fail_msg("%#lx is not mapped", (unsigned long)virt);
    assert_int_equal(found, phys);
}

static void expect_nothing(const struct suite *suite, uint64_t virt)
{
    uint64_t found = 0x5a5a;

    assert_false(pgt_translate(&suite->space, virt, &found));
    assert_int_equal(found, 0x5a5a);
}

/* gopher-os: Translate(1234) to frame 42, read as decimal and as hexadecimal. */
static void translate_1234_to_frame_42(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, 0, 0x1000, RO, 42 * 4096);
    expect(&suite, 1234, 42 * 4096 + 1234);
    expect_nothing(&suite, 0x1234);
    suite_map(&suite, 0x1000, 0x1000, RO, 42 * 4096);
    expect(&suite, 0x1234, 42 * 4096 + 0x234);
    suite_map(&suite, 0, 0x2000, RO, 42 * 4096);
    expect(&suite, 0x1234, 42 * 4096 + 0x1234);
    suite_end(&suite);
}

/* gopher-os: each single absent level is "not mapped".  With a neighbour that shares all above. */
static void each_single_absent_level_is_not_mapped(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        uint64_t mapped = UINT64_C(0x8080604000);
        start(&suite, levels);
        suite_map(&suite, mapped, 0x1000, RO, 42 * 4096);
        expect(&suite, mapped + 0x400, 42 * 4096 + 0x400);
        for (unsigned level = 1; level <= levels; level++)
            expect_nothing(&suite, (mapped + 0x400) ^ (UINT64_C(0x1000) << 9 * (level - 1)));
        suite_end(&suite);
    }
}

/* Defect 16: the offset in a large page was cut to that in a page of 4K. */
static void defect_16_translate_through_a_large_page_gave_a_wrong_address(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        start(&suite, levels);
        suite_map(&suite, GIB, GIB, RO, 6 * GIB);
        suite_map(&suite, 2 * GIB, 2 * MIB, RO, 10 * MIB);
        suite_map(&suite, 3 * GIB, 0x1000, RO, 0x2a000);
        const uint64_t offsets[] = {0, 1, 0xfff, 0x1000, 0x1fffff, 0x200000, 0x12345678, GIB - 1};
        for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
            expect(&suite, GIB + offsets[i], 6 * GIB + offsets[i]);
            if (offsets[i] < 2 * MIB)
                expect(&suite, 2 * GIB + offsets[i], 10 * MIB + offsets[i]);
            else
                expect_nothing(&suite, 2 * GIB + offsets[i]);
        }
        expect(&suite, 3 * GIB + 0xfff, 0x2afff);
        expect_nothing(&suite, 3 * GIB + 0x1000);
        suite_end(&suite);
    }
}

/* Both ends of both halves, frame 0, and addresses that aren't any. */
static void the_edges_of_the_address_space(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        uint64_t last = levels == 4 ? LOWER_LAST_4 : LOWER_LAST_5;
        uint64_t upper = levels == 4 ? UPPER_4 : UPPER_5;
        start(&suite, levels);
        suite_map(&suite, TOP_PAGE, 0x1000, RO, 0);
        suite_map(&suite, last, 0x1000, RO, 0x3000);
        suite_map(&suite, upper, 0x1000, RO, 0x4000);
        expect(&suite, UINT64_MAX, 0xfff);
        expect(&suite, last + 0xfff, 0x3fff);
        expect(&suite, upper, 0x4000);
        expect_nothing(&suite, last + 0x1000);
        expect_nothing(&suite, upper - 1);
        expect_nothing(&suite, 0);
        suite_end(&suite);
    }
}

/* Inactive, and on a shared upper: it makes no difference. */
static void a_directory_that_shares_the_upper_half(void **state)
{
    struct suite suite;
    struct pgt_space other;
    struct pgt_flush flush = {0};
    uint64_t phys;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, UPPER_4, 0x1000, RW | PGT_GLOBAL, 0x2a000);
    assert_int_equal(pgt_seal(&suite.space, UPPER_4, 0), PGT_OK);
    assert_int_equal(pgt_init_on(&other, &suite.space, &suite.arena.frames), PGT_OK);
    assert_int_equal(
        pgt_map(&other,
                &(struct pgt_mapping){
                    .virt = 0x400000, .phys = 0x3a000, .bytes = 0x1000, .rights = RW | PGT_USER},
                &flush),
        PGT_OK);
    assert_true(pgt_translate(&other, 0x400123, &phys));
    assert_int_equal(phys, 0x3a123);
    assert_true(pgt_translate(&other, UPPER_4 + 0x456, &phys));
    assert_int_equal(phys, 0x2a456);
    expect_nothing(&suite, 0x400123);
    assert_int_equal(pgt_unmap(&other, 0x400000, 0x1000, &flush), PGT_OK);
    assert_false(pgt_translate(&other, 0x400123, &phys));
    assert_int_equal(pgt_destroy(&other), PGT_OK);
    suite_end(&suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(translate_1234_to_frame_42),
        cmocka_unit_test(each_single_absent_level_is_not_mapped),
        cmocka_unit_test(defect_16_translate_through_a_large_page_gave_a_wrong_address),
        cmocka_unit_test(the_edges_of_the_address_space),
        cmocka_unit_test(a_directory_that_shares_the_upper_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
