/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every frame is free, owned or waiting, and only one of these: nothing is handed out twice, what
 * the boot allocator gave away stays taken, double frees and frames of others are refused
 * and counted, owners are counted exactly, and what page tables gave back waits.
 */
#include "pagetables/ram.h"

#include <stdlib.h>
#include <string.h>

#include "pagetables/tests/suite.h"

/* 159 frames, a hole, 700 frames, and the last one that a processor can have.  A frame of the
 * second range is reserved by a byte at its end. */
#define HIGHEST ((UINT64_C(1) << 52) - 0x1000)
static const struct pgt_ram_range map[] = {
    {HIGHEST, 0x1000},
    {0x200000, 700 * 0x1000},
    {0, 0x9fc00},
};
static const struct pgt_ram_range reserved[] = {{0x210fff, 1}};
#define FRAMES (159 + 700 - 1 + 1)

struct memory {
    struct pgt_ram_boot boot;
    struct pgt_ram ram;
    void *block;
};

static void start_boot(struct memory *memory)
{
    assert_int_equal(pgt_ram_boot_init(&memory->boot, map, 3, reserved, 1), PGT_RAM_OK);
}

static uint64_t take_boot(struct memory *memory, size_t frames, uint64_t alignment)
{
    uint64_t frame;
    assert_int_equal(pgt_ram_boot_take(&memory->boot, frames, alignment, &frame), PGT_RAM_OK);
    return frame;
}

/* Rubbish, and not a byte more than was asked for. */
static void start_ram(struct memory *memory)
{
    size_t bytes = pgt_ram_bytes(&memory->boot);
    memory->block = malloc(bytes);
    assert_non_null(memory->block);
    memset(memory->block, 0xa5, bytes);
    pgt_ram_init(&memory->ram, &memory->boot, memory->block);
}

static void start(struct memory *memory)
{
    start_boot(memory);
    start_ram(memory);
}

static void end(struct memory *memory)
{
    free(memory->block);
}

static uint64_t take(struct memory *memory)
{
    uint64_t frame;
    assert_int_equal(pgt_ram_take(&memory->ram, &frame), PGT_RAM_OK);
    return frame;
}

static uint64_t take_run(struct memory *memory, size_t frames, uint64_t alignment)
{
    uint64_t frame;
    assert_int_equal(pgt_ram_take_run(&memory->ram, frames, alignment, &frame), PGT_RAM_OK);
    return frame;
}

static void expect_counts(const struct memory *memory, size_t free_, size_t waiting)
{
    assert_int_equal(memory->ram.frames, FRAMES);
    assert_int_equal(memory->ram.free_count, free_);
    assert_int_equal(memory->ram.waiting_count, waiting);
}

/* A refusal is counted, and that is all. */
#define REFUSED(memory, call, expected)                                                            \
    do {                                                                                           \
        struct pgt_ram before_ = (memory)->ram;                                                    \
        assert_int_equal(call, expected);                                                          \
        before_.refused[expected]++;                                                               \
        assert_memory_equal(&(memory)->ram, &before_, sizeof(before_));                            \
    } while (0)

static void refuse_run(struct memory *memory, size_t frames, uint64_t alignment,
                       enum pgt_ram_status status)
{
    uint64_t frame = 0x5a5a;
    REFUSED(memory, pgt_ram_take_run(&memory->ram, frames, alignment, &frame), status);
    assert_int_equal(frame, 0x5a5a);
}

/* Each frame once, the lowest first, through the holes. */
static void all_frames_are_handed_out_once(void **state)
{
    struct memory memory;
    uint64_t frame = 0x5a5a;
    (void)state;

    start(&memory);
    expect_counts(&memory, FRAMES, 0);
    for (uint64_t i = 0; i < 159; i++)
        assert_int_equal(take(&memory), i * 4096);
    for (uint64_t i = 0; i < 700; i++)
        if (i != 0x10)
            assert_int_equal(take(&memory), 0x200000 + i * 4096);
    expect_counts(&memory, 1, 0);
    assert_int_equal(take(&memory), HIGHEST);
    REFUSED(&memory, pgt_ram_take(&memory.ram, &frame), PGT_RAM_NONE_LEFT);
    assert_int_equal(frame, 0x5a5a);
    refuse_run(&memory, 1, PGT_PAGE, PGT_RAM_NONE_LEFT);
    end(&memory);
}

