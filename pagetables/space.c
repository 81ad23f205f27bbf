/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of an address space: made empty, made on a shared upper, adopted, sealed,
 * given away, destroyed.
 */
#include "pagetables/walk.h"

enum pgt_status pgt_range(const struct pgt_arch *arch, uint64_t virt, uint64_t bytes,
                          struct range *ret_range)
{
    if (virt % PGT_PAGE || bytes % PGT_PAGE)
        return PGT_MISALIGNED;
    if (bytes == 0 || bytes - 1 > UINT64_MAX - virt)
        return PGT_BAD_RANGE;
    uint64_t last = virt + (bytes - 1);
    /* Both ends canonical, and too near to be in two halves: then all between is canonical. */
    if (!is_canonical(arch, virt) || !is_canonical(arch, last) || bytes > linear_half(arch))
        return PGT_BAD_RANGE;
    *ret_range = (struct range){virt, last};
    return PGT_OK;
}

enum pgt_status pgt_own_range(const struct pgt_space *space, uint64_t virt, uint64_t bytes,
                              struct range *ret_range)
{
    struct range range;
    enum pgt_status status = pgt_range(&space->arch, virt, bytes, &range);
    if (status)
        return status;
    range = linear_range(&space->arch, range);
    if (range_is_foreign(space, range))
        return PGT_SEALED;
    *ret_range = range;
    return PGT_OK;
}

void pgt_tell_global(struct pgt_space *space, uint64_t linear, unsigned lowest)
{
    pgt_entry *table = space_root(space);
    for (unsigned level = space->arch.levels; level > lowest; level--) {
        pgt_entry *slot = &table[level_index(linear, level)];
        pgt_entry entry = entry_load(slot);
        if (!(entry.raw & ENTRY_GLOBAL_BELOW) && !is_sealed_root(space, level, linear))
            entry_store(slot, (pgt_entry){entry.raw | ENTRY_GLOBAL_BELOW});
        table = table_at(&space->frames, entry_table(entry));
    }
}

void pgt_fill_empty(const struct pgt_space *space, pgt_entry *table)
{
    if (!space->frames.zeroed)
        clear_unseen(table, PGT_ENTRIES);
}

void pgt_fill_split(pgt_entry *table, pgt_entry leaf, unsigned level)
{
    fill_leaves(table, PGT_ENTRIES, leaf_part(leaf, level, 0), level_mask(level - 1) + 1);
}

/* Most of what a large unmapping costs is here; little is kept across the calls, since this is
 * where the stack is deepest. */
void pgt_give_directory(struct pgt_space *space, uint64_t directory, unsigned live)
{
    for (unsigned i = 0; i < PGT_ENTRIES && live > 0; i++) {
        pgt_entry entry = entry_load(&table_at(&space->frames, directory)[i]);
        if (!entry_present(entry))
            continue;
        live--;
        if (!entry_is_leaf(entry, LEVEL_2M))
            table_give(space, entry_table(entry));
    }
    table_give(space, directory);
}

/* Pages that have nothing unusual about them: canonical, and the space's own.  Both halves are one
 * range, which wraps: -2^47 to 2^47 with four levels.  Where an upper is shared it is the lower half
 * alone, or what of that is below the upper. */
static void plain_pages(struct pgt_space *space)
{
    const uint64_t half = linear_all(&space->arch).last / 2 + 1;
    const uint64_t own = space->upper_start < half ? space->upper_start : half;
    space->plain_start = space->upper ? 0 : -half;
    space->plain_bytes = !arch_is_usual(&space->arch) ? 0 : space->upper ? own : 2 * half;
}

static void start_space(struct pgt_space *space, const struct pgt_arch *arch,
                        const struct pgt_frames *frames, uint64_t root)
{
    *space = (struct pgt_space){.arch = *arch,
                                .frames = *frames,
                                .root = root,
                                .upper_slot = PGT_ENTRIES,
                                .upper_start = UINT64_MAX};
    plain_pages(space);
}

enum pgt_status pgt_init(struct pgt_space *space, const struct pgt_arch *arch,
                         const struct pgt_frames *frames)
{
    pgt_assert(arch_is_sane(arch));
    if (!frames_reserve(frames, 1))
        return PGT_NO_FRAMES;
    start_space(space, arch, frames, frames->take(frames->context));
    pgt_fill_empty(space, space_root(space));
    return PGT_OK;
}

/* Root slots of [first, end) that have no table yet. */
static size_t absent_slots(const struct pgt_space *space, unsigned first, unsigned end)
{
    const pgt_entry *root = space_root(space);
    size_t absent = 0;
    for (unsigned i = first; i < end; i++)
        absent += !entry_present(root[i]);
    return absent;
}

static void populate_slots(struct pgt_space *space, unsigned first, unsigned end)
{
    pgt_entry *root = space_root(space);
    for (unsigned i = first; i < end; i++) {
        if (entry_present(root[i]))
            continue;
        uint64_t table = table_take(space);
        pgt_fill_empty(space, table_at(&space->frames, table));
        entry_store(&root[i], entry_to_table(table, 0));
        space->root_live++;
    }
}

