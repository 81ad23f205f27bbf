/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies where in the address space that a loader made: by that a wild address often
 * tells what it was meant to be.
 */
#ifndef LOADER_FAULT_PLACES_H
#define LOADER_FAULT_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/image.h"
#include "pagetables/explain.h"

/* Virtual addresses throughout. */
struct fault_places {
    uint64_t base_revision;
    uint64_t direct_map;  /* physical 0 in it */
    uint64_t guard_below; /* the page below the stack, */
    uint64_t guard_above; /* and the one behind it */
    uint64_t image, image_bytes;
    uint64_t loader, loader_bytes; /* the loader's own pages behind or before the image */
    unsigned segment_count;
    struct ldr_segment segment[LDR_SEGMENTS];
};

/* One line that begins with "place: ".  `mapped` says whether anything is mapped there.
 * None for an address of which there is nothing to say. */
void fault_place_line(const struct fault_places *places, uint64_t address, bool mapped,
                      pgt_line_fn *line, void *context);

#endif
