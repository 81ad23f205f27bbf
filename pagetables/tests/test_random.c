/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random operations against two oracles.  The leaves that the processor's rules
 * find are exactly those that the flat model foretells, with their sizes; the
 * number of tables is what these leaves need; pgt_check() is content after every
 * step; and a call that was refused changed nothing.
 *
 * PGT_SEED=<n> replays a run, PGT_OPERATIONS=<n> sets its length.
 */
#include "pagetables/tests/model.h"
#include "pagetables/tests/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_OPERATIONS   100000
#define OPERATIONS_PER_WORLD 250

/* A space and what it should hold. */
struct member {
    struct pgt_space space;
    struct model model;
    bool kept[PGT_ENTRIES]; /* sealed root slots that have a table for good */
};

/* One arena with an owner and, in some worlds, a dependent on its upper. */
struct world {
    struct arena arena;
    struct pgt_arch arch;
    struct member owner;
    struct member dependent;
    bool has_dependent;
    unsigned windows[2];
    uint64_t linear; /* physical minus virtual where mappings agree */
    struct walk_list list;
    uint64_t random;
    uint64_t seed;      /* of the whole run, for messages */
    uint64_t operation; /* of this one */
    uint64_t operations;
};

static uint64_t draw(struct world *world, uint64_t below)
{
    return arena_random(&world->random) % below;
}

static bool chance(struct world *world, unsigned one_in)
{
    return draw(world, one_in) == 0;
}

static int slot_shift(const struct world *world)
{
    return 12 + 9 * (world->arch.levels - 1);
}

static unsigned slot_of(const struct world *world, uint64_t virt)
{
    return (unsigned)(virt >> slot_shift(world)) & 511;
}

/* The first address of the upper half. */
static uint64_t first_upper(const struct world *world)
{
    return world->arch.levels == 5 ? UPPER_5 : UPPER_4;
}

/* ---- drawing arguments -------------------------------------------------- */

/* Operations meet only where there is little room: windows of 3 GiB at places
 * where addresses are awkward, two of them in a world, now and then another. */
static uint64_t draw_window(struct world *world)
{
    uint64_t upper = first_upper(world);
    uint64_t slot = UINT64_C(1) << slot_shift(world);
    const uint64_t window[] = {
        0,
        slot - 2 * GIB, /* spans two root slots */
        (UINT64_C(1) << 39) - GIB,
        ~upper + 1 - 3 * GIB, /* to the end of the lower half */
        upper,
        upper + slot - GIB,
        -slot - GIB,
        -3 * GIB, /* to the top */
    };
    unsigned pick = world->windows[draw(world, 2)];
    if (chance(world, 100))
        pick = (unsigned)draw(world, sizeof(window) / sizeof(window[0]));
    return window[pick];
}

static uint64_t draw_unit(struct world *world)
{
    switch (draw(world, 8)) {
    case 0:
        return world->arch.pages_1g || chance(world, 4) ? GIB : 2 * MIB;
    case 1:
    case 2:
    case 3:
        return 2 * MIB;
    default:
        return 4 * KIB;
    }
}

/* A page within a window, often next to a border of a larger page. */
static uint64_t draw_offset(struct world *world)
{
    uint64_t offset = draw(world, 3) * GIB;

    if (chance(world, 2))
        offset += draw(world, 3) * 2 * MIB + (chance(world, 3) ? 508 * MIB : 0);
    if (chance(world, 2))
        offset += draw(world, 4) * 4 * KIB + (chance(world, 3) ? 508 * 4 * KIB : 0);
    return offset;
}

static void draw_range(struct world *world, uint64_t *virt, uint64_t *bytes)
{
    uint64_t window = draw_window(world);
    uint64_t offset = draw_offset(world);
    uint64_t length = draw_unit(world) * (1 + draw(world, 3));

    if (chance(world, 8)) /* from one awkward place to another */
        length = 4 * KIB + (draw_offset(world) + length) % (3 * GIB);
    if (length > 3 * GIB - offset)
        length = 3 * GIB - offset;
    *virt = window + offset;
    *bytes = length;
}

static struct pgt_mapping draw_mapping(struct world *world)
{
    static const unsigned rights[] = {
        RO, RW, RW, RX, RWX | PGT_USER, RO | PGT_GLOBAL, PGT_EXECUTE, RW | PGT_USER | PGT_GLOBAL,
    };
    static const enum pgt_memory memory[] = {
        PGT_WRITE_BACK,      PGT_WRITE_BACK,    PGT_WRITE_BACK,
        PGT_WRITE_COMBINING, PGT_WRITE_THROUGH, PGT_UNCACHEABLE,
    };
    struct pgt_mapping mapping = {0};
    uint64_t mask = (UINT64_C(1) << (world->arch.physical_bits - 1)) - 1;

