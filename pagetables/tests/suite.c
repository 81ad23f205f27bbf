/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/suite.h"

#include <string.h>

struct pgt_arch suite_arch(unsigned levels)
{
    return (struct pgt_arch){
        .levels = (uint8_t)levels,
        .physical_bits = 46,
        .pages_1g = true,
        .no_execute = true,
        .pat = PGT_PAT_LIMINE,
    };
}

void suite_start(struct suite *suite, const struct pgt_arch *arch)
{
    suite_start_sized(suite, arch, 2048);
}

void suite_start_sized(struct suite *suite, const struct pgt_arch *arch, size_t frames)
{
    arena_init(&suite->arena, 0x100000, frames, 1);
    assert_int_equal(pgt_init(&suite->space, arch, &suite->arena.frames), PGT_OK);
    arena_assert_settled(&suite->arena);
    assert_int_equal(suite->arena.outstanding, 1);
}

void suite_end(struct suite *suite)
{
    suite_check(&suite->space);
    assert_int_equal(suite->arena.outstanding, pgt_tables(&suite->space, NULL, 0));
    assert_int_equal(pgt_destroy(&suite->space), PGT_OK);
    assert_int_equal(suite->arena.outstanding, 0);
    arena_free(&suite->arena);
}

struct pgt_flush suite_map_memory(struct suite *suite, uint64_t virt, uint64_t bytes,
                                  unsigned rights, uint64_t phys, enum pgt_memory memory)
{
    struct pgt_mapping mapping = {
        .virt = virt, .phys = phys, .bytes = bytes, .rights = rights, .memory = memory};
    struct pgt_flush flush = {0};
    size_t cost;

    assert_int_equal(pgt_map_cost(&suite->space, &mapping, &cost), PGT_OK);
    size_t before = suite->arena.takes;
    assert_int_equal(pgt_map(&suite->space, &mapping, &flush), PGT_OK);
    arena_assert_settled(&suite->arena);
    assert_int_equal(suite->arena.takes - before, cost);
    suite_check(&suite->space);
    return flush;
}

struct pgt_flush suite_map(struct suite *suite, uint64_t virt, uint64_t bytes, unsigned rights,
                           uint64_t phys)
{
    return suite_map_memory(suite, virt, bytes, rights, phys, PGT_WRITE_BACK);
}

struct pgt_flush suite_unmap(struct suite *suite, uint64_t virt, uint64_t bytes)
{
    struct pgt_flush flush = {0};

    assert_int_equal(pgt_unmap(&suite->space, virt, bytes, &flush), PGT_OK);
    arena_assert_settled(&suite->arena);
    suite_check(&suite->space);
    return flush;
}

uint64_t suite_flush_first(const struct pgt_flush *flush)
{
    uint64_t first = flush->everything ? 0 : UINT64_MAX;
    for (unsigned i = 0; i < flush->count; i++)
        first = flush->range[i].first < first ? flush->range[i].first : first;
    return first;
}

uint64_t suite_flush_last(const struct pgt_flush *flush)
{
    uint64_t last = flush->everything ? UINT64_MAX : 0;
    for (unsigned i = 0; i < flush->count; i++)
        last = flush->range[i].last > last ? flush->range[i].last : last;
    return last;
}

/* Outputs start as rubbish, so that a store of anything shows. */
static void fill(void *object, size_t bytes)
{
    memset(object, 0x5a, bytes);
}

static void assert_filled(const void *object, size_t bytes)
{
    const uint8_t *byte = object;
    for (size_t i = 0; i < bytes; i++)
        if (byte[i] != 0x5a)
            fail_msg("a failed call wrote into its output");
}

void suite_refuse_map(struct suite *suite, struct pgt_space *space,
                      const struct pgt_mapping *mapping, enum pgt_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(&suite->arena);
    struct pgt_space before = *space;
    struct pgt_flush flush = {0};
    size_t cost;

    fill(&flush, sizeof(flush));
    fill(&cost, sizeof(cost));
    assert_int_equal(pgt_map(space, mapping, &flush), status);
    assert_filled(&flush, sizeof(flush));
    /* The cost has every reason to refuse but the frames. */
    if (status == PGT_NO_FRAMES) {
        assert_int_equal(pgt_map_cost(space, mapping, &cost), PGT_OK);
    } else {
        assert_int_equal(pgt_map_cost(space, mapping, &cost), status);
        assert_filled(&cost, sizeof(cost));
    }
    assert_memory_equal(space, &before, sizeof(before));
    arena_assert_unchanged(&suite->arena, &snapshot);
}

