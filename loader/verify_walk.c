/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier's walk.  Nothing here comes from pagetables/ but the vocabulary of a plan;
 * what an entry's bits mean is written down once more, from the SDM, volume 3A, 4.5
 * (4- and 5-level paging), tables 4-14 to 4-20:
 *
 *   63 62..59 58..52 51..M M-1..12  11..9  8   7  6 5 4   3   2  1  0
 *   XD  key    ign.   res.  frame   ign.   G  PAT D A PCD PWT US RW P   4K leaf
 *   XD  key    ign.   res.  frame*  ign.   G  PS  D A PCD PWT US RW P   2M, 1G leaf
 *   XD     ignored    res.  frame   ign.  ign  0  i A PCD PWT US RW P   names a table
 *
 * M is the physical width.  * Bit 12 is PAT there, and from bit 13 up to the leaf's size
 * all is reserved.  Protection keys have no meaning while CR4.PKE and PKS are off, which
 * the handoff sees to.
 *
 * The walk is bounded whatever memory holds.  It ends at the first violation; each
 * leaf that is none brings the visitor further through the plan, so there are at most as
 * many as the plan has pages; and a table without any leaf is a violation, except right
 * below a root, where a shared upper may keep empty ones.  So a table that leads back to
 * itself costs a few levels, not 512 to their power.
 */
#include "loader/verify_walk.h"

#define PRESENT       (UINT64_C(1) << 0)
#define WRITABLE      (UINT64_C(1) << 1)
#define USER          (UINT64_C(1) << 2)
#define WRITE_THROUGH (UINT64_C(1) << 3)
#define CACHE_DISABLE (UINT64_C(1) << 4)
#define LARGE         (UINT64_C(1) << 7) /* PS: a leaf above the lowest level */
#define PAT_4K        (UINT64_C(1) << 7) /* the same bit at the lowest */
#define GLOBAL        (UINT64_C(1) << 8)
#define PAT_LARGE     (UINT64_C(1) << 12)
#define NO_EXECUTE    (UINT64_C(1) << 63)
#define ADDRESS       UINT64_C(0x000ffffffffff000)

#define ENTRIES 512
#define FRAME   UINT64_C(4096)

/* What of an entry above the leaves a processor acts on, accessed aside. */
#define TABLE_MEANING                                                                              \
    (PRESENT | WRITABLE | USER | WRITE_THROUGH | CACHE_DISABLE | LARGE | ADDRESS | NO_EXECUTE)

/* ---- entries ----------------------------------------------------------------- */

static uint64_t read_entry(const struct ldr_walk *walk, uint64_t table, unsigned index)
{
    return ((const uint64_t *)(uintptr_t)(table + walk->offset))[index];
}

/* How many bits of an address lie below a level's index. */
static unsigned shift_of(unsigned level)
{
    return 12 + 9 * (level - 1);
}

/* The first address below an entry, the sign bit extended (4.5.4). */
static uint64_t address_of(const struct ldr_walk *walk, uint64_t table_virt, unsigned level,
                           unsigned index)
{
    unsigned width = shift_of(walk->plan->arch.levels + 1u);
    uint64_t virt = table_virt + ((uint64_t)index << shift_of(level));

    return virt >> (width - 1) & 1 ? virt | ~UINT64_C(0) << width : virt;
}

/* A 4K entry always is a leaf, the others if bit 7 says so. */
static bool is_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || entry & LARGE;
}

/* The bits that shall be clear in a leaf or an entry that names a table. */
static uint64_t reserved_bits(const struct pgt_arch *arch, uint64_t entry, unsigned level)
{
    uint64_t reserved = ADDRESS & ~((UINT64_C(1) << arch->physical_bits) - 1);

    if (!arch->no_execute)
        reserved |= NO_EXECUTE;
    if (level >= 4 || (level == 3 && !arch->pages_1g))
        reserved |= LARGE;
    else if (level > 1 && is_leaf(entry, level))
        reserved |= ((UINT64_C(1) << shift_of(level)) - 1) & ADDRESS & ~PAT_LARGE;
    return reserved;
}