static void what_boot_handed_out_stays_taken(void **state)
{
    struct memory memory;
    uint64_t frame;
    (void)state;

    start_boot(&memory);
    size_t bytes = pgt_ram_bytes(&memory.boot);
    uint64_t single = take_boot(&memory, 1, PGT_PAGE);
    uint64_t run = take_boot(&memory, 5, 0x10000);
    assert_int_equal(single, 0);
    assert_int_equal(run, 0x10000);
    assert_int_equal(pgt_ram_bytes(&memory.boot), bytes);
    start_ram(&memory);
    expect_counts(&memory, FRAMES - 6, 0);
    /* The boot allocator has nothing more to give. */
    assert_int_equal(pgt_ram_boot_take(&memory.boot, 1, PGT_PAGE, &frame), PGT_RAM_NONE_LEFT);
    for (size_t i = 0; i < FRAMES - 6; i++) {
        frame = take(&memory);
        assert_true(frame != single && (frame < run || frame >= run + 5 * 4096));
    }
    for (uint64_t i = 0; i < 5; i++)
        assert_int_equal(pgt_ram_owners(&memory.ram, run + i * 4096), 1);
    assert_int_equal(pgt_ram_free(&memory.ram, run, 5), PGT_RAM_OK);
    assert_int_equal(pgt_ram_free(&memory.ram, single, 1), PGT_RAM_OK);
    expect_counts(&memory, 6, 0);
    assert_int_equal(take(&memory), single);
    end(&memory);
}

/* What the boot allocator lost is not free either, but may be given back. */
static void what_boot_lost_is_taken(void **state)
{
    struct memory memory;
    (void)state;

    start_boot(&memory);
    (void)take_boot(&memory, 1, PGT_PAGE);
    for (uint64_t i = 0; i < 8; i++)
        (void)take_boot(&memory, 1, 0x2000);
    assert_int_equal(memory.boot.lost, 1);
    start_ram(&memory);
    expect_counts(&memory, FRAMES - 10, 0);
    assert_int_equal(pgt_ram_owners(&memory.ram, 0xf000), 1);
    assert_int_equal(take(&memory), 0x1000);
    assert_int_equal(pgt_ram_free(&memory.ram, 0xf000, 1), PGT_RAM_OK);
    end(&memory);
}

/* A double free, and a frame of nobody's: upstream's cases, and those around every border. */
static void double_and_foreign_frees_are_refused(void **state)
{
    static const uint64_t foreign[] = {0x9f000,
                                       0xa0000,
                                       0x1ff000,
                                       0x210000,
                                       0x200000 + 700 * 0x1000,
                                       HIGHEST - 4096,
                                       0xff000,
                                       UINT64_C(0xbadf00d000),
                                       UINT64_MAX - 0xfff};
    struct memory memory;
    bool last = true;
    (void)state;

    start(&memory);
    uint64_t frame = take_run(&memory, 3, PGT_PAGE);
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        REFUSED(&memory, pgt_ram_free(&memory.ram, foreign[i], 1), PGT_RAM_FOREIGN);
        REFUSED(&memory, pgt_ram_share(&memory.ram, foreign[i]), PGT_RAM_FOREIGN);
        REFUSED(&memory, pgt_ram_release(&memory.ram, foreign[i], &last), PGT_RAM_FOREIGN);
        REFUSED(&memory, pgt_ram_retire(&memory.ram, foreign[i], &last), PGT_RAM_FOREIGN);
        assert_int_equal(pgt_ram_owners(&memory.ram, foreign[i]), 0);
    }
    REFUSED(&memory, pgt_ram_free(&memory.ram, 0x801, 1), PGT_RAM_MISALIGNED);
    REFUSED(&memory, pgt_ram_share(&memory.ram, 1), PGT_RAM_MISALIGNED);
    REFUSED(&memory, pgt_ram_free(&memory.ram, frame, 0), PGT_RAM_BAD_RANGE);
    assert_int_equal(pgt_ram_free(&memory.ram, frame, 3), PGT_RAM_OK);
    REFUSED(&memory, pgt_ram_free(&memory.ram, frame, 3), PGT_RAM_NOT_TAKEN);
    REFUSED(&memory, pgt_ram_free(&memory.ram, frame + 4096, 1), PGT_RAM_NOT_TAKEN);
    REFUSED(&memory, pgt_ram_release(&memory.ram, frame, &last), PGT_RAM_NOT_TAKEN);
    REFUSED(&memory, pgt_ram_retire(&memory.ram, frame, &last), PGT_RAM_NOT_TAKEN);
    REFUSED(&memory, pgt_ram_share(&memory.ram, frame), PGT_RAM_NOT_TAKEN);
    assert_true(last);
    assert_int_equal(memory.ram.refused[PGT_RAM_FOREIGN], 4 * 9);
    assert_int_equal(memory.ram.refused[PGT_RAM_NOT_TAKEN], 5);
    end(&memory);
}

