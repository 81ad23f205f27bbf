/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page directories, as kernels call them: struct pgt_space is one, active or not.
 *
 *     create         pgt_init(), or pgt_init_on() to share the kernel's upper half
 *     map, unmap     pgt_map(), pgt_unmap(): through the direct map it makes no difference
 *                    whether a processor uses the tables
 *     translate      pgt_translate(), below
 *     activate       pgt_activate(), below
 *     destroy        pgt_destroy(), when no processor has it in CR3 any more
 *
 * A kernel without a direct map finds the same in pagetables/recursive.h.
 */
#ifndef PAGETABLES_DIRECTORY_H
#define PAGETABLES_DIRECTORY_H

#include "pagetables/pagetables.h"

/* The physical address of one byte, from the leaf of any size that maps it. */
static inline uint64_t pgt_leaf_translate(const struct pgt_leaf *leaf, uint64_t virt)
{
    return leaf->phys + (virt - leaf->virt);
}

/* The physical address of the byte at virt, through pages of every size.  False, and *ret_phys
 * left alone, where nothing is mapped or virt is not canonical. */
bool pgt_translate(const struct pgt_space *space, uint64_t virt, uint64_t *ret_phys) PGT_MUST_USE;

/* Loads CR3, so that this processor uses the space, with PCID 0; for another id
 * see pagetables/pcid.h.  It forgets all translations of PCID 0 but global ones: leaves
 * are PGT_GLOBAL only where all spaces have them alike.
 * Ring 0 only.  The space shall map the code that runs, the stack and what they use as
 * they are mapped now, and shall have the levels that CR4.LA57 says. */
void pgt_activate(const struct pgt_space *space);

/* The same for a root that is no struct pgt_space. */
void pgt_activate_root(uint64_t root);

#endif
