/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random edits through recursive addresses, of the active root and of two inactive ones, against
 * the model and the walker, on the emulated processor that remembers all it may: every
 * leaf, the number of frames taken, and what has to be flushed, after every step.
 *
 * PGT_SEED=<n> replays a run, PGT_OPERATIONS=<n> sets its length.
 */
#include "pagetables/tests/bare.h"

#include <inttypes.h>
#include <stdlib.h>

#define DEFAULT_OPERATIONS   6000
#define OPERATIONS_PER_WORLD 120
#define ROOTS                3 /* the first is active */

struct world {
    struct bare bare;
    uint64_t root[ROOTS];
    struct model model[ROOTS];
    uint64_t place[3]; /* where ranges meet */
    uint64_t virt, bytes;
    uint64_t random, seed, operation, operations;
};

static uint64_t draw(struct world *world, uint64_t below)
{
    return arena_random(&world->random) % below;
}

static bool chance(struct world *world, unsigned one_in)
{
    return draw(world, one_in) == 0;
}

/* ---- worlds ------------------------------------------------------------- */

static uint64_t slot_start(const struct pgt_arch *arch, unsigned slot)
{
    uint64_t start = (uint64_t)slot << (12 + 9 * (arch->levels - 1));
    return slot < 256 ? start : start | UINT64_MAX << (11 + 9 * arch->levels);
}

/* Large pages, as a boot loader leaves them: 1G and 2M at the second place. */
static void prepare(struct pgt_space *space, void *context)
{
    struct world *world = context;
    const struct pgt_mapping mappings[] = {
        {.virt = world->place[1], .phys = 8 * GIB, .bytes = GIB, .rights = RW},
        {.virt = world->place[1] + GIB, .phys = 4 * GIB, .bytes = 8 * MIB, .rights = RX},
    };
    struct pgt_flush flush = {0};

    for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
        assert_int_equal(pgt_map(space, &mappings[i], &flush), PGT_OK);
        model_map(&world->model[0], &space->arch, &mappings[i]);
    }
}

/* The addresses of tables for a place, through both slots: the processor looks there unasked. */
static void know_tables(struct world *world, uint64_t virt)
{
    const struct pgt_arch *arch = &world->bare.arch;
    unsigned slot = world->bare.recursive.slot, second = world->bare.recursive.second;

    for (unsigned level = 1; level < arch->levels; level++) {
        uint64_t table = pgt_recursive_table(arch, slot, virt, level);
        unsigned shift = 12 + 9 * (arch->levels - level);
        uint64_t other = table ^ ((uint64_t)(slot ^ second) << shift);
        emulator_know(&world->bare.emulator, table);
        /* The highest index may be the one that differs, and carries the sign. */
        unsigned unused = 64 - (12 + 9 * arch->levels);
        emulator_know(&world->bare.emulator, (uint64_t)((int64_t)(other << unused) >> unused));
    }
}

static void start_world(struct world *world)
{
    static const unsigned slots[] = {0, 1, 255, 256, 510, 511};
    struct pgt_arch arch = suite_arch(chance(world, 2) ? 5 : 4);
    unsigned slot = slots[draw(world, 6)];
    struct pgt_recursive_slots choice = {.slot = slot, .second = (slot + 7) % 512};

    /* In root slots of their own, at borders of 2M and 1G, across the middle and a root slot's. */
    world->place[0] = slot_start(&arch, 101) - 3 * 0x1000;
    world->place[1] = slot_start(&arch, 400);
    world->place[2] = slot_start(&arch, 120) + 3 * GIB - 4 * MIB;
    world->virt = world->place[0];
    world->bytes = 0x1000;
    bare_start(&world->bare, &arch, &choice, prepare, world);
    for (unsigned i = 0; i < 3; i++) {
        know_tables(world, world->place[i]);
        know_tables(world, world->place[i] + 2 * MIB);
        know_tables(world, world->place[i] + GIB);
        know_tables(world, world->place[i] + GIB + 2 * MIB);
    }
    world->root[0] = world->bare.root;
    for (unsigned i = 1; i < ROOTS; i++)
        assert_int_equal(pgt_recursive_create(&world->bare.recursive, &world->root[i]), PGT_OK);
}

static void check_root(struct world *world, unsigned i)
{
    bare_walk(&world->bare, world->root[i]);
    model_tidy(&world->model[i]);
    model_assert_equal(&world->model[i], &world->bare.list);
}

static void check_frames(struct world *world)
{
    size_t frames = 1 + world->bare.planted; /* the zero frame */

    for (unsigned i = 0; i < ROOTS; i++)
        frames += model_tables(&world->model[i], world->bare.arch.levels, NULL);
    assert_int_equal(world->bare.arena.outstanding, frames);
    assert_int_equal(world->bare.window.taken, 0);
    arena_assert_settled(&world->bare.arena);
}