/* A run that is not wholly one's own stays as it is. */
static void a_run_is_freed_whole_or_not_at_all(void **state)
{
    struct memory memory;
    (void)state;

    start(&memory);
    (void)take_run(&memory, 159, PGT_PAGE);
    uint64_t frame = take_run(&memory, 8, PGT_PAGE);
    assert_int_equal(frame, 0x200000);
    assert_int_equal(pgt_ram_free(&memory.ram, frame + 7 * 4096, 1), PGT_RAM_OK);
    REFUSED(&memory, pgt_ram_free(&memory.ram, frame, 8), PGT_RAM_NOT_TAKEN);
    assert_int_equal(pgt_ram_share(&memory.ram, frame + 6 * 4096), PGT_RAM_OK);
    REFUSED(&memory, pgt_ram_free(&memory.ram, frame, 7), PGT_RAM_SHARED);
    REFUSED(&memory, pgt_ram_free(&memory.ram, frame, 17), PGT_RAM_FOREIGN); /* into the hole */
    REFUSED(&memory, pgt_ram_free(&memory.ram, frame, SIZE_MAX), PGT_RAM_FOREIGN);
    for (uint64_t i = 0; i < 6; i++)
        assert_int_equal(pgt_ram_owners(&memory.ram, frame + i * 4096), 1);
    assert_int_equal(pgt_ram_free(&memory.ram, frame, 6), PGT_RAM_OK);
    assert_int_equal(take_run(&memory, 6, PGT_PAGE), frame);
    end(&memory);
}

static void runs_are_aligned_and_leave_holes_alone(void **state)
{
    struct memory memory;
    (void)state;

    start(&memory);
    /* 0x200000 has a reserved frame in it, and 0x400000 not enough frames. */
    refuse_run(&memory, 512, PGT_PAGE_2M, PGT_RAM_NONE_LEFT);
    assert_int_equal(take_run(&memory, 512, PGT_PAGE), 0x211000);
    assert_int_equal(take_run(&memory, 16, PGT_PAGE_2M), 0);
    assert_int_equal(take_run(&memory, 16, PGT_PAGE_2M), 0x200000);
    refuse_run(&memory, 1, PGT_PAGE_2M, PGT_RAM_NONE_LEFT);
    refuse_run(&memory, 172, PGT_PAGE, PGT_RAM_NONE_LEFT); /* one more than there are in a row */
    assert_int_equal(take_run(&memory, 171, PGT_PAGE), 0x411000);
    assert_int_equal(take_run(&memory, 143, PGT_PAGE), 0x10000);
    refuse_run(&memory, 1, 0x2000, PGT_RAM_NONE_LEFT);
    refuse_run(&memory, 2, PGT_PAGE, PGT_RAM_NONE_LEFT);
    assert_int_equal(take_run(&memory, 1, PGT_PAGE), HIGHEST);
    expect_counts(&memory, 0, 0);
    end(&memory);
}

static void a_run_that_makes_no_sense_is_refused(void **state)
{
    struct memory memory;
    (void)state;

    start(&memory);
    refuse_run(&memory, 0, PGT_PAGE, PGT_RAM_BAD_RANGE);
    refuse_run(&memory, 1, 0, PGT_RAM_MISALIGNED);
    refuse_run(&memory, 1, 0x800, PGT_RAM_MISALIGNED);
    refuse_run(&memory, 1, 0x3000, PGT_RAM_MISALIGNED);
    refuse_run(&memory, SIZE_MAX, PGT_PAGE, PGT_RAM_NONE_LEFT);
    assert_int_equal(take_run(&memory, 1, UINT64_C(1) << 63), 0);
    refuse_run(&memory, 1, UINT64_C(1) << 63, PGT_RAM_NONE_LEFT);
    end(&memory);
}

