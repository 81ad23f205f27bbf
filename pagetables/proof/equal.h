/* SPDX-License-Identifier: BSD-2-Clause */
/* Equality under a name, by which provers find the lemmas that lead to it. */
#ifndef PAGETABLES_PROOF_EQUAL_H
#define PAGETABLES_PROOF_EQUAL_H

/*@ predicate equal(integer x, integer y) = x <= y && y <= x; */

#endif
