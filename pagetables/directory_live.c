/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/directory.h"
#include "pagetables/pcid.h"

void pgt_activate_root(uint64_t root)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(pgt_cr3(root, 0, false)) : "memory");
}

void pgt_activate(const struct pgt_space *space)
{
    pgt_activate_root(space->root);
}
