/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading tables.  Nothing here writes, not even accessed bits.
 */
#include "pagetables/space.h"

static struct pgt_leaf describe(const struct pgt_space *space, pgt_entry entry, unsigned level,
                                uint64_t virt)
{
    uint64_t attributes = leaf_attributes(entry, level);
    return (struct pgt_leaf){
        .virt = virt & ~level_mask(level),
        .phys = leaf_phys(entry, level),
        .bytes = level_mask(level) + 1,
        .rights = rights_of_attributes(attributes),
        .memory = memory_of_attributes(&space->arch, attributes),
        .accessed = attributes & ENTRY_ACCESSED,
        .dirty = attributes & ENTRY_DIRTY,
    };
}

bool pgt_lookup(const struct pgt_space *space, uint64_t virt, struct pgt_leaf *ret_leaf)
{
    if (!is_canonical(&space->arch, virt))
        return false;
    const pgt_entry *table = space_root(space);
    for (unsigned level = space->arch.levels;; level--) {
        pgt_entry entry = entry_load(&table[level_index(virt, level)]);
        if (!entry_present(entry))
            return false;
        if (entry_is_leaf(entry, level)) {
            *ret_leaf = describe(space, entry, level, virt);
            return true;
        }
        table = table_at(&space->frames, entry_table(entry));
    }
}

/* The first leaf at or above virt in a table that covers virt. */
static bool next_in_table(const struct pgt_space *space, const pgt_entry *table, unsigned level,
                          uint64_t virt, struct pgt_leaf *ret_leaf)
{
    for (unsigned i = level_index(virt, level);;) {
        pgt_entry entry = entry_load(&table[i]);
        if (entry_present(entry) && entry_is_leaf(entry, level)) {
            *ret_leaf = describe(space, entry, level, virt);
            return true;
        }
        if (entry_present(entry) && next_in_table(space, table_at(&space->frames, entry_table(entry)),
                                                  level - 1, virt, ret_leaf))
            return true;
        if (++i == PGT_ENTRIES)
            return false;
        virt = (virt | level_mask(level)) + 1;
        if (level == space->arch.levels)
            virt = canonical_form(&space->arch, virt);
    }
}

bool pgt_next(const struct pgt_space *space, uint64_t virt, struct pgt_leaf *ret_leaf)
{
    /* From inside the hole the next address that can be mapped is the first of
     * the upper half. */
    uint64_t lower_last = (UINT64_C(1) << (11 + PGT_INDEX_BITS * space->arch.levels)) - 1;
    if (!is_canonical(&space->arch, virt))
        virt = ~lower_last;
    return next_in_table(space, space_root(space), space->arch.levels, virt, ret_leaf);
}

static size_t list_tables(const struct pgt_space *space, uint64_t table, unsigned level,
                          unsigned slots, size_t count, uint64_t *frame, size_t capacity)
{
    const pgt_entry *entry = table_at(&space->frames, table);
    if (count < capacity)
        frame[count] = table;
    count++;
    for (unsigned i = 0; level > LEVEL_4K && i < slots; i++)
        if (entry_present(entry[i]) && !entry_is_leaf(entry[i], level))
            count = list_tables(space, entry_table(entry[i]), level - 1, PGT_ENTRIES, count, frame,
                                capacity);
    return count;
}

size_t pgt_tables(const struct pgt_space *space, uint64_t *frame, size_t capacity)
{
    unsigned slots = space->upper ? space->upper_slot : PGT_ENTRIES;
    return list_tables(space, space->root, space->arch.levels, slots, 0, frame, capacity);
}
