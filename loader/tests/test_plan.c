/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address-space plan, and the tables built from a plan:
 * whole lists of runs and of leaves are compared, on a small machine that is easy to
 * follow by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tables.h"

#define MIB    UINT64_C(0x100000)
#define GIB    UINT64_C(0x40000000)
#define HHDM   LDR_HHDM_4_LEVELS
#define KERNEL UINT64_C(0xffffffff80000000)

#define R  PGT_READ
#define RW (PGT_READ | PGT_WRITE)
#define RX (PGT_READ | PGT_EXECUTE)

static const struct pgt_arch modern = {
    .levels = 4, .physical_bits = 46, .pages_1g = true, .no_execute = true, .pat = PGT_PAT_LIMINE};

/* Read-only data, text, data: the usual three, with a gap before the last. */
static const struct ldr_image image = {
    .name = "kernel.elf",
    .segment = {{.virt = KERNEL, .bytes = 0x1800, .rights = R},
                {.virt = KERNEL + 0x2000, .bytes = 0x3000, .rights = RX},
                {.virt = KERNEL + 0x6010, .bytes = 0x10, .rights = RW}},
    .segment_count = 3,
    .virt = KERNEL,
    .bytes = 0x7000,
    .entry = KERNEL + 0x2000,
};

static const struct ldr_layout layout = {.image_phys = 0x110000,
                                         .handoff_phys = 0x120000,
                                         .stack_phys = 0x122000,
                                         .stack_bytes = 0x10000};

/* 128 MiB of RAM, ACPI in the middle, a framebuffer and a hole above. */
static const struct ldr_region region[] = {
    {0x0, 0xa0000, LDR_USABLE},
    {0xa0000, 0x60000, LDR_RESERVED},
    {0x100000, 0x10000, LDR_USABLE},
    {0x110000, 0x7000, LDR_EXECUTABLE},
    {0x117000, 0x9000, LDR_USABLE},
    {0x120000, 0x1000, LDR_RECLAIMABLE},
    {0x121000, 0x1000, LDR_GUARD},
    {0x122000, 0x10000, LDR_RECLAIMABLE},
    {0x132000, 0x1000, LDR_GUARD},
    {0x133000, 4 * MIB - 0x133000, LDR_USABLE},
    {4 * MIB, MIB, LDR_ACPI_NVS},
    {5 * MIB, 123 * MIB, LDR_USABLE},
    {0x80000000, 2 * MIB, LDR_FRAMEBUFFER_MEMORY},
};
#define REGIONS (sizeof(region) / sizeof(region[0]))

static struct ldr_plan make_plan(struct ldr_run *run, size_t capacity, uint64_t revision)
{
    struct ldr_plan plan = {.run = run, .capacity = capacity};
    struct ldr_report report;
    assert_int_equal(
        ldr_plan_make(&plan, &modern, revision, &image, &layout, region, REGIONS, &report), LDR_OK);
    assert_true(plan.count <= ldr_plan_capacity(&image, REGIONS));
    return plan;
}

static void assert_run(const struct ldr_run *run, enum ldr_purpose purpose, uint64_t virt,
                       uint64_t phys, uint64_t bytes, unsigned rights, enum pgt_memory memory)
{
    assert_int_equal(run->purpose, purpose);
    assert_int_equal(run->map.virt, virt);
    assert_int_equal(run->map.phys, phys);
    assert_int_equal(run->map.bytes, bytes);
    assert_int_equal(run->map.rights, rights);
    assert_int_equal(run->map.memory, memory);
}

struct direct {
    uint64_t phys, bytes;
    unsigned rights;
    enum pgt_memory memory;
};

static size_t assert_direct(const struct ldr_plan *plan, size_t at, enum ldr_purpose purpose,
                            uint64_t offset, const struct direct *want, size_t count)
{
    for (size_t i = 0; i < count; i++, at++) {
        assert_true(at < plan->count);
        assert_run(&plan->run[at], purpose, want[i].phys + offset, want[i].phys, want[i].bytes,
                   want[i].rights, want[i].memory);
    }
    return at;
}

static void assert_image_and_handoff(const struct ldr_plan *plan, size_t at)
{
    assert_int_equal(plan->count, at + 4);
    assert_run(&plan->run[at++], LDR_IMAGE, KERNEL, 0x110000, 0x2000, R, PGT_WRITE_BACK);
    assert_run(&plan->run[at++], LDR_IMAGE, KERNEL + 0x2000, 0x112000, 0x3000, RX, PGT_WRITE_BACK);
    assert_run(&plan->run[at++], LDR_IMAGE, KERNEL + 0x6000, 0x116000, 0x1000, RW, PGT_WRITE_BACK);
    assert_run(&plan->run[at++], LDR_HANDOFF, KERNEL + 0x8000, 0x120000, 0x1000, RX,
               PGT_WRITE_BACK);
}

