/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ready allocator: frames that go in come out once each, what was given back
 * waits for a flush and means to a processor what it meant, and frame 0 is a frame.
 */
#include "pagetables/tests/suite.h"

#include <stdlib.h>
#include <string.h>

#define FRAMES 16

struct memory {
    uint8_t *bytes;
    struct pgt_pool pool;
    struct pgt_frames frames;
};

/* A pool over FRAMES frames from physical address `base`, none added yet. */
static void start(struct memory *memory, uint64_t base)
{
    memory->bytes = aligned_alloc(4096, FRAMES * 4096);
    assert_non_null(memory->bytes);
    memset(memory->bytes, 0xa5, FRAMES * 4096);
    pgt_pool_init(&memory->pool, (uint64_t)(uintptr_t)memory->bytes - base);
    memory->frames = pgt_pool_frames(&memory->pool);
}

static bool reserve(struct memory *memory, size_t count)
{
    return memory->frames.reserve(memory->frames.context, count);
}

static uint64_t take(struct memory *memory)
{
    assert_true(reserve(memory, 1));
    return memory->frames.take(memory->frames.context);
}

static void give(struct memory *memory, uint64_t frame)
{
    memory->frames.give(memory->frames.context, frame);
}

static void assert_counts(const struct memory *memory, size_t free_, size_t quarantine)
{
    assert_int_equal(memory->pool.free_count, free_);
    assert_int_equal(memory->pool.quarantine_count, quarantine);
}

/* Takes all `count` frames, each within base..base+FRAMES and each once; writes
 * over all of each, as a table would. */
static void take_all(struct memory *memory, uint64_t base, size_t count, uint64_t *frame)
{
    bool seen[FRAMES] = {false};

    assert_true(reserve(memory, count));
    assert_false(reserve(memory, count + 1));
    for (size_t i = 0; i < count; i++) {
        frame[i] = take(memory);
        uint64_t index = (frame[i] - base) / 4096;
        assert_int_equal(frame[i] % 4096, 0);
        assert_true(index < FRAMES && !seen[index]);
        seen[index] = true;
        memset(memory->bytes + index * 4096, 0xff, 4096);
    }
    assert_false(reserve(memory, 1));
}

static void an_empty_pool_grants_nothing(void **state)
{
    struct memory memory;
    (void)state;

    start(&memory, 0x100000);
    assert_counts(&memory, 0, 0);
    assert_false(reserve(&memory, 1));
    pgt_pool_recycle(&memory.pool);
    assert_false(pgt_pool_add(&memory.pool, 0x100000, 0));
    assert_false(reserve(&memory, 1));
    free(memory.bytes);
}

static void what_goes_in_comes_out_once(void **state)
{
    static const uint64_t bases[] = {0, 0x1000, 0x100000, UINT64_C(0xffffff0000)};
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        struct memory memory;
        uint64_t frame[FRAMES];
        uint64_t base = bases[i];
        start(&memory, base);
        assert_true(pgt_pool_add(&memory.pool, base + 4 * 4096, FRAMES - 4));
        assert_counts(&memory, FRAMES - 4, 0);
        assert_true(pgt_pool_add(&memory.pool, base, 4));
        assert_counts(&memory, FRAMES, 0);
        assert_int_equal(memory.frames.offset, (uint64_t)(uintptr_t)memory.bytes - base);
        take_all(&memory, base, FRAMES, frame);
        assert_counts(&memory, 0, 0);
        free(memory.bytes);
    }
}

static void reserving_takes_nothing(void **state)
{
    struct memory memory;
    (void)state;

    start(&memory, 0);
    assert_true(pgt_pool_add(&memory.pool, 0, 3));
    for (unsigned i = 0; i < 5; i++)
        assert_true(reserve(&memory, 3));
    assert_false(reserve(&memory, 4));
    assert_false(reserve(&memory, SIZE_MAX));
    assert_counts(&memory, 3, 0);
    free(memory.bytes);
}

static void what_is_given_back_waits_for_recycle(void **state)
{
    struct memory memory;
    uint64_t frame[FRAMES];
    (void)state;

    start(&memory, 0);
    assert_true(pgt_pool_add(&memory.pool, 0, FRAMES));
    take_all(&memory, 0, FRAMES, frame);
    for (size_t i = 0; i < FRAMES; i++) {
        give(&memory, frame[(i * 5) % FRAMES]);
        assert_counts(&memory, 0, i + 1);
        assert_false(reserve(&memory, 1));
    }
    pgt_pool_recycle(&memory.pool);
    assert_counts(&memory, FRAMES, 0);
    take_all(&memory, 0, FRAMES, frame);
    pgt_pool_recycle(&memory.pool); /* nothing waits */
    assert_counts(&memory, 0, 0);
    free(memory.bytes);
}

