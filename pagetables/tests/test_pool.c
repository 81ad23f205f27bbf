/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ready allocator: frames that go in come out once each, what was given back
 * waits for a flush and means to a processor what it meant, and frame 0 is a frame.
 */
#include "pagetables/tests/basin.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void an_empty_pool_grants_nothing(void **state)
{
    struct basin basin;
    (void)state;

    basin_start(&basin, 0x100000);
    basin_expect(&basin, 0, 0);
    assert_false(basin_reserve(&basin, 1));
    pgt_pool_recycle(&basin.pool);
    assert_false(pgt_pool_add(&basin.pool, 0x100000, 0));
    assert_false(basin_reserve(&basin, 1));
    free(basin.bytes);
}

static void what_goes_in_comes_out_once(void **state)
{
    static const uint64_t bases[] = {0, 0x1000, 0x100000, UINT64_C(0xffffff0000)};
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        struct basin basin;
        uint64_t frame[BASIN_FRAMES];
        uint64_t base = bases[i];
        basin_start(&basin, base);
        assert_true(pgt_pool_add(&basin.pool, base + 4 * 4096, BASIN_FRAMES - 4));
        basin_expect(&basin, BASIN_FRAMES - 4, 0);
        assert_true(pgt_pool_add(&basin.pool, base, 4));
        basin_expect(&basin, BASIN_FRAMES, 0);
        assert_int_equal(basin.frames.offset, (uint64_t)(uintptr_t)basin.bytes - base);
        basin_take_all(&basin, base, BASIN_FRAMES, frame);
        basin_expect(&basin, 0, 0);
        free(basin.bytes);
    }
}

static void reserving_takes_nothing(void **state)
{
    struct basin basin;
    (void)state;

    basin_start(&basin, 0);
    assert_true(pgt_pool_add(&basin.pool, 0, 3));
    for (unsigned i = 0; i < 5; i++)
        assert_true(basin_reserve(&basin, 3));
    assert_false(basin_reserve(&basin, 4));
    assert_false(basin_reserve(&basin, SIZE_MAX));
    basin_expect(&basin, 3, 0);
    free(basin.bytes);
}

static void what_is_given_back_waits_for_recycle(void **state)
{
    struct basin basin;
    uint64_t frame[BASIN_FRAMES];
    (void)state;

    basin_start(&basin, 0);
    assert_true(pgt_pool_add(&basin.pool, 0, BASIN_FRAMES));
    basin_take_all(&basin, 0, BASIN_FRAMES, frame);
    for (size_t i = 0; i < BASIN_FRAMES; i++) {
        basin_give(&basin, frame[(i * 5) % BASIN_FRAMES]);
        basin_expect(&basin, 0, i + 1);
        assert_false(basin_reserve(&basin, 1));
    }
    pgt_pool_recycle(&basin.pool);
    basin_expect(&basin, BASIN_FRAMES, 0);
    basin_take_all(&basin, 0, BASIN_FRAMES, frame);
    pgt_pool_recycle(&basin.pool); /* nothing waits */
    basin_expect(&basin, 0, 0);
    free(basin.bytes);
}

/* Free frames and waiting ones, joined: none is lost and none is double. */
static void recycle_joins_with_what_is_free(void **state)
{
    (void)state;
    for (size_t taken = 0; taken <= BASIN_FRAMES; taken++) {
        struct basin basin;
        uint64_t frame[BASIN_FRAMES];
        basin_start(&basin, 0);
        assert_true(pgt_pool_add(&basin.pool, 0, BASIN_FRAMES));
        for (size_t i = 0; i < taken; i++)
            frame[i] = basin_take(&basin);
        for (size_t i = 0; i < taken; i++)
            basin_give(&basin, frame[i]);
        basin_expect(&basin, BASIN_FRAMES - taken, taken);
        pgt_pool_recycle(&basin.pool);
        basin_expect(&basin, BASIN_FRAMES, 0);
        basin_take_all(&basin, 0, BASIN_FRAMES, frame);
        free(basin.bytes);
    }
}

/* A processor may still walk what was given back, and where a larger leaf took the
 * table's place it is right to: entries go on meaning what they mean.  Bits 52 to
 * 58 are ignored in every kind of entry (59 to 62 may be a protection key). */
