/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A space with leaves of every size and kind within 4 GiB, set anywhere in the address space, and
 * the addresses in it that matter.  Tests go over all ranges between these.
 */
#ifndef PAGETABLES_TESTS_ZOO_H
#define PAGETABLES_TESTS_ZOO_H

#include "pagetables/tests/suite.h"

#define ZOO_BYTES (4 * GIB)

/* Where it may stand: from address 0 on, up to the last page of the lower half, from the first
 * page of the upper half on, up to the top page. */
#define ZOO_PLACES 4
uint64_t zoo_base(unsigned levels, unsigned place);

/* Starts a suite of `frames` frames and fills it.  Leaves have all four combinations of accessed
 * and dirty. */
void zoo_start(struct suite *suite, unsigned levels, uint64_t base, size_t frames);

/* The same leaves in a space that there is already. */
void zoo_fill(struct arena *arena, struct pgt_space *space, uint64_t base);

/* Borders of leaves, of holes, of the zoo, and addresses within large leaves; ascending. */
#define ZOO_BORDERS 24
extern const uint64_t zoo_border[ZOO_BORDERS];

/* Calls visit for every range between two borders, in every place, with 4 and 5 levels. */
void zoo_visit(void (*visit)(unsigned levels, uint64_t base, uint64_t virt, uint64_t bytes));

#endif
