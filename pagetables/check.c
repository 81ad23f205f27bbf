/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structural checker: every rule that tables of this library keep.
 */
#include "pagetables/walk.h"

/* Address bits that are reserved at this width (SDM 4.4.4 and table 4-14 on). */
static uint64_t reserved_address(const struct pgt_arch *arch)
{
    return ENTRY_ADDRESS & ~((UINT64_C(1) << arch->physical_bits) - 1);
}

static const char *leaf_rule(const struct pgt_arch *arch, pgt_entry entry, unsigned level)
{
    if (level > arch_largest_level(arch))
        return level > LEVEL_1G ? "the page-size bit is reserved at this level"
                                : "the processor has no 1G pages";
    if (entry.raw & reserved_address(arch))
        return "a physical address beyond the processor's width";
    if (level > LEVEL_4K && (entry.raw & ENTRY_ADDRESS & level_mask(level) & ~ENTRY_PAT_LARGE))
        return "reserved bits set below the address of a large page";
    if ((entry.raw & ENTRY_XD) && !arch->no_execute)
        return "execute-disable is reserved on this processor";
    return NULL;
}

static const char *table_rule(const struct walk *walk, const struct pgt_space *space,
                              pgt_entry entry)
{
    const uint64_t needed = ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER;
    if ((entry.raw & needed) != needed || (entry.raw & ENTRY_XD))
        return "an entry above a leaf withholds a right";
    if (entry.raw & (ENTRY_PWT | ENTRY_PCD))
        return "an entry above a leaf asks for a memory type for its table";
    if (entry.raw & reserved_address(&space->arch))
        return "a table beyond the processor's physical-address width";
    for (unsigned level = walk->level; level <= walk->top; level++)
        if (walk->step[level - 1].table == table_at(&space->frames, entry_table(entry)))
            return "a table refers to itself or to one above it";
    return NULL;
}

static enum walk_next broken(const struct walk *walk, struct audit *audit, pgt_entry entry,
                             unsigned level, const char *rule)
{
    uint64_t virt = canonical_form(&audit->space->arch, walk->part.first & ~level_mask(level));
    audit->fault = (struct pgt_fault){virt, entry.raw, level, rule};
    return WALK_STOP;
}

static enum walk_next audit_entry(struct walk *walk, void *context)
{
    struct audit *audit = context;
    const struct pgt_space *space = audit->space;
    pgt_entry entry = entry_load(walk_slot(walk));
    if (audit->fault.rule)
        return WALK_STOP; /* found when a table was left */
    if (!entry_present(entry))
        return WALK_ON;
    walk_here(walk)->live++;
    bool leaf = entry_is_leaf(entry, walk->level);
    const char *rule =
        leaf ? leaf_rule(&space->arch, entry, walk->level) : table_rule(walk, space, entry);
    if (rule)
        return broken(walk, audit, entry, walk->level, rule);
    walk_here(walk)->global |= leaf && (entry.raw & ENTRY_GLOBAL);
    if (leaf)
        return WALK_ON;
    return walk_into(walk, space, entry_plain(entry));
}

/* The count of the entry that leads to a table against what was found in it. */
static void audit_leave(struct walk *walk, void *context)
{
    struct audit *audit = context;
    bool sealed = walk_leaves_upper(walk, audit->space);
    unsigned live = walk_here(walk)->live;
    pgt_entry entry = entry_load(walk_slot_above(walk));
    const char *rule = NULL;
    if (audit->fault.rule)
        return;
    /* Right below the root a seal, or whoever built adopted tables, may keep empty ones. */
    if (live == 0 && walk->level + 1 < walk->top)
        rule = "an empty table";
    else if (audit->counts && entry_count(entry) != (sealed ? 0 : live))
        rule = "a live count that is not the number of present entries";
    else if (audit->counts && !sealed && walk_here(walk)->global &&
             !(entry.raw & ENTRY_GLOBAL_BELOW))
        rule = "a global leaf below an entry that does not tell";
    walk_above(walk)->global |= walk_here(walk)->global;
    if (rule)
        broken(walk, audit, entry, walk->level + 1, rule);
}

bool pgt_audit(struct audit *audit)
{
    const struct pgt_space *space = audit->space;
    if (space->root & (~ENTRY_ADDRESS | reserved_address(&space->arch))) {
        audit->fault = (struct pgt_fault){0, space->root, space->arch.levels + 1u,
                                          "a root that CR3 can't hold"};
        return false;
    }
    struct walk walk;
    walk_start(&walk, space, own_range(space));
    struct walk_step *root = &walk.step[walk.top - 1];
    root->live = 0;
    walk_range(&walk, audit, audit_entry, audit_leave);
    audit->root_live = root->live;
    return !audit->fault.rule;
}

/* A dependent's root slots above the split are the upper's, to the bit. */
static bool shares_upper(const struct pgt_space *space, struct pgt_fault *ret_fault)
{
    const pgt_entry *own = space_root(space);
    const pgt_entry *upper = space_root(space->upper);
    for (unsigned i = space->upper_slot; i < PGT_ENTRIES; i++) {
        if (own[i].raw == upper[i].raw)
            continue;
        unsigned level = space->arch.levels;
        *ret_fault = (struct pgt_fault){
            canonical_form(&space->arch, (uint64_t)i << level_shift(level)), own[i].raw, level,
            "a root slot of the shared upper that is not the upper's"};
        return false;
    }
    return true;
}

enum pgt_status pgt_check(const struct pgt_space *space, struct pgt_fault *ret_fault)
{
    struct audit audit = {.space = space, .counts = true};
    bool sound = pgt_audit(&audit);
    if (sound && audit.root_live != space->root_live) {
        sound = false;
        audit.fault = (struct pgt_fault){0, space->root, space->arch.levels + 1u,
                                         "the space remembers another number of entries "
                                         "in its root"};
    }
    if (!sound) {
        *ret_fault = audit.fault;
        return PGT_MALFORMED;
    }
    return space->upper && !shares_upper(space, ret_fault) ? PGT_MALFORMED : PGT_OK;
}
