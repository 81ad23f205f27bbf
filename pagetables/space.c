/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of an address space: made empty, made on a shared upper, adopted,
 * sealed, given away, destroyed.
 */
#include "pagetables/space.h"

enum pgt_status pgt_range(const struct pgt_arch *arch, uint64_t virt, uint64_t bytes,
                          struct range *ret_range)
{
    if ((virt | bytes) & (PGT_PAGE - 1))
        return PGT_MISALIGNED;
    if (bytes == 0 || bytes - 1 > UINT64_MAX - virt)
        return PGT_BAD_RANGE;
    uint64_t last = virt + (bytes - 1);
    /* Both ends canonical and in one half: then all between is canonical. */
    if (!is_canonical(arch, virt) || !is_canonical(arch, last) || (virt ^ last) >> 63)
        return PGT_BAD_RANGE;
    *ret_range = (struct range){virt, last};
    return PGT_OK;
}

void pgt_fill_empty(pgt_entry *table)
{
    for (unsigned i = 0; i < PGT_ENTRIES; i++)
        table[i] = (pgt_entry){0};
}

void pgt_fill_split(pgt_entry *table, pgt_entry leaf, unsigned level)
{
    for (unsigned i = 0; i < PGT_ENTRIES; i++)
        table[i] = leaf_part(leaf, level, i);
}

void pgt_free_tables(struct pgt_space *space, uint64_t table, unsigned level, unsigned live)
{
    if (level > LEVEL_4K) {
        const pgt_entry *entry = table_at(&space->frames, table);
        for (unsigned i = 0; i < PGT_ENTRIES && live > 0; i++) {
            if (!entry_present(entry[i]))
                continue;
            live--;
            if (!entry_is_leaf(entry[i], level))
                pgt_free_tables(space, entry_table(entry[i]), level - 1, entry_count(entry[i]));
        }
    }
    table_give(space, table);
}

enum pgt_status pgt_init(struct pgt_space *space, const struct pgt_arch *arch,
                         const struct pgt_frames *frames)
{
    pgt_assert(arch->levels == 4 || arch->levels == 5);
    pgt_assert(arch->physical_bits >= 32 && arch->physical_bits <= 52);
    if (!frames_reserve(frames, 1))
        return PGT_NO_FRAMES;
    *space = (struct pgt_space){.arch = *arch, .frames = *frames, .upper_slot = PGT_ENTRIES};
    space->root = table_take(space);
    pgt_fill_empty(space_root(space));
    return PGT_OK;
}

enum pgt_status pgt_seal(struct pgt_space *space, uint64_t start)
{
    if (start & level_mask(space->arch.levels))
        return PGT_MISALIGNED;
    if (!is_canonical(&space->arch, start))
        return PGT_BAD_RANGE;
    if (space->upper || space->upper_slot != PGT_ENTRIES)
        return PGT_SEALED;
    space->upper_slot = level_index(start, space->arch.levels);
    /* From here on these entries stay as they are, in this root and in every
     * copy, while what they lead to goes on changing: so they carry no count. */
    pgt_entry *root = space_root(space);
    for (unsigned i = space->upper_slot; i < PGT_ENTRIES; i++)
        if (entry_present(root[i]))
            entry_store(&root[i], entry_with_count(root[i], 0));
    return PGT_OK;
}

enum pgt_status pgt_init_on(struct pgt_space *space, struct pgt_space *upper,
                            const struct pgt_frames *frames)
{
    pgt_assert(!upper->upper && upper->upper_slot < PGT_ENTRIES);
    enum pgt_status status = pgt_init(space, &upper->arch, frames);
    if (status)
        return status;
    const pgt_entry *from = space_root(upper);
    pgt_entry *to = space_root(space);
    for (unsigned i = upper->upper_slot; i < PGT_ENTRIES; i++)
        to[i] = from[i];
    space->upper = upper;
    space->upper_slot = upper->upper_slot;
    upper->dependents++;
    return PGT_OK;
}

/* Root slots whose tables belong to the space itself. */
static unsigned own_slots(const struct pgt_space *space)
{
    return space->upper ? space->upper_slot : PGT_ENTRIES;
}

/* Calls for each entry of the space's own tables that refers to a table, those
 * below it first, and stores what `change` makes of it. */
static void each_table_entry(const struct pgt_frames *frames, pgt_entry *table, unsigned level,
                             unsigned slots, pgt_entry (*change)(pgt_entry, const pgt_entry *))
{
    for (unsigned i = 0; level > LEVEL_4K && i < slots; i++) {
        if (!entry_present(table[i]) || entry_is_leaf(table[i], level))
            continue;
        pgt_entry *below = table_at(frames, entry_table(table[i]));
        each_table_entry(frames, below, level - 1, PGT_ENTRIES, change);
        entry_store(&table[i], change(table[i], below));
    }
}

static pgt_entry counted(pgt_entry entry, const pgt_entry *table)
{
    unsigned live = 0;
    for (unsigned i = 0; i < PGT_ENTRIES; i++)
        live += entry_present(table[i]);
    return entry_with_count(entry, live);
}

static pgt_entry uncounted(pgt_entry entry, const pgt_entry *table)
{
    (void)table;
    return entry_with_count(entry, 0);
}

enum pgt_status pgt_adopt(struct pgt_space *space, const struct pgt_arch *arch,
                          const struct pgt_frames *frames, uint64_t root)
{
    pgt_assert(arch->levels == 4 || arch->levels == 5);
    pgt_assert(arch->physical_bits >= 32 && arch->physical_bits <= 52);
    struct audit audit = {
        .arch = arch,
        .frames = frames,
        .levels = arch->levels,
        .own_slots = PGT_ENTRIES,
        .sealed_slot = PGT_ENTRIES,
    };
    if (root & (PGT_PAGE - 1))
        return PGT_MISALIGNED;
    if (!pgt_audit(&audit, root))
        return PGT_MALFORMED;
    *space = (struct pgt_space){
        .arch = *arch,
        .frames = *frames,
        .root = root,
        .upper_slot = PGT_ENTRIES,
        .root_live = audit.root_live,
        .tables = audit.tables,
    };
    each_table_entry(frames, space_root(space), arch->levels, PGT_ENTRIES, counted);
    return PGT_OK;
}

void pgt_disown(struct pgt_space *space)
{
    each_table_entry(&space->frames, space_root(space), space->arch.levels, own_slots(space),
                     uncounted);
}

enum pgt_status pgt_destroy(struct pgt_space *space)
{
    if (space->dependents)
        return PGT_BUSY;
    pgt_entry *root = space_root(space);
    for (unsigned i = 0; i < own_slots(space); i++)
        if (entry_present(root[i]))
            pgt_free_tables(space, entry_table(root[i]), space->arch.levels - 1,
                            slot_is_upper(space, i) ? PGT_ENTRIES : entry_count(root[i]));
    table_give(space, space->root);
    if (space->upper)
        space->upper->dependents--;
    return PGT_OK;
}
