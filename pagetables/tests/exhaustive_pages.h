/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model of the exhaustive test: an address space as an array, one element a page, which
 * says what the page maps and how large the leaf is that it lies in.  So small that it
 * can be seen to be right; it knows nothing of tables but how many there have to be.
 *
 * Pages and frames are numbers here, counted without the sign extension of addresses.
 */
#ifndef PAGETABLES_TESTS_EXHAUSTIVE_PAGES_H
#define PAGETABLES_TESTS_EXHAUSTIVE_PAGES_H

#include "pagetables/pagetables.h"

#define PAGES_MOST 64

/* Bytes alone, so that two arrays can be compared as memory. */
struct page {
    uint8_t level; /* of the leaf: 1 for the smallest; 0 where nothing is mapped, and all else 0 */
    uint8_t frame; /* of this page, not of the leaf */
    uint8_t rights;
    uint8_t memory;
    uint8_t software;
    uint8_t marks; /* PGT_ACCESSED, PGT_DIRTY */
};

struct pages {
    struct page page[PAGES_MOST];
};

/* How large an address space is. */
struct extent {
    unsigned levels;
    unsigned largest; /* level of the largest leaf */
    unsigned pages;   /* all of them */
};

struct span {
    unsigned first;
    unsigned end;
};

/* What a processor has to forget. */
struct effect {
    bool narrowed;
    bool widened;
    uint64_t pages; /* a bit each */
};

/* Pages that a leaf, and so an entry of a table, of a level covers. */
static inline unsigned pages_of(unsigned level)
{
    return 1u << (PGT_INDEX_BITS * (level - 1));
}

/* page maps frame page + shift, modulo 256. */
struct effect pages_map(struct pages *pages, const struct extent *extent, struct span span,
                        unsigned shift, struct page as);
struct effect pages_unmap(struct pages *pages, const struct extent *extent, struct span span);
/* change is that of struct pgt_protection; as holds what is changed to. */
struct effect pages_protect(struct pages *pages, const struct extent *extent, struct span span,
                            unsigned change, struct page as);
struct effect pages_promote(struct pages *pages, const struct extent *extent, struct span span);
void pages_split(struct pages *pages, const struct extent *extent, struct span span,
                 unsigned largest);
/* The effect is on `from`. */
struct effect pages_clone(struct pages *to, struct pages *from, const struct extent *extent,
                          struct span span, enum pgt_clone how, unsigned software);
void pages_mark(struct pages *pages, unsigned page, bool write);
struct effect pages_harvest(struct pages *pages, const struct extent *extent, struct span span,
                            unsigned clear);

/* The tables that there have to be below the root, a bit for each place where one can be. */
/* pages_table() is that of the one of a level in which a page lies. */
uint64_t pages_table(const struct extent *extent, unsigned level, unsigned page);
uint64_t pages_tables(const struct pages *pages, const struct extent *extent);

#endif
