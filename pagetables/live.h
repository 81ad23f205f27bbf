/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page-table library's meeting with the running processor: what it has, and how it
 * is made to forget translations.  Ring 0 only.
 */
#ifndef PAGETABLES_LIVE_H
#define PAGETABLES_LIVE_H

#include "pagetables/pagetables.h"

/* Reads CPUID, CR4 and, where the processor has one, IA32_PAT, and fills in what the
 * tables that are live now may use.  no_execute says whether the processor *has*
 * execute-disable; the caller shall set EFER.NXE before it loads tables that rely on
 * it. */
void pgt_detect(struct pgt_arch *ret_arch);

/* Up to so many pages are invalidated one by one; for more it is cheaper to forget
 * everything. */
#define PGT_FLUSH_PAGES 32

/* Makes this processor forget what the gather names, for the address space that CR3
 * refers to now; where the gather says `upper` and PCIDs are on, for every PCID.  Uses
 * INVLPG for few pages; else INVPCID where the processor has it, a toggle of CR4.PGE
 * where global or all PCIDs' translations have to go, or a load of CR3 (SDM 4.10.4.1).
 * Does nothing if the gather needs nothing; a gather that is only `widened` is flushed,
 * too. */
void pgt_flush_local(const struct pgt_flush *flush);

/* How other processors are told, by the caller's means: returns when all of them have
 * flushed (pgt_flush_local() on each is enough where they run the same space). */
struct pgt_others {
    void (*flush)(void *context, const struct pgt_flush *flush);
    void *context;
};

/* The end of a change: flushes here, then on the others (unless null), only then lets
 * the pool (unless null) hand out the given-back frames again, and empties the gather. */
void pgt_finish(struct pgt_flush *flush, const struct pgt_others *others, struct pgt_pool *pool);

#endif
