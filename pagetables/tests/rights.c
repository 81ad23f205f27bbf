/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root slots: n for pairs with a lower entry of level n; where the upper entry is itself
 * in the root, half of the lower ones from ROOT_FIRST on.
 */
#include "pagetables/tests/rights.h"

#define ENTRY_GRANTS_ALL UINT64_C(0x27) /* present, writable, user, accessed */
#define ENTRY_FRAME      UINT64_C(0x000ffffffffff000)
#define ENTRY_BIT_PS     UINT64_C(0x80)
#define ENTRY_BIT_51     (UINT64_C(1) << 51)
#define ENTRY_BIT_XD     (UINT64_C(1) << 63)

#define ROOT_FIRST 128u

static int shift_of(unsigned level)
{
    return 12 + 9 * ((int)level - 1);
}

static unsigned index_in(uint64_t address, unsigned level)
{
    return (unsigned)(address >> shift_of(level)) & 511;
}

static uint64_t *table(const struct rights *rights, uint64_t phys)
{
    return (uint64_t *)(uintptr_t)(phys + rights->space->frames.offset);
}

static uint64_t new_table(struct rights *rights)
{
    const struct pgt_frames *frames = &rights->space->frames;

    if (rights->frames == RIGHTS_TABLES || !frames->reserve(frames->context, 1))
        return 0;
    uint64_t frame = frames->take(frames->context);
    rights->frame[rights->frames++] = frame;
    for (unsigned i = 0; i < 512; i++)
        table(rights, frame)[i] = 0;
    return frame;
}

/* The table that an entry leads to, made if there is none yet; 0 without frames. */
static uint64_t table_in(struct rights *rights, uint64_t *entry)
{
    if (*entry == 0) {
        uint64_t frame = new_table(rights);
        if (frame == 0)
            return 0;
        *entry = frame | ENTRY_GRANTS_ALL;
    }
    return *entry & ENTRY_FRAME;
}

/* Of an entry that leads to a page if it is large, or of level 1; else to `next`. */
static uint64_t entry_of(const struct rights *rights, unsigned combination, unsigned level,
                         uint64_t next)
{
    bool leaf = level == 1 || (combination & RIGHTS_LARGE);
    uint64_t entry = combination & (RIGHTS_PRESENT | RIGHTS_WRITE | RIGHTS_USER);

    entry |= combination & RIGHTS_NO_EXECUTE ? ENTRY_BIT_XD : 0;
    entry |= combination & RIGHTS_RESERVED ? ENTRY_BIT_51 : 0;
    entry |= combination & RIGHTS_LARGE ? ENTRY_BIT_PS : 0;
    if (!leaf)
        return entry | next;
    uint64_t key = combination & RIGHTS_KEY ? RIGHTS_KEY_SET : RIGHTS_KEY_CLEAR;
    return entry | key << 59 | (rights->phys >> shift_of(level) << shift_of(level));
}

static bool is_deep(unsigned upper)
{
    return (upper & RIGHTS_PRESENT) && !(upper & (RIGHTS_RESERVED | RIGHTS_LARGE));
}

/* Tables that grant everything on the way to the page, the same for all pairs. */
static bool make_below(struct rights *rights)
{
    for (unsigned level = 1; level < rights->levels; level++) {
        uint64_t frame = new_table(rights);
        if (frame == 0)
            return false;
        table(rights, frame)[index_in(rights->phys, level)] =
            (level == 1 ? rights->phys : rights->below[level - 2]) | ENTRY_GRANTS_ALL;
        rights->below[level - 1] = frame;
    }
    return true;
}

/* The table of upper entries for a level of lower ones. */
static uint64_t upper_table(struct rights *rights, unsigned lower)
{
    uint64_t at = rights->space->root;

    for (unsigned level = rights->space->arch.levels; at != 0 && level > lower + 1; level--) {
        unsigned index = level == rights->space->arch.levels ? lower : 0;
        at = table_in(rights, &table(rights, at)[index]);
    }
    return at;
}

static unsigned upper_index(const struct rights *rights, const struct rights_case *at)
{
    bool in_root = at->level + 1 == rights->space->arch.levels;

    return at->upper + (in_root ? ROOT_FIRST : 0);
}

static bool make_pairs(struct rights *rights, unsigned level)
{
    struct rights_case at = {.level = level};
    uint64_t uppers = upper_table(rights, level);

    if (uppers == 0)
        return false;
    for (at.upper = 0; at.upper < RIGHTS_COMBINED; at.upper++)
        if (is_deep(at.upper) && !(at.upper & RIGHTS_KEY) &&
            table_in(rights, &table(rights, uppers)[upper_index(rights, &at)]) == 0)
            return false;
    return true;
}

bool rights_open(struct rights *rights, const struct pgt_space *space, unsigned levels,
                 uint64_t phys)
{
    *rights = (struct rights){.space = space, .phys = phys, .levels = levels};
    bool made = make_below(rights);

    for (unsigned level = 1; made && level <= levels; level++)
        made = make_pairs(rights, level);
    if (!made)
        rights_close(rights);
    return made;
}

