/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of recursive mapping share: entries of the root that is edited, by the address
 * that they translate.
 */
#ifndef PAGETABLES_RECURSIVE_PARTS_H
#define PAGETABLES_RECURSIVE_PARTS_H

#include "pagetables/recursive.h"
#include "pagetables/space.h"

/* The virtual address of the entry of a level for virt, where the root is reached through `slot`
 * level - 1 times and then once through `via`. */
uint64_t pgt_recursive_address(const struct pgt_arch *arch, unsigned slot, unsigned via,
                               uint64_t virt, unsigned level);

static inline uint64_t entry_address(const struct pgt_recursive *recursive, uint64_t virt,
                                     unsigned level)
{
    return pgt_recursive_address(&recursive->space.arch, recursive->slot, recursive->via, virt,
                                 level);
}

static inline pgt_entry load_at(const struct pgt_recursive *recursive, uint64_t address)
{
    const struct pgt_mmu *mmu = recursive->window->mmu;
    return (pgt_entry){mmu->load(mmu->context, address)};
}

static inline void store_at(const struct pgt_recursive *recursive, uint64_t address,
                            pgt_entry entry)
{
    const struct pgt_mmu *mmu = recursive->window->mmu;
    mmu->store(mmu->context, address, entry.raw);
}

/* The rights that an entry above a leaf takes away from all below it (SDM 4.6). */
static inline unsigned entry_withholds(pgt_entry entry)
{
    return (PGT_WRITE | PGT_USER | PGT_EXECUTE) & ~rights_of_attributes(entry.raw);
}

/* The linear range of a range that can be edited: PGT_MISALIGNED, PGT_BAD_RANGE, PGT_SEALED. */
enum pgt_status pgt_recursive_range(const struct pgt_recursive *recursive, uint64_t virt,
                                    uint64_t bytes, struct range *ret_range);

/* Clears all leaves of a root slot and gives back all tables there. */
void pgt_recursive_clear(const struct pgt_recursive *recursive, unsigned slot);

#endif
