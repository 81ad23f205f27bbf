/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any memory map: resolved, blocks placed in it, planned, and planned again with what was
 * placed.  Every promise of the three headers that needs no oracle is checked.
 */
#include <stdlib.h>
#include <string.h>

#include "loader/fuzz/fuzz.h"
#include "loader/memmap.h"
#include "loader/plan.h"

#define MOST_REGIONS 64
#define BASE         UINT64_C(0xffffffff80000000)

/* Resolving may double what goes in; after that five regions are added, one at a time. */
#define ROOM (64 * MOST_REGIONS)

/* Addresses of interest lie at the borders of pages of each size, so the input gives a shift
 * and a few bits rather than 64 of them. */
static uint64_t take_number(struct fuzz_input *input)
{
    unsigned shift = (unsigned)fuzz_take(input, 1) % 53;
    uint64_t bits = fuzz_take(input, 2);
    uint64_t offset = fuzz_take(input, 1);

    return (bits << shift) + offset;
}

static size_t take_regions(struct fuzz_input *input, struct ldr_region *region)
{
    size_t count = 0;

    while (input->size > 0 && count < MOST_REGIONS) {
        region[count].kind = (enum ldr_memory)(fuzz_take(input, 1) % LDR_MEMORY_KINDS);
        region[count].base = take_number(input);
        region[count++].bytes = take_number(input);
    }
    return count;
}

static void check_resolved(const struct ldr_region *region, size_t count)
{
    uint64_t end = 0;
    enum ldr_memory before = LDR_MEMORY_KINDS;

    for (size_t i = 0; i < count; i++) {
        fuzz_expect(region[i].base % PGT_PAGE == 0 && region[i].bytes % PGT_PAGE == 0);
        fuzz_expect(region[i].bytes > 0 && region[i].base >= end);
        fuzz_expect(region[i].base != end || region[i].kind != before || i == 0);
        end = region[i].base + region[i].bytes;
        fuzz_expect(end > region[i].base && end <= UINT64_C(1) << 52);
        before = region[i].kind;
    }
}

static bool is_usable(const struct ldr_region *region, size_t count, uint64_t base, uint64_t bytes)
{
    for (size_t i = 0; i < count; i++)
        if (base >= region[i].base && base - region[i].base < region[i].bytes)
            return region[i].kind == LDR_USABLE &&
                   bytes <= region[i].bytes - (base - region[i].base);
    return false;
}

static void overlay(struct ldr_region *region, size_t *count, uint64_t base, uint64_t bytes,
                    enum ldr_memory kind)
{
    uint64_t scratch[2 * ROOM];

    fuzz_expect(*count < ROOM / 2);
    region[(*count)++] = (struct ldr_region){base, bytes, kind};
    *count = ldr_regions_resolve(region, *count, scratch);
    check_resolved(region, *count);
}

/* What is placed becomes the kind that it is placed for. */
static bool place(struct ldr_region *region, size_t *count, uint64_t revision, uint64_t bytes,
                  enum ldr_memory kind, uint64_t *ret_phys)
{
    struct ldr_block block = {.bytes = bytes, .modulus = PGT_PAGE, .highest = LDR_ANYWHERE};

    if (!ldr_place(region, *count, revision, &block, ret_phys))
        return false;
    fuzz_expect(is_usable(region, *count, *ret_phys, bytes));
    overlay(region, count, *ret_phys, bytes, kind);
    return true;
}

static void check_plan(const struct ldr_plan *plan)
{
    fuzz_expect(plan->count <= plan->capacity);
    for (size_t i = 0; i < plan->count; i++) {
        const struct pgt_mapping *map = &plan->run[i].map;

        fuzz_expect(map->bytes > 0 && (map->virt | map->phys | map->bytes) % PGT_PAGE == 0);
        fuzz_expect(!(map->rights & PGT_WRITE) || !(map->rights & PGT_EXECUTE));
        if (i > 0 && plan->run[i - 1].purpose == plan->run[i].purpose)
            fuzz_expect(map->virt - plan->run[i - 1].map.virt >= plan->run[i - 1].map.bytes);
    }
}

static void make_plan(const struct ldr_region *region, size_t count, uint64_t revision,
                      const struct ldr_layout *layout, unsigned levels)
{
    const struct pgt_arch arch = {.levels = (uint8_t)levels,
                                  .physical_bits = 46,
                                  .pages_1g = true,
                                  .no_execute = true,
                                  .pat = PGT_PAT_LIMINE};
    const struct ldr_image image = {
        .name = "kernel.elf",
        .segment = {{.virt = BASE, .bytes = PGT_PAGE, .rights = PGT_READ | PGT_EXECUTE}},
        .segment_count = 1,
        .virt = BASE,
        .bytes = PGT_PAGE,
        .entry = BASE,
    };
    struct ldr_plan plan = {.capacity = ldr_plan_capacity(&image, count)};
    struct ldr_report report;
    uint64_t base;

    plan.run = calloc(plan.capacity, sizeof(plan.run[0]));
    fuzz_expect(plan.run != NULL);
    if (ldr_plan_make(&plan, &arch, revision, &image, layout, region, count, &report) == LDR_OK) {
        check_plan(&plan);
        fuzz_expect(ldr_plan_covers(&plan, region, count, &base));
    } else {
        fuzz_expect_line(report.text);
    }
    free(plan.run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct ldr_region region[ROOM] = {0};
    uint64_t scratch[2 * MOST_REGIONS];
    uint64_t revision = fuzz_take(&input, 1) % 7;
    unsigned levels = fuzz_take(&input, 1) % 2 ? 5 : 4;
    struct ldr_layout layout = {.stack_bytes = 0x10000};
    size_t count = take_regions(&input, region);
    uint64_t stack;

    count = ldr_regions_resolve(region, count, scratch);
    check_resolved(region, count);
    if (!place(region, &count, revision, PGT_PAGE, LDR_EXECUTABLE, &layout.image_phys) ||
        !place(region, &count, revision, PGT_PAGE, LDR_RECLAIMABLE, &layout.handoff_phys) ||
        !place(region, &count, revision, layout.stack_bytes + 2 * PGT_PAGE, LDR_RECLAIMABLE,
               &stack))
        return 0;
    overlay(region, &count, stack, PGT_PAGE, LDR_GUARD);
    overlay(region, &count, stack + PGT_PAGE + layout.stack_bytes, PGT_PAGE, LDR_GUARD);
    layout.stack_phys = stack + PGT_PAGE;
    make_plan(region, count, revision, &layout, levels);
    return 0;
}
