/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sealing an upper, sharing it, and who may change what: no root entry at or above
 * a seal ever changes, what is below present ones is seen by all at once, and a
 * dependent owns nothing of it.
 */
#include "pagetables/tests/suite.h"

#include <string.h>

static void start(struct suite *suite, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);
    suite_start(suite, &arch);
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

/* An owner with one page at the start of its upper, sealed there, and a dependent. */
struct pair {
    struct suite owner;
    struct pgt_space dependent;
    uint64_t upper;
};

static void start_pair(struct pair *pair, unsigned levels)
{
    pair->upper = upper_of(levels);
    start(&pair->owner, levels);
    suite_map(&pair->owner, pair->upper, 0x1000, RW, 0x2a000);
    assert_int_equal(pgt_seal(&pair->owner.space, pair->upper, 0), PGT_OK);
    assert_int_equal(pgt_init_on(&pair->dependent, &pair->owner.space, &pair->owner.arena.frames),
                     PGT_OK);
    suite_check(&pair->owner.space);
    suite_check(&pair->dependent);
}

static void end_pair(struct pair *pair)
{
    suite_check(&pair->dependent);
    assert_int_equal(pgt_destroy(&pair->dependent), PGT_OK);
    suite_end(&pair->owner);
}

static void refuse_seal(struct suite *suite, struct pgt_space *space, uint64_t start_,
                        enum pgt_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(&suite->arena);
    struct pgt_space before = *space;

    assert_int_equal(pgt_seal(space, start_, 0), status);
    assert_memory_equal(space, &before, sizeof(before));
    arena_assert_unchanged(&suite->arena, &snapshot);
}

static void where_a_seal_may_start(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        uint64_t reach = slot_bytes(levels);
        uint64_t upper = upper_of(levels);
        const struct {
            uint64_t start;
            unsigned slot;
        } good[] = {
            {reach, 1},
            {-upper - reach, 255},
            {upper, 256},
            {-reach, 511},
        };
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
            struct suite suite;
            start(&suite, levels);
            refuse_seal(&suite, &suite.space, good[i].start + 0x1000, PGT_MISALIGNED);
            refuse_seal(&suite, &suite.space, good[i].start + reach / 2, PGT_MISALIGNED);
            refuse_seal(&suite, &suite.space, good[i].start + reach / 512, PGT_MISALIGNED);
            refuse_seal(&suite, &suite.space, 0, PGT_BAD_RANGE); /* nothing would be left */
            refuse_seal(&suite, &suite.space, -upper, PGT_BAD_RANGE);
            refuse_seal(&suite, &suite.space, upper - reach, PGT_BAD_RANGE);
            assert_int_equal(pgt_seal(&suite.space, good[i].start, 0), PGT_OK);
            assert_int_equal(suite.space.upper_slot, good[i].slot);
            refuse_seal(&suite, &suite.space, good[i].start, PGT_SEALED);
            refuse_seal(&suite, &suite.space, -reach, PGT_SEALED);
            suite_end(&suite);
        }
    }
}

static void a_dependent_can_not_be_sealed(void **state)
{
    struct pair pair;
    (void)state;

    start_pair(&pair, 4);
    refuse_seal(&pair.owner, &pair.dependent, UPPER_4, PGT_SEALED);
    refuse_seal(&pair.owner, &pair.dependent, slot_bytes(4), PGT_SEALED);
    end_pair(&pair);
}

static void a_new_dependent(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct pair pair;
        start_pair(&pair, levels);
        suite_map(&pair.owner, GIB, 0x1000, RX, 0x2b000);
        assert_ptr_equal(pair.dependent.upper, &pair.owner.space);
        assert_int_equal(pair.dependent.upper_slot, 256);
        assert_int_equal(pgt_tables(&pair.dependent, NULL, 0), 1);
        assert_int_equal(pair.dependent.root_live, 0);
        assert_int_equal(pair.dependent.arch.levels, levels);
        assert_int_equal(pair.owner.space.dependents, 1);
        /* Nothing of the owner's lower half. */
        const struct pgt_leaf shared = LEAF(pair.upper, 0x1000, RW, 0x2a000);
        suite_expect(&pair.owner.arena, &pair.dependent, &shared, 1);
        end_pair(&pair);
    }
}

