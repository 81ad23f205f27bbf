/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paging structures, by SDM volume 3A, section 4.5.
 */
#include "loader/stub/walk.h"

void walk_tables(struct walk *walk, uint64_t phys, unsigned level)
{
    const uint64_t *entry = (const uint64_t *)(phys + walk->offset);

    walk->tables++;
    walk->table(walk->context, phys);
    for (unsigned i = 0; i < PGT_ENTRIES; i++) {
        if (!(entry[i] & WALK_PRESENT))
            continue;
        /* Bit 7 is the memory type's in a page table, and no size. */
        if (level == 1 || (level <= 3 && entry[i] & WALK_LARGE))
            walk->leaves[level]++;
        else
            walk_tables(walk, entry[i] & WALK_ADDRESS, level - 1);
    }
}
