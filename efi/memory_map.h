/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware's memory map, and what lies over it: memory that firmware calls the
 * loader's or does not know at all, and that has a meaning to the kernel.
 */
#ifndef EFI_MEMORY_MAP_H
#define EFI_MEMORY_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "efi/memory.h"
#include "efi/uefi.h"
#include "loader/memmap.h"
#include "loader/plan.h"
#include "loader/report.h"

/* All zero but for `memory` is an empty one.  For reading only. */
struct memory_map {
    struct memory *memory;
    /* As firmware gave it: descriptors of descriptor_bytes each. */
    uint64_t buffer;
    UINTN bytes, capacity; /* in bytes */
    UINTN key;
    UINTN descriptor_bytes;
    UINT32 descriptor_version;
    /* Overlays, which win over firmware's map by their kind. */
    struct ldr_region *overlay;
    size_t overlay_count, overlay_capacity;
    /* Both together, resolved. */
    struct ldr_region *region;
    size_t count;
    size_t inputs; /* regions that there is room for before they are resolved */
    uint64_t *scratch;
};

/* Lays a region over the map; it shows from the next gathering on. */
enum ldr_status memory_map_overlay(struct memory_map *map, uint64_t base, uint64_t bytes,
                                   enum ldr_memory kind, struct ldr_report *report);

/* Asks firmware, and resolves; grows the buffers until what there is fits with at least
 * 64 descriptors to spare, since growing them changes the map, as do
 * events that fire until boot services end. */
enum ldr_status memory_map_gather(struct memory_map *map, struct ldr_report *report);

/* Only asks firmware: one call of GetMemoryMap(), nothing allocated. */
EFI_STATUS memory_map_ask(struct memory_map *map);

/* Only resolves what was asked last: nothing allocated, no call of firmware. */
void memory_map_resolve(struct memory_map *map);

/* Most regions that resolving can give without growing the buffers. */
size_t memory_map_most_regions(const struct memory_map *map);

/* Finds room for the block with ldr_place(), above page 0, and allocates it; again, further
 * up, if somebody took it in the meantime.  `what` names the use in the refusal. */
enum ldr_status memory_map_place(struct memory_map *map, EFI_MEMORY_TYPE type,
                                 uint64_t base_revision, const struct ldr_block *block,
                                 const char *what, uint64_t *ret_phys, struct ldr_report *report);

#endif