static void no_frame_for_a_dependent(void **state)
{
    struct pair pair;
    struct pgt_space other;
    (void)state;

    start_pair(&pair, 4);
    struct pgt_space before = pair.owner.space;
    struct arena_snapshot snapshot = arena_snapshot(&pair.owner.arena);
    pair.owner.arena.limit = pair.owner.arena.outstanding;
    assert_int_equal(pgt_init_on(&other, &pair.owner.space, &pair.owner.arena.frames),
                     PGT_NO_FRAMES);
    assert_memory_equal(&pair.owner.space, &before, sizeof(before));
    arena_assert_unchanged(&pair.owner.arena, &snapshot);
    end_pair(&pair);
}

/* The root's upper half, to compare to the bit. */
static void copy_upper_root(const struct pair *pair, uint64_t root, uint64_t copy[256])
{
    memcpy(copy, arena_table(&pair->owner.arena, root) + 256, 256 * sizeof(copy[0]));
}

static void the_owner_goes_on_below_present_slots(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct pair pair;
        uint64_t before[256];
        uint64_t after[256];
        start_pair(&pair, levels);
        copy_upper_root(&pair, pair.owner.space.root, before);
        suite_map(&pair.owner, pair.upper + 0x1000, 0x1000, RO, 0x2f000);
        suite_map(&pair.owner, pair.upper + 5 * GIB, GIB, RX, 5 * GIB);
        suite_check(&pair.dependent);
        const struct pgt_leaf seen[] = {
            LEAF(pair.upper, 0x1000, RW, 0x2a000),
            LEAF(pair.upper + 0x1000, 0x1000, RO, 0x2f000),
            LEAF(pair.upper + 5 * GIB, GIB, RX, 5 * GIB),
        };
        suite_expect(&pair.owner.arena, &pair.owner.space, seen, 3);
        suite_expect(&pair.owner.arena, &pair.dependent, seen, 3);
        suite_unmap(&pair.owner, pair.upper, 0x1000);
        suite_expect(&pair.owner.arena, &pair.dependent, seen + 1, 2);
        copy_upper_root(&pair, pair.owner.space.root, after);
        assert_memory_equal(before, after, sizeof(before));
        copy_upper_root(&pair, pair.dependent.root, after);
        assert_memory_equal(before, after, sizeof(before));
        end_pair(&pair);
    }
}

static void a_new_root_slot_above_the_seal_is_refused(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct pair pair;
        uint64_t reach = slot_bytes(levels);
        start_pair(&pair, levels);
        struct pgt_mapping mapping = page_at(pair.upper + reach, 0x2a000);
        suite_refuse_map(&pair.owner, &pair.owner.space, &mapping, PGT_SEALED);
        mapping.virt = TOP_PAGE;
        suite_refuse_map(&pair.owner, &pair.owner.space, &mapping, PGT_SEALED);
        /* From a present slot into an absent one: not even the first part. */
        mapping.virt = pair.upper + reach - 0x1000;
        mapping.bytes = 0x2000;
        suite_refuse_map(&pair.owner, &pair.owner.space, &mapping, PGT_SEALED);
        /* Nothing to unmap there is no change. */
        assert_false(suite_unmap(&pair.owner, pair.upper + reach, reach).needed);
        assert_true(suite_unmap(&pair.owner, pair.upper, -pair.upper).needed);
        end_pair(&pair);
    }
}

static void the_owner_s_lower_half_stays_free(void **state)
{
    struct pair pair;
    (void)state;

    start_pair(&pair, 4);
    suite_map(&pair.owner, LOWER_LAST_4, 0x1000, RW, 0x2b000);
    suite_map(&pair.owner, 0, 0x1000, RW, 0x2b000);
    const struct pgt_leaf shared = LEAF(UPPER_4, 0x1000, RW, 0x2a000);
    suite_expect(&pair.owner.arena, &pair.dependent, &shared, 1);
    suite_unmap(&pair.owner, LOWER_LAST_4, 0x1000);
    suite_unmap(&pair.owner, 0, 0x1000);
    assert_int_equal(pgt_tables(&pair.owner.space, NULL, 0), 4);
    end_pair(&pair);
}