static void quarantine_changes_only_ignored_bits(void **state)
{
    /* Low frames, and those whose numbers have the most bits set. */
    static const uint64_t bases[] = {0, (UINT64_C(1) << 52) - BASIN_FRAMES * 4096};
    (void)state;

    for (size_t b = 0; b < 2; b++) {
        struct basin basin;
        uint64_t frame[BASIN_FRAMES];
        basin_start(&basin, bases[b]);
        assert_true(pgt_pool_add(&basin.pool, bases[b], BASIN_FRAMES));
        basin_take_all(&basin, bases[b], BASIN_FRAMES, frame);
        memset(basin.bytes, 0x67, BASIN_FRAMES * 4096);
        for (size_t i = 0; i < BASIN_FRAMES; i++)
            basin_give(&basin, frame[i]);
        for (size_t i = 0; i < BASIN_FRAMES * 512; i++) {
            uint64_t word;
            memcpy(&word, basin.bytes + i * 8, 8);
            assert_int_equal((word ^ UINT64_C(0x6767676767676767)) & ~(UINT64_C(0x7f) << 52), 0);
        }
        free(basin.bytes);
    }
}

/* The highest frame that a processor can have is linked like any other. */
static void frames_at_the_end_of_physical_memory(void **state)
{
    struct basin basin;
    uint64_t frame[BASIN_FRAMES];
    uint64_t base = (UINT64_C(1) << 52) - BASIN_FRAMES * 4096;
    (void)state;

    basin_start(&basin, base);
    assert_true(pgt_pool_add(&basin.pool, base, BASIN_FRAMES));
    basin_take_all(&basin, base, BASIN_FRAMES, frame);
    for (size_t i = 0; i < BASIN_FRAMES; i++)
        basin_give(&basin, frame[i]);
    pgt_pool_recycle(&basin.pool);
    basin_expect(&basin, BASIN_FRAMES, 0);
    basin_take_all(&basin, base, BASIN_FRAMES, frame);
    free(basin.bytes);
}

/* The vector: a freed table is not handed out again until recycle. */
/* The frame whose sign would be 0 but for its highest bit: zeros in it mean nothing. */
static void a_zeroed_frame_is_neither_free_nor_in_quarantine(void **state)
{
    static _Alignas(4096) uint8_t bytes[4096];
    struct pgt_pool *pool = mmap(NULL, sizeof(*pool), PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    (void)state;

    assert_ptr_not_equal(pool, MAP_FAILED);
    const uint64_t frame = (uint64_t)(uintptr_t)pool << 20;
    pgt_pool_init(pool, (uint64_t)(uintptr_t)bytes - frame);
    assert_true(pgt_pool_add(pool, frame, 1));
    struct pgt_frames frames = pgt_pool_frames(pool);
    assert_true(frames.reserve(frames.context, 1));
    assert_int_equal(frames.take(frames.context), frame);
    memset(bytes, 0, sizeof(bytes));
    frames.give(frames.context, frame);
    assert_int_equal(pool->double_gives, 0);
    assert_int_equal(pool->quarantine_count, 1);
    frames.give(frames.context, frame);
    assert_int_equal(pool->double_gives, 1);
    pgt_pool_recycle(pool);
    assert_int_equal(pool->free_count, 1);
    assert_int_equal(munmap(pool, sizeof(*pool)), 0);
}

static void a_space_on_a_pool(void **state)
{
    struct basin basin;
    struct pgt_space space;
    struct pgt_flush flush = {0};
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    basin_start(&basin, 0);
    assert_true(pgt_pool_add(&basin.pool, 0, 7)); /* a root and two times three tables */
    assert_int_equal(pgt_init(&space, &arch, &basin.frames), PGT_OK);
    struct pgt_mapping mapping = {.virt = GIB, .phys = 0, .bytes = 0x1000, .rights = RW};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_OK);
        assert_int_equal(pgt_unmap(&space, GIB, 0x1000, &flush), PGT_OK);
        assert_true(flush.needed);
    }
    basin_expect(&basin, 0, 6);
    assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_NO_FRAMES);
    pgt_pool_recycle(&basin.pool);
    assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_OK);
    basin_expect(&basin, 3, 0);
    assert_int_equal(pgt_destroy(&space), PGT_OK);
    basin_expect(&basin, 3, 4);
    pgt_pool_recycle(&basin.pool);
    basin_expect(&basin, 7, 0);
    free(basin.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_pool_grants_nothing),
        cmocka_unit_test(what_goes_in_comes_out_once),
        cmocka_unit_test(reserving_takes_nothing),
        cmocka_unit_test(what_is_given_back_waits_for_recycle),
        cmocka_unit_test(recycle_joins_with_what_is_free),
        cmocka_unit_test(quarantine_changes_only_ignored_bits),
        cmocka_unit_test(frames_at_the_end_of_physical_memory),
        cmocka_unit_test(a_zeroed_frame_is_neither_free_nor_in_quarantine),
        cmocka_unit_test(a_space_on_a_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