void suite_refuse_unmap(struct suite *suite, struct pgt_space *space, uint64_t virt, uint64_t bytes,
                        enum pgt_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(&suite->arena);
    struct pgt_space before = *space;
    struct pgt_flush flush = {0};

    fill(&flush, sizeof(flush));
    assert_int_equal(pgt_unmap(space, virt, bytes, &flush), status);
    assert_filled(&flush, sizeof(flush));
    assert_memory_equal(space, &before, sizeof(before));
    arena_assert_unchanged(&suite->arena, &snapshot);
}

void suite_check(const struct pgt_space *space)
{
    struct pgt_fault fault = {0};

    if (pgt_check(space, &fault) != PGT_OK)
        fail_msg("pgt_check: %s (level %u, virtual %#lx, entry %#lx)", fault.rule, fault.level,
                 (unsigned long)fault.virt, (unsigned long)fault.entry);
}

static void expect_leaf(size_t number, const struct pgt_leaf *expected, uint64_t virt,
                        uint64_t phys, uint64_t bytes, unsigned rights, enum pgt_memory memory)
{
    if (expected->virt == virt && expected->phys == phys && expected->bytes == bytes &&
        (expected->rights | PGT_READ) == rights && expected->memory == memory)
        return;
    fail_msg("leaf %zu is %#lx -> %#lx, %#lx bytes, rights %#x, memory %d; "
             "not %#lx -> %#lx, %#lx bytes, rights %#x, memory %d",
             number, (unsigned long)virt, (unsigned long)phys, (unsigned long)bytes, rights,
             (int)memory, (unsigned long)expected->virt, (unsigned long)expected->phys,
             (unsigned long)expected->bytes, expected->rights | PGT_READ, (int)expected->memory);
}

static void expect_read(size_t number, const struct pgt_leaf *expected, bool found,
                        const struct pgt_leaf *leaf)
{
    if (!found)
        fail_msg("leaf %zu at %#lx is not found", number, (unsigned long)expected->virt);
    expect_leaf(number, expected, leaf->virt, leaf->phys, leaf->bytes, leaf->rights, leaf->memory);
}

/* The list as the library's readers tell it. */
static void expect_readers(const struct pgt_space *space, const struct pgt_leaf *expected,
                           size_t count)
{
    struct pgt_leaf leaf;
    uint64_t next = 0;

    for (size_t i = 0; i < count; i++) {
        expect_read(i, &expected[i], pgt_next(space, next, &leaf), &leaf);
        next = leaf.virt + leaf.bytes;
        expect_read(i, &expected[i], pgt_lookup(space, leaf.virt, &leaf), &leaf);
        expect_read(i, &expected[i], pgt_lookup(space, next - 1, &leaf), &leaf);
        if (next == 0)
            assert_int_equal(i, count - 1);
    }
    if (count == 0 || next != 0)
        assert_false(pgt_next(space, next, &leaf));
}

void suite_expect(const struct arena *arena, const struct pgt_space *space,
                  const struct pgt_leaf *expected, size_t count)
{
    struct walk_list list = {0};

    walk_all(&list, arena, &space->arch, space->root);
    assert_int_equal(list.bad, 0);
    for (size_t i = 0; i < list.count && i < count; i++)
        expect_leaf(i, &expected[i], list.leaf[i].virt, list.leaf[i].phys, list.leaf[i].bytes,
                    list.leaf[i].rights, list.leaf[i].memory);
    assert_int_equal(list.count, count);
    walk_list_free(&list);
    expect_readers(space, expected, count);
}

void suite_mark(const struct arena *arena, const struct pgt_space *space, uint64_t virt,
                unsigned marks)
{
    struct walk_leaf leaf = walk(arena, &space->arch, space->root, virt);
    unsigned level = leaf.bytes == GIB ? 3 : leaf.bytes == 2 * MIB ? 2 : 1;

    assert_int_equal(leaf.kind, WALK_LEAF);
    uint64_t *entry = walk_entry(arena, &space->arch, space->root, virt, level);
    *entry &= ~UINT64_C(0x60);
    *entry |= (marks & PGT_ACCESSED ? 0x20 : 0) | (marks & PGT_DIRTY ? 0x40 : 0);
}

uint64_t suite_entry(const struct suite *suite, uint64_t virt, unsigned level)
{
    const uint64_t *entry =
        walk_entry(&suite->arena, &suite->space.arch, suite->space.root, virt, level);
    if (entry == NULL)
        fail_msg("no entry of level %u for %#lx", level, (unsigned long)virt);
    return *entry;
}