    draw_range(world, &mapping.virt, &mapping.bytes);
    mapping.rights = rights[draw(world, chance(world, 2) ? 2 : 8)];
    mapping.memory = memory[draw(world, chance(world, 2) ? 1 : 6)];
    mapping.phys = (mapping.virt + world->linear) & mask;
    if (chance(world, 3))
        mapping.phys = (mapping.phys + draw(world, 4) * 2 * MIB) & mask;
    if (chance(world, 6)) { /* forces pages of 4 KiB, so keep it short */
        mapping.phys = (mapping.phys + draw(world, 4) * 4 * KIB) & mask;
        if (mapping.bytes > 2 * MIB)
            mapping.bytes = 2 * MIB + draw(world, 3) * 4 * KIB;
    }
    return mapping;
}

/* ---- after each step ---------------------------------------------------- */

static void check_member(struct world *world, struct member *member, const struct model *above)
{
    suite_check(&member->space);
    walk_all(&world->list, &world->arena, &world->arch, member->space.root);
    model_assert_equal(&member->model, above, &world->list);
    assert_int_equal(member->space.tables,
                     model_tables(&member->model, world->arch.levels, member->kept));
}

/* The part of the owner's model that a dependent sees. */
static struct model shared_part(const struct world *world)
{
    uint64_t start = (uint64_t)world->owner.space.upper_slot << slot_shift(world);

    if (world->owner.space.upper_slot >= PGT_ENTRIES / 2)
        start |= first_upper(world);
    return model_from(&world->owner.model, start / PGT_PAGE);
}

static void check_dependent(struct world *world)
{
    struct model shared = shared_part(world);

    check_member(world, &world->dependent, &shared);
    model_free(&shared);
}

static void check_world(struct world *world)
{
    size_t tables = world->owner.space.tables;

    check_member(world, &world->owner, NULL);
    if (world->has_dependent) {
        check_dependent(world);
        tables += world->dependent.space.tables;
    }
    assert_int_equal(world->arena.outstanding, tables);
}

static void check_flush(const struct pgt_flush *flush, struct model_change change, uint64_t virt,
                        uint64_t bytes)
{
    assert_int_equal(flush->needed, change.first != change.end);
    if (!flush->needed)
        return;
    assert_int_equal(suite_flush_first(flush) % PGT_PAGE, 0);
    assert_int_equal(suite_flush_last(flush) % PGT_PAGE, PGT_PAGE - 1);
    if (suite_flush_first(flush) / PGT_PAGE > change.first ||
        suite_flush_last(flush) / PGT_PAGE < change.end - 1)
        fail_msg("flush %#" PRIx64 "..%#" PRIx64 " misses a change in pages %#" PRIx64
                 "..%#" PRIx64,
                 suite_flush_first(flush), suite_flush_last(flush), change.first, change.end - 1);
    /* Not the whole space either: no more than the leaves at the borders. */
    if (flush->everything)
        return;
    assert_true(suite_flush_first(flush) >= (virt & -GIB));
    assert_true(suite_flush_last(flush) <= ((virt + bytes - 1) | (GIB - 1)));
}

/* ---- the steps ---------------------------------------------------------- */

static bool reaches_upper(const struct world *world, uint64_t virt, uint64_t bytes)
{
    return slot_of(world, virt + bytes - 1) >= world->owner.space.upper_slot;
}

/* The owner may not fill an empty root slot above the seal. */
static bool needs_sealed_slot(const struct world *world, uint64_t virt, uint64_t bytes)
{
    for (unsigned slot = slot_of(world, virt); slot <= slot_of(world, virt + bytes - 1); slot++)
        if (slot >= world->owner.space.upper_slot && !world->owner.kept[slot])
            return true;
    return false;
}

static void ration(struct world *world)
{
    world->arena.limit = world->arena.count;
    world->arena.refuse_in = 0;
    if (chance(world, 8))
        world->arena.limit = world->arena.outstanding + draw(world, 4);
    if (chance(world, 32))
        world->arena.refuse_in = 1;
}

static void assert_asked_once(const struct world *world, size_t reserves)
{
    assert_true(world->arena.reserves - reserves <= 1);
    arena_assert_settled(&world->arena);
}

