/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/bare.h"

#include <string.h>

#define PRESENT    UINT64_C(1)
#define LARGE      UINT64_C(0x80)
#define ADDRESS    UINT64_C(0x000ffffffffff000)
#define TABLE_BITS UINT64_C(0x067)

static void start_root(struct bare *bare, void (*prepare)(struct pgt_space *space, void *context),
                       void *context)
{
    struct pgt_space space;

    assert_int_equal(pgt_init(&space, &bare->arch, &bare->arena.frames), PGT_OK);
    if (prepare != NULL)
        prepare(&space, context);
    pgt_disown(&space);
    bare->root = space.root;
}

static void start_window(struct bare *bare, unsigned slot)
{
    uint64_t last = pgt_window_page(&bare->arch, slot);
    struct pgt_window_place place = {
        .last = last,
        .entry = pgt_recursive_entry(&bare->arch, slot, last, 1),
        .slots = BARE_SLOTS,
        .has_zero_frame = true,
        .zero_frame = bare->zero_frame,
    };

    assert_int_equal(pgt_window_init(&bare->window, &bare->arch, &bare->emulator.mmu, &place),
                     PGT_OK);
    bare->emulator.scratch_first = last - (BARE_SLOTS - 1) * PGT_PAGE;
    bare->emulator.scratch_last = last + (PGT_PAGE - 1);
}

static void plant_window(struct bare *bare)
{
    uint64_t frame[4];

    for (unsigned i = 0; i < bare->arch.levels - 1u; i++)
        frame[i] = arena_take_zeroed(&bare->arena);
    assert_int_equal(pgt_recursive_plant(&bare->recursive, bare->window.place.last, frame,
                                         bare->arch.levels - 1u, &bare->planted),
                     PGT_OK);
    for (unsigned i = (unsigned)bare->planted; i < bare->arch.levels - 1u; i++)
        bare->arena.frames.give(bare->arena.frames.context, frame[i]);
}

void bare_start(struct bare *bare, const struct pgt_arch *arch,
                const struct pgt_recursive_slots *slots,
                void (*prepare)(struct pgt_space *space, void *context), void *context)
{
    *bare = (struct bare){.arch = *arch};
    arena_init(&bare->arena, 0x100000, 1024, 1);
    bare->zero_frame = arena_take_zeroed(&bare->arena);
    start_root(bare, prepare, context);
    arena_table(&bare->arena, bare->root)[slots->slot] = pgt_recursive_link(arch, bare->root);
    /* Without a direct map; what still uses it fails soon. */
    bare->arena.frames.offset = UINT64_C(0xdead000000000000);
    emulator_init(&bare->emulator, &bare->arena, arch, bare->root);
    start_window(bare, slots->slot);
    assert_int_equal(
        pgt_recursive_init(&bare->recursive, &bare->arena.frames, &bare->window, slots), PGT_OK);
    plant_window(bare);
}

void bare_start_plain(struct bare *bare, unsigned levels)
{
    struct pgt_arch arch = suite_arch(levels);

    bare_start(bare, &arch, &(struct pgt_recursive_slots){.slot = 511, .second = 509}, NULL, NULL);
}

void bare_end(struct bare *bare)
{
    BARE_EXPECT_NOTHING(bare, bare->root);
    assert_int_equal(bare->window.taken, 0);
    assert_int_equal(bare->arena.outstanding, 2 + bare->planted); /* the root, the zero frame */
    walk_list_free(&bare->list);
    arena_free(&bare->arena);
}

/* ---- looking ------------------------------------------------------------ */

static bool leads_to_window(const struct bare *bare, uint64_t linear, unsigned level)
{
    unsigned shift = 12 + 9 * level;
    uint64_t mask = (UINT64_C(1) << (12 + 9 * bare->arch.levels)) - 1;
    return (bare->window.place.last & mask) >> shift == linear >> shift;
}

/* Tables of a level and below: their entries, and whether there are any. */
static void check_tables(const struct bare *bare, uint64_t table, unsigned level, uint64_t linear)
{
    const uint64_t *entry = arena_table(&bare->arena, table);
    unsigned present = 0;

    assert_non_null(entry);
    for (unsigned i = 0; i < 512; i++) {
        uint64_t first = linear | (uint64_t)i << (12 + 9 * (level - 1));
        if (!(entry[i] & PRESENT))
            continue;
        present++;
        if (level == 1 || (entry[i] & LARGE))
            continue;
        if ((entry[i] & ~ADDRESS) != TABLE_BITS)
            fail_msg("an entry of level %u above leaves is %#lx", level, (unsigned long)entry[i]);
        check_tables(bare, entry[i] & ADDRESS, level - 1, first);
    }
    if (present == 0 && level < bare->arch.levels && !leads_to_window(bare, linear, level))
        fail_msg("an empty table of level %u for %#lx", level, (unsigned long)linear);
}

