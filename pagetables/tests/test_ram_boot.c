/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot allocator hands out every whole usable frame once, none of which a byte is
 * reserved, in ascending order; runs are the lowest that fit; nothing that was passed over is
 * forgotten, unless it says so.
 */
#include "pagetables/ram.h"

#include <string.h>

#include "pagetables/tests/replay.h"
#include "pagetables/tests/suite.h"

/* The memory map of upstream's tests: 159 frames, a hole, and 32480 frames. */
static const struct pgt_ram_range upstream_map[] = {
    {0, 0x9fc00},
    {0x9fc00, 0}, /* a range of no bytes */
    {0x100000, 0x7ee0000},
};

static struct pgt_ram_boot boot_over(const struct pgt_ram_range *usable, size_t usable_count,
                                     const struct pgt_ram_range *reserved, size_t reserved_count)
{
    struct pgt_ram_boot boot;
    assert_int_equal(pgt_ram_boot_init(&boot, usable, usable_count, reserved, reserved_count),
                     PGT_RAM_OK);
    return boot;
}

static uint64_t take(struct pgt_ram_boot *boot, size_t frames, uint64_t alignment)
{
    uint64_t frame;
    assert_int_equal(pgt_ram_boot_take(boot, frames, alignment, &frame), PGT_RAM_OK);
    return frame;
}

static void refuse(struct pgt_ram_boot *boot, size_t frames, uint64_t alignment,
                   enum pgt_ram_status status)
{
    struct pgt_ram_boot before = *boot;
    uint64_t frame = 0x5a5a;
    assert_int_equal(pgt_ram_boot_take(boot, frames, alignment, &frame), status);
    assert_int_equal(frame, 0x5a5a);
    assert_memory_equal(boot, &before, sizeof(before));
}

/* The vector: 0 -> 0, 4095 -> 0, 4096 -> 1, 4123 -> 1. */
static void addresses_lie_in_frames(void **state)
{
    (void)state;
    assert_int_equal(pgt_ram_frame_number(0), 0);
    assert_int_equal(pgt_ram_frame_number(4095), 0);
    assert_int_equal(pgt_ram_frame_number(4096), 1);
    assert_int_equal(pgt_ram_frame_number(4123), 1);
    assert_int_equal(pgt_ram_frame_number(UINT64_MAX), UINT64_MAX / 4096);
}

/* Where upstream's suite puts the kernel, and how many frames it expects to be left. */
static void the_kernel_is_skipped_wherever_it_lies(void **state)
{
    static const struct {
        uint64_t start, end;
        size_t frames;
    } kernel[] = {
        {0xa0000, 0xa0000, 159 + 32480},       /* no bytes, in the hole */
        {0, 0x2800, 159 - 3 + 32480},          /* two and a half pages at the very start */
        {0x9c800, 0x9f000, 159 - 3 + 32480},   /* as many at the end of the first range */
        {0x123, 0x9fc00, 32480},               /* with what it touches, all of the first range */
        {0x100800, 0x102000, 159 + 32480 - 2}, /* from within the second range */
        {0x1000000, 0x1200000, 159 + 32480 - 512},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(kernel) / sizeof(kernel[0]); i++) {
        const struct pgt_ram_range reserved = {kernel[i].start, kernel[i].end - kernel[i].start};
        struct pgt_ram_boot boot = boot_over(upstream_map, 3, &reserved, 1);
        uint64_t next = 0;
        assert_int_equal(boot.frames, kernel[i].frames);
        for (size_t k = 0; k < kernel[i].frames; k++) {
            uint64_t frame = take(&boot, 1, PGT_PAGE);
            assert_true(frame >= next && frame % 4096 == 0);
            assert_true(frame + 4096 <= 0x9fc00 || frame >= 0x100000);
            assert_true(frame + 4096 <= kernel[i].start || frame >= kernel[i].end);
            next = frame + 4096;
        }
        assert_int_equal(boot.taken, boot.frames);
        refuse(&boot, 1, PGT_PAGE, PGT_RAM_NONE_LEFT);
    }
}

/* Two usable ranges and a reserved one with each start and end that half pages allow, so in any
 * order, overlapping, touching, empty. */
#define HALVES 8
static bool half_pages_hold(unsigned frame, unsigned first, unsigned end)
{
    return first <= 2 * frame && 2 * frame + 2 <= end;
}

static void expect_frames(const unsigned *edge)
{
    const struct pgt_ram_range usable[] = {
        {edge[0] * 0x800u, (edge[1] - edge[0]) * 0x800u},
        {edge[2] * 0x800u, (edge[3] - edge[2]) * 0x800u},
    };
    const struct pgt_ram_range reserved = {edge[4] * 0x800u, (edge[5] - edge[4]) * 0x800u};
    struct pgt_ram_boot boot = boot_over(usable, 2, &reserved, 1);
    size_t frames = 0;
    for (unsigned frame = 0; frame < HALVES / 2; frame++) {
        bool touched = edge[4] < 2 * frame + 2 && edge[5] > 2 * frame && edge[4] < edge[5];
        if (touched || (!half_pages_hold(frame, edge[0], edge[1]) &&
                        !half_pages_hold(frame, edge[2], edge[3])))
            continue;
        assert_int_equal(take(&boot, 1, PGT_PAGE), frame * 4096);
        frames++;
    }
    assert_int_equal(boot.frames, frames);
    refuse(&boot, 1, PGT_PAGE, PGT_RAM_NONE_LEFT);
}

