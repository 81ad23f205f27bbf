/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every combination of what decides an access, to be tried on a processor: the bits of two
 * entries, one right above the other, at each level; and what pgt_judge() says of the access.
 *
 * Freestanding, since it serves the tests on the host and a kernel in a whole machine.
 *
 * In a space of the caller's there are, for a lower entry of level 1, 2 and so on, tables of
 * entries with all these combinations.  All of them that lead anywhere lead to one page.  They
 * lie below root slots 1 to 4 and 128 to 255.
 */
#ifndef PAGETABLES_TESTS_RIGHTS_H
#define PAGETABLES_TESTS_RIGHTS_H

#include "pagetables/explain.h"

/* The bits that are combined: of an entry the same bit, but for these three. */
#define RIGHTS_PRESENT    1u
#define RIGHTS_WRITE      2u
#define RIGHTS_USER       4u
#define RIGHTS_NO_EXECUTE 8u
#define RIGHTS_RESERVED   16u /* bit 51, if the processor has no such address */
#define RIGHTS_KEY        32u /* of a leaf: RIGHTS_KEY_SET, not RIGHTS_KEY_CLEAR */
#define RIGHTS_LARGE      64u /* not at level 1 */
#define RIGHTS_COMBINED   128u

#define RIGHTS_KEY_SET   6u
#define RIGHTS_KEY_CLEAR 9u

#define RIGHTS_TABLES 64

struct rights {
    const struct pgt_space *space;
    uint64_t phys; /* of the page */
    uint64_t frame[RIGHTS_TABLES];
    unsigned frames;
    uint64_t below[PGT_VERDICT_LEVELS]; /* a table by level - 1, that grants everything */
    unsigned levels;                    /* the lower entry's, highest */
};

/* One pair of entries. */
struct rights_case {
    uint64_t virt;         /* of the page, if these entries lead to it */
    unsigned level;        /* of the lower entry, 1 ... */
    unsigned upper, lower; /* combinations; lower is 0 if the upper entry ends the walk */
    bool deep;             /* the lower entry is looked at */
    uint64_t *upper_entry; /* where they are */
    uint64_t *lower_entry; /* null unless deep */
};

/* Writes the tables into an empty space, or one whose lower half is.  `levels` says up to which
 * level the lower entry goes, at most arch.levels - 1.  False if there are too few frames.  They
 * are given back by rights_close(), after which the space is empty again. */
bool rights_open(struct rights *rights, const struct pgt_space *space, unsigned levels,
                 uint64_t phys);
void rights_close(struct rights *rights);

/* Goes through all cases: start with a zeroed one.  False at the end.  The entries are written
 * anew, neither accessed nor dirty; a processor has to forget what it knew. */
bool rights_next(struct rights *rights, struct rights_case *at);

/* After accesses to a case's page: null, or which of its entries is not marked as it should be.  A
 * leaf or table on the way is accessed if the page was reached; a leaf is dirty if and only if it
 * was written; a table never is.  Whether what is refused leaves entries accessed is left to the
 * processor (SDM 4.8). */
const char *rights_wrong_mark(const struct rights_case *at, bool reached, bool written);

/* What an access comes to: a page fault with this error code (SDM 4.7), or none.  `access` has the
 * bits of the error code that say what kind it is: write, user, fetch. */
struct rights_outcome {
    bool faults;
    uint64_t error;
    uint64_t
        either; /* bits of it that a processor may leave clear: of a key, beside another reason */
};
struct rights_outcome rights_foretell(const struct pgt_space *space, uint64_t virt, uint64_t access,
                                      const struct pgt_state *state);

#endif
