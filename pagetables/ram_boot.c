/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot allocator: the memory map as it was handed over, and up to eight intervals of frames
 * that are still open.  At first one interval holds all frame numbers there can be.  What is taken
 * is cut out of an interval; which numbers in it are memory at all, the map tells
 * each time, so nothing has to be sorted, merged or stored.
 */
#include "pagetables/ram_map.h"

/* The whole frames in a range of usable bytes. */
/*@ requires \valid_read(range) && is_physical(range);
    assigns \nothing;
    ensures \forall integer n; \result.first <= n < \result.end <==>
            range->base <= n * 0x1000 && n * 0x1000 + 0x1000 <= range->base + range->bytes; */
static struct pgt_ram_open frames_within(const struct pgt_ram_range *range)
{
    return (struct pgt_ram_open){(range->base + (PGT_PAGE - 1)) / PGT_PAGE,
                                 (range->base + range->bytes) / PGT_PAGE};
}

/* The frames of which a range of bytes holds any byte. */
/*@ requires \valid_read(range) && is_physical(range);
    assigns \nothing;
    ensures \forall integer n; \result.first <= n < \result.end <==>
            range->base < n * 0x1000 + 0x1000 && n * 0x1000 < range->base + range->bytes &&
            range->bytes > 0; */
static struct pgt_ram_open frames_around(const struct pgt_ram_range *range)
{
    if (range->bytes == 0)
        return (struct pgt_ram_open){0, 0};
    return (struct pgt_ram_open){range->base / PGT_PAGE,
                                 (range->base + range->bytes + (PGT_PAGE - 1)) / PGT_PAGE};
}

/*@ assigns \nothing;
    ensures \result <==> run.first <= frame < run.end; */
static bool holds(struct pgt_ram_open run, uint64_t frame)
{
    return frame >= run.first && frame < run.end;
}

/* The first frame not below `from` that some range makes usable, reserved or not. */
static uint64_t first_in_map(const struct pgt_ram_boot *boot, uint64_t from)
{
    uint64_t first = RAM_FRAMES_END;
    for (size_t i = 0; i < boot->usable_count; i++) {
        struct pgt_ram_open run = frames_within(&boot->usable[i]);
        uint64_t candidate = run.first > from ? run.first : from;
        if (candidate < run.end && candidate < first)
            first = candidate;
    }
    return first;
}

/* The frame behind a reserved range that holds `frame`; `frame` itself if none does. */
static uint64_t skip_reserved(const struct pgt_ram_boot *boot, uint64_t frame)
{
    for (size_t i = 0; i < boot->reserved_count; i++) {
        struct pgt_ram_open run = frames_around(&boot->reserved[i]);
        if (holds(run, frame))
            frame = run.end;
    }
    return frame;
}

/* Where the usable frames from `first` on end: through ranges that touch or overlap. */
static uint64_t end_in_map(const struct pgt_ram_boot *boot, uint64_t first)
{
    uint64_t end = first;
    for (size_t i = 0; i < boot->usable_count; i++) {
        struct pgt_ram_open run = frames_within(&boot->usable[i]);
        if (!holds(run, end))
            continue;
        end = run.end;
        i = SIZE_MAX; /* one before it may go on from here: begin anew */
    }
    return end;
}

/* Where the first reserved range in there begins; none holds `first` itself. */
static uint64_t first_reserved(const struct pgt_ram_boot *boot, uint64_t first, uint64_t end)
{
    for (size_t i = 0; i < boot->reserved_count; i++) {
        struct pgt_ram_open run = frames_around(&boot->reserved[i]);
        if (run.first > first && run.first < end)
            end = run.first;
    }
    return end;
}

bool pgt_ram_next_usable(const struct pgt_ram_boot *boot, uint64_t from,
                         struct pgt_ram_open *ret_run)
{
    uint64_t first = first_in_map(boot, from);
    for (;;) {
        uint64_t behind = skip_reserved(boot, first);
        if (behind == first)
            break;
        first = first_in_map(boot, behind);
    }
    if (first >= RAM_FRAMES_END)
        return false;
    ret_run->first = first;
    ret_run->end = first_reserved(boot, first, end_in_map(boot, first));
    return true;
}

