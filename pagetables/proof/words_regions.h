/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of the contracts in regions.c: windows, regions and the gaps between them. */
#ifndef PAGETABLES_PROOF_WORDS_REGIONS_H
#define PAGETABLES_PROOF_WORDS_REGIONS_H

#include "pagetables/proof/words_ranges.h"
#include "pagetables/ram.h"
#include "pagetables/regions.h"

/*@ // Whole pages in the window, none empty, ascending, and none overlaps another.
    predicate regions_are_sound(struct pgt_regions *regions) =
        regions->first % 0x1000 == 0 && (regions->last + 1) % 0x1000 == 0 &&
        regions->first < regions->last &&
        (regions->first > 0 || regions->last < UINT64_MAX) &&
        regions->count <= regions->capacity <= UINT64_MAX / sizeof(struct pgt_region) &&
        \valid_read(regions->node + (0 .. regions->count - 1)) &&
        (\forall integer i; 0 <= i < regions->count ==>
            regions->node[i].bytes > 0 &&
            whole_pages(regions->node[i].virt, regions->node[i].bytes) &&
            regions->first <= regions->node[i].virt &&
            regions->node[i].virt + regions->node[i].bytes - 1 <= regions->last) &&
        (\forall integer i, k; 0 <= i < k < regions->count ==>
            regions->node[i].virt + regions->node[i].bytes <= regions->node[k].virt);

    // Where gap i begins, and the byte behind it; both may be 2^64.
    logic integer gap_start(struct pgt_regions *regions, integer i) =
        i > 0 ? regions->node[i - 1].virt + regions->node[i - 1].bytes : regions->first;
    logic integer gap_end(struct pgt_regions *regions, integer i) =
        i < regions->count ? regions->node[i].virt : regions->last + 1;

    predicate in_window(struct pgt_regions *regions, integer virt, integer bytes) =
        regions->first <= virt && virt + bytes - 1 <= regions->last;
    predicate is_free(struct pgt_regions *regions, integer virt, integer bytes) =
        \forall integer i; 0 <= i < regions->count ==>
            virt + bytes <= regions->node[i].virt ||
            regions->node[i].virt + regions->node[i].bytes <= virt;
*/

/* A range of bytes that ends where physical addresses end, or below. */
/*@ predicate is_physical(struct pgt_ram_range *range) =
        range->base + range->bytes <= 0x10000000000000; */

/* What lies in a gap overlaps no region; and one turn around the top of the address space. */
/*@ lemma gap_is_free: \forall struct pgt_regions *regions; \forall integer i, virt, bytes;
        regions_are_sound(regions) ==> 0 <= i <= regions->count ==>
        gap_start(regions, i) <= virt ==> virt + bytes <= gap_end(regions, i) ==>
        is_free(regions, virt, bytes);
    lemma wraps_above: \forall integer x; 0x10000000000000000 <= x < 0x20000000000000000 ==>
        U64(x) == x - 0x10000000000000000;
*/

#endif
