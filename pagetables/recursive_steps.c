/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of an edit through recursive addresses: from entry to entry, down into a table that is
 * made, up from one that is dropped; and what has to be invalidated then.
 */
#include "pagetables/recursive_edit.h"

/* From the current level on down to where the walk ends. */
static void descend(struct edit *edit)
{
    struct cursor *cursor = &edit->cursor;
    for (;; cursor->level--) {
        cursor->entry = load_at(edit->recursive, current_address(edit));
        if (!entry_present(cursor->entry))
            return;
        if (entry_is_leaf(cursor->entry, cursor->level))
            break;
        cursor->withheld |= entry_withholds(cursor->entry);
    }
    cursor->malformed |= cursor->level > arch_largest_level(&space_of(edit)->arch);
}

void pgt_recursive_start(struct edit *edit)
{
    edit->cursor.at = edit->cursor.range.first;
    edit->cursor.level = space_of(edit)->arch.levels;
    descend(edit);
}

void pgt_recursive_gather(const struct edit *edit, struct range part, uint64_t at, pgt_entry old,
                          bool widened)
{
    struct pgt_flush *flush = edit->flush;
    if (!flush)
        return;
    /* What a table translates decides for whom it is, not the address at which it is edited. */
    unsigned slot = level_index(at, space_of(edit)->arch.levels);
    bool upper = flush->upper || slot_is_upper(space_of(edit), slot);
    pgt_flush_add(flush, space_of(edit), part, old, widened);
    flush->upper = upper;
}

/* The recursive address of a table leads elsewhere now; `old` led there before.  This processor
 * goes by the slot that it edits through... */
static __attribute__((noinline)) void forget_table(const struct edit *edit, uint64_t at,
                                                   unsigned level)
{
    const struct pgt_mmu *mmu = edit->recursive->window->mmu;
    uint64_t table = entry_address(edit->recursive, at, level) & ~(PGT_PAGE - 1);
    mmu->invalidate(mmu->context, table);
}

/* ... others by the root's own. */
static void table_changed(const struct edit *edit, uint64_t at, unsigned level, pgt_entry old)
{
    const struct pgt_arch *arch = &space_of(edit)->arch;
    forget_table(edit, at, level);
    uint64_t own = pgt_recursive_table(arch, edit->recursive->slot, at, level);
    own &= linear_all(arch).last;
    pgt_recursive_gather(edit, (struct range){own, own + (PGT_PAGE - 1)}, at, old, false);
}

void pgt_recursive_leaf_went(const struct edit *edit, uint64_t at, unsigned level, pgt_entry leaf)
{
    while (--level >= LEVEL_4K)
        table_changed(edit, at, level, leaf);
}

/* ---- tables that come --------------------------------------------------- */

static void fill_table(const struct edit *edit, pgt_entry old, unsigned level)
{
    const struct pgt_mmu *mmu = edit->recursive->window->mmu;
    if (!entry_present(old)) {
        mmu->zero(mmu->context, edit->scratch);
        return;
    }
    for (unsigned i = 0; i < PGT_ENTRIES; i++)
        store_at(edit->recursive, edit->scratch + i * sizeof(pgt_entry), leaf_part(old, level, i));
}

/* A table that maps what the current entry maps, before any entry leads to it. */
static uint64_t take_table(const struct edit *edit)
{
    const struct pgt_frames *frames = &space_of(edit)->frames;
    uint64_t frame = frames->take(frames->context);
    enum pgt_status status = pgt_window_point(edit->recursive->window, edit->scratch, frame);
    pgt_assert(status == PGT_OK);
    (void)status;
    fill_table(edit, edit->cursor.entry, edit->cursor.level);
    return frame;
}

void pgt_recursive_make_table(struct edit *edit)
{
    struct cursor *cursor = &edit->cursor;
    const struct pgt_mmu *mmu = edit->recursive->window->mmu;
    pgt_entry link = entry_to_table(take_table(edit), 0);
    for (;;) {
        uint64_t old = cursor->entry.raw;
        cursor->entry.raw = mmu->exchange(mmu->context, current_address(edit), old, link.raw);
        if (cursor->entry.raw == old)
            break;
        /* The processor marked the leaf meanwhile: its parts inherit that. */
        fill_table(edit, cursor->entry, cursor->level);
    }
    if (entry_present(cursor->entry))
        pgt_recursive_leaf_went(edit, cursor->at, cursor->level, cursor->entry);
    descend(edit);
}

/* ---- tables that go ----------------------------------------------------- */

/* Shall the table of a level in which `at` lies stay, even if it is empty? */
static bool is_kept(const struct edit *edit, uint64_t at, unsigned level)
{
    const struct pgt_space *space = space_of(edit);
    unsigned top = space->arch.levels;
    uint64_t window = edit->recursive->window->place.last & linear_all(&space->arch).last;
    if (level + 1 == top && slot_is_upper(space, level_index(at, top)))
        return true;
    return !edit->drops_all && window >> level_shift(level + 1) == at >> level_shift(level + 1);
}

/* Looks first behind the entry that was cleared last, where one is likely to be present. */
static __attribute__((noinline)) bool is_empty(const struct edit *edit, uint64_t at, unsigned level)
{
    uint64_t table = entry_address(edit->recursive, at, level) & ~(PGT_PAGE - 1);
    for (unsigned i = 1; i <= PGT_ENTRIES; i++) {
        unsigned index = (level_index(at, level) + i) % PGT_ENTRIES;
        if (entry_present(load_at(edit->recursive, table + index * sizeof(pgt_entry))))
            return false;
    }
    return true;
}

/* Takes the table of a level in which `at` lies out of the one above if it is empty. */
static __attribute__((noinline)) bool drop_if_empty(const struct edit *edit, uint64_t at,
                                                    unsigned level)
{
    const struct pgt_frames *frames = &space_of(edit)->frames;
    if (is_kept(edit, at, level) || !is_empty(edit, at, level))
        return false;
    uint64_t above = entry_address(edit->recursive, at, level + 1);
    pgt_entry link = load_at(edit->recursive, above);
    store_at(edit->recursive, above, (pgt_entry){0});
    table_changed(edit, at, level, link);
    frames->give(frames->context, entry_table(link));
    return true;
}

bool pgt_recursive_next(struct edit *edit)
{
    struct cursor *cursor = &edit->cursor;
    uint64_t last = cursor->at | level_mask(cursor->level);
    bool done = last >= cursor->range.last, dropping = edit->drops;
    /* From the lowest level up; above a table that stays none can be empty. */
    while (cursor->level < space_of(edit)->arch.levels &&
           (done || level_index(last + 1, cursor->level) == 0)) {
        dropping = dropping && drop_if_empty(edit, cursor->at, cursor->level);
        cursor->level++;
    }
    if (done)
        return false;
    cursor->at = last + 1;
    descend(edit);
    return true;
}
