/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing mappings through recursive addresses: plan, reserve, commit.  A first pass of the cursor
 * counts and refuses, a second one changes.
 */
#include "pagetables/recursive_edit.h"

/* ---- counting ----------------------------------------------------------- */

/* Tables to be made below an entry so that all of a part has page tables. */
static size_t tables_below(struct range part, unsigned level)
{
    size_t count = 0;
    for (; level > LEVEL_4K; level--)
        count +=
            (size_t)((part.last >> level_shift(level)) - (part.first >> level_shift(level))) + 1;
    return count;
}

/* Tables to be made below a leaf so that no leaf reaches over the ends of a part. */
static size_t tables_to_cut(struct range part, unsigned level)
{
    size_t count = 0;
    for (; level > LEVEL_4K; level--) {
        bool head = part.first & level_mask(level);
        bool tail = (part.last + 1) & level_mask(level);
        bool one = part.first >> level_shift(level) == part.last >> level_shift(level);
        count += one ? (head || tail) : (size_t)head + tail;
    }
    return count;
}

/* Nothing more in this table needs a visit: as if the cursor stood on its last entry. */
static void skip_rest(struct cursor *cursor)
{
    uint64_t last = cursor->at | level_mask(cursor->level + 1);
    cursor->at =
        (last < cursor->range.last ? last : cursor->range.last) & ~level_mask(cursor->level);
}

/* Would a change that makes frames writable reach the zero frame?  `phys` is where a part starts.
 */
static bool hits_zero_frame(const struct edit *edit, uint64_t phys, struct range part)
{
    const struct pgt_window_place *place = &edit->recursive->window->place;
    return (edit->set & ENTRY_WRITE) && place->has_zero_frame &&
           place->zero_frame - phys <= part.last - part.first;
}

/* Can the range be edited?  What a read-only entry above leads to can't even be written, as it
 * makes the recursive addresses below read-only. */
static bool is_sound(const struct edit *edit)
{
    return !edit->cursor.malformed && !(edit->cursor.withheld & PGT_WRITE);
}

/* And do the entries above let through what the leaves will grant? */
static bool is_granted(const struct edit *edit)
{
    return is_sound(edit) && !(rights_of_attributes(edit->set) & edit->cursor.withheld);
}

/* ---- between plan and commit -------------------------------------------- */

/* What a commit takes: the window's page first, since a grant of frames can't be returned. */
static enum pgt_status reserve(struct edit *edit)
{
    struct pgt_window *window = edit->recursive->window;
    if (edit->cost == 0)
        return PGT_OK;
    enum pgt_status status = pgt_window_take(window, &edit->scratch);
    if (status)
        return status;
    if (frames_reserve(&space_of(edit)->frames, edit->cost))
        return PGT_OK;
    pgt_window_release(window, edit->scratch);
    return PGT_NO_FRAMES;
}

static void finish(const struct edit *edit)
{
    if (edit->cost)
        pgt_window_release(edit->recursive->window, edit->scratch);
}

/* The translation that the current entry gave its part is to be invalidated. */
static void gather_part(const struct edit *edit, pgt_entry old, bool widened)
{
    pgt_recursive_gather(edit, current_part(edit), edit->cursor.at, old, widened);
}

/* ---- map ---------------------------------------------------------------- */

/* Does the current entry map its part as the edit would? */
static bool agrees(const struct edit *edit)
{
    const struct cursor *cursor = &edit->cursor;
    uint64_t attributes = leaf_attributes(cursor->entry, cursor->level);
    return entry_present(cursor->entry) &&
           current_phys(edit) == cursor->at + edit->phys_from_linear &&
           !((attributes ^ edit->set) & ~ENTRY_MARKS);
}

