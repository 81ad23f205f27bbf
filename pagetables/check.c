/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structural checker: every rule that tables of this library keep.
 */
#include "pagetables/space.h"

/* Where an entry was found: the tables above it, to notice one that refers back. */
struct place {
    unsigned level;
    uint64_t virt;
    uint64_t above[5]; /* physical addresses by level, from `level` to the root's */
};

static bool broken(struct audit *audit, const struct place *place, pgt_entry entry,
                   const char *rule)
{
    audit->fault = (struct pgt_fault){place->virt, entry.raw, place->level, rule};
    return false;
}

/* Address bits that are reserved at this width (SDM 4.4.4 and table 4-14 on). */
static uint64_t reserved_address(const struct pgt_arch *arch)
{
    return ENTRY_ADDRESS & ~((UINT64_C(1) << arch->physical_bits) - 1);
}

static const char *leaf_rule(const struct audit *audit, pgt_entry entry, unsigned level)
{
    if (level > arch_largest_level(audit->arch))
        return level > LEVEL_1G ? "the page-size bit is reserved at this level"
                                : "the processor has no 1G pages";
    if (entry.raw & reserved_address(audit->arch))
        return "a physical address beyond the processor's width";
    if (level > LEVEL_4K && (entry.raw & ENTRY_ADDRESS & level_mask(level) & ~ENTRY_PAT_LARGE))
        return "reserved bits set below the address of a large page";
    if ((entry.raw & ENTRY_XD) && !audit->arch->no_execute)
        return "execute-disable is reserved on this processor";
    return NULL;
}

static const char *table_rule(const struct audit *audit, pgt_entry entry,
                              const struct place *place)
{
    if ((entry.raw & ENTRY_TABLE & ~(ENTRY_ACCESSED | ENTRY_DIRTY)) !=
        (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER))
        return "an entry above a leaf withholds the right to write or the user's access";
    if (entry.raw & ENTRY_XD)
        return "an entry above a leaf withholds the right to execute";
    if (entry.raw & (ENTRY_PWT | ENTRY_PCD))
        return "an entry above a leaf asks for a memory type for its table";
    if (entry.raw & reserved_address(audit->arch))
        return "a table beyond the processor's physical-address width";
    for (unsigned level = place->level; level <= audit->levels; level++)
        if (place->above[level - 1] == entry_table(entry))
            return "a table refers to one above it";
    return NULL;
}

/* The entry's count against what was found below it. */
static const char *count_rule(const struct audit *audit, pgt_entry entry,
                              const struct place *place, unsigned live)
{
    bool sealed = place->level == audit->levels &&
                  level_index(place->virt, place->level) >= audit->sealed_slot;
    if (live == 0 && !sealed)
        return "an empty table";
    if (audit->counts && entry_count(entry) != (sealed ? 0 : live))
        return "a live count that is not the number of present entries";
    return NULL;
}

static bool audit_table(struct audit *audit, struct place place, unsigned slots,
                        unsigned *ret_live);

static bool audit_entry(struct audit *audit, struct place *place, pgt_entry entry)
{
    unsigned level = place->level;
    const char *rule;
    if (entry_is_leaf(entry, level)) {
        rule = leaf_rule(audit, entry, level);
        return rule ? broken(audit, place, entry, rule) : true;
    }
    rule = table_rule(audit, entry, place);
    if (rule)
        return broken(audit, place, entry, rule);
    struct place below = *place;
    below.level = level - 1;
    below.above[level - 2] = entry_table(entry);
    unsigned live;
    if (!audit_table(audit, below, PGT_ENTRIES, &live))
        return false;
    rule = count_rule(audit, entry, place, live);
    return rule ? broken(audit, place, entry, rule) : true;
}

static bool audit_table(struct audit *audit, struct place place, unsigned slots, unsigned *ret_live)
{
    const pgt_entry *table = table_at(audit->frames, place.above[place.level - 1]);
    unsigned live = 0;
    audit->tables++;
    for (unsigned i = 0; i < slots; i++) {
        pgt_entry entry = entry_load(&table[i]);
        if (!entry_present(entry))
            continue;
        live++;
        struct place here = place;
        here.virt |= (uint64_t)i << level_shift(place.level);
        here.virt = canonical_form(audit->arch, here.virt);
        if (!audit_entry(audit, &here, entry))
            return false;
    }
    *ret_live = live;
    return true;
}

bool pgt_audit(struct audit *audit, uint64_t root)
{
    struct place place = {.level = audit->levels};
    if (root & ~ENTRY_ADDRESS || root & reserved_address(audit->arch))
        return broken(audit, &place, (pgt_entry){root}, "a root that CR3 can't hold");
    place.above[audit->levels - 1] = root;
    return audit_table(audit, place, audit->own_slots, &audit->root_live);
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
    struct audit audit = {
        .arch = &space->arch,
        .frames = &space->frames,
        .counts = true,
        .levels = space->arch.levels,
        .own_slots = space->upper ? space->upper_slot : PGT_ENTRIES,
        .sealed_slot = space->upper_slot,
    };
    if (!pgt_audit(&audit, space->root)) {
        *ret_fault = audit.fault;
        return PGT_MALFORMED;
    }
    const char *rule = NULL;
    if (audit.tables != space->tables)
        rule = "the number of tables that the space says it owns";
    else if (audit.root_live != space->root_live)
        rule = "the number of present root entries that the space remembers";
    if (rule) {
        *ret_fault = (struct pgt_fault){0, space->root, space->arch.levels + 1u, rule};
        return PGT_MALFORMED;
    }
    return space->upper && !shares_upper(space, ret_fault) ? PGT_MALFORMED : PGT_OK;
}
