/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From leaves to regions.
 */
#include "loader/stub/regions.h"

#include "loader/stub/mem.h"
#include "loader/stub/memory.h"

#define IMAGE_LOWEST UINT64_C(0xffffffff80000000)

static enum region_section section_of(const struct stub *stub, uint64_t virt)
{
    if (virt >= IMAGE_LOWEST)
        return SECTION_IMAGE;
    return virt >= stub->hhdm ? SECTION_DIRECT : SECTION_LOWER;
}

static bool within(uint64_t virt, const char *start, const char *end)
{
    return virt >= (uint64_t)start && virt < (uint64_t)end;
}

static const char *name_in_image(const struct stub *stub, uint64_t virt)
{
    if (within(virt, text_start, text_end))
        return "kernel text";
    if (within(virt, rodata_start, rodata_end))
        return "kernel read-only data";
    if (within(virt, data_start, data_end))
        return "kernel data";
    if (virt == stub->tables->handoff_base)
        return "loader's handoff page";
    return "other";
}

/* A frame's use, for the direct and the identity map. */
static const char *name_of_frame(const struct stub *stub, uint64_t phys)
{
    const struct limine_memmap_entry *entry = memory_find(stub->memmap, phys);
    uint64_t text = stub->image_phys;
    uint64_t rodata_last = text + (uint64_t)(rodata_end - text_start) - 1;
    struct pgt_leaf handoff;

    if (phys >= stub->tables->stack_base - stub->hhdm &&
        phys < stub->tables->stack_base - stub->hhdm + stub->tables->stack_size)
        return "stack";
    if (phys >= text && phys <= rodata_last)
        return "alias of text, rodata";
    if (pgt_lookup(&stub->space, stub->tables->handoff_base, &handoff) && phys == handoff.phys)
        return "alias of handoff page";
    return entry != 0 ? memory_type_name(entry->type) : "not in the memory map";
}

static const char *name_of(const struct stub *stub, const struct pgt_leaf *leaf)
{
    if (section_of(stub, leaf->virt) == SECTION_IMAGE)
        return name_in_image(stub, leaf->virt);
    return name_of_frame(stub, leaf->phys);
}

static unsigned size_index(uint64_t bytes)
{
    return bytes == PGT_PAGE ? 0 : bytes == PGT_PAGE_2M ? 1 : 2;
}

static bool adjacent(const struct region *low, const struct region *high)
{
    return low->last + 1 == high->first;
}

/* Would people call the two one thing, page size aside? */
static bool alike(const struct region *a, const struct region *b)
{
    return a->mapped && b->mapped && a->rights == b->rights && a->memory == b->memory &&
           a->section == b->section;
}

static bool same_sizes(const struct region *a, const struct region *b)
{
    for (unsigned i = 0; i < 3; i++) {
        if ((a->pages[i] > 0) != (b->pages[i] > 0))
            return false;
    }
    return true;
}

/* The larger part gives the name; a mixture of kinds of RAM is just that. */
static void join(struct region *low, const struct region *high)
{
    if (high->bytes > low->bytes)
        low->name = high->name;
    low->last = high->last;
    low->bytes += high->bytes;
    for (unsigned i = 0; i < 3; i++)
        low->pages[i] += high->pages[i];
}

static bool same_name(const struct region *a, const struct region *b)
{
    size_t length = text_length(a->name, 64);

    return text_length(b->name, 64) == length && memcmp(a->name, b->name, length) == 0;
}

static void append(struct regions *regions, const struct region *region)
{
    struct region *previous = regions->count > 0 ? &regions->at[regions->count - 1] : 0;

    if (previous != 0 && alike(previous, region) && adjacent(previous, region) &&
        same_sizes(previous, region) && same_name(previous, region)) {
        join(previous, region);
    } else if (regions->count < REGIONS_MAX) {
        regions->at[regions->count++] = *region;
    } else {
        regions->left_out++;
    }
}

static void append_leaf(const struct stub *stub, struct regions *regions,
                        const struct pgt_leaf *leaf)
{
    struct region region = {
        .first = leaf->virt,
        .last = leaf->virt + leaf->bytes - 1,
        .bytes = leaf->bytes,
        .mapped = true,
        .rights = leaf->rights & (PGT_READ | PGT_WRITE | PGT_EXECUTE),
        .memory = leaf->memory,
        .section = section_of(stub, leaf->virt),
        .name = name_of(stub, leaf),
    };

    region.pages[size_index(leaf->bytes)] = 1;
    append(regions, &region);
}

/* A page that shall not be mapped, if it lies in the hole before `limit`. */
static void append_hole(const struct stub *stub, struct regions *regions, uint64_t from,
                        uint64_t limit, uint64_t page, const char *name)
{
    struct region region = {
        .first = page,
        .last = page + PGT_PAGE - 1,
        .bytes = PGT_PAGE,
        .section = section_of(stub, page),
        .name = name,
    };

    if (page >= from && page < limit)
        append(regions, &region);
}

/* `from` up to, not including, `limit` is not mapped. */
static void append_holes(const struct stub *stub, struct regions *regions, uint64_t from,
                         uint64_t limit)
{
    uint64_t stack = stub->tables->stack_base;

    append_hole(stub, regions, from, limit, 0, "null page");
    append_hole(stub, regions, from, limit, stack - PGT_PAGE, "guard below the stack");
    append_hole(stub, regions, from, limit, stack + stub->tables->stack_size,
                "guard above the stack");
}

void regions_collect(const struct stub *stub, struct regions *ret_regions)
{
    struct pgt_leaf leaf;
    uint64_t at = 0;

    ret_regions->count = 0;
    ret_regions->left_out = 0;
    while (pgt_next(&stub->space, at, &leaf)) {
        append_holes(stub, ret_regions, at, leaf.virt);
        append_leaf(stub, ret_regions, &leaf);
        at = leaf.virt + leaf.bytes;
        if (at == 0)
            return;
    }
    append_holes(stub, ret_regions, at, UINT64_MAX);
}

static void drop(struct regions *regions, unsigned index)
{
    regions->count--;
    memmove(&regions->at[index], &regions->at[index + 1],
            (regions->count - index) * sizeof(regions->at[0]));
}

/* Joins neighbours from the top down, as few as make the list fit. */
static void join_alike(struct regions *regions, unsigned rows, bool over_holes)
{
    for (unsigned i = regions->count; i-- > 1 && regions->count > rows;) {
        struct region *low = &regions->at[i - 1];
        struct region *high = &regions->at[i];

        if (low->section == SECTION_IMAGE || !alike(low, high))
            continue;
        if (!over_holes && !adjacent(low, high))
            continue;
        join(low, high);
        drop(regions, i);
    }
}

/* Index of the smallest mapped region outside of the image; count if there is none. */
static unsigned find_smallest(const struct regions *regions)
{
    unsigned smallest = regions->count;

    for (unsigned i = 0; i < regions->count; i++) {
        const struct region *region = &regions->at[i];

        if (!region->mapped || region->section == SECTION_IMAGE)
            continue;
        if (smallest == regions->count || region->bytes < regions->at[smallest].bytes)
            smallest = i;
    }
    return smallest;
}

void regions_fit(struct regions *regions, unsigned rows)
{
    join_alike(regions, rows, false);
    join_alike(regions, rows, true);
    while (regions->count > rows) {
        unsigned smallest = find_smallest(regions);

        if (smallest == regions->count)
            return;
        drop(regions, smallest);
        regions->left_out++;
    }
}
