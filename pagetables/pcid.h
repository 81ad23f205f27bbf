/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Process-context identifiers (SDM 4.10.1): which address space has which id on one
 * processor, and what to load into CR3.
 *
 * An id lets translations outlive a switch of address spaces.  There are few, so a
 * processor lends them: a space that comes back finds its id again, or, if others
 * needed it meanwhile, gets another one and is told to flush.
 */
#ifndef PAGETABLES_PCID_H
#define PAGETABLES_PCID_H

#include "pagetables/pagetables.h"

/* Ids are 1 to 4095; 0 stands for "none", and always flushes. */
#define PGT_PCID_LAST 4095

/* One slot of the database: an id and who has it.  For the library's use. */
struct pgt_pcid_slot {
    const void *owner;
    uint16_t newer, older; /* by last use; index + 1, 0 at the ends */
    uint16_t bucket;       /* first slot of this bucket; index + 1 */
    uint16_t chain;        /* next slot of the same bucket */
};

/* Of one processor; needs no lock if only that one uses it.  Fields are for reading only. */
struct pgt_pcids {
    struct pgt_pcid_slot *slot;
    uint16_t first; /* id of slot[0] */
    uint16_t count;
    uint16_t newest, oldest;
};

/* A database of the ids first to first + count - 1 over slot[count], which it owns from
 * then on.  count may be 0: then every space gets id 0.  PGT_BAD_RANGE unless they are
 * among 1 to PGT_PCID_LAST. */
enum pgt_status pgt_pcids_init(struct pgt_pcids *pcids, struct pgt_pcid_slot *slot, unsigned first,
                               unsigned count) PGT_MUST_USE;

/* The id of `owner` (any address that stands for an address space; not null) on this
 * processor. *ret_flush says that translations of somebody else, or of a former life,
 * may be cached under it, so that the load of CR3 has to flush.  When all are lent, the
 * space that was switched to the longest time ago loses its id.  Constant time on
 * average. */
unsigned pgt_pcids_assign(struct pgt_pcids *pcids, const void *owner, bool *ret_flush);

/* Takes the id back: when the space is destroyed, or changed while this processor did
 * not run it.  The next assign says "flush".  An owner without an id is passed over. */
void pgt_pcids_drop(struct pgt_pcids *pcids, const void *owner);

/* The value for CR3: the root's physical address, the id, and, in bit 63, whether
 * cached translations of the id may stay.  With id 0 they never may. */
uint64_t pgt_cr3(uint64_t root, unsigned pcid, bool no_flush);

#endif
