/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the ready allocator refuses: frames given back twice or that aren't its own, ranges that
 * are none or too many; and how it is emptied, and made over ordinary memory.
 */
#include "pagetables/tests/basin.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the pool does not take back ----------------------------------- */

/* Every frame, while it is free: none is lost, none comes out twice. */
static void a_frame_given_back_while_it_is_free(void **state)
{
    struct basin basin;
    uint64_t frame[BASIN_FRAMES];
    (void)state;

    basin_start(&basin, 0);
    assert_true(pgt_pool_add(&basin.pool, 0, BASIN_FRAMES));
    for (size_t i = 0; i < BASIN_FRAMES; i++) {
        basin_give(&basin, i * 4096);
        basin_expect_refusals(&basin, i + 1, 0);
        basin_expect(&basin, BASIN_FRAMES, 0);
    }
    pgt_pool_recycle(&basin.pool);
    basin_take_all(&basin, 0, BASIN_FRAMES, frame);
    free(basin.bytes);
}

/* In quarantine, after recycling, and after recycling and taking again: whether somebody wrote
 * into it meanwhile or not. */
static void a_frame_given_back_twice(void **state)
{
    (void)state;
    for (unsigned written = 0; written < 2; written++) {
        struct basin basin;
        uint64_t frame[BASIN_FRAMES];
        basin_start(&basin, 0x100000);
        assert_true(pgt_pool_add(&basin.pool, 0x100000, BASIN_FRAMES));
        basin_take_all(&basin, 0x100000, BASIN_FRAMES, frame);
        for (size_t i = 0; i < BASIN_FRAMES; i++) {
            if (written)
                memset(basin.bytes + i * 4096, (int)i, 4096);
            basin_give(&basin, frame[i]);
            basin_expect_refusals(&basin, i * 3, 0);
            basin_expect(&basin, 0, i + 1);
            basin_give(&basin, frame[i]);
            basin_give(&basin, frame[i / 2]);
            basin_give(&basin, frame[0]);
            basin_expect_refusals(&basin, i * 3 + 3, 0);
            basin_expect(&basin, 0, i + 1);
        }
        pgt_pool_recycle(&basin.pool);
        for (size_t i = 0; i < BASIN_FRAMES; i++)
            basin_give(&basin, frame[i]);
        basin_expect_refusals(&basin, BASIN_FRAMES * 4, 0);
        basin_expect(&basin, BASIN_FRAMES, 0);
        basin_take_all(&basin, 0x100000, BASIN_FRAMES, frame);
        free(basin.bytes);
    }
}

/* Whoever takes a frame need not write into it.  One that had been in quarantine before was then
 * taken for one that still is, and was lost. */
static void a_frame_that_nobody_wrote_was_taken_for_a_double_give(void **state)
{
    struct basin basin;
    (void)state;

    basin_start(&basin, 0);
    assert_true(pgt_pool_add(&basin.pool, 0, 3));
    for (unsigned times = 0; times < 20; times++) {
        uint64_t frame[3];
        for (unsigned i = 0; i < 3; i++)
            frame[i] = basin_take(&basin);
        for (unsigned i = 0; i < 3; i++)
            basin_give(&basin, frame[i]);
        basin_expect_refusals(&basin, 0, 0);
        basin_expect(&basin, 0, 3);
        pgt_pool_recycle(&basin.pool);
        basin_expect(&basin, 3, 0);
    }
    free(basin.bytes);
}

static void a_foreign_frame(void **state)
{
    static const uint64_t foreign[] = {
        0,        0x1000,   0xff000,  0x110000, 0x111000,  UINT64_C(1) << 40, TOP_PAGE,
        0x100001, 0x100fff, 0x101008, 0x10f800, UINT64_MAX}; /* the last few are misaligned */
    struct basin basin;
    (void)state;

    basin_start(&basin, 0x100000);
    assert_true(pgt_pool_add(&basin.pool, 0x100000, BASIN_FRAMES));
    uint64_t mine = basin_take(&basin);
    uint8_t *before = malloc(BASIN_FRAMES * 4096);
    assert_non_null(before);
    memcpy(before, basin.bytes, BASIN_FRAMES * 4096);
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        basin_give(&basin, foreign[i]);
        basin_expect_refusals(&basin, 0, i + 1);
        basin_expect(&basin, BASIN_FRAMES - 1, 0);
    }
    assert_memory_equal(before, basin.bytes, BASIN_FRAMES * 4096);
    basin_give(&basin, mine);
    basin_expect(&basin, BASIN_FRAMES - 1, 1);
    free(before);
    free(basin.bytes);
}