/* Refuses what the mapping itself has wrong. */
static enum pgt_status judge_mapping(struct edit *edit, const struct pgt_mapping *mapping)
{
    const struct pgt_arch *arch = &space_of(edit)->arch;
    struct range *range = &edit->cursor.range;
    uint64_t rights, memory, highest = (UINT64_C(1) << arch->physical_bits) - 1;
    enum pgt_status status =
        pgt_recursive_range(edit->recursive, mapping->virt, mapping->bytes, range);
    if (status)
        return status;
    if (mapping->phys & (PGT_PAGE - 1))
        return PGT_MISALIGNED;
    if (mapping->phys > highest || mapping->bytes - 1 > highest - mapping->phys)
        return PGT_BAD_PHYSICAL;
    if (mapping->key >= PGT_KEYS || mapping->software > PGT_SOFTWARE_ALL ||
        !attributes_of_rights(arch, mapping->rights, &rights) ||
        !attributes_of_memory(arch, mapping->memory, &memory))
        return PGT_BAD_RIGHTS;
    edit->phys_from_linear = mapping->phys - range->first;
    edit->set = attributes_preset(rights | memory | attributes_of_key(mapping->key) |
                                  attributes_of_software(mapping->software));
    return hits_zero_frame(edit, mapping->phys, *range) ? PGT_BAD_RIGHTS : PGT_OK;
}

static enum pgt_status map_plan(struct edit *edit)
{
    const struct pgt_space *space = space_of(edit);
    struct cursor *cursor = &edit->cursor;
    pgt_recursive_start(edit);
    do {
        unsigned root_slot = level_index(cursor->at, space->arch.levels);
        if (cursor->level == space->arch.levels && slot_is_upper(space, root_slot))
            return PGT_SEALED;
        if (cursor->level == LEVEL_4K)
            skip_rest(cursor);
        else if (!agrees(edit))
            edit->cost += tables_below(current_part(edit), cursor->level);
    } while (pgt_recursive_next(edit));
    return is_granted(edit) ? PGT_OK : PGT_MALFORMED;
}

static void map_commit(struct edit *edit)
{
    struct cursor *cursor = &edit->cursor;
    pgt_recursive_start(edit);
    do {
        while (cursor->level > LEVEL_4K && !agrees(edit))
            pgt_recursive_make_table(edit);
        if (agrees(edit))
            continue;
        uint64_t phys = cursor->at + edit->phys_from_linear;
        store_at(edit->recursive, current_address(edit), entry_to_leaf(edit->set, phys, LEVEL_4K));
        if (entry_present(cursor->entry))
            gather_part(edit, cursor->entry, false);
    } while (pgt_recursive_next(edit));
}

enum pgt_status pgt_recursive_map(const struct pgt_recursive *recursive,
                                  const struct pgt_mapping *mapping, struct pgt_flush *flush)
{
    struct edit edit = {.recursive = recursive, .flush = flush};
    enum pgt_status status = judge_mapping(&edit, mapping);
    if (!status)
        status = map_plan(&edit);
    if (!status)
        status = reserve(&edit);
    if (status)
        return status;
    map_commit(&edit);
    finish(&edit);
    return PGT_OK;
}

/* ---- unmap -------------------------------------------------------------- */

static enum pgt_status unmap_plan(struct edit *edit)
{
    pgt_recursive_start(edit);
    do {
        if (!entry_present(edit->cursor.entry))
            return PGT_BAD_RANGE;
        edit->cost += tables_to_cut(current_part(edit), edit->cursor.level);
    } while (pgt_recursive_next(edit));
    return is_sound(edit) ? PGT_OK : PGT_MALFORMED;
}

static void unmap_commit(struct edit *edit)
{
    struct cursor *cursor = &edit->cursor;
    edit->drops = true;
    pgt_recursive_start(edit);
    do {
        if (!entry_present(cursor->entry))
            continue;
        while (!range_covers(current_part(edit), cursor->level))
            pgt_recursive_make_table(edit);
        store_at(edit->recursive, current_address(edit), (pgt_entry){0});
        gather_part(edit, cursor->entry, false);
        pgt_recursive_leaf_went(edit, cursor->at, cursor->level, cursor->entry);
    } while (pgt_recursive_next(edit));
}

