/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both allocators of pagetables/ram.h ask of a memory map.
 */
#ifndef PAGETABLES_RAM_MAP_H
#define PAGETABLES_RAM_MAP_H

#include "pagetables/ram.h"

/* Frame numbers end here: physical addresses have at most 52 bits (SDM 4.1.4). */
#define RAM_FRAMES_END (UINT64_C(1) << 40)

/* The first run, as long as it can be, of usable frames that are not reserved and not below
 * `from`; false if there is none. */
bool pgt_ram_next_usable(const struct pgt_ram_boot *boot, uint64_t from,
                         struct pgt_ram_open *ret_run);

/* PGT_RAM_MISALIGNED or PGT_RAM_BAD_RANGE unless a run may be asked for so. */
static inline enum pgt_ram_status ram_judge_run(size_t frames, uint64_t alignment)
{
    if (alignment < PGT_PAGE || (alignment & (alignment - 1)))
        return PGT_RAM_MISALIGNED;
    return frames == 0 ? PGT_RAM_BAD_RANGE : PGT_RAM_OK;
}

/* The first frame at or above `frame` that is a multiple of `alignment` bytes; numbers. */
static inline uint64_t ram_align(uint64_t frame, uint64_t alignment)
{
    uint64_t mask = alignment / PGT_PAGE - 1;
    return (frame + mask) & ~mask;
}

#endif
