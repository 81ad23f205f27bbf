/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests share.
 */
#ifndef LOADER_STUB_STUB_H
#define LOADER_STUB_STUB_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/limine.h"
#include "loader/pagetables_request.h"
#include "loader/stub/tap.h"
#include "pagetables/pagetables.h"

struct stub {
    struct tap tap;
    uint64_t hhdm; /* direct map: virtual = physical + hhdm */
    uint64_t image_phys;
    uint64_t image_virt;
    const struct limine_memmap_response *memmap;     /* null: none */
    const struct limine_pagetables_response *tables; /* null: another loader */
    /* The tables that the loader built, once they are ours. */
    bool adopted;
    struct pgt_space space;
    struct pgt_pool pool;
    uint64_t frame;        /* physical: a few usable frames for tests to play with */
    uint64_t frame_bytes;  /* from there on, the pool's frames included */
    struct frames *frames; /* all other usable memory; null until check_frames() */
};

/* Frames from stub->frame on. */
#define STUB_FRAMES 4

/* Where the linker put things (stub.ld). */
extern const char text_start[], text_end[];
extern const char rodata_start[], rodata_end[];
extern const char relro_start[], relro_end[]; /* empty, unless it is a PIE */
extern char data_start[], data_end[];

/* Why tests of the tables are skipped under other loaders. */
#define STUB_NO_TABLES "the loader has no page tables feature"

/* What is at a physical address, through the direct map. */
static inline void *stub_direct(const struct stub *stub, uint64_t phys)
{
    return (void *)(phys + stub->hhdm);
}

/* The direct map's alias of an address in the kernel's image. */
static inline uint64_t stub_alias(const struct stub *stub, const void *address)
{
    return (uint64_t)address - stub->image_virt + stub->image_phys + stub->hhdm;
}

/* Does a leaf map this address?  Before tables are adopted: no. */
static inline bool stub_mapped(const struct stub *stub, uint64_t virt)
{
    struct pgt_leaf leaf;

    return stub->adopted && pgt_lookup(&stub->space, virt, &leaf);
}

/* C's first function: entry.S calls it. */
_Noreturn void stub_main(void);

#endif
