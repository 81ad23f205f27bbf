/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parts that are sound are gone through by address, and neighbours joined to runs.  For runs that
 * don't meet the tables can be counted without making them: so all frames are reserved in one
 * step, and nothing that comes after it can fail.
 */
#include "pagetables/sections_parts.h"

/* The part with the lowest address that is not below `from`: its number, or part_count(). */
static size_t next_part(const struct pgt_sections *sections, uint64_t from)
{
    size_t found = part_count(sections);
    uint64_t lowest = UINT64_MAX;
    for (size_t i = 0; i < part_count(sections); i++) {
        if (is_skipped(sections, i))
            continue;
        struct part part = part_at(sections, i);
        if (part.bytes.first >= from && part.bytes.first < lowest) {
            lowest = part.bytes.first;
            found = i;
        }
    }
    return found;
}

/* Joins one part that goes on where the run ends, or from within it; false if there is none. */
static bool extend(const struct pgt_sections *sections, struct pgt_mapping *run)
{
    const struct part like = {
        .delta = run->phys - run->virt, .rights = run->rights, .memory = run->memory};
    for (size_t i = 0; i < part_count(sections); i++) {
        struct part part = part_at(sections, i);
        struct range pages = pages_of(&part);
        if (is_skipped(sections, i) || !is_like(&part, &like) ||
            pages.first - run->virt > run->bytes || pages.last - run->virt < run->bytes)
            continue;
        run->bytes = pages.last - run->virt + 1;
        return true;
    }
    return false;
}

/* The pages behind the run, ascending, that are mapped in one step; the first such for a run
 * without bytes.  False if there are none. */
static bool next_run(const struct pgt_sections *sections, struct pgt_mapping *run)
{
    uint64_t from = run->virt + run->bytes;
    if (run->bytes > 0 && from == 0)
        return false;
    size_t i = next_part(sections, from);
    if (i == part_count(sections))
        return false;
    struct part part = part_at(sections, i);
    struct range pages = pages_of(&part);
    *run = (struct pgt_mapping){
        .virt = pages.first,
        .phys = pages.first + part.delta,
        .bytes = pages.last - pages.first + 1,
        .rights = part.rights,
        .memory = part.memory,
    };
    while (extend(sections, run)) {
    }
    return true;
}

/* The run, linear. */
static struct range range_of(const struct pgt_arch *arch, const struct pgt_mapping *run)
{
    return linear_range(arch, (struct range){run->virt, run->virt + (run->bytes - 1)});
}

/* Tables that pgt_map() makes for a run where there are none: one for each entry above the lowest
 * level whose reach the run meets, but for those that get a leaf. */
static size_t tables_of(const struct pgt_arch *arch, const struct pgt_mapping *run)
{
    struct range range = range_of(arch, run);
    size_t tables = 0;
    for (unsigned level = LEVEL_2M; level <= arch->levels; level++) {
        uint64_t mask = level_mask(level);
        unsigned shift = level_shift(level);
        uint64_t first = (range.first + mask) >> shift;
        uint64_t end = (range.last + 1) >> shift;
        tables += (size_t)((range.last >> shift) - (range.first >> shift) + 1);
        if (level <= arch_largest_level(arch) && !((run->phys - range.first) & mask) && end > first)
            tables -= (size_t)(end - first);
    }
    return tables;
}

/* Tables that a run finds made already by the one before it, whose last byte this was: both have
 * bytes in the reach, and so neither has all of it in a leaf. */
static size_t tables_shared(const struct pgt_arch *arch, uint64_t last,
                            const struct pgt_mapping *run)
{
    uint64_t first = range_of(arch, run).first;
    size_t tables = 0;
    for (unsigned level = LEVEL_2M; level <= arch->levels; level++)
        tables += last >> level_shift(level) == first >> level_shift(level);
    return tables;
}

enum pgt_sections_status pgt_sections_cost(const struct pgt_sections *sections,
                                           const struct pgt_arch *arch, size_t *ret_frames,
                                           struct pgt_sections_report *report)
{
    enum pgt_sections_status status = pgt_sections_judge(sections, arch, report);
    if (status)
        return status;
    uint64_t last = 0; /* linear; no run ends at 0 */
    size_t frames = 1; /* the root */
    while (next_run(sections, &report->mapping)) {
        frames += tables_of(arch, &report->mapping);
        if (last)
            frames -= tables_shared(arch, last, &report->mapping);
        last = range_of(arch, &report->mapping).last;
    }
    *ret_frames = frames;
    return PGT_SECTIONS_OK;
}

static __attribute__((noinline)) enum pgt_sections_status
reserve_all(const struct pgt_sections *sections, const struct pgt_arch *arch,
            const struct pgt_frames *frames, struct pgt_sections_report *report)
{
    size_t count;
    enum pgt_sections_status status = pgt_sections_cost(sections, arch, &count, report);
    if (status)
        return status;
    return frames_reserve(frames, count) ? PGT_SECTIONS_OK : PGT_SECTIONS_NO_FRAMES;
}

/* The caller's allocator after it granted everything: reserving part of that is no question
 * any more.  The context is the caller's struct. */
static bool granted_reserve(void *context, size_t count)
{
    (void)context;
    (void)count;
    return true;
}

static uint64_t granted_take(void *context)
{
    const struct pgt_frames frames = *(const struct pgt_frames *)context;
    return frames.take(frames.context);
}

/* An empty space on frames that were granted before.  Nothing is ever given back: each run is
 * mapped over nothing. */
static __attribute__((noinline)) void
make_space(struct pgt_space *space, const struct pgt_arch *arch, const struct pgt_frames *frames)
{
    struct pgt_frames granted = *frames;
    granted.reserve = granted_reserve;
    granted.take = granted_take;
    granted.give = NULL;
    granted.context = (void *)frames;
    enum pgt_status status = pgt_init(space, arch, &granted);
    pgt_assert(status == PGT_OK);
    (void)status;
}

enum pgt_sections_status pgt_sections_build(struct pgt_space *ret_space,
                                            const struct pgt_sections *sections,
                                            const struct pgt_arch *arch,
                                            const struct pgt_frames *frames,
                                            struct pgt_sections_report *report)
{
    enum pgt_sections_status status = reserve_all(sections, arch, frames, report);
    if (status)
        return status;
    make_space(ret_space, arch, frames);
    report->mapping = (struct pgt_mapping){0};
    while (next_run(sections, &report->mapping)) {
        enum pgt_status mapped = pgt_map(ret_space, &report->mapping, &report->flush);
        pgt_assert(mapped == PGT_OK); /* since all of it was judged and granted */
        (void)mapped;
    }
    ret_space->frames = *frames;
    return PGT_SECTIONS_OK;
}
