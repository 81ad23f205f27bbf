/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a processor makes of page tables, written from SDM volume 3A, sections
 * 4.5 to 4.9, alone: the oracle of the tests.  It shares neither code nor
 * constants with the library, and knows nothing of what the library keeps in
 * ignored bits.
 */
#ifndef PAGETABLES_TESTS_WALKER_H
#define PAGETABLES_TESTS_WALKER_H

#include "pagetables/pagetables.h"
#include "pagetables/tests/arena.h"

enum walk_kind {
    WALK_LEAF,          /* a page */
    WALK_ABSENT,        /* an entry with bit 0 clear */
    WALK_RESERVED,      /* a present entry with a reserved bit set: page fault, RSVD */
    WALK_NOT_CANONICAL, /* general protection before any walk */
    WALK_STRAY,         /* a table lies in a frame that nobody took */
};

/* What a translation yields.  Rights and memory are in the library's words, so
 * that tests can compare, but are formed by the processor's rules. */
struct walk_leaf {
    enum walk_kind kind;
    uint64_t virt;   /* first address below the entry where the walk ended */
    uint64_t phys;   /* of the page's first byte; only for a page, like the rest */
    uint64_t bytes;  /* that the entry reaches over */
    unsigned rights; /* combined over all levels */
    enum pgt_memory memory;
    bool accessed;     /* bit 5 of the leaf */
    bool dirty;        /* bit 6 of the leaf */
    unsigned key;      /* bits 62 to 59 of the leaf */
    unsigned software; /* what the leaf leaves to software: bits 58 to 52, then 11 to 9 */
};

/* Walks for one address. */
struct walk_leaf walk(const struct arena *arena, const struct pgt_arch *arch, uint64_t root,
                      uint64_t virt);

/* Every page of a root in ascending order of addresses.  bad counts entries with
 * reserved bits and stray tables; tables counts the root and all below it. */
struct walk_list {
    struct walk_leaf *leaf;
    size_t count;
    size_t capacity;
    size_t tables;
    size_t bad;
};

void walk_all(struct walk_list *list, const struct arena *arena, const struct pgt_arch *arch,
              uint64_t root);
void walk_list_free(struct walk_list *list);

/* The raw entry at a level (1 for a page table's) that translates virt, or null
 * where the walk ends above it. */
uint64_t *walk_entry(const struct arena *arena, const struct pgt_arch *arch, uint64_t root,
                     uint64_t virt, unsigned level);

#endif