void bare_walk(struct bare *bare, uint64_t root)
{
    uint64_t *entry = arena_table(&bare->arena, root);
    uint64_t slot = entry[bare->recursive.slot], second = entry[bare->recursive.second];

    entry[bare->recursive.slot] = 0;
    entry[bare->recursive.second] = 0;
    walk_all(&bare->list, &bare->arena, &bare->arch, root);
    check_tables(bare, root, bare->arch.levels, 0);
    entry[bare->recursive.second] = second;
    entry[bare->recursive.slot] = slot;
    assert_int_equal(bare->list.bad, 0);
    assert_true(bare->recursive.second == bare->recursive.slot || second == 0);
}

void bare_expect(struct bare *bare, uint64_t root, const struct pgt_leaf *expected, size_t count)
{
    bare_walk(bare, root);
    for (size_t i = 0; i < count && i < bare->list.count; i++) {
        const struct walk_leaf *leaf = &bare->list.leaf[i];
        if (leaf->virt != expected[i].virt || leaf->phys != expected[i].phys ||
            leaf->bytes != expected[i].bytes || leaf->rights != (expected[i].rights | PGT_READ))
            fail_msg("leaf %zu is %#lx -> %#lx, %#lx bytes, rights %#x", i,
                     (unsigned long)leaf->virt, (unsigned long)leaf->phys,
                     (unsigned long)leaf->bytes, leaf->rights);
    }
    assert_int_equal(bare->list.count, count);
}

/* ---- calls -------------------------------------------------------------- */

static void settled(const struct bare *bare)
{
    arena_assert_settled(&bare->arena);
    assert_int_equal(bare->window.taken, 0);
}

struct pgt_flush bare_map(struct bare *bare, const struct pgt_recursive *recursive, uint64_t virt,
                          uint64_t bytes, unsigned rights, uint64_t phys)
{
    struct pgt_flush flush = {0};
    struct pgt_mapping mapping = {.virt = virt, .phys = phys, .bytes = bytes, .rights = rights};

    assert_int_equal(pgt_recursive_map(recursive, &mapping, &flush), PGT_OK);
    settled(bare);
    return flush;
}

struct pgt_flush bare_unmap(struct bare *bare, const struct pgt_recursive *recursive, uint64_t virt,
                            uint64_t bytes)
{
    struct pgt_flush flush = {0};

    assert_int_equal(pgt_recursive_unmap(recursive, virt, bytes, &flush), PGT_OK);
    settled(bare);
    return flush;
}

struct pgt_flush bare_protect(struct bare *bare, const struct pgt_recursive *recursive,
                              uint64_t virt, uint64_t bytes, unsigned rights)
{
    struct pgt_flush flush = {0};

    assert_int_equal(pgt_recursive_protect(recursive, virt, bytes, rights, &flush), PGT_OK);
    settled(bare);
    return flush;
}

static void expect_untouched(struct bare *bare, struct arena_snapshot *snapshot,
                             const struct pgt_flush *flush)
{
    struct pgt_flush rubbish;

    memset(&rubbish, 0x5a, sizeof(rubbish));
    assert_memory_equal(flush, &rubbish, sizeof(rubbish));
    arena_assert_unchanged(&bare->arena, snapshot);
    settled(bare);
}

void bare_refuse_map(struct bare *bare, const struct pgt_mapping *mapping, enum pgt_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(&bare->arena);
    struct pgt_flush flush;

    memset(&flush, 0x5a, sizeof(flush));
    assert_int_equal(pgt_recursive_map(&bare->recursive, mapping, &flush), status);
    expect_untouched(bare, &snapshot, &flush);
}

void bare_refuse_unmap(struct bare *bare, uint64_t virt, uint64_t bytes, enum pgt_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(&bare->arena);
    struct pgt_flush flush;

    memset(&flush, 0x5a, sizeof(flush));
    assert_int_equal(pgt_recursive_unmap(&bare->recursive, virt, bytes, &flush), status);
    expect_untouched(bare, &snapshot, &flush);
}

void bare_refuse_protect(struct bare *bare, uint64_t virt, uint64_t bytes, unsigned rights,
                         enum pgt_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(&bare->arena);
    struct pgt_flush flush;

    memset(&flush, 0x5a, sizeof(flush));
    assert_int_equal(pgt_recursive_protect(&bare->recursive, virt, bytes, rights, &flush), status);
    expect_untouched(bare, &snapshot, &flush);
}
