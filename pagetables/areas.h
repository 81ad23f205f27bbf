/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an address space is for: its areas, and the frames that it holds in them.
 *
 * struct pgt_space knows tables.  struct pgt_vm adds what a kernel wants on top of
 * them: which addresses are filled on first touch, which never, and who else
 * owns a frame, so that spaces can be forked, and frames are freed when the last owner lets
 * go.  pgt_resolve() (pagetables/resolve.h) is the page-fault handler's side of it.
 *
 * Who owns what
 * - Every leaf in an area that isn't a guard owns one share of each frame of 4096 bytes that it
 *   maps, whatever its size.  Frames that the source doesn't count (it says that they have
 *   no owners: a device's memory, a file that the loader placed) are nobody's: they are mapped and
 *   copied from, never shared, released, or written through a leaf that was copy-on-write.
 * - The zero frame is nobody's either, though the source may count it: no call here asks
 *   about it, or makes a leaf over it writable.
 * - Mappings outside the areas are not looked at by any call here, but that
 *   pgt_vm_destroy() gives back their tables.
 * - No leaf reaches over an edge of its area: so pgt_promote() shall not be used across one.
 * - pgt_map(), pgt_unmap() and pgt_clone() know nothing of owners: in areas the calls below
 *   take their place.
 *
 * Conventions are those of pagetables/pagetables.h: what fails has changed nothing.  But these
 * use up to 768 bytes of stack, since the calls there come on top.  One call at a time for a vm
 * and its space; several vms may work side by side on several processors, if the source of
 * frames can bear it.  Frames are reached at physical address + space->frames.offset, like tables.
 *
 * When frames are let go.  A frame shall not be reused, nor become another owner's alone, while a
 * processor still has a translation to it: else that one would see what the next owner
 * writes.  So the calls that let frames go have the vm's `forget` invalidate first.  What they
 * gathered without letting anything go is left in the caller's flush, to be finished as ever.
 */
#ifndef PAGETABLES_AREAS_H
#define PAGETABLES_AREAS_H

#include "pagetables/pagetables.h"

/* Where frames for data come from: an allocator that counts their owners. */
struct pgt_counted {
    /* A frame with one owner; its content doesn't matter.  False: there is none. */
    bool (*allocate)(void *context, uint64_t *ret_frame);
    /* One owner more.  False, and nothing done: its count is at the limit. */
    bool (*share)(void *context, uint64_t frame);
    /* One owner less.  True if that was the last, and the frame is free now. */
    bool (*release)(void *context, uint64_t frame);
    /* How many there are; 0 for a frame that the source doesn't count. */
    unsigned (*owners)(void *context, uint64_t frame);
    void *context;
};

enum pgt_area_kind {
    PGT_AREA_PLAIN,       /* the caller maps it; faults are resolved on copy-on-write alone */
    PGT_AREA_DEMAND_ZERO, /* reads as zeros; gets frames as it is written */
    PGT_AREA_GUARD,       /* no fault in it is ever resolved */
};

struct pgt_area {
    uint64_t virt;
    uint64_t bytes;
    enum pgt_area_kind kind;
    unsigned rights; /* of demand-zero pages, as for pgt_map() but not PGT_GLOBAL */
};

/* Runs of frames that a vm lets go at one time. */
#define PGT_VM_WAITING 16

/* An address space with its areas.  The caller fills in the first part and leaves the
 * rest zero; later all is for reading only. */
struct pgt_vm {
    struct pgt_space *space; /* nobody else's: one vm for a space */
    struct pgt_counted source;
    uint64_t zero_frame;    /* its 4096 bytes are 0, and stay so */
    unsigned copy_on_write; /* the bit of PGT_SOFTWARE_ALL that marks a leaf so */
    struct pgt_area *areas; /* [capacity], the vm's from now on */
    unsigned capacity;
    /* Returns when no processor uses any more what the gather names of this space: pgt_finish()
     * of pagetables/live.h, but with no pool, since the caller may have more to flush.  Null where
     * it can't matter: the space runs on one processor alone, which is busy with this call and
     * flushes before it goes back to it. */
    void (*forget)(void *context, struct pgt_flush *flush);
    void *forget_context;

