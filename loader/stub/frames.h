/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All of the machine's usable memory, by frames: what address spaces with programs live on.
 */
#ifndef LOADER_STUB_FRAMES_H
#define LOADER_STUB_FRAMES_H

#include "loader/stub/stub.h"
#include "pagetables/ram.h"

/* As many entries of a memory map as anybody has seen, twice over. */
#define FRAMES_RANGES 512

struct frames {
    struct pgt_ram_range usable[FRAMES_RANGES];
    struct pgt_ram_range reserved; /* what stub->pool and stub->frame took */
    struct pgt_ram_boot boot;
    struct pgt_ram ram;
    uint64_t zero; /* a frame of zeros, which nobody writes */
};

/* The boot allocator over the loader's memory map.  False if the map is too long or not sound. */
bool frames_boot(struct frames *frames, const struct stub *stub);

/* Takes and clears the frame of zeros. */
bool frames_take_zero(struct frames *frames, const struct stub *stub);

#endif
