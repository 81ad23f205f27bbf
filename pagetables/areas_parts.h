/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What areas.c, fork.c and resolve.c share.
 */
#ifndef PAGETABLES_AREAS_PARTS_H
#define PAGETABLES_AREAS_PARTS_H

#include "pagetables/areas.h"
#include "pagetables/space.h"

static inline uint64_t area_last(const struct pgt_area *area)
{
    return area->virt + (area->bytes - 1);
}

/* Does the source count the owners of this frame? */
static inline bool frame_is_counted(const struct pgt_vm *vm, uint64_t frame)
{
    return frame != vm->zero_frame && vm->source.owners(vm->source.context, frame) > 0;
}

/* The first leaf in an area but a guard that meets virt to last, clipped to both.  Without one
 * ret_leaf holds rubbish. */
bool pgt_vm_next(const struct pgt_vm *vm, uint64_t virt, uint64_t last, struct pgt_leaf *ret_leaf);

/* Lets go of a leaf's share of each counted frame. */
void pgt_vm_release(struct pgt_vm *vm, uint64_t phys, uint64_t bytes);

/* What vm->gather holds is invalidated now, before frames are let go; or left to
 * the caller where there is no `forget`.  The gather is empty then. */
void pgt_vm_forget(struct pgt_vm *vm, struct pgt_flush *flush);

#endif