static unsigned rights_of(uint64_t entry)
{
    return PGT_READ | (entry & WRITABLE ? PGT_WRITE : 0) | (entry & USER ? PGT_USER : 0) |
           (entry & GLOBAL ? PGT_GLOBAL : 0) | (entry & NO_EXECUTE ? 0 : PGT_EXECUTE);
}

/* The memory type that a leaf selects in IA32_PAT (table 4-11). */
static unsigned type_of(const struct pgt_arch *arch, uint64_t entry, unsigned level)
{
    unsigned index = (entry & WRITE_THROUGH ? 1 : 0) + (entry & CACHE_DISABLE ? 2 : 0) +
                     (entry & (level == 1 ? PAT_4K : PAT_LARGE) ? 4 : 0);

    return arch->pat >> 8 * index & 0xff;
}

/* ---- tables ------------------------------------------------------------------ */

/* The run that covers virt, or null.  Runs ascend and don't overlap. */
static const struct ldr_run *run_at(const struct ldr_plan *plan, uint64_t virt)
{
    size_t low = 0, high = plan->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct pgt_mapping *map = &plan->run[middle].map;

        if (virt < map->virt)
            high = middle;
        else if (virt - map->virt >= map->bytes)
            low = middle + 1;
        else
            return &plan->run[middle];
    }
    return NULL;
}

/* Is the frame one of those from base on?  All are whole pages. */
static bool within(uint64_t frame, uint64_t base, uint64_t bytes)
{
    return frame - base < bytes;
}

/* What is wrong with a frame as a table, or null.  Asked before the table is read, which
 * also keeps the walk in memory that is known to be there. */
static const char *bad_table(const struct ldr_walk *walk, uint64_t frame)
{
    const struct ldr_plan *plan = walk->plan;
    const struct ldr_run *run = run_at(plan, frame + plan->hhdm);
    uint64_t stack = plan->guard_below - plan->hhdm;

    /* The particular reasons first: these frames are not writable memory either. */
    if (within(frame, plan->image_phys, plan->image_bytes))
        return "the table lies in the kernel image";
    if (frame == plan->handoff_phys)
        return "the table lies in the handoff page";
    if (within(frame, plan->handoff_phys + FRAME, plan->net_bytes))
        return "the table lies in the early-fault net";
    if (within(frame, stack, ldr_plan_last_guard(plan) - plan->guard_below + FRAME))
        return "the table lies in the stack or in a guard page";
    if (!run || run->map.virt - run->map.phys != plan->hhdm)
        return "the table is not in the direct map, so the kernel could not reach it";
    if (!(run->map.rights & PGT_WRITE) || run->map.memory != PGT_WRITE_BACK)
        return "the direct map does not hold the table as ordinary writable memory";
    return NULL;
}

/* What is wrong with an entry that names a table, or null. */
static const char *bad_link(const struct ldr_walk *walk, uint64_t entry, unsigned level)
{
    if (entry & reserved_bits(&walk->plan->arch, entry, level))
        return "reserved bits are set in an entry that names a table";
    if (~entry & (WRITABLE | USER) || entry & NO_EXECUTE)
        return "an entry above the leaves withholds a right";
    if (entry & (WRITE_THROUGH | CACHE_DISABLE))
        return "the table would not be read as write-back memory";
    return bad_table(walk, entry & ADDRESS);
}

static enum ldr_status walk_leaf(struct ldr_walk *walk, uint64_t virt, unsigned level,
                                 uint64_t entry)
{
    uint64_t bytes = UINT64_C(1) << shift_of(level);
    struct ldr_walk_leaf leaf = {
        .virt = virt,
        .phys = entry & ADDRESS & ~(bytes - 1),
        .bytes = bytes,
        .entry = entry,
        .level = level,
        .rights = rights_of(entry),
        .type = type_of(&walk->plan->arch, entry, level),
    };

    if (entry & reserved_bits(&walk->plan->arch, entry, level))
        return ldr_walk_refuse_leaf(walk, &leaf, "reserved bits are set in a leaf");
    walk->leaves[level - 1]++;
    return walk->visit(walk->context, &leaf);
}

