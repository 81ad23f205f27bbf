/* SPDX-License-Identifier: BSD-2-Clause */
/* How the worlds of random operations begin and end, and their dependents. */
#include "pagetables/tests/world.h"

/* Where the memory is the caller's, frames are the last ones of their part of it: what is behind
 * the end of all is noticed by AddressSanitizer. */
static void start_arena(struct world *world, unsigned number, uint64_t base, size_t frames)
{
    uint64_t seed = arena_random(&world->random) >> 2;
    size_t skipped = (number + 1) * WORLD_FRAMES - frames;

    if (world->memory == NULL)
        arena_init(&world->arena[number], base, frames, seed);
    else
        arena_init_in(&world->arena[number], world->memory + skipped * PGT_PAGE, base, frames,
                      seed);
}

static void start_owner(struct world *world, struct world_member *member, struct arena *arena)
{
    *member = (struct world_member){.exists = true, .arena = arena};
    assert_int_equal(pgt_init(&member->space, &world->arch, &arena->frames), PGT_OK);
}

void world_start(struct world *world)
{
    static const uint8_t width[] = {36, 39, 46, 52};
    static const size_t frames[] = {20, 28, 40, 64, WORLD_FRAMES};

    world->arch = suite_arch(world_chance(world, 2) ? 5 : 4);
    world->arch.pages_1g = !world_chance(world, 3);
    world->arch.physical_bits = width[world_draw(world, 4)];
    world->arch.no_execute = !world_chance(world, 8);
    if (world_chance(world, 8))
        world->arch.pat = PGT_PAT_RESET;
    else if (world_chance(world, 2)) /* so that many leaves in a row have it */
        world->usual = (enum pgt_memory)world_draw(world, PGT_MEMORY_TYPES);
    world->arenas = world_chance(world, 3) ? 2 : 1;
    for (unsigned i = 0; i < world->arenas; i++) {
        uint64_t base = world_chance(world, 2) ? 0 : 4 * KIB + world_draw(world, 1 << 20) * 4 * KIB;
        start_arena(world, i, base, frames[world_draw(world, 5)]);
    }
    world->linear = world_draw(world, 16) * GIB;
    world->windows[0] = (unsigned)world_draw(world, 8);
    world->windows[1] = (unsigned)world_draw(world, 8);
    start_owner(world, &world->member[0], &world->arena[0]);
    if (world->arenas == 2 || world_chance(world, 2))
        start_owner(world, &world->member[1], &world->arena[world->arenas - 1]);
    world->seal_at = world_chance(world, 2) ? world_draw(world, 60) : UINT64_MAX;
}

void world_seal(struct world *world)
{
    static const unsigned slots[] = {256, 256, 257, 510, 511, 1};
    unsigned slot = slots[world_draw(world, sizeof(slots) / sizeof(slots[0]))];
    uint64_t start = world_slot_start(world, slot);
    unsigned populate =
        world_chance(world, 2) ? 0 : (unsigned)world_draw(world, slot == 511 ? 2 : 3);
    struct world_member *owner = &world->member[0];
    size_t absent = 0;

    const uint64_t *root = arena_table(owner->arena, owner->space.root);
    for (unsigned i = slot; i < slot + populate; i++)
        absent += !(root[i] & 1);
    world_ration(world);
    size_t takes = owner->arena->takes, refusals = owner->arena->refusals;
    enum pgt_status status = pgt_seal(&owner->space, start, populate);
    arena_assert_settled(owner->arena);
    if (owner->arena->refusals != refusals) {
        assert_true(absent != 0);
        assert_int_equal(status, PGT_NO_FRAMES);
        return;
    }
    assert_int_equal(status, PGT_OK);
    assert_int_equal(owner->arena->takes - takes, absent);
    assert_int_equal(owner->space.upper_slot, slot);
    for (unsigned i = slot; i < PGT_ENTRIES; i++)
        owner->kept[i] = root[i] & 1;
    for (unsigned i = slot; i < slot + populate; i++)
        assert_true(owner->kept[i]);
    assert_int_equal(pgt_seal(&owner->space, start, 0), PGT_SEALED);
}