/* Leaves the generator and the counts. */
static void free_world(struct world *world)
{
    for (unsigned i = 0; i < ROOTS; i++) {
        model_free(&world->model[i]);
        world->root[i] = 0;
    }
    walk_list_free(&world->bare.list);
    arena_free(&world->bare.arena);
}

static void end_world(struct world *world)
{
    struct bare *bare = &world->bare;

    bare->arena.limit = bare->arena.count;
    for (unsigned i = 1; i < ROOTS; i++)
        assert_int_equal(pgt_recursive_destroy(&bare->recursive, world->root[i]), PGT_OK);
    for (size_t i = 0; i < world->model[0].count; i++) {
        const struct model_run *run = &world->model[0].run[i];
        bare_unmap(bare, &bare->recursive, run->first * PGT_PAGE,
                   (run->end - run->first) * PGT_PAGE);
    }
    bare_walk(bare, bare->root);
    assert_int_equal(bare->list.count, 0);
    assert_int_equal(bare->arena.outstanding, 2 + bare->planted);
    free_world(world);
}

/* ---- steps -------------------------------------------------------------- */

static void draw_range(struct world *world)
{
    uint64_t place = world->place[draw(world, 3)];

    if (chance(world, 4))
        return; /* the last one again */
    world->virt = place + draw(world, 6) * 0x1000;
    if (chance(world, 4))
        world->virt += GIB - 2 * 0x1000;
    else if (chance(world, 3))
        world->virt += 2 * MIB * (1 + draw(world, 2)) - draw(world, 3) * 0x1000;
    world->bytes = (1 + draw(world, 6)) * 0x1000;
    if (chance(world, 8))
        world->bytes = 2 * MIB * (1 + draw(world, 2));
    if (chance(world, 16))
        world->bytes += 2 * MIB + draw(world, 3) * 0x1000;
}

static bool is_mapped(const struct model *model, uint64_t virt, uint64_t bytes)
{
    uint64_t page = virt / PGT_PAGE, end = page + bytes / PGT_PAGE;

    while (page < end) {
        const struct model_run *run = model_next(model, page);
        if (run == NULL || run->first > page)
            return false;
        page = run->end;
    }
    return true;
}

static bool names(const struct pgt_flush *flush, uint64_t page)
{
    for (unsigned i = 0; i < flush->count; i++)
        if (page >= flush->range[i].first && page <= flush->range[i].last)
            return true;
    return flush->everything;
}

static void check_flush(const struct pgt_flush *flush, const struct model_change *change)
{
    assert_true(flush->needed || !change->narrowed);
    assert_true(flush->widened || flush->needed || !change->widened);
    assert_true(flush->global || !change->global);
    for (size_t i = 0; i < change->count; i++)
        for (uint64_t page = change->range[i].first; page < change->range[i].end; page++)
            if (!names(flush, page * PGT_PAGE))
                fail_msg("the gather misses page %#" PRIx64, page * PGT_PAGE);
}

/* What was refused for want of frames has changed nothing: the checks after a step see to it. */
static bool refused(const struct world *world, enum pgt_status status, size_t refusals)
{
    bool scarce = world->bare.arena.refusals != refusals;
    assert_int_equal(status, scarce ? PGT_NO_FRAMES : PGT_OK);
    return scarce;
}

static void step_map(struct world *world, const struct pgt_recursive *recursive,
                     struct model *model)
{
    static const unsigned rights[] = {RO, RW, RX, RWX | PGT_USER, RW | PGT_GLOBAL};
    size_t refusals = world->bare.arena.refusals;
    struct pgt_flush flush = {0};
    /* Never in step with large pages, so that the model makes small ones too. */
    struct pgt_mapping mapping = {
        .virt = world->virt,
        .phys = (world->virt & (8 * MIB - 1)) + 16 * MIB + (1 + draw(world, 3)) * 0x1000,
        .bytes = world->bytes,
        .rights = rights[draw(world, 5)],
        .memory = chance(world, 4) ? PGT_WRITE_COMBINING : PGT_WRITE_BACK,
        .key = (unsigned)draw(world, 16),
        .software = (unsigned)draw(world, 1024),
    };

    if (refused(world, pgt_recursive_map(recursive, &mapping, &flush), refusals))
        return;
    struct model_change change = model_map(model, &world->bare.arch, &mapping);
    check_flush(&flush, &change);
}