    unsigned count;          /* areas, ascending by address */
    struct pgt_flush gather; /* empty between calls */
    /* Means nothing between calls (waits is 0): kept here, and so not on a kernel's small stack. */
    struct {
        struct pgt_leaf leaf;
        struct pgt_mapping mapping;
        struct pgt_protection protection;
        bool (*reserve)(void *context, size_t count);
        uint64_t first;
        uint64_t last;
        unsigned waits;
        struct {
            uint64_t phys;
            uint64_t bytes;
        } waiting[PGT_VM_WAITING];
    } work;
};

/* Adds an area.  What is mapped there already becomes the area's, with a share of its frames,
 * by duty.  PGT_OCCUPIED: it overlaps an area.  PGT_BAD_RIGHTS: rights that
 * a demand-zero area can't have, or no kind.  PGT_SEALED: not the space's own addresses.
 * PGT_NO_FRAMES: the array is full. */
enum pgt_status pgt_vm_add(struct pgt_vm *vm, const struct pgt_area *area) PGT_MUST_USE;

/* The area that holds an address, or null. */
const struct pgt_area *pgt_vm_area(const struct pgt_vm *vm, uint64_t virt);

/* Maps frames in an area (plain or demand-zero) where nothing is mapped yet.  The caller's
 * shares of the frames pass to the leaves.  As pgt_map(), and PGT_BAD_RANGE: the range doesn't
 * lie in one such area.  PGT_OCCUPIED: something is mapped there.  PGT_BAD_RIGHTS: the zero frame
 * would become writable, or the mapping asks for promotion or PGT_GLOBAL, which would
 * reach out of the area and out of the space. */
enum pgt_status pgt_vm_map(struct pgt_vm *vm, const struct pgt_mapping *mapping) PGT_MUST_USE;

/* Unmaps what is mapped in the range in areas, and releases the frames.  The areas stay: a
 * demand-zero one reads as zeros again.  As pgt_unmap(). */
enum pgt_status pgt_vm_unmap(struct pgt_vm *vm, uint64_t virt, uint64_t bytes,
                             struct pgt_flush *flush) PGT_MUST_USE;

/* The same, and takes the range out of the areas, which are cut or go as a whole.
 * PGT_NO_FRAMES, too, if an area falls in two and the array has no room for the second. */
enum pgt_status pgt_vm_remove(struct pgt_vm *vm, uint64_t virt, uint64_t bytes,
                              struct pgt_flush *flush) PGT_MUST_USE;

/* A fork: `to` gets the areas of `from` and maps the same frames in them; where `from` could
 * write, neither can any more, and who tries gets a copy.  `to` has no areas yet and nothing mapped
 * in those (PGT_OCCUPIED), and the same levels, source, zero frame and copy-on-write bit, by duty.
 * from_flush is what `from` has to invalidate before either runs; `to` has nothing to.
 *
 * All or nothing, whichever table can't be had (PGT_NO_FRAMES), or frame be shared once more
 * (PGT_NO_FRAMES), or area's array is too small (PGT_NO_FRAMES).  PGT_MALFORMED: a leaf reaches
 * over an edge of its area.  PGT_SEALED. */
enum pgt_status pgt_vm_fork(struct pgt_vm *to, struct pgt_vm *from,
                            struct pgt_flush *from_flush) PGT_MUST_USE;

/* Releases all frames in areas, forgets the areas, and destroys the space: pgt_destroy().  No
 * processor uses it any more.  PGT_BUSY. */
enum pgt_status pgt_vm_destroy(struct pgt_vm *vm) PGT_MUST_USE;

#endif
