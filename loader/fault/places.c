/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/fault/places.h"

#include "pagetables/text.h"

#define UPPER_HALF (UINT64_C(1) << 63)

static bool within(uint64_t address, uint64_t first, uint64_t bytes)
{
    return address - first < bytes;
}

static void put_image(struct pgt_line *line, const struct fault_places *places, uint64_t address)
{
    for (unsigned i = 0; i < places->segment_count; i++) {
        const struct ldr_segment *segment = &places->segment[i];

        if (!within(address, segment->virt, segment->bytes))
            continue;
        pgt_put_hex(line, address - segment->virt, 1);
        pgt_put(line, " bytes into the kernel's segment ");
        pgt_put_number(line, segment->index, 10, 1);
        pgt_put(line, ", ");
        pgt_put_rights(line, segment->rights | PGT_READ);
        return;
    }
    pgt_put(line, "between segments of the kernel");
}

/* The stack and its guards are pages of the direct map, and the better name for them. */
static bool put_stack(struct pgt_line *line, const struct fault_places *places, uint64_t address)
{
    uint64_t top = places->guard_above, stack = places->guard_below + PGT_PAGE;

    if (within(address, places->guard_below, PGT_PAGE)) {
        pgt_put(line, "the guard page below the kernel's stack, which overflowed its ");
        pgt_put_size(line, top - stack);
    } else if (within(address, top, PGT_PAGE)) {
        pgt_put(line, "the guard page above the kernel's stack");
    } else if (within(address, stack, top - stack)) {
        pgt_put(line, "the kernel's stack");
    } else {
        return false;
    }
    return true;
}

static void put_direct_map(struct pgt_line *line, const struct fault_places *places,
                           uint64_t address, bool mapped)
{
    pgt_put(line, "the direct map, physical ");
    pgt_put_hex(line, address - places->direct_map, 1);
    if (mapped)
        return;
    pgt_put(line, ", which base revision ");
    pgt_put_number(line, places->base_revision, 10, 1);
    pgt_put(line, " doesn't map");
}

void fault_place_line(const struct fault_places *places, uint64_t address, bool mapped,
                      pgt_line_fn *print, void *context)
{
    struct pgt_line line = {.length = 0};

    pgt_put(&line, "place: ");
    if (within(address, places->image, places->image_bytes))
        put_image(&line, places, address);
    else if (within(address, places->loader, places->loader_bytes))
        pgt_put(&line, "the loader's own pages beside the kernel");
    else if (put_stack(&line, places, address))
        ;
    else if (address >= places->direct_map && address < LDR_IMAGE_LOWEST)
        put_direct_map(&line, places, address, mapped);
    else if (address < UPPER_HALF && places->base_revision > 0)
        pgt_put(&line, "the lower half, where the loader maps nothing");
    else
        return;
    print(context, line.text);
}