enum pgt_status pgt_seal(struct pgt_space *space, uint64_t start, unsigned populate)
{
    if (start & level_mask(space->arch.levels))
        return PGT_MISALIGNED;
    if (!is_canonical(&space->arch, start) || start == 0)
        return PGT_BAD_RANGE;
    if (space->upper || space->upper_slot != PGT_ENTRIES)
        return PGT_SEALED;
    unsigned first = level_index(start, space->arch.levels);
    if (populate > PGT_ENTRIES - first)
        return PGT_BAD_RANGE;
    if (!frames_reserve(&space->frames, absent_slots(space, first, first + populate)))
        return PGT_NO_FRAMES;
    populate_slots(space, first, first + populate);
    space->upper_slot = first;
    space->upper_start = start;
    /* From here on these entries stay as they are, in this root and in every
     * copy, while what they lead to goes on changing: so they carry no count. */
    pgt_entry *root = space_root(space);
    for (unsigned i = first; i < PGT_ENTRIES; i++)
        if (entry_present(root[i]))
            entry_store(&root[i], entry_plain(root[i]));
    return PGT_OK;
}

enum pgt_status pgt_init_on(struct pgt_space *space, struct pgt_space *upper,
                            const struct pgt_frames *frames)
{
    pgt_assert(!upper->upper && upper->upper_slot < PGT_ENTRIES);
    if (!frames_reserve(frames, 1))
        return PGT_NO_FRAMES;
    unsigned shared = upper->upper_slot;
    start_space(space, &upper->arch, frames, frames->take(frames->context));
    pgt_entry *root = space_root(space);
    if (!frames->zeroed)
        clear_unseen(root, shared);
    /* These entries don't change any more, so nobody writes them meanwhile. */
    __builtin_memcpy(root + shared, space_root(upper) + shared,
                     (PGT_ENTRIES - shared) * sizeof(*root));
    space->upper = upper;
    space->upper_slot = shared;
    space->upper_start = upper->upper_start;
    plain_pages(space);
    __atomic_fetch_add(&upper->dependents, 1, __ATOMIC_RELAXED);
    return PGT_OK;
}

/* Counts present entries on the way down, and keeps the counts on the way up. */
static enum walk_next count_entry(struct walk *walk, void *context)
{
    const struct pgt_space *space = context;
    pgt_entry entry = walk_load(walk);
    if (!entry_present(entry))
        return WALK_ON;
    walk_here(walk)->live++;
    if (!entry_is_leaf(entry, walk->level))
        return walk_into(walk, space, entry_plain(entry));
    walk_here(walk)->global |= (entry.raw & ENTRY_GLOBAL) != 0;
    return WALK_ON;
}

static void count_leave(struct walk *walk, void *context)
{
    (void)context;
    pgt_entry *slot = walk_slot_above(walk);
    pgt_entry entry = entry_with_count(entry_plain(entry_load(slot)), walk_here(walk)->live);
    if (walk_here(walk)->global)
        entry.raw |= ENTRY_GLOBAL_BELOW;
    walk_above(walk)->global |= walk_here(walk)->global;
    entry_store(slot, entry);
}

static __attribute__((noinline)) void count_all(struct pgt_space *space)
{
    struct walk walk;
    walk_start(&walk, space, own_range(space));
    walk_range(&walk, space, count_entry, count_leave);
}

/* Apart from the rest, and so never on the stack together with it. */
static __attribute__((noinline)) bool audit_adopted(struct pgt_space *space)
{
    struct audit audit = {.space = space};
    if (!pgt_audit(&audit))
        return false;
    space->root_live = audit.root_live;
    return true;
}

enum pgt_status pgt_adopt(struct pgt_space *space, const struct pgt_arch *arch,
                          const struct pgt_frames *frames, uint64_t root)
{
    pgt_assert(arch_is_sane(arch));
    if (root & (PGT_PAGE - 1))
        return PGT_MISALIGNED;
    struct pgt_space adopted;
    start_space(&adopted, arch, frames, root);
    if (!audit_adopted(&adopted))
        return PGT_MALFORMED;
    *space = adopted;
    count_all(space);
    return PGT_OK;
}

static enum walk_next disown_entry(struct walk *walk, void *context)
{
    const struct pgt_space *space = context;
    pgt_entry entry = walk_load(walk);
    if (!entry_present(entry) || entry_is_leaf(entry, walk->level))
        return WALK_ON;
    entry_store(walk_slot(walk), entry_plain(entry));
    return walk->level - 1 > LEVEL_4K ? walk_into(walk, space, entry) : WALK_ON;
}

void pgt_disown(struct pgt_space *space)
{
    struct walk walk;
    walk_start(&walk, space, own_range(space));
    walk_range(&walk, space, disown_entry, walk_leave);
}

static enum walk_next destroy_entry(struct walk *walk, void *context)
{
    return walk_doomed(walk, context);
}

static void destroy_leave(struct walk *walk, void *context)
{
    walk_settle(walk, context);
}

static __attribute__((noinline)) void destroy_tables(struct pgt_space *space)
{
    struct walk walk;
    walk_start(&walk, space, own_range(space));
    walk.step[walk.top - 1].doomed = true;
    walk_range(&walk, space, destroy_entry, destroy_leave);
}

enum pgt_status pgt_destroy(struct pgt_space *space)
{
    if (__atomic_load_n(&space->dependents, __ATOMIC_ACQUIRE))
        return PGT_BUSY;
    if (space->root_live > 0)
        destroy_tables(space);
    table_give(space, space->root);
    if (space->upper)
        __atomic_fetch_sub(&space->upper->dependents, 1, __ATOMIC_RELEASE);
    return PGT_OK;
}
