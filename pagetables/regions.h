/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges of addresses: who hands them out, and how one is mapped to frames in the same step.
 *
 *     struct pgt_region node[64];
 *     status = pgt_regions_init(&regions, first, last, node, 64);
 *     struct pgt_mapping device = {.phys = bar, .bytes = bar_bytes,
 *             .rights = PGT_READ | PGT_WRITE, .memory = PGT_UNCACHEABLE};
 *     status = pgt_region_map(&regions, &space, &(struct pgt_region_place){0}, &device, &flush);
 *
 * Conventions are those of pagetables/pagetables.h, with one exception that is the point of it:
 * lengths are any number of bytes, and are rounded up to whole pages.  Not for two
 * processors at a time.
 */
#ifndef PAGETABLES_REGIONS_H
#define PAGETABLES_REGIONS_H

#include "pagetables/pagetables.h"

/* What the calls answer; first what pgt_map() and pgt_unmap() do, by the same numbers. */
enum pgt_region_status {
    PGT_REGION_OK = PGT_OK,
    PGT_REGION_NO_FRAMES = PGT_NO_FRAMES,
    PGT_REGION_MISALIGNED = PGT_MISALIGNED, /* also a window, an address or an alignment */
    PGT_REGION_BAD_RANGE = PGT_BAD_RANGE,   /* also no bytes at all, or more than can be rounded */
    PGT_REGION_BAD_PHYSICAL = PGT_BAD_PHYSICAL,
    PGT_REGION_BAD_RIGHTS = PGT_BAD_RIGHTS,
    PGT_REGION_SEALED = PGT_SEALED,
    PGT_REGION_OCCUPIED = PGT_OCCUPIED, /* something is reserved or mapped there */
    PGT_REGION_NO_ROOM = 64,            /* no free range is long enough and aligned so */
    PGT_REGION_NO_NODES,                /* the array for nodes is full: give a longer one */
    PGT_REGION_FOREIGN,                 /* outside the window, if only in part */
    PGT_REGION_NOT_TAKEN,               /* no region starts there: a double free */
    PGT_REGION_NOT_MAPPED,              /* not every page of the region is mapped */
};

/* A short English phrase for a status, for messages.  Never null. */
const char *pgt_region_text(enum pgt_region_status status);

/* A reserved range: page aligned, not empty; may end with the address space, where
 * virt + bytes is 0. */
struct pgt_region {
    uint64_t virt;
    uint64_t bytes;
};

/* A window of addresses and the regions in it.  What lies between two of them is free, so
 * neighbours that are freed are one free range at once, and freeing takes no node.
 * Looking up costs the logarithm of the number of regions, reserving and freeing is linear in it.
 * Fields are for reading only. */
struct pgt_regions {
    struct pgt_region *node; /* ascending */
    size_t capacity;
    size_t count;
    uint64_t first; /* byte */
    uint64_t last;
    uint64_t reserved; /* bytes */
};

/* An empty window of whole pages over node[capacity], which it owns from then on.
 * PGT_REGION_MISALIGNED; PGT_REGION_BAD_RANGE if it is empty or all 2^64 bytes.  A window
 * across the canonical hole is not refused here, but mapping a region there is. */
enum pgt_region_status pgt_regions_init(struct pgt_regions *regions, uint64_t first, uint64_t last,
                                        struct pgt_region *node, size_t capacity) PGT_MUST_USE;

/* Where in the window a region may lie: as low, or as high, as there is room. */
enum pgt_region_side { PGT_REGION_LOW, PGT_REGION_HIGH };
struct pgt_region_place {
    enum pgt_region_side side;
    uint64_t alignment; /* of its start: a power of two, at least a page; 0 is a page.  Large
                           pages want it as aligned as the frames are */
};

/* Reserves `bytes` bytes, rounded up to pages.
 * PGT_REGION_BAD_RANGE, PGT_REGION_MISALIGNED, PGT_REGION_NO_ROOM, PGT_REGION_NO_NODES. */
enum pgt_region_status pgt_region_reserve(struct pgt_regions *regions, uint64_t bytes,
                                          const struct pgt_region_place *place,
                                          struct pgt_region *ret_region) PGT_MUST_USE;

/* Reserves just the range at virt (page aligned).
 * PGT_REGION_BAD_RANGE, PGT_REGION_MISALIGNED, PGT_REGION_FOREIGN, PGT_REGION_OCCUPIED,
 * PGT_REGION_NO_NODES. */
enum pgt_region_status pgt_region_reserve_at(struct pgt_regions *regions, uint64_t virt,
                                             uint64_t bytes,
                                             struct pgt_region *ret_region) PGT_MUST_USE;

/* Frees the region that starts at virt.  PGT_REGION_FOREIGN, PGT_REGION_NOT_TAKEN. */
enum pgt_region_status pgt_region_free(struct pgt_regions *regions, uint64_t virt) PGT_MUST_USE;

/* The region that holds the byte at virt; false where none does. */
bool pgt_region_find(const struct pgt_regions *regions, uint64_t virt,
                     struct pgt_region *ret_region);

/* Reserves a region and maps it, as pgt_map() does: mapping->bytes is rounded up, mapping->virt is
 * not read.  On success mapping has both as they became, on failure it is as it was, and
 * neither a reservation nor a mapping is left.  Nothing that is mapped already is replaced:
 * PGT_REGION_OCCUPIED.  What pgt_region_reserve() and pgt_map() answer. */
enum pgt_region_status pgt_region_map(struct pgt_regions *regions, struct pgt_space *space,
                                      const struct pgt_region_place *place,
                                      struct pgt_mapping *mapping,
                                      struct pgt_flush *flush) PGT_MUST_USE;

/* The same at the addresses that the frames have.  What pgt_region_reserve_at() and pgt_map()
 * answer. */
enum pgt_region_status pgt_region_map_identity(struct pgt_regions *regions, struct pgt_space *space,
                                               struct pgt_mapping *mapping,
                                               struct pgt_flush *flush) PGT_MUST_USE;

/* Unmaps the region that starts at virt, and frees it.  A region that is not mapped throughout is
 * left alone.  The addresses may be reserved again at once, but shall not be used before what
 * `flush` gathered was flushed.  PGT_REGION_FOREIGN, PGT_REGION_NOT_TAKEN,
 * PGT_REGION_NOT_MAPPED, and what pgt_unmap() answers. */
enum pgt_region_status pgt_region_unmap(struct pgt_regions *regions, struct pgt_space *space,
                                        uint64_t virt, struct pgt_flush *flush) PGT_MUST_USE;

#endif
