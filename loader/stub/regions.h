/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's address space as a list for people: runs of pages alike.
 */
#ifndef LOADER_STUB_REGIONS_H
#define LOADER_STUB_REGIONS_H

#include "loader/stub/stub.h"

enum region_section { SECTION_LOWER, SECTION_DIRECT, SECTION_IMAGE, SECTION_COUNT };

struct region {
    uint64_t first; /* virtual */
    uint64_t last;
    uint64_t bytes;  /* that are mapped; of a hole: its length */
    bool mapped;     /* false: a page that is left out on purpose */
    unsigned rights; /* of the pages */
    enum pgt_memory memory;
    uint64_t pages[3]; /* of 4 KiB, 2 MiB, 1 GiB */
    enum region_section section;
    const char *name;
};

#define REGIONS_MAX 512

struct regions {
    struct region at[REGIONS_MAX]; /* ascending */
    unsigned count;
    unsigned left_out; /* leaves' runs for which there was no room */
};

/* Walks the adopted tables.  Neighbouring leaves with the same rights, memory type and
 * page size become one region; the null page and the stack's guard pages,
 * where they are not mapped, are regions too. */
void regions_collect(const struct stub *stub, struct regions *ret_regions);

/* Makes them fit into `rows` rows: first joins neighbours that differ in page size only,
 * then those that have holes between them, and at last leaves out the
 * smallest of the direct and identity maps. */
void regions_fit(struct regions *regions, unsigned rows);

#endif
