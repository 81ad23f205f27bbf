/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RELR tables (generic ABI, "Relative Relocation Table"): the places of 64-bit words to which
 * something is to be added.
 *
 * An entry is an even number, the next place, or an odd one: 63 bits above the lowest for the 63
 * words behind the last place, each set where that word is one as well.
 */
#ifndef LOADER_RELR_H
#define LOADER_RELR_H

#include <stdbool.h>
#include <stdint.h>

/* Goes through the places of a table, in order: start with `table`, at any address, and
 * `count`, all else 0. */
struct ldr_relr {
    const uint8_t *table;
    uint64_t count; /* of its entries */
    uint64_t next;  /* entry to be read */
    uint64_t bits;  /* of the bitmap that is being read, the next word's lowest */
    uint64_t word;  /* what that bit stands for */
    uint64_t base;  /* the word behind what the last entry stands for */
};

/* False at the end.  The place is an address as linked. */
bool ldr_relr_next(struct ldr_relr *relr, uint64_t *ret_place);

#endif