/* ---- ranges -------------------------------------------------------------- */

/* Nothing of the pool changes, nor of its basin. */
static void refuse_range(struct basin *basin, uint64_t frame, size_t pages)
{
    struct pgt_pool before = basin->pool;
    uint8_t *bytes = malloc(BASIN_FRAMES * 4096);

    assert_non_null(bytes);
    memcpy(bytes, basin->bytes, BASIN_FRAMES * 4096);
    assert_false(pgt_pool_add(&basin->pool, frame, pages));
    assert_false(pgt_pool_claim(&basin->pool, frame, pages));
    assert_memory_equal(&before, &basin->pool, sizeof(before));
    assert_memory_equal(bytes, basin->bytes, BASIN_FRAMES * 4096);
    free(bytes);
}

static void ranges_that_are_refused(void **state)
{
    struct basin basin;
    (void)state;

    basin_start(&basin, 0x100000);
    assert_true(pgt_pool_add(&basin.pool, 0x104000, 4));
    refuse_range(&basin, 0x100000, 0);
    refuse_range(&basin, 0x100001, 1);
    refuse_range(&basin, 0x100800, 1);
    refuse_range(&basin, 0x104000, 4); /* once more */
    refuse_range(&basin, 0x103000, 2);
    refuse_range(&basin, 0x107000, 1);
    refuse_range(&basin, 0x107000, 2);
    refuse_range(&basin, 0x105000, 1);
    refuse_range(&basin, 0x100000, BASIN_FRAMES);
    refuse_range(&basin, TOP_PAGE, 2); /* wraps */
    refuse_range(&basin, 0x109000, SIZE_MAX);
    refuse_range(&basin, 0x109000, SIZE_MAX / 4096 + 1);
    basin_expect(&basin, 4, 0);
    assert_true(pgt_pool_claim(&basin.pool, TOP_PAGE, 1));
    free(basin.bytes);
}

/* Frames in use are claimed: they are not free, and may be given back. */
static void claimed_frames_may_be_given_back(void **state)
{
    struct basin basin;
    uint64_t frame[BASIN_FRAMES];
    (void)state;

    basin_start(&basin, 0x100000);
    assert_true(pgt_pool_claim(&basin.pool, 0x100000, BASIN_FRAMES - 1));
    basin_expect(&basin, 0, 0);
    assert_false(basin_reserve(&basin, 1));
    for (size_t i = 0; i < BASIN_FRAMES * 4096; i++)
        assert_int_equal(basin.bytes[i], 0xa5);
    basin_give(&basin, 0x100000 + (BASIN_FRAMES - 1) * 4096);
    basin_expect_refusals(&basin, 0, 1);
    for (size_t i = 0; i < BASIN_FRAMES - 1; i++)
        basin_give(&basin, 0x100000 + i * 4096);
    basin_expect(&basin, 0, BASIN_FRAMES - 1);
    pgt_pool_recycle(&basin.pool);
    basin_take_all(&basin, 0x100000, BASIN_FRAMES - 1, frame);
    free(basin.bytes);
}

static void expect_range(const struct basin *basin, unsigned index, uint64_t first, uint64_t last)
{
    assert_true(index < basin->pool.range_count);
    assert_int_equal(basin->pool.range[index].first, first);
    assert_int_equal(basin->pool.range[index].last, last);
}

static void ranges_that_touch_are_one(void **state)
{
    struct basin basin;
    (void)state;

    basin_start(&basin, 0);
    assert_true(pgt_pool_add(&basin.pool, 0x4000, 2));
    assert_true(pgt_pool_add(&basin.pool, 0x6000, 1)); /* above */
    expect_range(&basin, 0, 0x4000, 0x6fff);
    assert_true(pgt_pool_add(&basin.pool, 0x2000, 2)); /* below */
    expect_range(&basin, 0, 0x2000, 0x6fff);
    assert_true(pgt_pool_add(&basin.pool, 0, 1));
    assert_int_equal(basin.pool.range_count, 2);
    assert_true(pgt_pool_add(&basin.pool, 0x1000, 1)); /* in between */
    assert_int_equal(basin.pool.range_count, 1);
    expect_range(&basin, 0, 0, 0x6fff);
    assert_true(pgt_pool_claim(&basin.pool, TOP_PAGE, 1));
    assert_int_equal(basin.pool.range_count, 2); /* the ends of memory don't touch */
    basin_expect(&basin, 7, 0);
    pgt_pool_init(&basin.pool, basin.pool.offset);
    assert_true(pgt_pool_claim(&basin.pool, TOP_PAGE, 1));
    assert_true(pgt_pool_claim(&basin.pool, 0, 1));
    assert_int_equal(basin.pool.range_count, 2);
    assert_true(pgt_pool_claim(&basin.pool, TOP_PAGE - 0x1000, 1));
    assert_int_equal(basin.pool.range_count, 2);
    free(basin.bytes);
}