/* From revision 3 only memory of the listed kinds is mapped; holes stay holes. */
static void revision_3_maps_ram_and_framebuffer_alone(void **state)
{
    (void)state;
    struct ldr_run run[128];
    struct ldr_plan plan = make_plan(run, 128, 3);
    const struct direct want[] = {
        {0x0, 0xa0000, RW, PGT_WRITE_BACK},
        {0x100000, 0x10000, RW, PGT_WRITE_BACK},
        {0x110000, 0x5000, R, PGT_WRITE_BACK},
        {0x115000, 0xb000, RW, PGT_WRITE_BACK},
        {0x120000, 0x1000, R, PGT_WRITE_BACK},
        {0x122000, 0x10000, RW, PGT_WRITE_BACK},
        {0x133000, 4 * MIB - 0x133000, RW, PGT_WRITE_BACK},
        {5 * MIB, 123 * MIB, RW, PGT_WRITE_BACK},
        {0x80000000, 2 * MIB, RW, PGT_WRITE_COMBINING},
    };
    size_t at = assert_direct(&plan, 0, LDR_DIRECT_MAP, HHDM, want, 9);
    assert_image_and_handoff(&plan, at);
    assert_int_equal(plan.guard_below, HHDM + 0x121000);
    assert_int_equal(plan.guard_above, HHDM + 0x132000);
    assert_int_equal(plan.stack_top, HHDM + 0x132000);
}

/* The memory map brings the guards; the plan only says where they are. */
static void knows_the_stacks_of_further_processors(void **state)
{
    (void)state;
    struct ldr_run run[128];
    struct ldr_plan plan = {.run = run, .capacity = 128};
    struct ldr_layout more = layout;
    struct ldr_region regions[REGIONS + 2];
    struct ldr_report report;

    more.more_stacks = 1;
    /* Behind the guard at 132000h a stack, and its guard. */
    memcpy(regions, region, 9 * sizeof *region);
    regions[9] = (struct ldr_region){0x133000, 0x10000, LDR_RECLAIMABLE};
    regions[10] = (struct ldr_region){0x143000, 0x1000, LDR_GUARD};
    regions[11] = (struct ldr_region){0x144000, 4 * MIB - 0x144000, LDR_USABLE};
    memcpy(regions + 12, region + 10, (REGIONS - 10) * sizeof *region);
    assert_int_equal(ldr_plan_make(&plan, &modern, 3, &image, &more, regions, REGIONS + 2, &report),
                     LDR_OK);
    const struct direct want[] = {
        {0x122000, 0x10000, RW, PGT_WRITE_BACK},
        {0x133000, 0x10000, RW, PGT_WRITE_BACK},
        {0x144000, 4 * MIB - 0x144000, RW, PGT_WRITE_BACK},
    };
    assert_direct(&plan, 5, LDR_DIRECT_MAP, HHDM, want, 3);
    assert_int_equal(ldr_plan_stack_top(&plan, 0), HHDM + 0x132000);
    assert_int_equal(ldr_plan_stack_top(&plan, 1), HHDM + 0x143000);
    assert_int_equal(ldr_plan_last_guard(&plan), HHDM + 0x143000);
    plan.more_stacks = 0;
    assert_int_equal(ldr_plan_last_guard(&plan), HHDM + 0x132000);
}

/* From revision 4 ACPI's memory is mapped as well, and so needs no cut. */
static void revision_4_maps_acpi(void **state)
{
    (void)state;
    struct ldr_run run[128];
    struct ldr_plan plan = make_plan(run, 128, 4);
    const struct direct want[] = {{0x133000, 128 * MIB - 0x133000, RW, PGT_WRITE_BACK},
                                  {0x80000000, 2 * MIB, RW, PGT_WRITE_COMBINING}};
    size_t at = assert_direct(&plan, 6, LDR_DIRECT_MAP, HHDM, want, 2);
    assert_image_and_handoff(&plan, at);
}

/* Up to revision 2 the first 4 GiB are mapped, holes and reserved memory too; at
 * revision 0 they are identity mapped as well, all but page 0. */