static void every_small_memory_map(void **state)
{
    unsigned edge[6] = {0};
    (void)state;

    for (;;) {
        if (edge[0] <= edge[1] && edge[2] <= edge[3] && edge[4] <= edge[5])
            expect_frames(edge);
        unsigned i = 0;
        while (i < 6 && edge[i] == HALVES)
            edge[i++] = 0;
        if (i == 6)
            break;
        edge[i]++;
    }
}

/* In any order, each reserved range hides the next, and the first the last. */
static void reserved_ranges_that_follow_each_other_backwards(void **state)
{
    const struct pgt_ram_range usable[] = {{0x5000, 0x5000}, {0, 0x5000}};
    const struct pgt_ram_range reserved[] = {
        {0x6000, 0x1000}, {0x4800, 0x1000}, {0x3fff, 2}, {0x2000, 0x2000}};
    struct pgt_ram_boot boot = boot_over(usable, 2, reserved, 4);
    (void)state;

    assert_int_equal(boot.frames, 5);
    assert_int_equal(take(&boot, 2, PGT_PAGE), 0);
    assert_int_equal(take(&boot, 3, PGT_PAGE), 0x7000);
}

static void a_range_that_wraps_or_is_no_memory_is_refused(void **state)
{
    static const struct pgt_ram_range bad[] = {
        {UINT64_MAX - 0xfff, 0x1000},           {UINT64_MAX - 0xfff, 0x2000}, {0x1000, UINT64_MAX},
        {(UINT64_C(1) << 52) - 0x1000, 0x1001}, {(UINT64_C(1) << 52) + 1, 0},
    };
    const struct pgt_ram_range good = {(UINT64_C(1) << 52) - 0x1000, 0x1000};
    struct pgt_ram_boot boot, before;
    (void)state;

    memset(&boot, 0x5a, sizeof(boot));
    before = boot;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(pgt_ram_boot_init(&boot, &bad[i], 1, NULL, 0), PGT_RAM_BAD_RANGE);
        assert_int_equal(pgt_ram_boot_init(&boot, &good, 1, &bad[i], 1), PGT_RAM_BAD_RANGE);
        assert_memory_equal(&boot, &before, sizeof(before));
    }
    const struct pgt_ram_range nothing = {UINT64_C(1) << 52, 0};
    boot = boot_over(&good, 1, &nothing, 1);
    assert_int_equal(take(&boot, 1, PGT_PAGE), good.base);
    boot = boot_over(&good, 1, &good, 1);
    refuse(&boot, 1, PGT_PAGE, PGT_RAM_NONE_LEFT);
}

static void a_run_that_makes_no_sense_is_refused(void **state)
{
    struct pgt_ram_boot boot = boot_over(upstream_map, 3, NULL, 0);
    (void)state;

    refuse(&boot, 0, PGT_PAGE, PGT_RAM_BAD_RANGE);
    refuse(&boot, 1, 0, PGT_RAM_MISALIGNED);
    refuse(&boot, 1, 0x800, PGT_RAM_MISALIGNED);
    refuse(&boot, 1, 0x3000, PGT_RAM_MISALIGNED);
    refuse(&boot, 32481, PGT_PAGE, PGT_RAM_NONE_LEFT);
    refuse(&boot, SIZE_MAX, PGT_PAGE, PGT_RAM_NONE_LEFT);
    assert_int_equal(take(&boot, 1, UINT64_C(1) << 63), 0);
    refuse(&boot, 1, UINT64_C(1) << 63, PGT_RAM_NONE_LEFT);
}

/* What lies below an aligned run is handed out afterwards, run or single. */
static void what_was_passed_over_is_handed_out_later(void **state)
{
    struct pgt_ram_boot boot = boot_over(upstream_map, 3, NULL, 0);
    (void)state;

    assert_int_equal(take(&boot, 1, PGT_PAGE), 0);
    assert_int_equal(take(&boot, 512, PGT_PAGE_2M), 0x200000);
    assert_int_equal(take(&boot, 512, PGT_PAGE_2M), 0x400000);
    assert_int_equal(take(&boot, 1, PGT_PAGE), 0x1000);
    assert_int_equal(take(&boot, 0x100, PGT_PAGE), 0x100000);
    assert_int_equal(take(&boot, 2, 0x10000), 0x10000);
    assert_int_equal(take(&boot, 1, PGT_PAGE), 0x2000);
    assert_int_equal(boot.lost, 0);
    assert_int_equal(boot.taken, 1 + 512 + 512 + 1 + 0x100 + 2 + 1);
    for (size_t left = boot.frames - boot.taken; left > 0; left--)
        (void)take(&boot, 1, PGT_PAGE);
    refuse(&boot, 1, PGT_PAGE, PGT_RAM_NONE_LEFT);
}

