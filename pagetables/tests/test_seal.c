/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a seal makes ready, so that later mappings reach every space, and that it counts who
 * shares it.
 */
#include "pagetables/tests/suite.h"

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start_sized(suite, &arch, 600);
}

static uint64_t slot_bytes(unsigned levels)
{
    return UINT64_C(1) << (12 + 9 * (levels - 1));
}

static uint64_t upper_of(unsigned levels)
{
    return levels == 5 ? UPPER_5 : UPPER_4;
}

static struct pgt_mapping page_at(uint64_t virt, uint64_t phys)
{
    return (struct pgt_mapping){.virt = virt, .phys = phys, .bytes = 0x1000, .rights = RW};
}

static enum pgt_status seal(struct suite *suite, uint64_t start_, unsigned populate)
{
    enum pgt_status status = pgt_seal(&suite->space, start_, populate);
    arena_assert_settled(&suite->arena);
    suite_check(&suite->space);
    return status;
}

/* A later kernel mapping reaches every space, in slots that had nothing before the seal. */
static void a_later_mapping_reaches_every_space(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct suite suite;
        struct pgt_space dependent[3];
        uint64_t upper = upper_of(levels), reach = slot_bytes(levels);
        start(&suite, levels);
        suite_map(&suite, upper + 2 * reach, 0x1000, RW, 0x2a000);
        size_t before = suite.arena.outstanding;
        assert_int_equal(seal(&suite, upper, 4), PGT_OK);
        assert_int_equal(suite.arena.outstanding - before, 3); /* one was there */
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(pgt_init_on(&dependent[i], &suite.space, &suite.arena.frames), PGT_OK);
        suite_map(&suite, upper, 0x1000, RW, 0x2b000);
        suite_map(&suite, upper + 4 * reach - 0x1000, 0x1000, RX, 0x2c000);
        struct pgt_mapping beyond = page_at(upper + 4 * reach, 0x2d000);
        suite_refuse_map(&suite, &suite.space, &beyond, PGT_SEALED);
        const struct pgt_leaf seen[] = {
            LEAF(upper, 0x1000, RW, 0x2b000),
            LEAF(upper + 2 * reach, 0x1000, RW, 0x2a000),
            LEAF(upper + 4 * reach - 0x1000, 0x1000, RX, 0x2c000),
        };
        for (unsigned i = 0; i < 3; i++) {
            suite_check(&dependent[i]);
            suite_expect(&suite.arena, &dependent[i], seen, 3);
        }
        /* Unmapped again, the slots' own tables stay, and serve again. */
        suite_unmap(&suite, upper, 4 * reach);
        assert_int_equal(suite.arena.outstanding, 1 + 4 + 3);
        for (unsigned i = 0; i < 3; i++)
            suite_expect(&suite.arena, &dependent[i], NULL, 0);
        suite_map(&suite, upper + reach, 0x1000, RW, 0x2e000);
        struct pgt_leaf leaf;
        assert_true(pgt_lookup(&dependent[2], upper + reach, &leaf));
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(pgt_destroy(&dependent[i]), PGT_OK);
        suite_end(&suite);
    }
}

/* As many as there are, from the lowest split and from the highest. */
static void every_slot_can_be_made_ready(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        const unsigned slots[] = {511, 256, 2, 1};
        for (unsigned i = 0; i < 4; i++) {
            struct suite suite;
            uint64_t reach = slot_bytes(levels);
            uint64_t split = i == 0 ? reach : 0 - slots[i] * reach;
            start(&suite, levels);
            struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
            assert_int_equal(seal(&suite, split, slots[i] + 1), PGT_BAD_RANGE);
            assert_int_equal(seal(&suite, split, UINT32_MAX), PGT_BAD_RANGE);
            arena_assert_unchanged(&suite.arena, &snapshot);
            assert_int_equal(suite.space.upper_slot, PGT_ENTRIES);
            assert_int_equal(seal(&suite, split, slots[i]), PGT_OK);
            assert_int_equal(pgt_tables(&suite.space, NULL, 0), 1 + slots[i]);
            assert_int_equal(suite.space.root_live, slots[i]);
            assert_int_equal(suite_entry(&suite, split, levels) & 0xfff, 0x067);
            assert_int_equal(suite_entry(&suite, TOP_PAGE, levels) & 0xfff, 0x067);
            suite_map(&suite, TOP_PAGE, 0x1000, RW, 0x2a000);
            EXPECT(&suite, LEAF(TOP_PAGE, 0x1000, RW, 0x2a000));
            suite_end(&suite);
        }
    }
}

/* Slots below the split, and behind those asked for, are left alone. */
static void no_other_slot_is_made_ready(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    assert_int_equal(seal(&suite, UPPER_4 + slot_bytes(4), 2), PGT_OK);
    assert_int_equal(suite_entry(&suite, UPPER_4, 4), 0);
    assert_int_not_equal(suite_entry(&suite, UPPER_4 + slot_bytes(4), 4), 0);
    assert_int_not_equal(suite_entry(&suite, UPPER_4 + 2 * slot_bytes(4), 4), 0);
    assert_int_equal(suite_entry(&suite, UPPER_4 + 3 * slot_bytes(4), 4), 0);
    suite_end(&suite);
}

/* Each allocation failed in turn: not sealed, nothing made. */
static void a_seal_that_ran_out_of_frames(void **state)
{
    struct suite suite;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, UPPER_4 + slot_bytes(4), 0x1000, RW, 0x2a000);
    for (size_t frames = 0; frames < 5; frames++) {
        struct arena_snapshot snapshot = arena_snapshot(&suite.arena);
        struct pgt_space before = suite.space;
        suite.arena.limit = suite.arena.outstanding + frames;
        assert_int_equal(seal(&suite, UPPER_4, 6), PGT_NO_FRAMES);
        assert_memory_equal(&before, &suite.space, sizeof(before));
        arena_assert_unchanged(&suite.arena, &snapshot);
    }
    suite.arena.limit = suite.arena.outstanding + 5;
    assert_int_equal(seal(&suite, UPPER_4, 6), PGT_OK);
    suite_end(&suite);
}

/* Dependents come and go in any order; the count follows, and the owner goes when it is 0. */
static void dependents_are_counted(void **state)
{
    (void)state;
    for (unsigned step = 1; step < 8; step += 2) { /* odd: comes by each of 8 */
        struct suite suite;
        struct pgt_space dependent[8];
        start(&suite, 4);
        assert_int_equal(seal(&suite, UPPER_4, 1), PGT_OK);
        assert_int_equal(suite.space.dependents, 0);
        for (size_t i = 0; i < 8; i++) {
            assert_int_equal(pgt_init_on(&dependent[i], &suite.space, &suite.arena.frames), PGT_OK);
            assert_int_equal(suite.space.dependents, i + 1);
        }
        for (size_t i = 0; i < 8; i++) {
            assert_int_equal(pgt_destroy(&suite.space), PGT_BUSY);
            assert_int_equal(pgt_destroy(&dependent[i * step % 8]), PGT_OK);
            assert_int_equal(suite.space.dependents, 7 - i);
            suite_check(&suite.space);
        }
        suite_end(&suite);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_later_mapping_reaches_every_space),
        cmocka_unit_test(every_slot_can_be_made_ready),
        cmocka_unit_test(no_other_slot_is_made_ready),
        cmocka_unit_test(a_seal_that_ran_out_of_frames),
        cmocka_unit_test(dependents_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