static void revision_0_maps_four_gib_twice(void **state)
{
    (void)state;
    struct ldr_run run[128];
    struct ldr_plan plan = make_plan(run, 128, 0);
    struct direct want[] = {
        {0x0, 0x110000, RW, PGT_WRITE_BACK},
        {0x110000, 0x5000, R, PGT_WRITE_BACK},
        {0x115000, 0xb000, RW, PGT_WRITE_BACK},
        {0x120000, 0x1000, R, PGT_WRITE_BACK},
        {0x122000, 0x10000, RW, PGT_WRITE_BACK},
        {0x133000, 0x80000000 - 0x133000, RW, PGT_WRITE_BACK},
        {0x80000000, 2 * MIB, RW, PGT_WRITE_COMBINING},
        {0x80200000, 4 * GIB - 0x80200000, RW, PGT_WRITE_BACK},
    };
    want[0].phys = 0x1000;
    want[0].bytes = 0x10f000;
    size_t at = assert_direct(&plan, 0, LDR_IDENTITY_MAP, 0, want, 8);
    want[0].phys = 0x0;
    want[0].bytes = 0x110000;
    at = assert_direct(&plan, at, LDR_DIRECT_MAP, HHDM, want, 8);
    assert_image_and_handoff(&plan, at);
}

/* A region across 4 GiB: below it everything, above it by its kind. */
static void four_gib_cuts_a_reserved_region(void **state)
{
    (void)state;
    const struct ldr_region high[] = {
        {0x0, 16 * MIB, LDR_USABLE},
        {4 * GIB - MIB, 2 * MIB, LDR_RESERVED},
        {4 * GIB + MIB, MIB, LDR_USABLE},
    };
    struct ldr_run run[64];
    struct ldr_plan plan = {.run = run, .capacity = 64};
    struct ldr_report report;
    assert_int_equal(ldr_plan_make(&plan, &modern, 1, &image, &layout, high, 3, &report), LDR_OK);
    const struct ldr_run *last = &run[plan.count - 6];
    assert_int_equal(last->map.phys + last->map.bytes, 4 * GIB);
    assert_run(&run[plan.count - 5], LDR_DIRECT_MAP, HHDM + 4 * GIB + MIB, 4 * GIB + MIB, MIB, RW,
               PGT_WRITE_BACK);
}

static void memory_out_of_reach_is_refused(void **state)
{
    (void)state;
    const struct ldr_region far[] = {{UINT64_C(1) << 46, MIB, LDR_USABLE}};
    struct ldr_run run[64];
    struct ldr_plan plan = {.run = run, .capacity = 64};
    struct ldr_report report;
    assert_int_equal(ldr_plan_make(&plan, &modern, 6, &image, &layout, far, 1, &report),
                     LDR_NO_MEMORY);
    assert_non_null(strstr(report.text, "0x400000000000"));
}

/* The handoff page: behind the image; before it where the top is near; nowhere is refused. */
static void handoff_finds_its_place(void **state)
{
    (void)state;
    struct ldr_run run[64];
    struct ldr_plan plan = {.run = run, .capacity = 64};
    struct ldr_report report;
    struct ldr_image top = image;
    uint64_t moved = UINT64_C(0) - 0x7000 - KERNEL;
    for (unsigned i = 0; i < 3; i++)
        top.segment[i].virt += moved;
    top.virt += moved;
    assert_int_equal(ldr_plan_make(&plan, &modern, 3, &top, &layout, region, REGIONS, &report),
                     LDR_OK);
    assert_int_equal(plan.handoff_virt, top.virt - 0x2000);
    for (size_t i = 1; i < plan.count; i++)
        assert_true(run[i - 1].map.virt < run[i].map.virt);

    struct ldr_image full = image;
    full.bytes = UINT64_C(0x80000000);
    assert_int_equal(ldr_plan_make(&plan, &modern, 3, &full, &layout, region, REGIONS, &report),
                     LDR_BAD_KERNEL);
    assert_non_null(strstr(report.text, "kernel.elf"));
}

static void covers_notices_memory_that_moved(void **state)
{
    (void)state;
    struct ldr_run run[128];
    struct ldr_plan plan = make_plan(run, 128, 3);
    uint64_t base = 0;
    assert_true(ldr_plan_covers(&plan, region, REGIONS, &base));
    struct ldr_region moved[REGIONS];
    memcpy(moved, region, sizeof(region));
    moved[10].kind = LDR_USABLE; /* ACPI's megabyte became free: not mapped at revision 3 */
    assert_false(ldr_plan_covers(&plan, moved, REGIONS, &base));
    assert_int_equal(base, 4 * MIB);
    moved[10].kind = LDR_ACPI_NVS;
    moved[11].bytes += MIB;
    assert_false(ldr_plan_covers(&plan, moved, REGIONS, &base));
    assert_int_equal(base, 128 * MIB);
}

/* ---- tables ----------------------------------------------------------- */