static void the_table_below_a_sealed_slot_stays(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct pair pair;
        start_pair(&pair, levels);
        assert_int_equal(pgt_tables(&pair.owner.space, NULL, 0), levels);
        assert_true(suite_unmap(&pair.owner, pair.upper, 0x1000).needed);
        assert_int_equal(pgt_tables(&pair.owner.space, NULL, 0), 2);
        EXPECT_NOTHING(&pair.owner);
        assert_false(suite_unmap(&pair.owner, pair.upper, slot_bytes(levels)).needed);
        assert_int_equal(pgt_tables(&pair.owner.space, NULL, 0), 2);
        /* And so the slot can be used again. */
        suite_map(&pair.owner, pair.upper + GIB, 0x1000, RX, 0x2c000);
        const struct pgt_leaf seen = LEAF(pair.upper + GIB, 0x1000, RX, 0x2c000);
        suite_expect(&pair.owner.arena, &pair.dependent, &seen, 1);
        end_pair(&pair);
    }
}

/* Sealed without dependents, too: some may come. */
static void a_seal_holds_before_there_are_dependents(void **state)
{
    struct suite suite;
    struct pgt_space late;
    (void)state;

    start(&suite, 4);
    suite_map(&suite, UPPER_4, 0x1000, RW, 0x2a000);
    assert_int_equal(pgt_seal(&suite.space, UPPER_4, 0), PGT_OK);
    suite_unmap(&suite, UPPER_4, 0x1000);
    assert_int_equal(pgt_tables(&suite.space, NULL, 0), 2);
    struct pgt_mapping mapping = page_at(TOP_PAGE, 0x2a000);
    suite_refuse_map(&suite, &suite.space, &mapping, PGT_SEALED);
    assert_int_equal(pgt_init_on(&late, &suite.space, &suite.arena.frames), PGT_OK);
    suite_map(&suite, UPPER_4 + GIB, GIB, RW, GIB);
    const struct pgt_leaf seen = LEAF(UPPER_4 + GIB, GIB, RW, GIB);
    suite_expect(&suite.arena, &late, &seen, 1);
    assert_int_equal(pgt_destroy(&late), PGT_OK);
    suite_end(&suite);
}

static void a_dependent_keeps_below_the_split(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct pair pair;
        struct pgt_flush flush = {0};
        start_pair(&pair, levels);
        struct suite *suite = &pair.owner;
        const uint64_t above[] = {pair.upper, pair.upper + 0x1000, pair.upper + GIB, TOP_PAGE};
        for (size_t i = 0; i < 4; i++) {
            struct pgt_mapping mapping = page_at(above[i], 0x2a000);
            suite_refuse_map(suite, &pair.dependent, &mapping, PGT_SEALED);
            suite_refuse_unmap(suite, &pair.dependent, above[i], 0x1000, PGT_SEALED);
        }
        suite_refuse_unmap(suite, &pair.dependent, pair.upper, -pair.upper, PGT_SEALED);
        /* Up to the last page below it is the dependent's own. */
        struct pgt_mapping last = page_at(-pair.upper - 0x1000, 0x3a000);
        assert_int_equal(pgt_map(&pair.dependent, &last, &flush), PGT_OK);
        assert_int_equal(pgt_tables(&pair.dependent, NULL, 0), levels);
        assert_int_equal(pgt_unmap(&pair.dependent, 0, -pair.upper, &flush), PGT_OK);
        assert_true(flush.needed);
        assert_int_equal(pgt_tables(&pair.dependent, NULL, 0), 1);
        end_pair(&pair);
    }
}