/* Usable frames in an interval. */
static size_t count_frames(const struct pgt_ram_boot *boot, uint64_t first, uint64_t end)
{
    struct pgt_ram_open run;
    size_t count = 0;
    for (; pgt_ram_next_usable(boot, first, &run) && run.first < end; first = run.end)
        count += (size_t)((run.end < end ? run.end : end) - run.first);
    return count;
}

/*@ requires \valid_read(range + (0 .. count - 1));
    assigns \nothing;
    ensures \result <==> \forall integer i; 0 <= i < count ==> is_physical(range + i); */
static bool ranges_are_sane(const struct pgt_ram_range *range, size_t count)
{
    const uint64_t end = RAM_FRAMES_END * PGT_PAGE;
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer k; 0 <= k < i ==> is_physical(range + k);
        loop assigns i;
        loop variant count - i; */
    for (size_t i = 0; i < count; i++)
        if (range[i].base > end || range[i].bytes > end - range[i].base)
            return false;
    return true;
}

enum pgt_ram_status pgt_ram_boot_init(struct pgt_ram_boot *boot, const struct pgt_ram_range *usable,
                                      size_t usable_count, const struct pgt_ram_range *reserved,
                                      size_t reserved_count)
{
    if (!ranges_are_sane(usable, usable_count) || !ranges_are_sane(reserved, reserved_count))
        return PGT_RAM_BAD_RANGE;
    *boot = (struct pgt_ram_boot){
        .usable = usable,
        .usable_count = usable_count,
        .reserved = reserved,
        .reserved_count = reserved_count,
        .open = {{0, RAM_FRAMES_END}},
        .open_count = 1,
    };
    boot->frames = count_frames(boot, 0, RAM_FRAMES_END);
    return PGT_RAM_OK;
}

/* The lowest fitting run in one interval; false if there is none. */
static bool fit(const struct pgt_ram_boot *boot, struct pgt_ram_open open, size_t frames,
                uint64_t alignment, uint64_t *ret_first)
{
    struct pgt_ram_open run;
    for (uint64_t from = open.first; pgt_ram_next_usable(boot, from, &run) && run.first < open.end;
         from = run.end) {
        uint64_t first = ram_align(run.first, alignment);
        uint64_t end = run.end < open.end ? run.end : open.end;
        if (first < end && frames <= end - first) {
            *ret_first = first;
            return true;
        }
    }
    return false;
}

static void close_interval(struct pgt_ram_boot *boot, unsigned at)
{
    boot->open_count--;
    for (unsigned i = at; i < boot->open_count; i++)
        boot->open[i] = boot->open[i + 1];
}

static void open_before(struct pgt_ram_boot *boot, unsigned at, uint64_t first, uint64_t end)
{
    for (unsigned i = boot->open_count; i > at; i--)
        boot->open[i] = boot->open[i - 1];
    boot->open[at] = (struct pgt_ram_open){first, end};
    boot->open_count++;
}

/* Cuts a run out of an interval.  What is left of it on either side stays open, unless it has no
 * usable frames; or, on the lower side, no place to be remembered. */
static void cut(struct pgt_ram_boot *boot, unsigned at, uint64_t first, uint64_t end)
{
    uint64_t before = boot->open[at].first;
    size_t passed = count_frames(boot, before, first);
    boot->open[at].first = end;
    if (count_frames(boot, end, boot->open[at].end) == 0)
        close_interval(boot, at);
    if (passed == 0)
        return;
    if (boot->open_count == PGT_RAM_OPEN)
        boot->lost += passed;
    else
        open_before(boot, at, before, first);
}

enum pgt_ram_status pgt_ram_boot_take(struct pgt_ram_boot *boot, size_t frames, uint64_t alignment,
                                      uint64_t *ret_frame)
{
    uint64_t first;
    enum pgt_ram_status status = ram_judge_run(frames, alignment);
    if (status)
        return status;
    for (unsigned i = 0; i < boot->open_count; i++) {
        if (!fit(boot, boot->open[i], frames, alignment, &first))
            continue;
        cut(boot, i, first, first + frames);
        boot->taken += frames;
        *ret_frame = first * PGT_PAGE;
        return PGT_RAM_OK;
    }
    return PGT_RAM_NONE_LEFT;
}
