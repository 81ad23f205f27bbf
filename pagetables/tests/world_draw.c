/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments for random operations. */
#include "pagetables/tests/world.h"

uint64_t world_draw(struct world *world, uint64_t below)
{
    if (world->source.draw != NULL)
        return world->source.draw(world->source.context, below);
    return arena_random(&world->random) % below;
}

bool world_chance(struct world *world, unsigned one_in)
{
    return world_draw(world, one_in) == 0;
}

/* Operations meet only where there is little room: windows of 3 GiB at places
 * where addresses are awkward, two of them in a world, now and then another. */
static uint64_t draw_window(struct world *world)
{
    uint64_t upper = world_first_upper(world);
    uint64_t slot = UINT64_C(1) << world_slot_shift(world);
    const uint64_t window[] = {
        0,
        slot - 2 * GIB, /* spans two root slots */
        (UINT64_C(1) << 39) - GIB,
        ~upper + 1 - 3 * GIB, /* to the end of the lower half */
        upper,
        upper + slot - GIB,
        -slot - GIB,
        -3 * GIB, /* to the top */
    };
    unsigned pick = world->windows[world_draw(world, 2)];
    if (world_chance(world, 100))
        pick = (unsigned)world_draw(world, sizeof(window) / sizeof(window[0]));
    return window[pick];
}

static uint64_t draw_unit(struct world *world)
{
    switch (world_draw(world, 8)) {
    case 0:
        return world->arch.pages_1g || world_chance(world, 4) ? GIB : 2 * MIB;
    case 1:
    case 2:
    case 3:
        return 2 * MIB;
    default:
        return 4 * KIB;
    }
}

/* A page within a window, often next to a border of a larger page. */
static uint64_t draw_offset(struct world *world)
{
    uint64_t offset = world_draw(world, 3) * GIB;

    if (world_chance(world, 2))
        offset += world_draw(world, 3) * 2 * MIB + (world_chance(world, 3) ? 508 * MIB : 0);
    if (world_chance(world, 2))
        offset += world_draw(world, 4) * 4 * KIB + (world_chance(world, 3) ? 508 * 4 * KIB : 0);
    return offset;
}

void world_draw_range(struct world *world)
{
    if (world->bytes != 0 && world_chance(world, 3))
        return;
    uint64_t window = draw_window(world);
    if (world_chance(world, 32)) { /* all that a root slot covers */
        world->bytes = UINT64_C(1) << world_slot_shift(world);
        world->virt = window & -world->bytes;
        return;
    }
    uint64_t offset = draw_offset(world);
    uint64_t length = draw_unit(world) * (1 + world_draw(world, 3));

    if (world_chance(world, 8)) /* from one awkward place to another */
        length = 4 * KIB + (draw_offset(world) + length) % (3 * GIB);
    if (world_chance(world, 8)) /* a page that can be promoted to */
        offset &= -2 * MIB;
    if (length > 3 * GIB - offset)
        length = 3 * GIB - offset;
    world->virt = window + offset;
    world->bytes = length;
}

uint64_t world_draw_address(struct world *world)
{
    if (world->bytes != 0 && world_chance(world, 2)) {
        /* In the last range, or a page beside it. */
        uint64_t pages = world->bytes / PGT_PAGE;
        uint64_t page = world_chance(world, 2) ? world_draw(world, pages) : pages - 1;
        return world->virt + (page + world_draw(world, 3) - 1) * PGT_PAGE;
    }
    return draw_window(world) + draw_offset(world);
}

struct model_attributes world_draw_attributes(struct world *world)
{
    static const unsigned rights[] = {
        RO, RW, RW, RX, RWX | PGT_USER, RO | PGT_GLOBAL, PGT_EXECUTE, RW | PGT_USER | PGT_GLOBAL,
    };
    struct model_attributes drawn = {
        .rights = rights[world_draw(world, world_chance(world, 2) ? 2 : 8)],
        .memory = world->usual,
    };
    /* Plain as a rule, or nothing would ever be alike. */
    if (!world->arch.no_execute && !world_chance(world, 16))
        drawn.rights |= PGT_EXECUTE;
    if (world_chance(world, 6))
        drawn.memory = (enum pgt_memory)world_draw(world, PGT_MEMORY_TYPES);
    if (world_chance(world, 6))
        drawn.key = (unsigned)world_draw(world, PGT_KEYS);
    if (world_chance(world, 6))
        drawn.software = (unsigned)world_draw(world, world_chance(world, 2) ? 2 : 0x400);
    return drawn;
}

struct pgt_mapping world_draw_mapping(struct world *world)
{
    struct model_attributes attributes = world_draw_attributes(world);
    uint64_t mask = (UINT64_C(1) << (world->arch.physical_bits - 1)) - 1;

    world_draw_range(world);
    if (world->bytes > 3 * GIB) /* there is less physical memory than that */
        world->bytes = 3 * GIB;
    uint64_t phys = (world->virt + world->linear) & mask;
    if (world_chance(world, 3))
        phys = (phys + world_draw(world, 4) * 2 * MIB) & mask;
    if (world_chance(world, 6)) { /* forces pages of 4 KiB, so keep it short */
        phys = (phys + world_draw(world, 4) * 4 * KIB) & mask;
        if (world->bytes > 2 * MIB)
            world->bytes = 2 * MIB + world_draw(world, 3) * 4 * KIB;
    }
    return (struct pgt_mapping){
        .virt = world->virt,
        .phys = phys,
        .bytes = world->bytes,
        .rights = attributes.rights,
        .memory = attributes.memory,
        .key = attributes.key,
        .software = attributes.software,
        .promote = world_chance(world, 4),
    };
}