static void step_map(struct world *world, struct member *member)
{
    struct pgt_mapping mapping = draw_mapping(world);
    size_t reserves = world->arena.reserves;
    size_t refusals = world->arena.refusals;
    size_t takes = world->arena.takes;
    struct pgt_flush flush = {0};
    size_t cost = 0;
    bool refuse = member == &world->dependent
                      ? reaches_upper(world, mapping.virt, mapping.bytes)
                      : needs_sealed_slot(world, mapping.virt, mapping.bytes);

    enum pgt_status priced = pgt_map_cost(&member->space, &mapping, &cost);
    assert_int_equal(world->arena.reserves, reserves);
    ration(world);
    enum pgt_status status = pgt_map(&member->space, &mapping, &flush);
    assert_asked_once(world, reserves);
    assert_int_equal(priced, refuse ? PGT_SEALED : PGT_OK);
    assert_int_equal(world->arena.reserves - reserves, !refuse && cost > 0);
    if (refuse || world->arena.refusals != refusals) {
        assert_int_equal(status, refuse ? PGT_SEALED : PGT_NO_FRAMES);
        assert_int_equal(world->arena.takes, takes);
        return;
    }
    assert_int_equal(status, PGT_OK);
    assert_int_equal(world->arena.takes - takes, cost);
    struct model_change change = model_map(&member->model, &world->arch, &mapping);
    check_flush(&flush, change, mapping.virt, mapping.bytes);
}

static void step_unmap(struct world *world, struct member *member)
{
    size_t reserves = world->arena.reserves;
    size_t refusals = world->arena.refusals;
    struct pgt_flush flush = {0};
    uint64_t virt;
    uint64_t bytes;

    draw_range(world, &virt, &bytes);
    if (chance(world, 4)) { /* a whole window, so that spaces stay small and tables empty */
        virt = draw_window(world);
        bytes = 3 * GIB;
    }
    bool refuse = member == &world->dependent && reaches_upper(world, virt, bytes);
    ration(world);
    enum pgt_status status = pgt_unmap(&member->space, virt, bytes, &flush);
    assert_asked_once(world, reserves);
    if (refuse || world->arena.refusals != refusals) {
        assert_int_equal(status, refuse ? PGT_SEALED : PGT_NO_FRAMES);
        return;
    }
    assert_int_equal(status, PGT_OK);
    struct model_change change = model_unmap(&member->model, virt, bytes);
    check_flush(&flush, change, virt, bytes);
}

/* What the readers should say of an address: the walker knows. */
static void check_lookup(const struct world *world, const struct member *member, uint64_t virt)
{
    struct walk_leaf walked = walk(&world->arena, &world->arch, member->space.root, virt);
    struct pgt_leaf leaf = {0};

    assert_int_equal(pgt_lookup(&member->space, virt, &leaf), walked.kind == WALK_LEAF);
    if (walked.kind != WALK_LEAF)
        return;
    assert_int_equal(leaf.virt, walked.virt);
    assert_int_equal(leaf.phys, walked.phys);
    assert_int_equal(leaf.bytes, walked.bytes);
    assert_int_equal(leaf.rights, walked.rights);
    assert_int_equal(leaf.memory, walked.memory);
    assert_true(leaf.accessed);
    assert_int_equal(leaf.dirty, (leaf.rights & PGT_WRITE) != 0);
}

/* What comes next: the model knows. */
static void check_next(const struct world *world, const struct member *member, uint64_t virt)
{
    uint64_t page = virt / PGT_PAGE;
    struct model shared = {0};
    struct pgt_leaf leaf;

    const struct model_run *run = model_next(&member->model, page);
    if (run == NULL && member == &world->dependent) {
        shared = shared_part(world);
        run = model_next(&shared, page);
    }
    assert_int_equal(pgt_next(&member->space, virt, &leaf), run != NULL);
    if (run != NULL) {
        struct pgt_leaf want = model_leaf(run, page);
        assert_int_equal(leaf.virt, want.virt);
        assert_int_equal(leaf.phys, want.phys);
        assert_int_equal(leaf.bytes, want.bytes);
        assert_int_equal(leaf.rights, want.rights);
        assert_int_equal(leaf.memory, want.memory);
    }
    model_free(&shared);
}

static void step_read(struct world *world, struct member *member)
{
    uint64_t virt = draw_window(world) + draw_offset(world) + draw(world, PGT_PAGE);

    check_lookup(world, member, virt);
    check_next(world, member, virt);
}

static void step(struct world *world)
{
    bool on_dependent = world->has_dependent && chance(world, 2);
    struct member *member = on_dependent ? &world->dependent : &world->owner;
    uint64_t kind = draw(world, 16);

    if (kind < 9)
        step_map(world, member);
    else if (kind < 14)
        step_unmap(world, member);
    else
        step_read(world, member);
    /* A walk of everything costs far more than the step: what went wrong stays
     * wrong until one of the next steps looks at all of it. */
    suite_check(&member->space);
    if (chance(world, 8))
        check_world(world);
    else if (on_dependent && chance(world, 2))
        check_dependent(world);
    else if (!on_dependent && chance(world, 2))
        check_member(world, member, NULL);
}

/* ---- worlds ------------------------------------------------------------- */