/* As many islands as there is room for; one more is refused, what touches one is not; and when
 * the gaps are closed there is room again. */
static void more_ranges_than_there_is_room_for(void **state)
{
    struct basin basin;
    const uint64_t far = UINT64_C(1) << 30;
    (void)state;

    basin_start(&basin, 0);
    for (uint64_t i = 0; i < PGT_POOL_RANGES; i++)
        assert_true(pgt_pool_claim(&basin.pool, far + i * 0x2000, 1));
    assert_int_equal(basin.pool.range_count, PGT_POOL_RANGES);
    refuse_range(&basin, 0, 1);
    refuse_range(&basin, far + PGT_POOL_RANGES * 0x2000, 1);
    for (uint64_t i = 0; i < PGT_POOL_RANGES; i++) {
        assert_true(pgt_pool_claim(&basin.pool, far + i * 0x2000 + 0x1000, 1));
        assert_int_equal(basin.pool.range_count,
                         i + 1 < PGT_POOL_RANGES ? PGT_POOL_RANGES - i - 1 : 1);
    }
    expect_range(&basin, 0, far, far + PGT_POOL_RANGES * 0x2000 - 1);
    assert_true(pgt_pool_add(&basin.pool, 0, BASIN_FRAMES));
    basin_expect(&basin, BASIN_FRAMES, 0);
    free(basin.bytes);
}

/* ---- drain and arenas ---------------------------------------------------- */

static void note_frame(void *context, uint64_t frame)
{
    bool *seen = context;
    assert_int_equal(frame % 4096, 0);
    assert_true(frame / 4096 < BASIN_FRAMES && !seen[frame / 4096]);
    seen[frame / 4096] = true;
}

/* The vector: drain empties the pool. */
static void drain_empties_the_pool(void **state)
{
    struct basin basin;
    bool seen[BASIN_FRAMES] = {false};
    (void)state;

    basin_start(&basin, 0);
    assert_true(pgt_pool_add(&basin.pool, 0, BASIN_FRAMES));
    uint64_t used = basin_take(&basin), waiting = basin_take(&basin);
    basin_give(&basin, waiting);
    struct pgt_pool before = basin.pool;
    assert_false(pgt_pool_drain(&basin.pool, note_frame, seen)); /* one is in quarantine */
    assert_memory_equal(&before, &basin.pool, sizeof(before));
    pgt_pool_recycle(&basin.pool);
    assert_true(pgt_pool_drain(&basin.pool, note_frame, seen));
    for (size_t i = 0; i < BASIN_FRAMES; i++)
        assert_int_equal(seen[i], i != used / 4096);
    basin_expect(&basin, 0, 0);
    assert_int_equal(basin.pool.range_count, 0);
    assert_false(basin_reserve(&basin, 1));
    basin_give(&basin, used); /* foreign now */
    basin_expect_refusals(&basin, 0, 1);
    assert_true(pgt_pool_drain(&basin.pool, note_frame, seen)); /* nothing to tell */
    /* What was drained may come back. */
    uint64_t frame[BASIN_FRAMES];
    assert_true(pgt_pool_add(&basin.pool, 0, BASIN_FRAMES));
    basin_take_all(&basin, 0, BASIN_FRAMES, frame);
    free(basin.bytes);
}

