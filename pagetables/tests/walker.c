/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/walker.h"
#include "pagetables/tests/suite.h"

#include <stdlib.h>

/*
 * Entry of a paging structure (SDM 4.5, tables 4-15 to 4-20):
 *
 *   63  62..52   51..M     M-1..12    11..9    8   7   6  5   4    3    2    1    0
 *   XD  ignored  reserved  address    ignored  G   PS  D  A  PCD  PWT  U/S  R/W  P
 *
 * M is the physical-address width.  Bit 7 selects a page in a PDPTE and a PDE,
 * is the PAT bit in a PTE, and is reserved above.  A large page has its PAT bit
 * in bit 12 and reserves the address bits between that and its own size.
 */
enum {
    BIT_P = 0,
    BIT_RW = 1,
    BIT_US = 2,
    BIT_PWT = 3,
    BIT_PCD = 4,
    BIT_A = 5,
    BIT_D = 6,
    BIT_PS = 7,
    BIT_PTE_PAT = 7,
    BIT_G = 8,
    BIT_LARGE_PAT = 12,
    BIT_XD = 63,
};

static bool bit(uint64_t entry, int number)
{
    return (entry >> number) & 1;
}

/* Bits high..low of a value, in place. */
static uint64_t field(uint64_t value, int high, int low)
{
    return value & (UINT64_MAX >> (63 - high)) & (UINT64_MAX << low);
}

/* The lowest address bit that an entry of a level leaves untranslated: 12 for a
 * page table, 21 for a page directory, and so on. */
static int page_shift(unsigned level)
{
    return 12 + 9 * ((int)level - 1);
}

static unsigned table_index(uint64_t virt, unsigned level)
{
    return (unsigned)(virt >> page_shift(level)) & 511;
}

/* SDM 4.5.4: which present entries are pages.  Bit 7 of a PML4E or PML5E, and of
 * a PDPTE without 1 GiB pages, is reserved instead, see below. */
static bool maps_page(const struct pgt_arch *arch, uint64_t entry, unsigned level)
{
    if (level == 1)
        return true;
    if (level == 2)
        return bit(entry, BIT_PS);
    return level == 3 && arch->pages_1g && bit(entry, BIT_PS);
}

static bool breaks_reserved(const struct pgt_arch *arch, uint64_t entry, unsigned level)
{
    if (arch->physical_bits < 52 && field(entry, 51, arch->physical_bits) != 0)
        return true;
    if (!arch->no_execute && bit(entry, BIT_XD))
        return true;
    /* Bit 8 above a directory Intel's manual ignores and AMD's reserves (APM 2, 5.3.3): tables
     * shall serve both. */
    if (!maps_page(arch, entry, level))
        return level > 2 && (bit(entry, BIT_PS) || bit(entry, BIT_G));
    return level > 1 && field(entry, page_shift(level) - 1, 13) != 0;
}

/* SDM 4.9.2: PAT, PCD and PWT of the leaf select one byte of IA32_PAT. */
static enum pgt_memory memory_type(const struct pgt_arch *arch, uint64_t entry, unsigned level)
{
    int pat = level == 1 ? BIT_PTE_PAT : BIT_LARGE_PAT;
    int index = bit(entry, pat) * 4 + bit(entry, BIT_PCD) * 2 + bit(entry, BIT_PWT);

    switch ((arch->pat >> (8 * index)) & 7) {
    case 0:
        return PGT_UNCACHEABLE;
    case 1:
        return PGT_WRITE_COMBINING;
    case 4:
        return PGT_WRITE_THROUGH;
    case 5:
        return PGT_WRITE_PROTECTED;
    case 6:
        return PGT_WRITE_BACK;
    case 7:
        return PGT_UNCACHED_MINUS;
    default:
        fail_msg("IA32_PAT %#lx has a reserved memory type", (unsigned long)arch->pat);
        return PGT_WRITE_BACK;
    }
}

/* SDM 4.6: a page is writable, or open to ring 3, only if every entry on the way
 * says so, and closed to instruction fetches if any entry does. */
struct path_rights {
    bool writable;
    bool user;
    bool executable;
};

static struct path_rights combine(struct path_rights above, uint64_t entry)
{
    return (struct path_rights){
        .writable = above.writable && bit(entry, BIT_RW),
        .user = above.user && bit(entry, BIT_US),
        .executable = above.executable && !bit(entry, BIT_XD),
    };
}

