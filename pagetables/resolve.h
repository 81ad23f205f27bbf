/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page-fault handler's decision: what a fault in an area comes to.
 *
 * Resolved are, and nothing else is:
 * - a write to a present, copy-on-write leaf, of user or kernel, of any size, in a plain
 *   or demand-zero area;
 * - the first access to a page of a demand-zero area, which its rights allow.
 * Decided is on the error code's bits and on what the tables say now, which may be
 * more than they said when the fault was raised.
 *
 * A larger leaf isn't copied as a whole: it is split, and the touched page of 4096 bytes copied, so
 * that a fault costs one frame, two tables at most, and the same time for any leaf, and never
 * fails for want of a contiguous run.  If all of 2M around the address has no other owner,
 * all of it gets the right to write back, and stays one leaf.
 */
#ifndef PAGETABLES_RESOLVE_H
#define PAGETABLES_RESOLVE_H

#include "pagetables/areas.h"
#include "pagetables/error_code.h"

enum pgt_outcome {
    /* Resolved: the access can be made again. */
    PGT_GAVE_WRITE,  /* the last owner of what is copy-on-write: no copy needed */
    PGT_COPIED,      /* a new frame with the same bytes; the original's share is released */
    PGT_ZEROED,      /* a new frame of zeros, for nothing or for the zero frame */
    PGT_MAPPED_ZERO, /* the zero frame, read-only */

    /* Not resolved, and nothing changed. */
    PGT_FAULT_ALLOWED,    /* the entries allow the access by now: another processor resolved it, or
                             a stale translation.  It may be made again, after a flush. */
    PGT_FAULT_NOT_MAPPED, /* and the address lies in no demand-zero area */
    PGT_FAULT_GUARD,      /* in a guard area */
    PGT_FAULT_WRITE,      /* a write to what is read-only, and not copy-on-write in an area */
    PGT_FAULT_EXECUTE,    /* an instruction fetch from what is no-execute */
    PGT_FAULT_USER,       /* an access of ring 3 to the kernel's */
    PGT_FAULT_SUPERVISOR, /* an access of the kernel to a user page that the entries allow: so
                             SMAP, or SMEP for a fetch, refused it.  If it is legal by those (for
                             SMAP: RFLAGS.AC was set) take it as PGT_FAULT_ALLOWED. */
    PGT_FAULT_RESERVED,   /* a reserved bit is set in an entry */
    PGT_FAULT_KEY,        /* a protection key forbids it */
    PGT_FAULT_NO_FRAMES,  /* to be resolved, but a frame for data or for a table is lacking */
    PGT_FAULT_OTHER,      /* the error code has bits that this can't judge (shadow stacks, SGX,
                             HLAT), or the tables can't be changed here */
};

/* A short English phrase, for messages.  Never null. */
const char *pgt_outcome_text(enum pgt_outcome outcome);

/* Resolves the fault or says why not: true if it was resolved, ret_outcome always.  virt is any
 * address (CR2), canonical or not; error_code as the processor pushed it.  `flush` gathers
 * what is still to be invalidated.  After PGT_COPIED nothing is if the vm has a `forget`: it was
 * called before the original was released. */
bool pgt_resolve(struct pgt_vm *vm, uint64_t virt, uint64_t error_code, struct pgt_flush *flush,
                 enum pgt_outcome *ret_outcome);

#endif