/* Frames start at the first page boundary in the memory, wherever that lies. */
static void an_arena_in_ordinary_memory(void **state)
{
    static const size_t off[] = {0, 1, 8, 4095};
    uint8_t *bytes = aligned_alloc(4096, 6 * 4096);
    (void)state;

    assert_non_null(bytes);
    for (unsigned i = 0; i < 4; i++)
        for (unsigned cut = 0; cut < 2; cut++) {
            struct pgt_pool pool;
            size_t pages = 5 - (off[i] > 0) - cut;
            memset(bytes, 0xa5, 6 * 4096);
            pgt_pool_init_arena(&pool, bytes + off[i], 5 * 4096 - off[i] - cut, 0x70000);
            struct pgt_frames frames = pgt_pool_frames(&pool);
            assert_int_equal(pool.free_count, pages);
            assert_int_equal(pool.range[0].first, 0x70000);
            assert_int_equal(pool.range[0].last, 0x70000 + pages * 4096 - 1);
            uint8_t *first = bytes + (off[i] ? 4096 : 0);
            for (size_t k = 0; k < pages; k++) {
                uint64_t frame = frames.take(frames.context);
                uint8_t *at = (uint8_t *)(uintptr_t)(frame + frames.offset);
                assert_true(at >= first && at + 4096 <= first + pages * 4096);
            }
            /* Nothing outside was touched. */
            for (const uint8_t *at = bytes; at < first; at++)
                assert_int_equal(*at, 0xa5);
            for (const uint8_t *at = first + pages * 4096; at < bytes + 6 * 4096; at++)
                assert_int_equal(*at, 0xa5);
        }
    free(bytes);
}

static void an_arena_without_a_whole_page(void **state)
{
    static const struct {
        size_t off, bytes;
    } none[] = {{0, 0}, {0, 4095}, {1, 4095}, {1, 8190}, {4095, 1}, {1, 100}};
    uint8_t *bytes = aligned_alloc(4096, 4 * 4096);
    (void)state;

    assert_non_null(bytes);
    for (unsigned i = 0; i < 6; i++) {
        struct pgt_pool pool;
        pgt_pool_init_arena(&pool, bytes + none[i].off, none[i].bytes, 0);
        struct pgt_frames frames = pgt_pool_frames(&pool);
        assert_int_equal(pool.free_count, 0);
        assert_int_equal(pool.range_count, 0);
        assert_false(frames.reserve(frames.context, 1));
    }
    free(bytes);
}

/* A space that moves to another allocator's frames: adopted, its tables go to the pool as
 * they empty. */
static void adopted_tables_go_to_the_pool_that_claimed_them(void **state)
{
    struct basin basin;
    struct pgt_space space, adopted;
    struct pgt_flush flush = {0};
    struct pgt_arch arch = suite_arch(4);
    struct pgt_pool second;
    (void)state;

    basin_start(&basin, 0);
    assert_true(pgt_pool_add(&basin.pool, 0, 8));
    assert_int_equal(pgt_init(&space, &arch, &basin.frames), PGT_OK);
    struct pgt_mapping mapping = {.virt = GIB, .phys = 0, .bytes = 0x1000, .rights = RW};
    assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_OK);

    pgt_pool_init(&second, basin.pool.offset);
    struct pgt_frames frames = pgt_pool_frames(&second);
    assert_int_equal(pgt_adopt(&adopted, &arch, &frames, space.root), PGT_OK);
    assert_true(pgt_pool_claim(&second, 0, 8));
    assert_int_equal(pgt_unmap(&adopted, GIB, 0x1000, &flush), PGT_OK);
    assert_int_equal(second.quarantine_count, 3);
    assert_int_equal(pgt_destroy(&adopted), PGT_OK);
    pgt_pool_recycle(&second);
    assert_int_equal(second.free_count, 4);
    assert_int_equal(second.double_gives + second.foreign_gives, 0);
    free(basin.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_given_back_while_it_is_free),
        cmocka_unit_test(a_frame_given_back_twice),
        cmocka_unit_test(a_frame_that_nobody_wrote_was_taken_for_a_double_give),
        cmocka_unit_test(a_foreign_frame),
        cmocka_unit_test(ranges_that_are_refused),
        cmocka_unit_test(claimed_frames_may_be_given_back),
        cmocka_unit_test(ranges_that_touch_are_one),
        cmocka_unit_test(more_ranges_than_there_is_room_for),
        cmocka_unit_test(drain_empties_the_pool),
        cmocka_unit_test(an_arena_in_ordinary_memory),
        cmocka_unit_test(an_arena_without_a_whole_page),
        cmocka_unit_test(adopted_tables_go_to_the_pool_that_claimed_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