static void step_unmap(struct world *world, const struct pgt_recursive *recursive,
                       struct model *model)
{
    size_t refusals = world->bare.arena.refusals;
    struct pgt_flush flush = {0};
    enum pgt_status status = pgt_recursive_unmap(recursive, world->virt, world->bytes, &flush);

    if (!is_mapped(model, world->virt, world->bytes)) {
        assert_int_equal(status, PGT_BAD_RANGE);
        assert_int_equal(world->bare.arena.refusals, refusals);
    } else if (!refused(world, status, refusals)) {
        struct model_change change = model_unmap(model, world->virt, world->bytes);
        check_flush(&flush, &change);
    }
}

static void step_protect(struct world *world, const struct pgt_recursive *recursive,
                         struct model *model)
{
    static const unsigned rights[] = {RO, RW, RX, RWX, RW | PGT_USER, RO | PGT_GLOBAL};
    size_t refusals = world->bare.arena.refusals;
    struct pgt_flush flush = {0};
    struct pgt_protection protection = {.change = PGT_CHANGE_RIGHTS,
                                        .rights = rights[draw(world, 6)]};
    enum pgt_status status =
        pgt_recursive_protect(recursive, world->virt, world->bytes, protection.rights, &flush);

    if (!is_mapped(model, world->virt, world->bytes)) {
        assert_int_equal(status, PGT_BAD_RANGE);
        assert_int_equal(world->bare.arena.refusals, refusals);
    } else if (!refused(world, status, refusals)) {
        struct model_change change = model_protect(model, world->virt, world->bytes, &protection);
        check_flush(&flush, &change);
    }
}

static void check_lookup(const struct world *world, const struct pgt_recursive *recursive,
                         uint64_t root, uint64_t virt)
{
    struct walk_leaf walked = walk(&world->bare.arena, &world->bare.arch, root, virt);
    struct pgt_leaf leaf;

    assert_int_equal(pgt_recursive_lookup(recursive, virt, &leaf), walked.kind == WALK_LEAF);
    if (walked.kind != WALK_LEAF)
        return;
    assert_int_equal(leaf.virt, walked.virt);
    assert_int_equal(leaf.phys, walked.phys);
    assert_int_equal(leaf.bytes, walked.bytes);
    assert_int_equal(leaf.rights, walked.rights);
    assert_int_equal(leaf.memory, walked.memory);
    assert_int_equal(leaf.key, walked.key);
    assert_int_equal(leaf.software, walked.software);
}

static void step(struct world *world, const struct pgt_recursive *recursive, unsigned i)
{
    struct arena *arena = &world->bare.arena;
    uint64_t kind = draw(world, 16);

    draw_range(world);
    arena->limit = chance(world, 6) ? arena->outstanding + draw(world, 4) : arena->count;
    if (kind < 7)
        step_map(world, recursive, &world->model[i]);
    else if (kind < 11)
        step_unmap(world, recursive, &world->model[i]);
    else if (kind < 14)
        step_protect(world, recursive, &world->model[i]);
    else
        check_lookup(world, recursive, world->root[i], world->virt);
    world->operation++;
}

/* A few steps on one root. */
static void visit(struct world *world)
{
    unsigned i = (unsigned)draw(world, ROOTS), steps = 1 + (unsigned)draw(world, 4);
    struct pgt_recursive recursive;

    assert_int_equal(pgt_recursive_open(&recursive, &world->bare.recursive, world->root[i]),
                     PGT_OK);
    while (steps-- > 0)
        step(world, &recursive, i);
    pgt_recursive_close(&recursive);
    check_root(world, i);
    check_frames(world);
}

static int allocate_world(void **state)
{
    *state = calloc(1, sizeof(struct world));
    return *state == NULL;
}

/* Says where a failed run was: cmocka leaves a test by a jump. */
static int release_world(void **state)
{
    struct world *world = *state;

    if (world->operation < world->operations) {
        print_message("failed at operation %" PRIu64 " of PGT_SEED=%" PRIu64 "\n", world->operation,
                      world->seed);
        free_world(world);
    }
    free(world);
    return 0;
}

static void random_edits_match_model_and_walker(void **state)
{
    struct world *world = *state;
    world->seed = arena_from_environment("PGT_SEED", 1);
    world->operations = arena_from_environment("PGT_OPERATIONS", DEFAULT_OPERATIONS);
    world->random = world->seed * 2 + 1;

    print_message("PGT_SEED=%" PRIu64 " PGT_OPERATIONS=%" PRIu64 "\n", world->seed,
                  world->operations);
    while (world->operation < world->operations) {
        uint64_t end = world->operation + OPERATIONS_PER_WORLD;
        start_world(world);
        while (world->operation < end)
            visit(world);
        end_world(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_edits_match_model_and_walker, allocate_world,
                                        release_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
