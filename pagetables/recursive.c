/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recursive mapping: the addresses, the slots, reading, and the life of inactive roots.
 */
#include "pagetables/recursive.h"
#include "pagetables/directory.h"
#include "pagetables/recursive_parts.h"

uint64_t pgt_recursive_address(const struct pgt_arch *arch, unsigned slot, unsigned via,
                               uint64_t virt, unsigned level)
{
    /* The tables on the way take the places that lie `level` further down. */
    uint64_t linear = (virt & linear_all(arch).last) >> (PGT_INDEX_BITS * level);
    unsigned place = arch->levels - level + 1u;
    linear &= ~(PGT_PAGE - 1);
    linear |= level_index(virt, level) * sizeof(pgt_entry);
    linear |= (uint64_t)via << level_shift(place);
    for (place++; place <= arch->levels; place++)
        linear |= (uint64_t)slot << level_shift(place);
    return canonical_form(arch, linear);
}

uint64_t pgt_recursive_entry(const struct pgt_arch *arch, unsigned slot, uint64_t virt,
                             unsigned level)
{
    return pgt_recursive_address(arch, slot, slot, virt, level);
}

uint64_t pgt_recursive_table(const struct pgt_arch *arch, unsigned slot, uint64_t virt,
                             unsigned level)
{
    return pgt_recursive_entry(arch, slot, virt, level) & ~(PGT_PAGE - 1);
}

/* Without the user bit, or ring 3 could write tables: all other entries on the way grant it. */
uint64_t pgt_recursive_link(const struct pgt_arch *arch, uint64_t root)
{
    return root | ENTRY_PRESENT | ENTRY_WRITE | (arch->no_execute ? ENTRY_XD : 0);
}

/* ---- the slots ---------------------------------------------------------- */

static bool slot_meets(const struct pgt_arch *arch, unsigned slot, uint64_t first, uint64_t last)
{
    return slot >= level_index(first, arch->levels) && slot <= level_index(last, arch->levels);
}

static enum pgt_status judge_slot(const struct pgt_window *window, unsigned slot,
                                  const struct pgt_recursive_slots *slots)
{
    const struct pgt_arch *arch = &window->arch;
    if (slot >= PGT_ENTRIES)
        return PGT_BAD_RANGE;
    for (size_t i = 0; i < slots->needed_count; i++) {
        if (slots->needed[i].first > slots->needed[i].last)
            return PGT_BAD_RANGE;
        if (slot_meets(arch, slot, slots->needed[i].first, slots->needed[i].last))
            return PGT_OCCUPIED;
    }
    /* All pages of a window have one page table, so one root slot. */
    bool meets_window = slot_meets(arch, slot, window->place.last, window->place.last);
    return meets_window ? PGT_OCCUPIED : PGT_OK;
}

enum pgt_status pgt_recursive_init(struct pgt_recursive *recursive, const struct pgt_frames *frames,
                                   struct pgt_window *window,
                                   const struct pgt_recursive_slots *slots)
{
    enum pgt_status status = judge_slot(window, slots->slot, slots);
    if (!status)
        status = judge_slot(window, slots->second, slots);
    if (!status && slots->upper > PGT_ENTRIES)
        status = PGT_BAD_RANGE;
    if (status)
        return status;
    *recursive = (struct pgt_recursive){
        .space = {.arch = window->arch,
                  .frames = *frames,
                  .upper_slot = slots->upper ? slots->upper : PGT_ENTRIES},
        .window = window,
        .slot = slots->slot,
        .second = slots->second,
        .via = slots->slot,
    };
    return PGT_OK;
}

enum pgt_status pgt_recursive_range(const struct pgt_recursive *recursive, uint64_t virt,
                                    uint64_t bytes, struct range *ret_range)
{
    const struct pgt_arch *arch = &recursive->space.arch;
    struct range range;
    enum pgt_status status = pgt_range(arch, virt, bytes, &range);
    if (status)
        return status;
    if (slot_meets(arch, recursive->slot, range.first, range.last) ||
        slot_meets(arch, recursive->second, range.first, range.last))
        return PGT_SEALED;
    *ret_range = linear_range(arch, range);
    return PGT_OK;
}

/* The level where the walk for virt ends, and the entry there. */
static unsigned walk_down(const struct pgt_recursive *recursive, uint64_t virt,
                          pgt_entry *ret_entry, unsigned *withheld)
{
    for (unsigned level = recursive->space.arch.levels;; level--) {
        *ret_entry = load_at(recursive, entry_address(recursive, virt, level));
        if (!entry_present(*ret_entry) || entry_is_leaf(*ret_entry, level))
            return level;
        *withheld |= entry_withholds(*ret_entry);
    }
}

enum pgt_status pgt_recursive_plant(const struct pgt_recursive *recursive, uint64_t virt,
                                    const uint64_t *frame, size_t count, size_t *ret_used)
{
    struct range range;
    pgt_entry entry;
    unsigned withheld = 0;
    enum pgt_status status = pgt_recursive_range(recursive, virt, PGT_PAGE, &range);
    if (status)
        return status;
    unsigned level = walk_down(recursive, virt, &entry, &withheld);
    if (level > LEVEL_4K && entry_present(entry))
        return PGT_OCCUPIED;
    if (level - LEVEL_4K > count)
        return PGT_NO_FRAMES;
    *ret_used = level - LEVEL_4K;
    /* Nothing was present there, so there is nothing that a processor could remember. */
    for (; level > LEVEL_4K; level--)
        store_at(recursive, entry_address(recursive, virt, level), entry_to_table(*frame++, 0));
    return PGT_OK;
}