/* Destroys a space that may have mappings: its tables come back, and no others. */
static void destroy(struct world_member *member)
{
    size_t before = member->arena->outstanding;
    size_t tables = pgt_tables(&member->space, NULL, 0);

    assert_int_equal(pgt_destroy(&member->space), PGT_OK);
    assert_int_equal(member->arena->outstanding, before - tables);
    model_free(&member->model);
    *member = (struct world_member){0};
}

void world_turn_dependent(struct world *world, struct world_member *member)
{
    struct world_member *owner = &world->member[0];
    size_t dependents = owner->space.dependents;

    if (member->exists) {
        assert_int_equal(pgt_destroy(&owner->space), PGT_BUSY);
        destroy(member);
        assert_int_equal(owner->space.dependents, dependents - 1);
        return;
    }
    world_ration(world);
    size_t refusals = owner->arena->refusals;
    enum pgt_status status = pgt_init_on(&member->space, &owner->space, &owner->arena->frames);
    arena_assert_settled(owner->arena);
    if (owner->arena->refusals != refusals) {
        assert_int_equal(status, PGT_NO_FRAMES);
        return;
    }
    assert_int_equal(status, PGT_OK);
    assert_int_equal(owner->space.dependents, dependents + 1);
    member->exists = true;
    member->arena = owner->arena;
    member->had_global = owner->had_global;
    assert_int_equal(pgt_seal(&member->space, world_slot_start(world, 511), 0), PGT_SEALED);
}

/* Unmaps each half of a space, up to the shared upper, in one call. */
static void unmap_all(struct world *world, struct world_member *member)
{
    uint64_t upper = world_first_upper(world);
    int shift = world_slot_shift(world);
    unsigned end =
        world_is_dependent(world, member) ? member->space.upper_slot : (unsigned)PGT_ENTRIES;
    unsigned lower_end = end < 256 ? end : 256;
    struct pgt_flush flush = {0};

    assert_int_equal(pgt_unmap(&member->space, 0, (uint64_t)lower_end << shift, &flush), PGT_OK);
    if (end > 256)
        assert_int_equal(pgt_unmap(&member->space, upper, (uint64_t)(end - 256) << shift, &flush),
                         PGT_OK);
    member->model.count = 0;
}

void world_end(struct world *world)
{
    bool emptied = world_chance(world, 2);

    world_check(world);
    /* To unmap everything takes no frame at all. */
    for (unsigned i = 0; i < world->arenas; i++)
        world->arena[i].limit = world->arena[i].outstanding;
    for (unsigned i = 0; i < WORLD_MEMBERS && emptied; i++) {
        if (!world->member[i].exists)
            continue;
        unmap_all(world, &world->member[i]);
        size_t kept = 0;
        for (unsigned slot = 0; slot < PGT_ENTRIES; slot++)
            kept += world->member[i].kept[slot];
        assert_int_equal(pgt_tables(&world->member[i].space, NULL, 0), 1 + kept);
    }
    if (emptied)
        world_check(world);
    for (unsigned i = WORLD_MEMBERS; i > 0; i--)
        if (world->member[i - 1].exists)
            destroy(&world->member[i - 1]);
    for (unsigned i = 0; i < world->arenas; i++)
        assert_int_equal(world->arena[i].outstanding, 0);
}

void world_free(struct world *world)
{
    for (unsigned i = 0; i < world->arenas; i++)
        arena_free(&world->arena[i]);
    for (unsigned i = 0; i < WORLD_MEMBERS; i++)
        model_free(&world->member[i].model);
    walk_list_free(&world->list);
    *world = (struct world){
        .source = world->source,
        .memory = world->memory,
        .random = world->random,
        .seed = world->seed,
        .operation = world->operation,
        .operations = world->operations,
    };
}