/* A split within the lower half, so that a range can straddle it. */
static void a_range_that_straddles_the_split(void **state)
{
    struct suite suite;
    struct pgt_space dependent;
    struct pgt_flush flush = {0};
    uint64_t split = 3 * slot_bytes(4);
    (void)state;

    start(&suite, 4);
    suite_map(&suite, split - 0x2000, 0x4000, RW, 0x2a000);
    assert_int_equal(pgt_seal(&suite.space, split, 0), PGT_OK);
    assert_int_equal(pgt_init_on(&dependent, &suite.space, &suite.arena.frames), PGT_OK);
    struct pgt_mapping below = page_at(split - 0x1000, 0x3a000);
    assert_int_equal(pgt_map(&dependent, &below, &flush), PGT_OK);
    const struct pgt_leaf seen[] = {
        LEAF(split - 0x1000, 0x1000, RW, 0x3a000),
        LEAF(split, 0x1000, RW, 0x2c000),
        LEAF(split + 0x1000, 0x1000, RW, 0x2d000),
    };
    suite_expect(&suite.arena, &dependent, seen, 3);
    struct pgt_mapping straddles = page_at(split - 0x1000, 0x4a000);
    straddles.bytes = 0x2000;
    suite_refuse_map(&suite, &dependent, &straddles, PGT_SEALED);
    suite_refuse_unmap(&suite, &dependent, split - 0x1000, 0x2000, PGT_SEALED);
    suite_refuse_unmap(&suite, &dependent, 0, -UPPER_4, PGT_SEALED);
    suite_expect(&suite.arena, &dependent, seen, 3);
    assert_int_equal(pgt_destroy(&dependent), PGT_OK);
    suite_end(&suite);
}

/* The lowest split there can be leaves a dependent one root slot. */
static void all_but_the_first_slot_can_be_shared(void **state)
{
    struct suite suite;
    struct pgt_space dependent;
    struct pgt_flush flush = {0};
    uint64_t split = slot_bytes(4);
    (void)state;

    start(&suite, 4);
    suite_map(&suite, split, 0x1000, RW, 0x2a000);
    assert_int_equal(pgt_seal(&suite.space, split, 0), PGT_OK);
    assert_int_equal(pgt_init_on(&dependent, &suite.space, &suite.arena.frames), PGT_OK);
    struct pgt_mapping mapping = page_at(split + 0x1000, 0x2b000);
    suite_refuse_map(&suite, &dependent, &mapping, PGT_SEALED);
    mapping.virt = split - 0x1000;
    assert_int_equal(pgt_map(&dependent, &mapping, &flush), PGT_OK);
    const struct pgt_leaf seen[] = {LEAF(split - 0x1000, 0x1000, RW, 0x2b000),
                                    LEAF(split, 0x1000, RW, 0x2a000)};
    suite_expect(&suite.arena, &dependent, seen, 2);
    assert_int_equal(pgt_destroy(&dependent), PGT_OK);
    suite_end(&suite);
}

static void an_owner_is_busy_while_dependents_live(void **state)
{
    struct pair pair;
    struct pgt_space other;
    struct pgt_flush flush = {0};
    (void)state;

    start_pair(&pair, 4);
    struct suite *suite = &pair.owner;
    assert_int_equal(pgt_init_on(&other, &suite->space, &suite->arena.frames), PGT_OK);
    assert_int_equal(suite->space.dependents, 2);
    struct pgt_mapping mapping = page_at(GIB, 0x2a000);
    assert_int_equal(pgt_map(&other, &mapping, &flush), PGT_OK);
    for (size_t left = 2; left > 0; left--) {
        struct pgt_space before = suite->space;
        struct arena_snapshot snapshot = arena_snapshot(&suite->arena);
        assert_int_equal(pgt_destroy(&suite->space), PGT_BUSY);
        assert_memory_equal(&suite->space, &before, sizeof(before));
        arena_assert_unchanged(&suite->arena, &snapshot);
        /* A dependent gives back what is its own: other has four tables. */
        size_t outstanding = suite->arena.outstanding;
        assert_int_equal(pgt_destroy(left == 2 ? &other : &pair.dependent), PGT_OK);
        assert_int_equal(outstanding - suite->arena.outstanding, left == 2 ? 4 : 1);
        assert_int_equal(suite->space.dependents, left - 1);
        const struct pgt_leaf shared = LEAF(UPPER_4, 0x1000, RW, 0x2a000);
        suite_expect(&suite->arena, &suite->space, &shared, 1);
    }
    suite_end(suite);
}