/* ---- reading ------------------------------------------------------------ */

bool pgt_recursive_lookup(const struct pgt_recursive *recursive, uint64_t virt,
                          struct pgt_leaf *ret_leaf)
{
    const struct pgt_space *space = &recursive->space;
    unsigned withheld = 0;
    pgt_entry entry;
    if (!is_canonical(&space->arch, virt))
        return false;
    unsigned level = walk_down(recursive, virt, &entry, &withheld);
    if (!entry_present(entry) || level > arch_largest_level(&space->arch))
        return false;
    pgt_describe(space, entry, level, virt, ret_leaf);
    ret_leaf->rights &= ~withheld;
    return true;
}

bool pgt_recursive_translate(const struct pgt_recursive *recursive, uint64_t virt,
                             uint64_t *ret_phys)
{
    struct pgt_leaf leaf;
    if (!pgt_recursive_lookup(recursive, virt, &leaf))
        return false;
    *ret_phys = pgt_leaf_translate(&leaf, virt);
    return true;
}

/* ---- inactive roots ----------------------------------------------------- */

/* The virtual address of an entry of the active root. */
static uint64_t root_entry_address(const struct pgt_recursive *recursive, unsigned slot)
{
    const struct pgt_arch *arch = &recursive->space.arch;
    return pgt_recursive_entry(arch, recursive->slot, (uint64_t)slot << level_shift(arch->levels),
                               arch->levels);
}

static uint64_t active_root(const struct pgt_recursive *recursive)
{
    return entry_table(load_at(recursive, root_entry_address(recursive, recursive->slot)));
}

/* Fills a new root through the window.  The second slot is empty while nothing is open. */
static void fill_root(const struct pgt_recursive *active, uint64_t virt, uint64_t root)
{
    const struct pgt_mmu *mmu = active->window->mmu;
    pgt_entry link = {pgt_recursive_link(&active->space.arch, root)};
    mmu->zero(mmu->context, virt);
    for (unsigned i = active->space.upper_slot; i < PGT_ENTRIES; i++)
        store_at(active, virt + i * sizeof(pgt_entry),
                 load_at(active, root_entry_address(active, i)));
    store_at(active, virt + active->slot * sizeof(pgt_entry), link);
}

enum pgt_status pgt_recursive_create(const struct pgt_recursive *active, uint64_t *ret_root)
{
    const struct pgt_frames *frames = &active->space.frames;
    uint64_t virt;
    enum pgt_status status = pgt_window_take(active->window, &virt);
    if (status)
        return status;
    if (frames_reserve(frames, 1)) {
        uint64_t root = frames->take(frames->context);
        status = pgt_window_point(active->window, virt, root);
        pgt_assert(status == PGT_OK);
        fill_root(active, virt, root);
        *ret_root = root;
    } else {
        status = PGT_NO_FRAMES;
    }
    pgt_window_release(active->window, virt);
    return status;
}

/* May the second slot lead to this root? */
static enum pgt_status judge_root(const struct pgt_recursive *active, uint64_t root)
{
    pgt_assert(active->via == active->slot);
    if (root & (PGT_PAGE - 1))
        return PGT_MISALIGNED;
    if (root >> active->space.arch.physical_bits)
        return PGT_BAD_PHYSICAL;
    if (active->second == active->slot)
        return PGT_BAD_RANGE;
    bool open = entry_present(load_at(active, root_entry_address(active, active->second)));
    return open ? PGT_BUSY : PGT_OK;
}

static void point_second(struct pgt_recursive *recursive, unsigned via, uint64_t entry)
{
    const struct pgt_mmu *mmu = recursive->window->mmu;
    store_at(recursive, root_entry_address(recursive, recursive->second), (pgt_entry){entry});
    mmu->forget(mmu->context);
    recursive->via = via;
}

enum pgt_status pgt_recursive_open(struct pgt_recursive *other, const struct pgt_recursive *active,
                                   uint64_t root)
{
    bool is_active = root == active_root(active);
    enum pgt_status status = is_active ? PGT_OK : judge_root(active, root);
    if (status)
        return status;
    *other = *active;
    if (!is_active)
        point_second(other, active->second, pgt_recursive_link(&active->space.arch, root));
    return PGT_OK;
}

void pgt_recursive_close(struct pgt_recursive *other)
{
    if (other->via != other->slot)
        point_second(other, other->slot, 0);
}

enum pgt_status pgt_recursive_destroy(struct pgt_recursive *active, uint64_t root)
{
    const struct pgt_frames *frames = &active->space.frames;
    enum pgt_status status = root == active_root(active) ? PGT_BUSY : judge_root(active, root);
    if (status)
        return status;
    /* In place of a copy, which would weigh on the stack. */
    point_second(active, active->second, pgt_recursive_link(&active->space.arch, root));
    for (unsigned slot = 0; slot < active->space.upper_slot; slot++)
        if (slot != active->slot)
            pgt_recursive_clear(active, slot);
    point_second(active, active->slot, 0);
    frames->give(frames->context, root);
    return PGT_OK;
}
