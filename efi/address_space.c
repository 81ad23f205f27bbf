/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/address_space.h"

typedef unsigned long long ull;

/* The plan's runs come before the memory map is read: getting memory changes the map. */
static enum ldr_status make_plan(struct address_space *space, const struct kernel *kernel,
                                 struct memory_map *map, struct ldr_report *report)
{
    enum ldr_status status = memory_map_gather(map, report);
    size_t capacity = ldr_plan_capacity(&kernel->image, memory_map_most_regions(map));
    uint64_t phys;

    if (status != LDR_OK)
        return status;
    space->runs_bytes = capacity * sizeof *space->plan.run;
    status = memory_allocate(space->memory, space->runs_bytes, "planning the address space", &phys,
                             report);
    if (status != LDR_OK)
        return status;
    space->plan.run = (struct ldr_run *)phys;
    space->plan.capacity = capacity;
    status = memory_map_gather(map, report);
    if (status != LDR_OK)
        return status;
    return ldr_plan_make(&space->plan, &kernel->arch, kernel->requests.base_revision,
                         &kernel->image, &kernel->layout, map->region, map->count, report);
}

/* Frames that the pool holds go back to firmware. */
static void release_frames(struct address_space *space)
{
    struct pgt_frames frames = pgt_pool_frames(&space->pool);

    pgt_pool_recycle(&space->pool);
    while (space->pool.free_count && frames.reserve(frames.context, 1))
        memory_free(space->memory, frames.take(frames.context), PGT_PAGE);
}

/* The frames are one block of as many as the plan can need at most: anywhere in memory as
 * long as the processor stays in long mode.  Where the levels change, 32-bit code loads
 * the transition root; the others are so few that they come along. */
static enum ldr_status build(struct address_space *space, bool low, struct ldr_report *report)
{
    size_t bound = ldr_tables_bound(&space->plan);
    struct pgt_frames frames;
    uint64_t block;
    enum ldr_status status = (low ? memory_allocate_low : memory_allocate)(
        space->memory, bound * PGT_PAGE, "page tables", &block, report);

    if (status != LDR_OK)
        return status;
    pgt_pool_init(&space->pool, 0); /* firmware maps memory at its physical address */
    if (!pgt_pool_add(&space->pool, block, bound))
        __builtin_trap(); /* one block of whole pages: can't be refused */
    frames = pgt_pool_frames(&space->pool);
    status = ldr_tables_build(&space->tables, &space->plan, &frames, report);
    release_frames(space); /* what the bound asked for and the tables didn't need */
    return status;
}

/* The line is for people and for tests alike: its numbers are the proof's. */
static enum ldr_status verify(struct address_space *space, const struct ldr_log *log,
                              struct ldr_report *report)
{
    const struct ldr_verdict *v = &space->verdict;
    enum ldr_status status = ldr_verify(&space->verdict, &space->plan, space->tables.kernel.root,
                                        space->tables.transition.root, 0, report);

    if (status != LDR_OK)
        return status;
    ldr_say(log,
            "tables: kernel %llu frames, transition %llu frames; leaves 4K %llu, 2M %llu, "
            "1G %llu; W+X %llu bytes",
            (ull)v->kernel_tables, (ull)v->transition_tables, (ull)v->leaves_4k, (ull)v->leaves_2m,
            (ull)v->leaves_1g, (ull)v->writable_executable_bytes);
    return LDR_OK;
}

enum ldr_status address_space_make(struct address_space *space, const struct kernel *kernel,
                                   struct memory_map *map, const struct ldr_log *log,
                                   struct ldr_report *report)
{
    enum ldr_status status;

    *space = (struct address_space){.memory = map->memory};
    status = make_plan(space, kernel, map, report);
    if (status == LDR_OK)
        status = build(space, kernel->changes_levels, report);
    if (status == LDR_OK)
        status = verify(space, log, report);
    return status;
}

void address_space_discard(struct address_space *space)
{
    /* The dependent first; then nothing is left that could refuse. */
    if (pgt_destroy(&space->tables.transition) == PGT_OK &&
        pgt_destroy(&space->tables.kernel) == PGT_OK)
        release_frames(space);
    memory_free(space->memory, (uint64_t)space->plan.run, space->runs_bytes);
}
