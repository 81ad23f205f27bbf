/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of the exhaustive test: a few frames and an allocator over them; a state of
 * them as a row of words, which is the same for the same tables wherever they lie; and what
 * a processor makes of them, by the manual and not by the library.
 */
#ifndef PAGETABLES_TESTS_EXHAUSTIVE_TABLES_H
#define PAGETABLES_TESTS_EXHAUSTIVE_TABLES_H

#include "pagetables/pagetables.h"
#include "pagetables/tests/exhaustive_pages.h"

#define TABLES_MOST 24
/* A word an entry. */
#define STATE_WORDS (TABLES_MOST * PGT_ENTRIES)

struct tables {
    uint64_t *memory; /* TABLES_MOST frames */
    bool taken[TABLES_MOST];
    size_t limit;       /* frames that there are */
    size_t outstanding; /* taken and not given back */
    size_t granted;
    size_t takes;
    const char *fault; /* what the library did that it may not; null if nothing */
    struct pgt_frames frames;
};

void tables_init(struct tables *tables);
void tables_free(struct tables *tables);

struct state {
    uint32_t word[STATE_WORDS];
    unsigned count;
};

/* Appends the tables of a space to a state, without those of a shared upper.  False if an entry
 * holds what it never should. */
bool tables_save(const struct tables *tables, const struct pgt_space *space, struct state *state);
/* Takes frames for tables as word[0] and on say, with the space's own slots of the root.
 * Returns how many words those were. */
unsigned tables_load(struct tables *tables, struct pgt_space *space, const uint32_t *word);
/* All frames are free. */
void tables_clear(struct tables *tables);

/* What is mapped.  False if a processor would fault on an entry, or a right is withheld
 * above a leaf. */
bool tables_read(const struct tables *tables, const struct pgt_space *space,
                 const struct extent *extent, struct pages *ret_pages);
/* Marks the leaf that maps a page, as the processor does. */
void tables_mark(const struct tables *tables, const struct pgt_space *space, unsigned page,
                 bool write);

#endif
