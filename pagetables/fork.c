/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fork: share, clone, then take the right to write.
 *
 * What can fail comes first: the shares of the frames, and the tables of the clone.  Either is
 * undone without needing anything.  Until then the origin is not touched, so the clone is made
 * read-only at first, and what is writable in the origin tells which leaves become
 * copy-on-write in both: changing whole leaves takes no frames.
 */
#include "pagetables/areas_parts.h"

/* The first leaf of the vm that starts at or above *virt, into its work; *virt goes on behind
 * it, and is 0 at the start and after a leaf at the end of the address space. */
static const struct pgt_leaf *next_leaf(struct pgt_vm *vm, uint64_t *virt)
{
    struct pgt_leaf *leaf = &vm->work.leaf;
    if (!pgt_vm_next(vm, *virt, UINT64_MAX, leaf))
        return NULL;
    *virt = leaf->virt + leaf->bytes;
    return leaf;
}

/* A share of each frame of a leaf; how many pages that went well for. */
static size_t share_leaf(struct pgt_vm *vm, const struct pgt_leaf *leaf)
{
    size_t pages = leaf->bytes / PGT_PAGE;
    for (size_t i = 0; i < pages; i++) {
        uint64_t frame = leaf->phys + i * PGT_PAGE;
        if (frame_is_counted(vm, frame) && !vm->source.share(vm->source.context, frame))
            return i;
    }
    return pages;
}

/* Gives back the shares of the first `pages` pages that the vm maps in areas. */
static __attribute__((noinline)) void unshare(struct pgt_vm *vm, size_t pages)
{
    const struct pgt_leaf *leaf;
    uint64_t virt = 0;
    while (pages > 0 && (leaf = next_leaf(vm, &virt))) {
        size_t here = leaf->bytes / PGT_PAGE < pages ? leaf->bytes / PGT_PAGE : pages;
        pgt_vm_release(vm, leaf->phys, here * PGT_PAGE);
        pages -= here;
        if (virt == 0)
            return;
    }
}

/* One share more of every frame; false, and all as it was, if one can't be had. */
static __attribute__((noinline)) bool share_all(struct pgt_vm *vm)
{
    const struct pgt_leaf *leaf;
    uint64_t virt = 0;
    size_t pages = 0;
    while ((leaf = next_leaf(vm, &virt))) {
        size_t shared = share_leaf(vm, leaf);
        pages += shared;
        if (shared < leaf->bytes / PGT_PAGE) {
            unshare(vm, pages);
            return false;
        }
        if (virt == 0)
            break;
    }
    return true;
}

/* Does a leaf reach over an edge of the area? */
static bool edge_is_cut(struct pgt_vm *vm, const struct pgt_area *area)
{
    struct pgt_leaf *leaf = &vm->work.leaf;
    if (pgt_lookup(vm->space, area->virt, leaf) && leaf->virt < area->virt)
        return true;
    return pgt_lookup(vm->space, area_last(area), leaf) &&
           leaf->virt + (leaf->bytes - 1) > area_last(area);
}

static __attribute__((noinline)) enum pgt_status fork_check(const struct pgt_vm *to,
                                                            struct pgt_vm *from)
{
    pgt_assert(to->count == 0 && to->zero_frame == from->zero_frame &&
               to->copy_on_write == from->copy_on_write &&
               to->source.context == from->source.context);
    if (to->capacity < from->count)
        return PGT_NO_FRAMES;
    for (unsigned i = 0; i < from->count; i++)
        if (from->areas[i].kind != PGT_AREA_GUARD && edge_is_cut(from, &from->areas[i]))
            return PGT_MALFORMED;
    return PGT_OK;
}

/* The next area with what is mapped in it, without the right to write.  `to` counts how far
 * this went. */
static __attribute__((noinline)) enum pgt_status clone_area(struct pgt_vm *to,
                                                            const struct pgt_vm *from)
{
    const struct pgt_area *area = &from->areas[to->count];
    enum pgt_status status = PGT_OK;
    if (area->kind != PGT_AREA_GUARD)
        status = pgt_clone(to->space, from->space, area->virt, area->bytes, PGT_CLONE_READ_ONLY, 0,
                           &to->gather);
    if (!status)
        to->areas[to->count++] = *area;
    return status;
}

/* Nothing was mapped there before, so this takes no tables; nor has any processor
 * used them. */
static __attribute__((noinline)) void unclone_areas(struct pgt_vm *to)
{
    while (to->count > 0) {
        const struct pgt_area *area = &to->areas[--to->count];
        if (area->kind == PGT_AREA_GUARD)
            continue;
        enum pgt_status status = pgt_unmap(to->space, area->virt, area->bytes, &to->gather);
        pgt_assert(status == PGT_OK);
        (void)status;
    }
    to->gather = (struct pgt_flush){0};
}

/* Whole leaves are changed, which takes no tables. */
static void change_leaf(struct pgt_vm *vm, const struct pgt_leaf *leaf,
                        const struct pgt_protection *protection, struct pgt_flush *flush)
{
    enum pgt_status status = pgt_protect(vm->space, leaf->virt, leaf->bytes, protection, flush);
    pgt_assert(status == PGT_OK);
    (void)status;
}

/* What `from` can write becomes copy-on-write in both; in `to` it is read-only already. */
static __attribute__((noinline)) void mark_all(struct pgt_vm *to, struct pgt_vm *from,
                                               struct pgt_flush *from_flush)
{
    struct pgt_protection *protection = &from->work.protection;
    const struct pgt_leaf *leaf;
    uint64_t virt = 0;
    protection->change = PGT_CHANGE_RIGHTS | PGT_CHANGE_SOFTWARE;
    while ((leaf = next_leaf(from, &virt))) {
        if (leaf->rights & PGT_WRITE) {
            protection->rights = leaf->rights & ~PGT_WRITE;
            protection->software = leaf->software | from->copy_on_write;
            change_leaf(to, leaf, protection, &to->gather);
            change_leaf(from, leaf, protection, from_flush);
        }
        if (virt == 0)
            break;
    }
    to->gather = (struct pgt_flush){0}; /* nobody runs it yet */
}

enum pgt_status pgt_vm_fork(struct pgt_vm *to, struct pgt_vm *from, struct pgt_flush *from_flush)
{
    enum pgt_status status = fork_check(to, from);
    if (status)
        return status;
    if (!share_all(from))
        return PGT_NO_FRAMES;
    while (!status && to->count < from->count)
        status = clone_area(to, from);
    if (status) {
        unclone_areas(to);
        unshare(from, SIZE_MAX);
        return status;
    }
    mark_all(to, from, from_flush);
    return PGT_OK;
}
