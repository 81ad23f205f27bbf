/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How code without a direct map reaches tables and frames: through virtual addresses that
 * the tables themselves make, on the processor that runs.
 *
 * The calls are the caller's, so that a test can put a model of a processor there, with
 * translations that it caches; pgt_mmu_live is the real one.
 */
#ifndef PAGETABLES_MMU_H
#define PAGETABLES_MMU_H

#include "pagetables/pagetables.h"

/* All of them shall be there, and shall be safe to call from an interrupt handler that
 * interrupted another one. */
struct pgt_mmu {
    /* An entry, at an 8-byte aligned address: read and written whole; a store after all stores
     * before it. */
    uint64_t (*load)(void *context, uint64_t virt);
    void (*store)(void *context, uint64_t virt, uint64_t value);
    /* In one step against the processor's own updates: if the entry is `expected` it becomes
     * `value`.  Returns what it was. */
    uint64_t (*exchange)(void *context, uint64_t virt, uint64_t expected, uint64_t value);
    /* Whole pages, page aligned. */
    void (*zero)(void *context, uint64_t virt);
    void (*copy)(void *context, uint64_t to, uint64_t from);
    /* Makes this processor forget its translation of one page, and all that it remembers of
     * tables on the way to pages: INVLPG (SDM 4.10.4.1). */
    void (*invalidate)(void *context, uint64_t virt);
    /* Makes it forget all translations, global ones too. */
    void (*forget)(void *context);
    void *context;
};

/* The running processor.  Ring 0 only. */
extern const struct pgt_mmu pgt_mmu_live;

#endif