enum pgt_status pgt_recursive_unmap(const struct pgt_recursive *recursive, uint64_t virt,
                                    uint64_t bytes, struct pgt_flush *flush)
{
    struct edit edit = {.recursive = recursive, .flush = flush};
    enum pgt_status status = pgt_recursive_range(recursive, virt, bytes, &edit.cursor.range);
    if (!status)
        status = unmap_plan(&edit);
    if (!status)
        status = reserve(&edit);
    if (status)
        return status;
    unmap_commit(&edit);
    finish(&edit);
    return PGT_OK;
}

void pgt_recursive_clear(const struct pgt_recursive *recursive, unsigned slot)
{
    unsigned top = recursive->space.arch.levels;
    uint64_t first = (uint64_t)slot << level_shift(top);
    struct edit edit = {.recursive = recursive,
                        .cursor = {.range = {first, first + level_mask(top)}},
                        .drops_all = true};
    unmap_commit(&edit);
}

/* ---- protect ------------------------------------------------------------ */

/* The current leaf's attributes after the change, in the form of a 4K leaf. */
static uint64_t after(const struct edit *edit, uint64_t attributes)
{
    return (attributes & ~edit->clear) | edit->set;
}

static bool changes(const struct edit *edit)
{
    uint64_t attributes = leaf_attributes(edit->cursor.entry, edit->cursor.level);
    return after(edit, attributes) != attributes;
}

static enum pgt_status protect_plan(struct edit *edit)
{
    const struct cursor *cursor = &edit->cursor;
    pgt_recursive_start(edit);
    do {
        if (!entry_present(cursor->entry))
            return PGT_BAD_RANGE;
        if (hits_zero_frame(edit, current_phys(edit), current_part(edit)))
            return PGT_BAD_RIGHTS;
        if (changes(edit))
            edit->cost += tables_to_cut(current_part(edit), cursor->level);
    } while (pgt_recursive_next(edit));
    return is_granted(edit) ? PGT_OK : PGT_MALFORMED;
}

/* Changes the current leaf, and leaves accessed and dirty to the processor. */
static __attribute__((noinline)) void protect_leaf(struct edit *edit)
{
    const struct pgt_mmu *mmu = edit->recursive->window->mmu;
    unsigned level = edit->cursor.level;
    uint64_t address = current_address(edit), clear = attributes_at(edit->clear, level),
             set = attributes_at(edit->set, level), old = edit->cursor.entry.raw, found;
    while ((found = mmu->exchange(mmu->context, address, old, (old & ~clear) | set)) != old)
        old = found;
    uint64_t lost = clear & old, gained = set & ~old;
    bool narrows = (lost & ~ENTRY_XD) || (gained & ENTRY_XD);
    gather_part(edit, (pgt_entry){old}, !narrows);
}

static void protect_commit(struct edit *edit)
{
    pgt_recursive_start(edit);
    do {
        while (changes(edit) && !range_covers(current_part(edit), edit->cursor.level))
            pgt_recursive_make_table(edit);
        if (changes(edit))
            protect_leaf(edit);
    } while (pgt_recursive_next(edit));
}

enum pgt_status pgt_recursive_protect(const struct pgt_recursive *recursive, uint64_t virt,
                                      uint64_t bytes, unsigned rights, struct pgt_flush *flush)
{
    struct edit edit = {.recursive = recursive, .flush = flush};
    enum pgt_status status = pgt_recursive_range(recursive, virt, bytes, &edit.cursor.range);
    if (!status && !attributes_of_rights(&recursive->space.arch, rights, &edit.set))
        status = PGT_BAD_RIGHTS;
    edit.clear = ENTRY_RIGHTS & ~edit.set;
    if (!status)
        status = protect_plan(&edit);
    if (!status)
        status = reserve(&edit);
    if (status)
        return status;
    protect_commit(&edit);
    finish(&edit);
    return PGT_OK;
}
