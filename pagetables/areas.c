/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Areas: kept sorted in the caller's array; and what is mapped in them, with
 * the shares of its frames.
 */
#include "pagetables/areas_parts.h"

/* The index of the first area that ends at or above virt. */
static unsigned first_ending(const struct pgt_vm *vm, uint64_t virt)
{
    unsigned low = 0, high = vm->count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (area_last(&vm->areas[middle]) < virt)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct pgt_area *pgt_vm_area(const struct pgt_vm *vm, uint64_t virt)
{
    unsigned at = first_ending(vm, virt);
    return at < vm->count && vm->areas[at].virt <= virt ? &vm->areas[at] : NULL;
}

static void insert_area(struct pgt_vm *vm, unsigned at, const struct pgt_area *area)
{
    for (unsigned i = vm->count; i > at; i--)
        vm->areas[i] = vm->areas[i - 1];
    vm->areas[at] = *area;
    vm->count++;
}

static bool area_is_sound(const struct pgt_vm *vm, const struct pgt_area *area)
{
    uint64_t attributes;
    if (area->kind != PGT_AREA_DEMAND_ZERO)
        return area->kind == PGT_AREA_PLAIN || area->kind == PGT_AREA_GUARD;
    return !(area->rights & PGT_GLOBAL) &&
           attributes_of_rights(&vm->space->arch, area->rights, &attributes);
}

enum pgt_status pgt_vm_add(struct pgt_vm *vm, const struct pgt_area *area)
{
    struct range range;
    enum pgt_status status = pgt_own_range(vm->space, area->virt, area->bytes, &range);
    if (status)
        return status;
    if (!area_is_sound(vm, area))
        return PGT_BAD_RIGHTS;
    unsigned at = first_ending(vm, area->virt);
    if (at < vm->count && vm->areas[at].virt <= area_last(area))
        return PGT_OCCUPIED;
    if (vm->count == vm->capacity)
        return PGT_NO_FRAMES;
    insert_area(vm, at, area);
    return PGT_OK;
}

/* The part of a leaf from `from` to `to`, which it meets. */
/*@ requires \valid(leaf) && leaf->bytes > 0 && leaf->virt + leaf->bytes - 1 <= UINT64_MAX;
    requires leaf->phys + leaf->bytes - 1 <= UINT64_MAX;
    requires from <= to && leaf->virt <= to && from <= leaf->virt + leaf->bytes - 1;
    assigns leaf->virt, leaf->phys, leaf->bytes;
    ensures leaf->virt == (from > \old(leaf->virt) ? from : \old(leaf->virt));
    ensures leaf->virt + leaf->bytes - 1 ==
            (to < \old(leaf->virt + leaf->bytes - 1) ? to : \old(leaf->virt + leaf->bytes - 1));
    ensures leaf->phys - leaf->virt == \old(leaf->phys - leaf->virt); */
static void clip_leaf(struct pgt_leaf *leaf, uint64_t from, uint64_t to)
{
    uint64_t skipped = leaf->virt < from ? from - leaf->virt : 0;
    uint64_t last = leaf->virt + (leaf->bytes - 1);
    leaf->virt += skipped;
    leaf->phys += skipped;
    leaf->bytes = (last < to ? last : to) - leaf->virt + 1;
}

bool pgt_vm_next(const struct pgt_vm *vm, uint64_t virt, uint64_t last, struct pgt_leaf *ret_leaf)
{
    for (unsigned i = first_ending(vm, virt); i < vm->count && vm->areas[i].virt <= last; i++) {
        const struct pgt_area *area = &vm->areas[i];
        uint64_t from = area->virt > virt ? area->virt : virt;
        uint64_t to = area_last(area) < last ? area_last(area) : last;
        if (area->kind == PGT_AREA_GUARD || !pgt_next(vm->space, from, ret_leaf) ||
            ret_leaf->virt > to)
            continue;
        clip_leaf(ret_leaf, from, to);
        return true;
    }
    return false;
}

void pgt_vm_release(struct pgt_vm *vm, uint64_t phys, uint64_t bytes)
{
    for (uint64_t at = 0; at < bytes; at += PGT_PAGE)
        if (frame_is_counted(vm, phys + at))
            vm->source.release(vm->source.context, phys + at);
}

void pgt_vm_forget(struct pgt_vm *vm, struct pgt_flush *flush)
{
    if (vm->forget)
        vm->forget(vm->forget_context, &vm->gather);
    else
        pgt_flush_join(flush, &vm->gather);
    vm->gather = (struct pgt_flush){0};
}

/* Would a mapping make the zero frame writable? */
static bool writes_zero_frame(const struct pgt_vm *vm, const struct pgt_mapping *mapping)
{
    return (mapping->rights & PGT_WRITE) && vm->zero_frame >= mapping->phys &&
           vm->zero_frame - mapping->phys < mapping->bytes;
}

enum pgt_status pgt_vm_map(struct pgt_vm *vm, const struct pgt_mapping *mapping)
{
    struct range range;
    enum pgt_status status = pgt_own_range(vm->space, mapping->virt, mapping->bytes, &range);
    if (status)
        return status;
    const struct pgt_area *area = pgt_vm_area(vm, mapping->virt);
    if (!area || area->kind == PGT_AREA_GUARD ||
        mapping->bytes - 1 > area_last(area) - mapping->virt)
        return PGT_BAD_RANGE;
    if (mapping->promote || (mapping->rights & PGT_GLOBAL) || writes_zero_frame(vm, mapping))
        return PGT_BAD_RIGHTS;
    if (!pgt_is_empty(vm->space, mapping->virt, mapping->bytes))
        return PGT_OCCUPIED;
    /* Over nothing: so nothing is gathered. */
    return pgt_map(vm->space, mapping, &vm->gather);
}

/* For a while the allocator grants whatever is asked: what was reserved before. */
static bool granted(void *context, size_t count)
{
    (void)context;
    (void)count;
    return true;
}

/* The tables that unmapping the areas' parts of work.first to work.last takes, in all. */
static enum pgt_status unmap_cost(const struct pgt_vm *vm, size_t *ret_frames)
{
    uint64_t first = vm->work.first, last = vm->work.last;
    enum pgt_status status = PGT_OK;
    size_t sum = 0;
    for (unsigned i = first_ending(vm, first);
         !status && i < vm->count && vm->areas[i].virt <= last; i++) {
        const struct pgt_area *area = &vm->areas[i];
        size_t frames = 0;
        uint64_t from = area->virt > first ? area->virt : first;
        uint64_t to = area_last(area) < last ? area_last(area) : last;
        if (area->kind == PGT_AREA_GUARD)
            continue;
        status = pgt_unmap_cost(vm->space, from, to - from + 1, &frames);
        sum += frames;
    }
    *ret_frames = sum;
    return status;
}

/* The frames of the leaf that was unmapped go behind those that wait already. */
static void wait_for_flush(struct pgt_vm *vm)
{
    const struct pgt_leaf *leaf = &vm->work.leaf;
    unsigned i = vm->work.waits;
    if (i > 0 && vm->work.waiting[i - 1].phys + vm->work.waiting[i - 1].bytes == leaf->phys) {
        vm->work.waiting[i - 1].bytes += leaf->bytes;
        return;
    }
    vm->work.waiting[i].phys = leaf->phys;
    vm->work.waiting[i].bytes = leaf->bytes;
    vm->work.waits++;
}

/* Unmaps the first leaf of work.first to work.last, and moves first behind it; behind the last
 * to an empty range.  False if there was none. */
static __attribute__((noinline)) bool unmap_leaf(struct pgt_vm *vm)
{
    struct pgt_leaf *leaf = &vm->work.leaf;
    if (vm->work.first > vm->work.last || !pgt_vm_next(vm, vm->work.first, vm->work.last, leaf))
        return false;
    enum pgt_status status = pgt_unmap(vm->space, leaf->virt, leaf->bytes, &vm->gather);
    pgt_assert(status == PGT_OK); /* all that it can lack was granted */
    (void)status;
    wait_for_flush(vm);
    if (leaf->bytes - 1 == vm->work.last - leaf->virt) {
        vm->work.first = 1;
        vm->work.last = 0;
    } else {
        vm->work.first = leaf->virt + leaf->bytes;
    }
    return true;
}

static __attribute__((noinline)) void release_waiting(struct pgt_vm *vm)
{
    for (unsigned i = 0; i < vm->work.waits; i++)
        pgt_vm_release(vm, vm->work.waiting[i].phys, vm->work.waiting[i].bytes);
    vm->work.waits = 0;
}

/* Would an area fall in two, and has the array no room for that? */
static bool lacks_room_to_cut(const struct pgt_vm *vm, uint64_t first, uint64_t last)
{
    const struct pgt_area *area = pgt_vm_area(vm, first);
    return area && area->virt < first && area_last(area) > last && vm->count == vm->capacity;
}

/* All refusals, and the reservation of what unmapping takes.  cuts: the areas are cut, too. */
static __attribute__((noinline)) enum pgt_status plan_unmap(struct pgt_vm *vm, uint64_t virt,
                                                            uint64_t bytes, bool cuts)
{
    struct range range;
    size_t cost;
    enum pgt_status status = pgt_own_range(vm->space, virt, bytes, &range);
    if (status)
        return status;
    vm->work.first = virt;
    vm->work.last = virt + (bytes - 1);
    if (cuts && lacks_room_to_cut(vm, virt, vm->work.last))
        return PGT_NO_FRAMES;
    status = unmap_cost(vm, &cost);
    if (!status && !frames_reserve(&vm->space->frames, cost))
        status = PGT_NO_FRAMES;
    return status;
}

/* In turns: as many runs of frames as can wait, one flush for them, and only then they go. */
static __attribute__((noinline)) void commit_unmap(struct pgt_vm *vm, struct pgt_flush *flush)
{
    /* It is unmapped leaf by leaf, which shall not ask again and get another answer. */
    vm->work.reserve = vm->space->frames.reserve;
    vm->space->frames.reserve = granted;
    for (bool more = true; more;) {
        while (vm->work.waits < PGT_VM_WAITING && more)
            more = unmap_leaf(vm);
        if (vm->work.waits > 0)
            pgt_vm_forget(vm, flush);
        release_waiting(vm);
    }
    vm->space->frames.reserve = vm->work.reserve;
}

enum pgt_status pgt_vm_unmap(struct pgt_vm *vm, uint64_t virt, uint64_t bytes,
                             struct pgt_flush *flush)
{
    enum pgt_status status = plan_unmap(vm, virt, bytes, false);
    if (!status)
        commit_unmap(vm, flush);
    return status;
}

/* Takes first to last out of the areas. */
static __attribute__((noinline)) void cut_areas(struct pgt_vm *vm, uint64_t first, uint64_t last)
{
    unsigned at = first_ending(vm, first);
    if (at < vm->count && vm->areas[at].virt < first) {
        struct pgt_area rest = vm->areas[at];
        uint64_t rest_last = area_last(&rest);
        vm->areas[at].bytes = first - rest.virt;
        at++;
        if (rest_last > last) {
            rest.virt = last + 1;
            rest.bytes = rest_last - last;
            insert_area(vm, at, &rest);
            return;
        }
    }
    unsigned end = at;
    while (end < vm->count && area_last(&vm->areas[end]) <= last)
        end++;
    if (end < vm->count && vm->areas[end].virt <= last) {
        vm->areas[end].bytes = area_last(&vm->areas[end]) - last;
        vm->areas[end].virt = last + 1;
    }
    for (unsigned i = end; i < vm->count; i++)
        vm->areas[at + (i - end)] = vm->areas[i];
    vm->count -= end - at;
}

enum pgt_status pgt_vm_remove(struct pgt_vm *vm, uint64_t virt, uint64_t bytes,
                              struct pgt_flush *flush)
{
    enum pgt_status status = plan_unmap(vm, virt, bytes, true);
    if (status)
        return status;
    commit_unmap(vm, flush);
    cut_areas(vm, virt, virt + (bytes - 1));
    return PGT_OK;
}

enum pgt_status pgt_vm_destroy(struct pgt_vm *vm)
{
    struct pgt_leaf *leaf = &vm->work.leaf;
    uint64_t virt = 0;
    if (vm->space->dependents)
        return PGT_BUSY;
    while (pgt_vm_next(vm, virt, UINT64_MAX, leaf)) {
        pgt_vm_release(vm, leaf->phys, leaf->bytes);
        virt = leaf->virt + leaf->bytes;
        if (virt == 0)
            break;
    }
    vm->count = 0;
    return pgt_destroy(vm->space);
}
