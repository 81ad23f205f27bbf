/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/world.h"

#include <inttypes.h>

int world_slot_shift(const struct world *world)
{
    return 12 + 9 * (world->arch.levels - 1);
}

unsigned world_slot_of(const struct world *world, uint64_t virt)
{
    return (unsigned)(virt >> world_slot_shift(world)) & 511;
}

uint64_t world_first_upper(const struct world *world)
{
    return world->arch.levels == 5 ? UPPER_5 : UPPER_4;
}

uint64_t world_slot_start(const struct world *world, unsigned slot)
{
    return (uint64_t)slot << world_slot_shift(world) | (slot >= 256 ? world_first_upper(world) : 0);
}

bool world_is_dependent(const struct world *world, const struct world_member *member)
{
    return member >= &world->member[WORLD_OWNERS];
}

bool world_is_sealed(const struct world *world)
{
    return world->member[0].space.upper_slot != PGT_ENTRIES;
}

struct model world_view(const struct world *world, const struct world_member *member)
{
    struct model view = model_copy(&member->model);

    if (world_is_dependent(world, member)) {
        uint64_t start = world_slot_start(world, member->space.upper_slot);
        struct model shared = model_from(&world->member[0].model, start / PGT_PAGE);
        model_append(&view, &shared);
        model_free(&shared);
    }
    return view;
}

struct model *world_holder(struct world *world, struct world_member *member, uint64_t virt)
{
    bool shared =
        world_is_dependent(world, member) && world_slot_of(world, virt) >= member->space.upper_slot;
    return shared ? &world->member[0].model : &member->model;
}

void world_unration(struct world *world)
{
    for (unsigned i = 0; i < world->arenas; i++) {
        world->arena[i].limit = world->arena[i].count;
        world->arena[i].refuse_in = 0;
    }
}

void world_ration(struct world *world)
{
    world_unration(world);
    for (unsigned i = 0; i < world->arenas; i++) {
        struct arena *arena = &world->arena[i];
        if (world_chance(world, 5))
            arena->limit = arena->outstanding + world_draw(world, 4);
        if (world_chance(world, 32))
            arena->refuse_in = 1;
    }
}

/* ---- the gather --------------------------------------------------------- */

struct pgt_flush world_flush(struct world *world)
{
    struct pgt_flush flush = {0};

    if (world_chance(world, 4)) {
        flush.count = (unsigned)world_draw(world, PGT_FLUSH_RANGES + 1);
        for (unsigned i = 0; i < flush.count; i++) {
            flush.range[i].first = world_draw_address(world) & -PGT_PAGE;
            flush.range[i].last = flush.range[i].first + (PGT_PAGE - 1);
        }
        flush.needed = flush.count != 0 && world_chance(world, 2);
        flush.widened = flush.count != 0 && !flush.needed;
    }
    world->before = flush;
    return flush;
}

/* Are all of these addresses to be invalidated? */
static bool covered(const struct pgt_flush *flush, uint64_t first, uint64_t last)
{
    if (flush->everything)
        return true;
    for (unsigned tries = 0; tries <= flush->count; tries++) {
        for (unsigned i = 0; i < flush->count; i++) {
            if (flush->range[i].first > first || flush->range[i].last < first)
                continue;
            if (flush->range[i].last >= last)
                return true;
            first = flush->range[i].last + 1;
        }
    }
    return false;
}

static void check_covered(const struct pgt_flush *flush, uint64_t first, uint64_t last)
{
    if (!covered(flush, first, last))
        fail_msg("the flush misses %#" PRIx64 "..%#" PRIx64, first, last);
}

/* No more than the largest leaves at the borders, and nothing unless something changed. */
static void check_not_too_much(const struct world *world, const struct pgt_flush *flush,
                               const struct model_change *change)
{
    if (change->count == 0)
        assert_int_equal(flush->count, 0);
    for (unsigned i = 0; i < flush->count; i++) {
        assert_true(flush->range[i].first <= flush->range[i].last);
        assert_int_equal(flush->range[i].first % PGT_PAGE, 0);
        assert_int_equal(flush->range[i].last % PGT_PAGE, PGT_PAGE - 1);
        assert_true(flush->range[i].first >= (world->virt & -GIB));
        assert_true(flush->range[i].last <= ((world->virt + world->bytes - 1) | (GIB - 1)));
    }
}

void world_check_flush(const struct world *world, const struct world_member *member,
                       const struct pgt_flush *flush, const struct model_change *change)
{
    const struct pgt_flush *before = &world->before;
    bool upper = false;

    assert_int_equal(flush->needed, before->needed || change->narrowed);
    assert_int_equal(flush->widened, before->widened || change->widened);
    for (unsigned i = 0; i < before->count; i++)
        check_covered(flush, before->range[i].first, before->range[i].last);
    for (size_t i = 0; i < change->count; i++) {
        uint64_t first = change->range[i].first * PGT_PAGE;
        uint64_t last = (change->range[i].end - 1) * PGT_PAGE + (PGT_PAGE - 1);
        check_covered(flush, first, last);
        upper |= world_slot_of(world, last) >= member->space.upper_slot;
    }
    if (change->count < MODEL_CHANGES) /* all are listed */
        assert_int_equal(flush->upper, upper);
    if (change->global)
        assert_true(flush->global);
    if (flush->global)
        assert_true(member->had_global);
    if (before->count == 0)
        check_not_too_much(world, flush, change);
}

/* ---- comparisons -------------------------------------------------------- */

static void check_page(const struct world *world, const struct world_member *member,
                       const struct model *view, uint64_t virt)
{
    struct walk_leaf leaf = walk(member->arena, &world->arch, member->space.root, virt);

    if (leaf.kind != WALK_NOT_CANONICAL)
        model_assert_leaf(view, virt / PGT_PAGE, &leaf);
}

void world_check_near(struct world *world, struct world_member *member)
{
    struct world_member *seen = member;

    if (world->checked == member)
        return;
    suite_check(&member->space);
    if (world->bytes == 0) /* there was no range yet */
        return;
    uint64_t last = world->virt + world->bytes - 1;
    uint64_t inside = world->virt + world_draw(world, world->bytes);
    /* A walk from a dependent's root shows that it sees what the owner did. */
    for (unsigned i = WORLD_OWNERS; i < WORLD_MEMBERS; i++)
        if (member == &world->member[0] && world->member[i].exists && world_chance(world, 8))
            seen = &world->member[i];
    const uint64_t places[] = {world->virt, last, inside, world->virt - 1, last + 1};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const struct model *model = world_holder(world, seen, places[i]);
        check_page(world, seen, model, places[i]);
    }
}

size_t world_check_member(struct world *world, struct world_member *member)
{
    struct model view = world_view(world, member);
    size_t tables = model_tables(&member->model, world->arch.levels, member->kept);

    suite_check(&member->space);
    walk_all(&world->list, member->arena, &world->arch, member->space.root);
    model_assert_equal(&view, &world->list);
    model_free(&view);
    assert_int_equal(pgt_tables(&member->space, NULL, 0), tables);
    world->checked = member;
    return tables;
}

void world_check(struct world *world)
{
    size_t tables[WORLD_OWNERS] = {0};

    for (unsigned i = 0; i < WORLD_MEMBERS; i++) {
        struct world_member *member = &world->member[i];
        if (!member->exists)
            continue;
        tables[member->arena - world->arena] += world_check_member(world, member);
    }
    for (unsigned i = 0; i < world->arenas; i++)
        assert_int_equal(world->arena[i].outstanding, tables[i]);
}