/* Seven gaps of one frame each are remembered, the eighth is lost and counted. */
static void a_gap_too_many_is_lost_and_counted(void **state)
{
    const struct pgt_ram_range usable = {0x1000, 0x100000};
    struct pgt_ram_boot boot = boot_over(&usable, 1, NULL, 0);
    (void)state;

    for (uint64_t i = 0; i < 8; i++) {
        assert_int_equal(boot.lost, 0);
        assert_int_equal(take(&boot, 1, 0x2000), 0x2000 + i * 0x2000);
    }
    assert_int_equal(boot.lost, 1);
    for (uint64_t i = 0; i < 7; i++)
        assert_int_equal(take(&boot, 1, PGT_PAGE), 0x1000 + i * 0x2000);
    assert_int_equal(take(&boot, 1, PGT_PAGE), 0x11000); /* not 0xf000 */
    assert_int_equal(boot.lost, 1);
    size_t left = boot.frames - boot.taken - boot.lost;
    for (size_t i = 0; i < left; i++)
        (void)take(&boot, 1, PGT_PAGE);
    refuse(&boot, 1, PGT_PAGE, PGT_RAM_NONE_LEFT);
}

/* A gap that was used up makes room for another. */
static void gaps_come_and_go(void **state)
{
    const struct pgt_ram_range usable = {0x1000, 0x100000};
    struct pgt_ram_boot boot = boot_over(&usable, 1, NULL, 0);
    (void)state;

    for (uint64_t round = 0; round < 4; round++) {
        for (uint64_t i = 0; i < 7; i++)
            (void)take(&boot, 1, 0x2000);
        for (uint64_t i = 0; i < 7; i++)
            assert_int_equal(take(&boot, 1, PGT_PAGE), 0x1000 + (round * 7 + i) * 0x2000);
    }
    assert_int_equal(boot.lost, 0);
    assert_int_equal(boot.taken, 4 * 14);
}

#define FRAMES 400

/* The lowest run of free frames in an array; FRAMES if there is none. */
static uint64_t lowest(const bool *is_free, uint64_t frames, uint64_t align)
{
    for (uint64_t first = 0; first + frames <= FRAMES; first += align) {
        uint64_t i = first;
        while (i < first + frames && is_free[i])
            i++;
        if (i == first + frames)
            return first;
    }
    return FRAMES;
}

static void random_runs(void **state)
{
    struct replay replay = replay_start(2, 3000);
    (void)state;

    for (uint64_t round = 0; round < replay.operations; round++) {
        struct pgt_ram_range usable[4], reserved[3];
        bool is_free[FRAMES] = {false};
        for (size_t i = 0; i < 4; i++) {
            uint64_t first = replay_draw(&replay, FRAMES), last = replay_draw(&replay, FRAMES);
            usable[i] =
                (struct pgt_ram_range){first * 4096, first < last ? (last - first) * 4096 : 0};
            for (uint64_t k = first; k < last; k++)
                is_free[k] = true;
        }
        for (size_t i = 0; i < 3; i++) {
            uint64_t first = replay_draw(&replay, FRAMES), frames = replay_draw(&replay, 20);
            reserved[i] = (struct pgt_ram_range){first * 4096, frames * 4096};
            for (uint64_t k = first; k < first + frames && k < FRAMES; k++)
                is_free[k] = false;
        }
        struct pgt_ram_boot boot = boot_over(usable, 4, reserved, 3);
        for (unsigned i = 0; i < 40 && boot.lost == 0; i++) {
            uint64_t frames = 1 + replay_draw(&replay, replay_draw(&replay, 2) ? 2 : 30);
            uint64_t align = UINT64_C(1) << replay_draw(&replay, 6);
            uint64_t first = lowest(is_free, frames, align);
            if (first == FRAMES) {
                refuse(&boot, frames, align * 4096, PGT_RAM_NONE_LEFT);
                continue;
            }
            assert_int_equal(take(&boot, frames, align * 4096), first * 4096);
            memset(is_free + first, false, frames);
        }
        size_t left = 0;
        for (size_t i = 0; i < FRAMES; i++)
            left += is_free[i];
        assert_int_equal(boot.frames - boot.taken, left);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_lie_in_frames),
        cmocka_unit_test(the_kernel_is_skipped_wherever_it_lies),
        cmocka_unit_test(every_small_memory_map),
        cmocka_unit_test(reserved_ranges_that_follow_each_other_backwards),
        cmocka_unit_test(a_range_that_wraps_or_is_no_memory_is_refused),
        cmocka_unit_test(a_run_that_makes_no_sense_is_refused),
        cmocka_unit_test(what_was_passed_over_is_handed_out_later),
        cmocka_unit_test(a_gap_too_many_is_lost_and_counted),
        cmocka_unit_test(gaps_come_and_go),
        cmocka_unit_test(random_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
