/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk of raw tables, as the processor does it, sharing nothing with the library
 * under test.
 */
#ifndef LOADER_STUB_WALK_H
#define LOADER_STUB_WALK_H

#include <stdint.h>

#include "pagetables/pagetables.h"

#define WALK_PRESENT UINT64_C(0x1)
#define WALK_LARGE   UINT64_C(0x80)
#define WALK_ADDRESS UINT64_C(0x000ffffffffff000)

struct walk {
    uint64_t offset; /* direct map */
    void (*table)(void *context, uint64_t phys);
    void *context;
    /* Counted on the way. */
    uint64_t tables;
    uint64_t leaves[4]; /* [1]: 4K, [2]: 2M, [3]: 1G */
};

/* Visits every table below and including the one at `phys`, whose entries are of
 * this level (1: page table). */
void walk_tables(struct walk *walk, uint64_t phys, unsigned level);

#endif
