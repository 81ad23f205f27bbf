/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/window.h"
#include "pagetables/space.h"

uint64_t pgt_window_page(const struct pgt_arch *arch, unsigned recursive_slot)
{
    uint64_t start = (uint64_t)recursive_slot << level_shift(arch->levels);
    return canonical_form(arch, (start - PGT_PAGE) & linear_all(arch).last);
}

enum pgt_status pgt_window_init(struct pgt_window *window, const struct pgt_arch *arch,
                                const struct pgt_mmu *mmu, const struct pgt_window_place *place)
{
    unsigned index = level_index(place->last, LEVEL_4K);
    if ((place->last & (PGT_PAGE - 1)) ||
        (place->entry & (PGT_PAGE - 1)) != index * sizeof(pgt_entry))
        return PGT_MISALIGNED;
    if (!is_canonical(arch, place->last) || place->slots == 0 || place->slots > PGT_WINDOW_SLOTS ||
        place->slots - 1 > index)
        return PGT_BAD_RANGE;
    *window = (struct pgt_window){.arch = *arch, .mmu = mmu, .place = *place};
    return PGT_OK;
}

static unsigned slot_of(const struct pgt_window *window, uint64_t virt)
{
    unsigned slot = (unsigned)((window->place.last - virt) / PGT_PAGE);
    pgt_assert(slot < window->place.slots);
    return slot;
}

static void set_entry(const struct pgt_window *window, uint64_t virt, uint64_t raw)
{
    uint64_t entry = window->place.entry - slot_of(window, virt) * sizeof(pgt_entry);
    window->mmu->store(window->mmu->context, entry, raw);
}

enum pgt_status pgt_window_take(struct pgt_window *window, uint64_t *ret_virt)
{
    uint64_t taken = __atomic_load_n(&window->taken, __ATOMIC_RELAXED), free, lowest;
    do {
        free = ~taken & (UINT64_MAX >> (PGT_WINDOW_SLOTS - window->place.slots));
        lowest = free & -free;
        if (!free)
            return PGT_BUSY;
    } while (!__atomic_compare_exchange_n(&window->taken, &taken, taken | lowest, false,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    *ret_virt = window->place.last - (uint64_t)__builtin_ctzll(lowest) * PGT_PAGE;
    return PGT_OK;
}

void pgt_window_release(struct pgt_window *window, uint64_t virt)
{
    uint64_t bit = UINT64_C(1) << slot_of(window, virt);
    pgt_assert(__atomic_load_n(&window->taken, __ATOMIC_RELAXED) & bit);
    /* In this order, or whoever takes the slot next would lose its mapping. */
    set_entry(window, virt, 0);
    __atomic_fetch_and(&window->taken, ~bit, __ATOMIC_RELEASE);
}

/* May a frame be mapped so? */
static enum pgt_status judge(const struct pgt_window *window, uint64_t frame, uint64_t attributes)
{
    const struct pgt_window_place *place = &window->place;
    if (frame & (PGT_PAGE - 1))
        return PGT_MISALIGNED;
    if (frame >> window->arch.physical_bits)
        return PGT_BAD_PHYSICAL;
    bool is_zero_frame = place->has_zero_frame && frame == place->zero_frame;
    return is_zero_frame && (attributes & ENTRY_WRITE) ? PGT_BAD_RIGHTS : PGT_OK;
}

/* Invalidates when the page is mapped, not when it is released: so what the processor remembers
 * is right for the address space that uses the page, whichever released it. */
static void point(const struct pgt_window *window, uint64_t virt, uint64_t frame,
                  uint64_t attributes)
{
    attributes |= window->arch.no_execute ? ENTRY_XD : 0;
    set_entry(window, virt, entry_to_leaf(attributes_preset(attributes), frame, LEVEL_4K).raw);
    window->mmu->invalidate(window->mmu->context, virt);
}

enum pgt_status pgt_window_point(struct pgt_window *window, uint64_t virt, uint64_t frame)
{
    enum pgt_status status = judge(window, frame, ENTRY_WRITE);
    if (!status)
        point(window, virt, frame, ENTRY_WRITE);
    return status;
}

enum pgt_status pgt_window_map(struct pgt_window *window, uint64_t frame, uint64_t *ret_virt)
{
    enum pgt_status status = judge(window, frame, ENTRY_WRITE);
    if (!status)
        status = pgt_window_take(window, ret_virt);
    if (!status)
        point(window, *ret_virt, frame, ENTRY_WRITE);
    return status;
}

enum pgt_status pgt_window_zero(struct pgt_window *window, uint64_t frame)
{
    uint64_t virt;
    enum pgt_status status = pgt_window_map(window, frame, &virt);
    if (status)
        return status;
    window->mmu->zero(window->mmu->context, virt);
    pgt_window_release(window, virt);
    return PGT_OK;
}

enum pgt_status pgt_window_copy(struct pgt_window *window, uint64_t to, uint64_t from)
{
    uint64_t to_virt, from_virt;
    enum pgt_status status = judge(window, to, ENTRY_WRITE);
    if (!status)
        status = judge(window, from, 0);
    if (!status)
        status = pgt_window_take(window, &to_virt);
    if (status)
        return status;
    status = pgt_window_take(window, &from_virt);
    if (!status) {
        point(window, to_virt, to, ENTRY_WRITE);
        point(window, from_virt, from, 0);
        window->mmu->copy(window->mmu->context, to_virt, from_virt);
        pgt_window_release(window, from_virt);
    }
    pgt_window_release(window, to_virt);
    return status;
}