/* An allocator of a dependent's own, which counts and passes on. */
struct counting {
    struct pgt_frames below;
    size_t taken;
    size_t given;
};

static bool counting_reserve(void *context, size_t count)
{
    struct counting *counting = context;
    return counting->below.reserve(counting->below.context, count);
}

static uint64_t counting_take(void *context)
{
    struct counting *counting = context;
    counting->taken++;
    return counting->below.take(counting->below.context);
}

static void counting_give(void *context, uint64_t frame)
{
    struct counting *counting = context;
    counting->given++;
    counting->below.give(counting->below.context, frame);
}

static void a_dependent_has_its_own_allocator(void **state)
{
    struct suite suite;
    struct pgt_space dependent;
    struct pgt_flush flush = {0};
    struct counting counting = {0};
    (void)state;

    start(&suite, 4);
    suite_map(&suite, UPPER_4, 0x1000, RW, 0x2a000);
    assert_int_equal(pgt_seal(&suite.space, UPPER_4, 0), PGT_OK);
    counting.below = suite.arena.frames;
    struct pgt_frames frames = {
        .reserve = counting_reserve,
        .take = counting_take,
        .give = counting_give,
        .context = &counting,
        .offset = suite.arena.frames.offset,
    };
    assert_int_equal(pgt_init_on(&dependent, &suite.space, &frames), PGT_OK);
    assert_int_equal(counting.taken, 1);
    struct pgt_mapping mapping = page_at(GIB, 0x2b000);
    assert_int_equal(pgt_map(&dependent, &mapping, &flush), PGT_OK);
    assert_int_equal(counting.taken, 4);
    suite_map(&suite, UPPER_4 + 5 * GIB, 0x1000, RW, 0x2a000);
    suite_unmap(&suite, UPPER_4 + 5 * GIB, 0x1000);
    assert_int_equal(counting.taken, 4);
    assert_int_equal(counting.given, 0);
    assert_int_equal(pgt_destroy(&dependent), PGT_OK);
    assert_int_equal(counting.given, 4);
    suite_end(&suite);
}

/* pgt_tables() lists what a space owns, and so nothing of the upper. */
static void the_upper_s_tables_are_the_owner_s(void **state)
{
    struct pair pair;
    uint64_t frame[8];
    (void)state;

    start_pair(&pair, 4);
    assert_int_equal(pgt_tables(&pair.owner.space, frame, 8), 4);
    assert_int_equal(pgt_tables(&pair.dependent, frame, 8), 1);
    assert_int_equal(frame[0], pair.dependent.root);
    end_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_a_seal_may_start),
        cmocka_unit_test(a_dependent_can_not_be_sealed),
        cmocka_unit_test(a_new_dependent),
        cmocka_unit_test(no_frame_for_a_dependent),
        cmocka_unit_test(the_owner_goes_on_below_present_slots),
        cmocka_unit_test(a_new_root_slot_above_the_seal_is_refused),
        cmocka_unit_test(the_owner_s_lower_half_stays_free),
        cmocka_unit_test(the_table_below_a_sealed_slot_stays),
        cmocka_unit_test(a_seal_holds_before_there_are_dependents),
        cmocka_unit_test(a_dependent_keeps_below_the_split),
        cmocka_unit_test(a_range_that_straddles_the_split),
        cmocka_unit_test(all_but_the_first_slot_can_be_shared),
        cmocka_unit_test(an_owner_is_busy_while_dependents_live),
        cmocka_unit_test(a_dependent_has_its_own_allocator),
        cmocka_unit_test(the_upper_s_tables_are_the_owner_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