static void start_world(struct world *world)
{
    static const uint8_t width[] = {36, 39, 46, 52};

    world->arch = suite_arch(chance(world, 2) ? 5 : 4);
    world->arch.pages_1g = !chance(world, 3);
    world->arch.physical_bits = width[draw(world, 4)];
    uint64_t base = chance(world, 2) ? 0 : 4 * KIB + draw(world, 1 << 20) * 4 * KIB;
    arena_init(&world->arena, base, 1024, arena_random(&world->random) >> 2);
    world->linear = draw(world, 16) * GIB;
    world->windows[0] = (unsigned)draw(world, 8);
    world->windows[1] = (unsigned)draw(world, 8);
    assert_int_equal(pgt_init(&world->owner.space, &world->arch, &world->arena.frames), PGT_OK);
}

/* Seals at a slot that the windows touch, and puts a dependent on it. */
static void share_world(struct world *world)
{
    static const unsigned slots[] = {256, 256, 257, 510, 511, 1};
    unsigned slot = slots[draw(world, sizeof(slots) / sizeof(slots[0]))];
    uint64_t start = (uint64_t)slot << slot_shift(world);

    if (slot >= 256)
        start |= first_upper(world);
    assert_int_equal(pgt_seal(&world->owner.space, start, 0), PGT_OK);
    assert_int_equal(world->owner.space.upper_slot, slot);
    for (unsigned i = slot; i < PGT_ENTRIES; i++)
        world->owner.kept[i] = arena_table(&world->arena, world->owner.space.root)[i] & 1;
    world->arena.limit = world->arena.count;
    world->arena.refuse_in = 0;
    assert_int_equal(
        pgt_init_on(&world->dependent.space, &world->owner.space, &world->arena.frames), PGT_OK);
    world->has_dependent = true;
    check_world(world);
}

/* Unmaps each half of a space, up to the shared upper, in one call. */
static void unmap_all(struct world *world, struct member *member)
{
    uint64_t upper = first_upper(world);
    uint64_t shift = (uint64_t)slot_shift(world);
    unsigned end = member == &world->dependent ? member->space.upper_slot : PGT_ENTRIES;
    unsigned lower_end = end < 256 ? end : 256;
    struct pgt_flush flush = {0};

    assert_int_equal(pgt_unmap(&member->space, 0, (uint64_t)lower_end << shift, &flush), PGT_OK);
    if (end > 256)
        assert_int_equal(pgt_unmap(&member->space, upper, (uint64_t)(end - 256) << shift, &flush),
                         PGT_OK);
    member->model.count = 0;
}

/* When all is unmapped the allocator is back at the count that it had. */
static void end_world(struct world *world)
{
    size_t kept = 0;

    world->arena.limit = world->arena.outstanding;
    if (world->has_dependent)
        unmap_all(world, &world->dependent);
    check_world(world);
    unmap_all(world, &world->owner);
    check_world(world);
    for (unsigned i = 0; i < PGT_ENTRIES; i++)
        kept += world->owner.kept[i];
    assert_int_equal(world->arena.outstanding, 1 + kept + (world->has_dependent ? 1 : 0));
    if (world->has_dependent) {
        assert_int_equal(pgt_destroy(&world->owner.space), PGT_BUSY);
        assert_int_equal(pgt_destroy(&world->dependent.space), PGT_OK);
    }
    assert_int_equal(pgt_destroy(&world->owner.space), PGT_OK);
    assert_int_equal(world->arena.outstanding, 0);
}

/* Leaves the seed and the generator, and all else zero for the next world. */
static void free_world(struct world *world)
{
    arena_free(&world->arena);
    model_free(&world->owner.model);
    model_free(&world->dependent.model);
    walk_list_free(&world->list);
    *world = (struct world){
        .random = world->random,
        .seed = world->seed,
        .operation = world->operation,
        .operations = world->operations,
    };
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 0);
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

    if (world->operation != world->operations)
        print_message("failed at operation %" PRIu64 " of PGT_SEED=%" PRIu64 "\n", world->operation,
                      world->seed);
    free_world(world);
    free(world);
    return 0;
}

static void random_operations_match_model_and_walker(void **state)
{
    struct world *world = *state;
    world->seed = from_environment("PGT_SEED", 1);
    world->operations = from_environment("PGT_OPERATIONS", DEFAULT_OPERATIONS);
    world->random = world->seed * 2 + 1;

    print_message("PGT_SEED=%" PRIu64 " PGT_OPERATIONS=%" PRIu64 "\n", world->seed,
                  world->operations);
    while (world->operation < world->operations) {
        start_world(world);
        uint64_t share_at = chance(world, 2) ? draw(world, 60) : UINT64_MAX;
        for (unsigned i = 0; i < OPERATIONS_PER_WORLD; i++) {
            if (world->operation == world->operations)
                break;
            if (i == share_at)
                share_world(world);
            step(world);
            world->operation++;
        }
        end_world(world);
        free_world(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_operations_match_model_and_walker, allocate_world,
                                        release_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
