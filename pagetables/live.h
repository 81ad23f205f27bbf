/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page-table library's one meeting with the running processor.
 */
#ifndef PAGETABLES_LIVE_H
#define PAGETABLES_LIVE_H

#include "pagetables/pagetables.h"

/* Reads CPUID, CR4 and, where the processor has one, IA32_PAT, and fills in
 * what the tables that are live now may use.  no_execute says whether the
 * processor *has* execute-disable; the caller shall set EFER.NXE before it
 * loads tables that rely on it.  Ring 0 only. */
void pgt_detect(struct pgt_arch *ret_arch);

#endif