static uint64_t leaves_so_far(const struct ldr_walk *walk)
{
    return walk->leaves[0] + walk->leaves[1] + walk->leaves[2];
}

/* Walks the first `end` entries of a table that bad_table() found nothing wrong with.
 * Calls itself at most levels - 1 deep. */
static enum ldr_status walk_table(struct ldr_walk *walk, uint64_t table, unsigned level,
                                  uint64_t table_virt, unsigned end)
{
    bool keeps_empty = level == walk->plan->arch.levels;

    walk->tables++;
    for (unsigned index = 0; index < end; index++) {
        uint64_t entry = read_entry(walk, table, index);
        uint64_t virt = address_of(walk, table_virt, level, index);
        uint64_t before = leaves_so_far(walk);
        enum ldr_status status;
        const char *rule;

        if (!(entry & PRESENT))
            continue;
        if (is_leaf(entry, level) && level < 4) {
            status = walk_leaf(walk, virt, level, entry);
        } else {
            /* From level 4 up bit 7 is reserved; bad_link() knows. */
            rule = bad_link(walk, entry, level);
            if (rule)
                return ldr_walk_refuse(walk, virt, level, entry, rule);
            status = walk_table(walk, entry & ADDRESS, level - 1, virt, ENTRIES);
            if (status == LDR_OK && leaves_so_far(walk) == before && !keeps_empty)
                status = ldr_walk_refuse(walk, virt, level, entry, "the table maps nothing");
        }
        if (status != LDR_OK)
            return status;
    }
    return LDR_OK;
}

enum ldr_status ldr_walk(struct ldr_walk *walk, unsigned end)
{
    unsigned levels = walk->plan->arch.levels;
    bool frame = !(walk->root & ~ADDRESS) && !(walk->root >> walk->plan->arch.physical_bits);
    const char *rule = frame ? bad_table(walk, walk->root) : "CR3 can't take this root";

    /* A root is named by CR3, one level above its own entries. */
    if (rule)
        return ldr_walk_refuse(walk, 0, levels + 1, walk->root, rule);
    return walk_table(walk, walk->root, levels, 0, end);
}

enum ldr_status ldr_walk_same_upper(const struct ldr_walk *walk, uint64_t other_root)
{
    unsigned levels = walk->plan->arch.levels;

    for (unsigned index = ENTRIES / 2; index < ENTRIES; index++) {
        uint64_t entry = read_entry(walk, walk->root, index);

        if ((entry ^ read_entry(walk, other_root, index)) & TABLE_MEANING)
            return ldr_walk_refuse(walk, address_of(walk, 0, levels, index), levels, entry,
                                   "the upper half is not the kernel root's");
    }
    return LDR_OK;
}

/* ---- refusing ---------------------------------------------------------------- */

enum ldr_status ldr_walk_refuse(const struct ldr_walk *walk, uint64_t virt, unsigned level,
                                uint64_t entry, const char *rule)
{
    return ldr_refuse(walk->report, LDR_BAD_TABLES,
                      "page tables: %s root, virtual address %016llx, level %u, entry %016llx: "
                      "%s; " LDR_WALK_ADVICE,
                      walk->name, (unsigned long long)virt, level, (unsigned long long)entry, rule);
}

enum ldr_status ldr_walk_refuse_leaf(const struct ldr_walk *walk, const struct ldr_walk_leaf *leaf,
                                     const char *rule)
{
    return ldr_walk_refuse(walk, leaf->virt, leaf->level, leaf->entry, rule);
}

enum ldr_status ldr_walk_refuse_gap(const struct ldr_walk *walk, uint64_t virt)
{
    unsigned level = walk->plan->arch.levels;
    uint64_t entry = read_entry(walk, walk->root, virt >> shift_of(level) & (ENTRIES - 1));

    while (entry & PRESENT && !is_leaf(entry, level) && !bad_link(walk, entry, level)) {
        level--;
        entry = read_entry(walk, entry & ADDRESS, virt >> shift_of(level) & (ENTRIES - 1));
    }
    return ldr_walk_refuse(walk, virt, level, entry,
                           "the plan maps this address, the tables do not");
}
