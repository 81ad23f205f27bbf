/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier: a second reading of the finished tables, written from the processor
 * manual and sharing no code with the library that built them.  VERIFIER.md says why
 * that is a proof, and of what.
 */
#ifndef LOADER_VERIFY_H
#define LOADER_VERIFY_H

#include "loader/plan.h"

struct ldr_verdict {
    uint64_t kernel_tables;     /* frames of the kernel root, itself included */
    uint64_t transition_tables; /* frames of the transition root that it doesn't share */
    uint64_t leaves_4k, leaves_2m, leaves_1g; /* of the kernel root */
    uint64_t writable_executable_bytes;       /* of physical memory, aliases counted */
};

/* Walks both roots as a processor would (tables are read at physical + offset) and
 * proves:
 * - every leaf lies in a run of the plan, with its frame, rights and memory type;
 * - every byte of every run is mapped;
 * - no frame is writable through one leaf and executable through another, over both
 *   roots;
 * - address 0, and the guard pages of all stacks, are not mapped in either root;
 * - the transition root has the kernel's upper, the same tables, and below it the
 *   handoff page alone, at its physical address;
 * - reserved bits are clear, and every table and leaf is within the processor's
 *   physical width;
 * - rights are held by leaves alone: no entry above one withholds any;
 * - every table can be read and written by the kernel through the direct map, as
 *   ordinary memory; none lies in the image, the handoff page, the early-fault
 *   net, a stack or a guard.
 *
 * plan->run ascends by virtual address over all purposes; another order, or runs that
 * overlap, are refused, since nothing can be proved against them. LDR_BAD_TABLES with
 * the first violation. */
enum ldr_status ldr_verify(struct ldr_verdict *ret_verdict, const struct ldr_plan *plan,
                           uint64_t kernel_root, uint64_t transition_root, uint64_t offset,
                           struct ldr_report *report);

#endif
