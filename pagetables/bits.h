/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set of small numbers that finds its first member without looking at all of it.
 *
 * Level 0 has a bit for each number.  A bit of each higher level says whether the word of 64
 * bits below it has any bit set, up to a level of one word:
 *
 *     level 2   [1 0 0 ...]                       one word
 *     level 1   [0 1 1 ...] [0 0 0 ...]           a bit for each word of level 0
 *     level 0   [....] [..1.] [1...] [....] ...   a bit for each number
 *
 * So a change touches one word a level, most often only the lowest, and a search goes up and
 * down once: the cost is the logarithm of the size to base 64, seven steps for all frames that
 * a processor can have.
 */
#ifndef PAGETABLES_BITS_H
#define PAGETABLES_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enough for 2^42 numbers; physical addresses of 52 bits have 2^40 frames. */
#define PGT_BITS_LEVELS 7

struct pgt_bits {
    uint64_t *word[PGT_BITS_LEVELS];
    size_t count;
    unsigned levels;
};

/* Bytes of memory that a set of the numbers 0 to count - 1 takes; a multiple of 8.
 * count <= 2^42. */
size_t pgt_bits_bytes(size_t count);

/* An empty set over pgt_bits_bytes(count) bytes, 8-byte aligned. */
void pgt_bits_init(struct pgt_bits *bits, void *memory, size_t count);

bool pgt_bits_has(const struct pgt_bits *bits, size_t number);

/* Adds the numbers from first to first + count - 1; count > 0. */
void pgt_bits_add(struct pgt_bits *bits, size_t first, size_t count);

void pgt_bits_remove(struct pgt_bits *bits, size_t number);

/* The first member that is not below `from`; bits->count if there is none. */
size_t pgt_bits_first(const struct pgt_bits *bits, size_t from);

/* The first number from `from` to end - 1 that is no member; `end` if all are. */
size_t pgt_bits_first_absent(const struct pgt_bits *bits, size_t from, size_t end);

#endif