void rights_close(struct rights *rights)
{
    const struct pgt_frames *frames = &rights->space->frames;

    uint64_t *root = table(rights, rights->space->root);

    for (unsigned i = 0; i < RIGHTS_COMBINED; i++)
        root[ROOT_FIRST + i] = 0;
    for (unsigned level = 1; level <= rights->levels; level++)
        root[level] = 0;
    while (rights->frames > 0)
        frames->give(frames->context, rights->frame[--rights->frames]);
}

/* Is this pair one of its own?  A key says nothing in an entry that leads to a table, nothing is
 * large at level 1, and below an entry that ends the walk one case is enough. */
static bool is_distinct(const struct rights_case *at)
{
    bool upper_leaf = at->upper & RIGHTS_LARGE, lower_leaf = at->lower & RIGHTS_LARGE;

    if ((at->upper & RIGHTS_KEY) && !upper_leaf)
        return false;
    if (!is_deep(at->upper))
        return at->lower == 0;
    return at->level == 1 ? !lower_leaf : !(at->lower & RIGHTS_KEY) || lower_leaf;
}

static bool step(const struct rights *rights, struct rights_case *at)
{
    if (at->level == 0) {
        at->level = 1;
        return rights->levels > 0;
    }
    if (++at->lower < RIGHTS_COMBINED)
        return true;
    at->lower = 0;
    if (++at->upper < RIGHTS_COMBINED)
        return true;
    at->upper = 0;
    return ++at->level <= rights->levels;
}

static uint64_t address(const struct rights *rights, const struct rights_case *at)
{
    unsigned top = rights->space->arch.levels, upper = at->level + 1;
    unsigned reach = at->deep ? at->level : upper; /* whose offset is the page's own */
    uint64_t virt = rights->phys & ((UINT64_C(1) << shift_of(reach)) - 1);

    virt |= upper == top ? 0 : (uint64_t)at->level << shift_of(top);
    virt |= (uint64_t)upper_index(rights, at) << shift_of(upper);
    return virt | (at->deep ? (uint64_t)at->lower << shift_of(at->level) : 0);
}

bool rights_next(struct rights *rights, struct rights_case *at)
{
    do {
        if (!step(rights, at))
            return false;
    } while (!is_distinct(at));
    at->deep = is_deep(at->upper);
    at->virt = address(rights, at);
    uint64_t uppers = upper_table(rights, at->level);
    uint64_t *upper = &table(rights, uppers)[upper_index(rights, at)];
    uint64_t lowers = *upper & ENTRY_FRAME;
    at->upper_entry = upper;
    at->lower_entry = 0;
    if (at->deep) {
        at->lower_entry = &table(rights, lowers)[at->lower];
        *at->lower_entry = entry_of(rights, at->lower, at->level,
                                    at->level > 1 ? rights->below[at->level - 2] : 0);
    }
    *upper = entry_of(rights, at->upper, at->level + 1, at->deep ? lowers : 0);
    return true;
}

#define ENTRY_BIT_A UINT64_C(0x20)
#define ENTRY_BIT_D UINT64_C(0x40)

static bool is_marked(uint64_t entry, bool leaf, bool reached, bool written)
{
    return (!reached || (entry & ENTRY_BIT_A)) && !(entry & ENTRY_BIT_D) == !(leaf && written);
}

const char *rights_wrong_mark(const struct rights_case *at, bool reached, bool written)
{
    bool upper_leaf = at->upper & RIGHTS_LARGE;
    bool lower_leaf = at->level == 1 || (at->lower & RIGHTS_LARGE);

    if (!is_marked(*at->upper_entry, upper_leaf, reached, written))
        return "the upper entry's accessed or dirty bit";
    if (at->deep && !is_marked(*at->lower_entry, lower_leaf, reached, written))
        return "the lower entry's accessed or dirty bit";
    return 0;
}

struct rights_outcome rights_foretell(const struct pgt_space *space, uint64_t virt, uint64_t access,
                                      const struct pgt_state *state)
{
    struct pgt_verdict verdict;
    uint64_t error = access & ~(uint64_t)PGT_ERROR_FETCH;

    pgt_judge(space, virt, access, state, &verdict);
    /* Fetches are told of only where they can be forbidden. */
    if ((access & PGT_ERROR_FETCH) &&
        ((state->efer & PGT_STATE_EFER_NXE) || (state->cr4 & PGT_STATE_CR4_SMEP)))
        error |= PGT_ERROR_FETCH;
    if (!(verdict.broken & PGT_BROKE_PRESENT))
        error |= PGT_ERROR_PRESENT;
    if (verdict.broken & PGT_BROKE_RESERVED)
        error |= PGT_ERROR_RESERVED;
    unsigned keys = verdict.broken & (PGT_BROKE_KEY_ACCESS | PGT_BROKE_KEY_WRITE);
    if (keys)
        error |= PGT_ERROR_KEY;
    return (struct rights_outcome){
        .faults = verdict.broken != 0,
        .error = verdict.broken ? error : 0,
        .either = keys && keys != verdict.broken ? PGT_ERROR_KEY : 0,
    };
}