static struct walk_leaf page(const struct pgt_arch *arch, uint64_t entry, unsigned level,
                             uint64_t virt, struct path_rights rights)
{
    struct walk_leaf leaf = {.kind = WALK_LEAF, .virt = virt};

    leaf.bytes = UINT64_C(1) << page_shift(level);
    leaf.phys = field(entry, 51, page_shift(level));
    leaf.rights = PGT_READ;
    leaf.rights |= rights.writable ? PGT_WRITE : 0;
    leaf.rights |= rights.user ? PGT_USER : 0;
    leaf.rights |= rights.executable ? PGT_EXECUTE : 0;
    leaf.rights |= bit(entry, BIT_G) ? PGT_GLOBAL : 0;
    leaf.memory = memory_type(arch, entry, level);
    leaf.accessed = bit(entry, BIT_A);
    leaf.dirty = bit(entry, BIT_D);
    leaf.key = (unsigned)(field(entry, 62, 59) >> 59);
    leaf.software = (unsigned)(field(entry, 58, 52) >> 52 << 3 | field(entry, 11, 9) >> 9);
    return leaf;
}

static bool is_canonical(const struct pgt_arch *arch, uint64_t virt)
{
    int top = 11 + 9 * arch->levels;
    uint64_t above = virt >> top; /* the top bit that is translated, and all above */
    return above == 0 || above == UINT64_MAX >> top;
}

struct walk_leaf walk(const struct arena *arena, const struct pgt_arch *arch, uint64_t root,
                      uint64_t virt)
{
    struct path_rights rights = {true, true, true};
    uint64_t table = root;

    if (!is_canonical(arch, virt))
        return (struct walk_leaf){.kind = WALK_NOT_CANONICAL, .virt = virt};
    for (unsigned level = arch->levels;; level--) {
        uint64_t reach = UINT64_C(1) << page_shift(level);
        struct walk_leaf end = {.virt = virt & ~(reach - 1), .bytes = reach};
        const uint64_t *entries = arena_table(arena, table);
        if (entries == NULL) {
            end.kind = WALK_STRAY;
            return end;
        }
        uint64_t entry = entries[table_index(virt, level)];
        end.kind = bit(entry, BIT_P) ? WALK_RESERVED : WALK_ABSENT;
        if (!bit(entry, BIT_P) || breaks_reserved(arch, entry, level))
            return end;
        rights = combine(rights, entry);
        if (maps_page(arch, entry, level))
            return page(arch, entry, level, end.virt, rights);
        table = field(entry, 51, 12);
    }
}

static void append(struct walk_list *list, struct walk_leaf leaf)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 1024 : list->capacity * 2;
        list->leaf = realloc(list->leaf, list->capacity * sizeof(*list->leaf));
        assert_non_null(list->leaf);
    }
    list->leaf[list->count++] = leaf;
}

static void walk_table(struct walk_list *list, const struct arena *arena,
                       const struct pgt_arch *arch, uint64_t table, unsigned level, uint64_t virt,
                       struct path_rights above)
{
    const uint64_t *entries = arena_table(arena, table);

    if (entries == NULL) {
        list->bad++;
        return;
    }
    list->tables++;
    for (uint64_t i = 0; i < 512; i++) {
        uint64_t entry = entries[i];
        if (!bit(entry, BIT_P))
            continue;
        uint64_t address = virt | i << page_shift(level);
        if (level == arch->levels && i >= 256) /* sign extension, SDM 4.5.1 */
            address |= UINT64_MAX << page_shift(level + 1);
        if (breaks_reserved(arch, entry, level))
            list->bad++;
        else if (maps_page(arch, entry, level))
            append(list, page(arch, entry, level, address, combine(above, entry)));
        else
            walk_table(list, arena, arch, field(entry, 51, 12), level - 1, address,
                       combine(above, entry));
    }
}

void walk_all(struct walk_list *list, const struct arena *arena, const struct pgt_arch *arch,
              uint64_t root)
{
    list->count = 0;
    list->tables = 0;
    list->bad = 0;
    walk_table(list, arena, arch, root, arch->levels, 0, (struct path_rights){true, true, true});
}

void walk_list_free(struct walk_list *list)
{
    free(list->leaf);
    *list = (struct walk_list){0};
}

uint64_t *walk_entry(const struct arena *arena, const struct pgt_arch *arch, uint64_t root,
                     uint64_t virt, unsigned level)
{
    uint64_t table = root;

    for (unsigned at = arch->levels;; at--) {
        uint64_t *entries = arena_table(arena, table);
        if (entries == NULL)
            return NULL;
        uint64_t *entry = &entries[table_index(virt, at)];
        if (at == level)
            return entry;
        if (!bit(*entry, BIT_P) || maps_page(arch, *entry, at))
            return NULL;
        table = field(*entry, 51, 12);
    }
}
