/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops that one would write by hand for one case each: no checks, no counts,
 * plain stores.  They build the same tables out of the same frames as the library.
 */
#ifndef PAGETABLES_BENCH_IDEAL_H
#define PAGETABLES_BENCH_IDEAL_H

#include <string.h>

#include "pagetables/bench/bench.h"

#define IDEAL_TABLE UINT64_C(0x67) /* present, writable, user, accessed, dirty */
#define IDEAL_LEAF                                                                                 \
    UINT64_C(0x8000000000000063) /* present, writable, accessed, dirty, no-execute                 \
                                  */
#define IDEAL_LARGE UINT64_C(0x80)
#define IDEAL_FRAME UINT64_C(0x000ffffffffff000)

static inline uint64_t ideal_new_table(struct arena *arena, bool zeroed)
{
    uint64_t table = arena_take(arena);
    if (!zeroed)
        memset(arena_table(arena, table), 0, PGT_PAGE);
    return table;
}

/* The table that entry `slot` of `table` leads to, made if there is none. */
static inline uint64_t ideal_below(struct arena *arena, uint64_t *table, unsigned slot, bool zeroed)
{
    if (!(table[slot] & 1))
        table[slot] = ideal_new_table(arena, zeroed) | IDEAL_TABLE;
    return table[slot] & IDEAL_FRAME;
}

static inline unsigned ideal_index(uint64_t virt, unsigned shift)
{
    return (unsigned)(virt >> shift) & 511;
}

#endif
