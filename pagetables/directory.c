/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/directory.h"

bool pgt_translate(const struct pgt_space *space, uint64_t virt, uint64_t *ret_phys)
{
    struct pgt_leaf leaf;
    if (!pgt_lookup(space, virt, &leaf))
        return false;
    *ret_phys = pgt_leaf_translate(&leaf, virt);
    return true;
}