#define FRAMES 64
struct machine {
    void *memory;
    struct pgt_pool pool;
    struct pgt_frames frames;
};

static void start_machine(struct machine *machine, size_t frames)
{
    machine->memory = aligned_alloc(PGT_PAGE, FRAMES * PGT_PAGE);
    assert_non_null(machine->memory);
    pgt_pool_init(&machine->pool, (uint64_t)(uintptr_t)machine->memory - 0x200000);
    assert_true(pgt_pool_add(&machine->pool, 0x200000, frames));
    machine->frames = pgt_pool_frames(&machine->pool);
}

/* Every leaf lies in a run, and the runs are covered, in order and to the byte. */
static void assert_leaves_are_the_plan(const struct pgt_space *space, const struct ldr_plan *plan)
{
    struct pgt_leaf leaf;
    uint64_t virt = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct pgt_mapping *map = &plan->run[i].map;
        for (uint64_t done = 0; done < map->bytes; done += leaf.bytes) {
            assert_true(pgt_next(space, virt, &leaf));
            assert_int_equal(leaf.virt, map->virt + done);
            assert_int_equal(leaf.phys, map->phys + done);
            assert_true(leaf.bytes <= map->bytes - done);
            assert_int_equal(leaf.rights, map->rights);
            assert_int_equal(leaf.memory, map->memory);
            virt = leaf.virt + leaf.bytes;
        }
    }
    assert_false(virt != 0 && pgt_next(space, virt, &leaf));
}

static void tables_are_the_plan(void **state)
{
    (void)state;
    for (uint64_t revision = 0; revision <= 6; revision++) {
        struct ldr_run run[128];
        struct ldr_plan plan = make_plan(run, 128, revision);
        struct machine machine;
        start_machine(&machine, FRAMES);
        struct ldr_tables tables;
        struct ldr_report report;
        struct pgt_fault fault;
        assert_int_equal(ldr_tables_build(&tables, &plan, &machine.frames, &report), LDR_OK);
        assert_leaves_are_the_plan(&tables.kernel, &plan);
        assert_int_equal(pgt_check(&tables.kernel, &fault), PGT_OK);
        assert_int_equal(pgt_check(&tables.transition, &fault), PGT_OK);
        assert_int_equal(pgt_tables(&tables.transition, NULL, 0), 4);
        size_t used = pgt_tables(&tables.kernel, NULL, 0) + pgt_tables(&tables.transition, NULL, 0);
        size_t bound = ldr_tables_bound(&plan);
        assert_true(used <= bound);
        assert_true(bound <= used + 2);
        struct pgt_leaf leaf;
        assert_true(pgt_lookup(&tables.transition, 0x120fff, &leaf));
        assert_int_equal(leaf.phys, 0x120000);
        assert_int_equal(leaf.rights, RX);
        assert_false(pgt_lookup(&tables.transition, 0x121000, &leaf));
        assert_true(pgt_lookup(&tables.transition, plan.handoff_virt, &leaf));
        free(machine.memory);
    }
}

/* With too few frames, whatever the number, all come back. */
static void out_of_frames_gives_all_back(void **state)
{
    (void)state;
    struct ldr_run run[128];
    struct ldr_plan plan = make_plan(run, 128, 0);
    struct ldr_report report;
    struct ldr_tables tables;
    size_t needed = 0;
    for (size_t frames = 1; needed == 0; frames++) {
        struct machine machine;
        start_machine(&machine, frames);
        if (ldr_tables_build(&tables, &plan, &machine.frames, &report) == LDR_OK) {
            needed = frames;
        } else {
            assert_int_equal(report.status, LDR_NO_MEMORY);
            pgt_pool_recycle(&machine.pool);
            assert_int_equal(machine.pool.free_count, frames);
        }
        free(machine.memory);
    }
    assert_true(needed > 8 && needed <= ldr_tables_bound(&plan));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(revision_3_maps_ram_and_framebuffer_alone),
        cmocka_unit_test(knows_the_stacks_of_further_processors),
        cmocka_unit_test(revision_4_maps_acpi),
        cmocka_unit_test(revision_0_maps_four_gib_twice),
        cmocka_unit_test(four_gib_cuts_a_reserved_region),
        cmocka_unit_test(memory_out_of_reach_is_refused),
        cmocka_unit_test(handoff_finds_its_place),
        cmocka_unit_test(covers_notices_memory_that_moved),
        cmocka_unit_test(tables_are_the_plan),
        cmocka_unit_test(out_of_frames_gives_all_back),
    };
    return cmocka_run_group_tests_name("loader plan", tests, NULL, NULL);
}