/* Free frames and waiting ones, joined: none is lost and none is double. */
static void recycle_joins_with_what_is_free(void **state)
{
    (void)state;
    for (size_t taken = 0; taken <= FRAMES; taken++) {
        struct memory memory;
        uint64_t frame[FRAMES];
        start(&memory, 0);
        assert_true(pgt_pool_add(&memory.pool, 0, FRAMES));
        for (size_t i = 0; i < taken; i++)
            frame[i] = take(&memory);
        for (size_t i = 0; i < taken; i++)
            give(&memory, frame[i]);
        assert_counts(&memory, FRAMES - taken, taken);
        pgt_pool_recycle(&memory.pool);
        assert_counts(&memory, FRAMES, 0);
        take_all(&memory, 0, FRAMES, frame);
        free(memory.bytes);
    }
}

/* A processor may still walk what was given back, and where a larger leaf took the
 * table's place it is right to: entries go on meaning what they mean.  Bits 52 to
 * 58 are ignored in every kind of entry (59 to 62 may be a protection key). */
static void quarantine_changes_only_ignored_bits(void **state)
{
    /* Low frames, and those whose numbers have the most bits set. */
    static const uint64_t bases[] = {0, (UINT64_C(1) << 52) - FRAMES * 4096};
    (void)state;

    for (size_t b = 0; b < 2; b++) {
        struct memory memory;
        uint64_t frame[FRAMES];
        start(&memory, bases[b]);
        assert_true(pgt_pool_add(&memory.pool, bases[b], FRAMES));
        take_all(&memory, bases[b], FRAMES, frame);
        memset(memory.bytes, 0x67, FRAMES * 4096);
        for (size_t i = 0; i < FRAMES; i++)
            give(&memory, frame[i]);
        for (size_t i = 0; i < FRAMES * 512; i++) {
            uint64_t word;
            memcpy(&word, memory.bytes + i * 8, 8);
            assert_int_equal((word ^ UINT64_C(0x6767676767676767)) & ~(UINT64_C(0x7f) << 52), 0);
        }
        free(memory.bytes);
    }
}

/* The highest frame that a processor can have is linked like any other. */
static void frames_at_the_end_of_physical_memory(void **state)
{
    struct memory memory;
    uint64_t frame[FRAMES];
    uint64_t base = (UINT64_C(1) << 52) - FRAMES * 4096;
    (void)state;

    start(&memory, base);
    assert_true(pgt_pool_add(&memory.pool, base, FRAMES));
    take_all(&memory, base, FRAMES, frame);
    for (size_t i = 0; i < FRAMES; i++)
        give(&memory, frame[i]);
    pgt_pool_recycle(&memory.pool);
    assert_counts(&memory, FRAMES, 0);
    take_all(&memory, base, FRAMES, frame);
    free(memory.bytes);
}

/* The vector: a freed table is not handed out again until recycle. */
static void a_space_on_a_pool(void **state)
{
    struct memory memory;
    struct pgt_space space;
    struct pgt_flush flush = {0};
    struct pgt_arch arch = suite_arch(4);
    (void)state;

    start(&memory, 0);
    assert_true(pgt_pool_add(&memory.pool, 0, 7)); /* a root and two times three tables */
    assert_int_equal(pgt_init(&space, &arch, &memory.frames), PGT_OK);
    struct pgt_mapping mapping = {.virt = GIB, .phys = 0, .bytes = 0x1000, .rights = RW};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_OK);
        assert_int_equal(pgt_unmap(&space, GIB, 0x1000, &flush), PGT_OK);
        assert_true(flush.needed);
    }
    assert_counts(&memory, 0, 6);
    assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_NO_FRAMES);
    pgt_pool_recycle(&memory.pool);
    assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_OK);
    assert_counts(&memory, 3, 0);
    assert_int_equal(pgt_destroy(&space), PGT_OK);
    assert_counts(&memory, 3, 4);
    pgt_pool_recycle(&memory.pool);
    assert_counts(&memory, 7, 0);
    free(memory.bytes);
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
        cmocka_unit_test(a_space_on_a_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