static void the_last_owner_frees(void **state)
{
    struct memory memory;
    bool freed = false;
    (void)state;

    start(&memory);
    uint64_t frame = take(&memory);
    assert_int_equal(pgt_ram_owners(&memory.ram, frame), 1);
    for (unsigned owners = 2; owners <= PGT_RAM_OWNERS_MOST; owners++) {
        assert_int_equal(pgt_ram_share(&memory.ram, frame), PGT_RAM_OK);
        assert_int_equal(pgt_ram_owners(&memory.ram, frame), owners);
    }
    REFUSED(&memory, pgt_ram_share(&memory.ram, frame), PGT_RAM_LIMIT);
    REFUSED(&memory, pgt_ram_free(&memory.ram, frame, 1), PGT_RAM_SHARED);
    for (unsigned owners = PGT_RAM_OWNERS_MOST; owners > 1; owners--) {
        assert_int_equal(pgt_ram_release(&memory.ram, frame, &freed), PGT_RAM_OK);
        assert_false(freed);
        assert_int_equal(pgt_ram_owners(&memory.ram, frame), owners - 1);
        expect_counts(&memory, FRAMES - 1, 0);
    }
    assert_int_equal(pgt_ram_release(&memory.ram, frame, &freed), PGT_RAM_OK);
    assert_true(freed);
    expect_counts(&memory, FRAMES, 0);
    assert_int_equal(take(&memory), frame);
    end(&memory);
}

static void what_is_retired_waits_for_recycle(void **state)
{
    struct memory memory;
    bool retired = true;
    (void)state;

    start(&memory);
    uint64_t frame = take(&memory);
    assert_int_equal(pgt_ram_share(&memory.ram, frame), PGT_RAM_OK);
    assert_int_equal(pgt_ram_retire(&memory.ram, frame, &retired), PGT_RAM_OK);
    assert_false(retired);
    expect_counts(&memory, FRAMES - 1, 0);
    assert_int_equal(pgt_ram_retire(&memory.ram, frame, &retired), PGT_RAM_OK);
    assert_true(retired);
    expect_counts(&memory, FRAMES - 1, 1);
    assert_int_equal(pgt_ram_owners(&memory.ram, frame), 0);
    REFUSED(&memory, pgt_ram_retire(&memory.ram, frame, &retired), PGT_RAM_NOT_TAKEN);
    REFUSED(&memory, pgt_ram_free(&memory.ram, frame, 1), PGT_RAM_NOT_TAKEN);
    assert_int_equal(take(&memory), frame + 4096);
    for (size_t left = FRAMES - 2; left > 0; left--)
        (void)take(&memory);
    REFUSED(&memory, pgt_ram_take(&memory.ram, &frame), PGT_RAM_NONE_LEFT);
    assert_int_equal(pgt_ram_retire(&memory.ram, HIGHEST, &retired), PGT_RAM_OK);
    pgt_ram_recycle(&memory.ram);
    expect_counts(&memory, 2, 0);
    assert_int_equal(take(&memory), frame);
    assert_int_equal(take(&memory), HIGHEST);
    pgt_ram_recycle(&memory.ram); /* nothing waits */
    expect_counts(&memory, 0, 0);
    end(&memory);
}

static void each_status_has_its_text(void **state)
{
    (void)state;
    for (int status = 0; status <= PGT_RAM_STATUSES; status++)
        for (int other = 0; other < status; other++)
            assert_string_not_equal(pgt_ram_text((enum pgt_ram_status)status),
                                    pgt_ram_text((enum pgt_ram_status)other));
    assert_string_equal(pgt_ram_text((enum pgt_ram_status)99), "an unknown status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_frames_are_handed_out_once),
        cmocka_unit_test(what_boot_handed_out_stays_taken),
        cmocka_unit_test(what_boot_lost_is_taken),
        cmocka_unit_test(double_and_foreign_frees_are_refused),
        cmocka_unit_test(a_run_is_freed_whole_or_not_at_all),
        cmocka_unit_test(runs_are_aligned_and_leave_holes_alone),
        cmocka_unit_test(a_run_that_makes_no_sense_is_refused),
        cmocka_unit_test(the_last_owner_frees),
        cmocka_unit_test(what_is_retired_waits_for_recycle),
        cmocka_unit_test(each_status_has_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
