/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps that read, and those that change no translation. */
#include "pagetables/tests/world_steps.h"

#include <stdlib.h>
#include <string.h>

/* ---- accessed and dirty ------------------------------------------------- */

/* As a processor does it, with locked updates (SDM 4.8, 8.1.2.1). */
void world_step_mark(struct world *world, struct world_member *member)
{
    for (uint64_t i = 1 + world_draw(world, 4); i > 0; i--) {
        uint64_t virt = world_draw_address(world);
        struct walk_leaf leaf = walk(member->arena, &world->arch, member->space.root, virt);
        if (leaf.kind != WALK_LEAF)
            continue;
        bool writes = (leaf.rights & PGT_WRITE) && world_chance(world, 2);
        unsigned level = leaf.bytes == GIB ? 3 : leaf.bytes == 2 * MIB ? 2 : 1;
        uint64_t *entry = walk_entry(member->arena, &world->arch, member->space.root, virt, level);
        __atomic_fetch_or(entry, UINT64_C(1) << 5 | (uint64_t)writes << 6, __ATOMIC_SEQ_CST);
        model_mark(world_holder(world, member, virt), virt / PGT_PAGE, writes);
    }
}

/* What `each` was told, so that it can be compared. */
struct told {
    const struct model *model;
    uint64_t next; /* page */
    uint64_t bytes;
};

static void tell(void *context, const struct pgt_leaf *leaf)
{
    struct told *told = context;
    const struct model_run *run = model_next(told->model, told->next);

    assert_non_null(run);
    struct pgt_leaf want = model_leaf(run, told->next);
    assert_true(model_same_leaf(leaf, &want));
    told->next = (want.virt + want.bytes - 1) / PGT_PAGE + 1;
    told->bytes += want.bytes;
}

void world_step_harvest(struct world *world, struct world_member *member)
{
    unsigned clear = (unsigned)world_draw(world, 4);
    struct pgt_harvest sum = {0};
    struct model_change change = {0};

    world_draw_range(world);
    struct model view = world_view(world, member);
    struct told told = {.model = &view, .next = world->virt / PGT_PAGE};
    enum pgt_status refused =
        clear != 0 && world_reaches_upper(world, member) ? PGT_SEALED : PGT_OK;
    struct world_call call = world_start_call(world, member);
    enum pgt_status status = pgt_harvest(&member->space, world->virt, world->bytes, clear, tell,
                                         &told, &sum, &call.flush);
    if (world_carried_out(world, &call, status, refused, 0)) {
        struct model *model = clear != 0 ? &member->model : &view;
        struct pgt_harvest want = model_harvest(model, world->virt, world->bytes, clear, &change);
        assert_memory_equal(&sum, &want, sizeof(want));
        assert_int_equal(told.bytes, want.mapped);
        world_check_flush(world, member, &call.flush, &change);
    }
    model_free(&view);
}

/* What `gone` has still to be told of, and what it was. */
struct left {
    const struct model *model;
    uint64_t page;
    uint64_t end;
    struct pgt_harvest sum;
};

static void tell_gone(void *context, const struct pgt_gone *run)
{
    struct left *left = context;
    struct pgt_gone want;

    assert_true(model_next_gone(left->model, left->page, left->end, &want));
    assert_int_equal(run->virt, want.virt);
    assert_int_equal(run->phys, want.phys);
    assert_int_equal(run->bytes, want.bytes);
    assert_int_equal(run->rights, want.rights);
    assert_int_equal(run->software, want.software);
    assert_int_equal(run->accessed, want.accessed);
    assert_int_equal(run->dirty, want.dirty);
    left->page = (run->virt + run->bytes - 1) / PGT_PAGE + 1;
    left->sum.mapped += run->bytes;
    left->sum.accessed += run->accessed ? run->bytes : 0;
    left->sum.dirty += run->dirty ? run->bytes : 0;
}

void world_step_unmap_harvest(struct world *world, struct world_member *member)
{
    struct pgt_harvest sum = {0};
    struct pgt_gone rest;
    size_t cost = 0;

    world_draw_range(world);
    struct left left = {.model = &member->model, .page = world->virt / PGT_PAGE};
    left.end = left.page + world->bytes / PGT_PAGE;
    enum pgt_status refused = world_reaches_upper(world, member) ? PGT_SEALED : PGT_OK;
    assert_int_equal(pgt_unmap_cost(&member->space, world->virt, world->bytes, &cost), refused);
    struct world_call call = world_start_call(world, member);
    enum pgt_status status = pgt_unmap_harvest(&member->space, world->virt, world->bytes, tell_gone,
                                               &left, &sum, &call.flush);
    if (!world_carried_out(world, &call, status, refused, cost)) {
        assert_int_equal(left.page, world->virt / PGT_PAGE);
        return;
    }
    assert_false(model_next_gone(left.model, left.page, left.end, &rest));
    assert_memory_equal(&sum, &left.sum, sizeof(sum));
    struct model_change change = model_unmap(&member->model, world->virt, world->bytes);
    world_check_flush(world, member, &call.flush, &change);
}

/* ---- readers ------------------------------------------------------------ */

static void check_lookup(const struct world *world, const struct world_member *member,
                         const struct model *view, uint64_t virt)
{
    struct walk_leaf walked = walk(member->arena, &world->arch, member->space.root, virt);
    struct pgt_leaf leaf;

    assert_int_equal(pgt_lookup(&member->space, virt, &leaf), walked.kind == WALK_LEAF);
    if (walked.kind != WALK_LEAF)
        return;
    model_assert_leaf(view, virt / PGT_PAGE, &walked);
    struct pgt_leaf want = model_leaf(model_next(view, virt / PGT_PAGE), virt / PGT_PAGE);
    assert_true(model_same_leaf(&leaf, &want));
}

static void check_next(const struct world_member *member, const struct model *view, uint64_t virt)
{
    const struct model_run *run = model_next(view, virt / PGT_PAGE);
    struct pgt_run merged, want_merged;
    struct pgt_leaf leaf;

    assert_int_equal(pgt_next(&member->space, virt, &leaf), run != NULL);
    assert_int_equal(pgt_next_run(&member->space, virt, &merged), run != NULL);
    if (run == NULL)
        return;
    struct pgt_leaf want = model_leaf(run, virt / PGT_PAGE);
    assert_true(model_same_leaf(&leaf, &want));
    assert_true(model_next_run(view, virt / PGT_PAGE, &want_merged));
    assert_true(model_same_run(&merged, &want_merged));
}

static void count_line(void *context, const char *text)
{
    size_t *lines = context;

    assert_true(strlen(text) > 40);
    ++*lines;
}

static void check_dump(const struct world_member *member, const struct model *view)
{
    struct pgt_run run;
    size_t lines = 0, runs = 0;

    for (uint64_t page = 0; model_next_run(view, page, &run); runs++)
        page = (run.virt + run.bytes - 1) / PGT_PAGE + 1;
    pgt_dump(&member->space, count_line, &lines);
    assert_int_equal(lines, runs);
}

/* The tables that are listed are all different, and taken. */
static void check_tables(const struct world_member *member)
{
    static const size_t capacity = 1024;
    uint64_t *frame = calloc(capacity, sizeof(*frame));
    bool *seen = calloc(member->arena->count, sizeof(*seen));

    assert_non_null(frame);
    assert_non_null(seen);
    size_t count = pgt_tables(&member->space, frame, capacity);
    assert_int_equal(frame[0], member->space.root);
    for (size_t i = 0; i < count && i < capacity; i++) {
        size_t index = (size_t)((frame[i] - member->arena->base) / PGT_PAGE);
        assert_non_null(arena_table(member->arena, frame[i]));
        assert_false(seen[index]);
        seen[index] = true;
    }
    free(frame);
    free(seen);
}

void world_step_read(struct world *world, struct world_member *member)
{
    struct model view = world_view(world, member);
    uint64_t virt = world_draw_address(world) + world_draw(world, PGT_PAGE);

    check_lookup(world, member, &view, virt);
    check_next(member, &view, virt);
    world_draw_range(world);
    assert_int_equal(pgt_is_empty(&member->space, world->virt, world->bytes),
                     model_is_empty(&view, world->virt, world->bytes));
    check_tables(member);
    if (world_chance(world, 8))
        check_dump(member, &view);
    model_free(&view);
}

/* ---- the rest ----------------------------------------------------------- */

/* Field by field: a compiler may leave anything between them. */
static void assert_same_space(const struct pgt_space *a, const struct pgt_space *b)
{
    assert_memory_equal(&a->arch, &b->arch, sizeof(a->arch));
    assert_ptr_equal(a->frames.context, b->frames.context);
    assert_int_equal(a->frames.offset, b->frames.offset);
    assert_int_equal(a->root, b->root);
    assert_ptr_equal(a->upper, b->upper);
    assert_int_equal(a->upper_slot, b->upper_slot);
    assert_int_equal(a->upper_start, b->upper_start);
    assert_int_equal(a->root_live, b->root_live);
    assert_int_equal(a->dependents, b->dependents);
}

/* Others take the tables over, and hand them back. */
void world_step_adopt(struct world *world, struct world_member *member)
{
    if (world_is_dependent(world, member) || member->space.upper_slot != PGT_ENTRIES)
        return;
    struct pgt_space before = member->space;
    struct pgt_frames frames = member->arena->frames;
    pgt_disown(&member->space);
    memset(&member->space, 0xa5, sizeof(member->space));
    assert_int_equal(pgt_adopt(&member->space, &world->arch, &frames, before.root), PGT_OK);
    assert_same_space(&member->space, &before);
}

/* Arguments that are refused whatever is mapped. */
void world_step_nonsense(struct world *world, struct world_member *member)
{
    struct pgt_mapping good = world_draw_mapping(world);
    struct pgt_mapping bad[] = {good, good, good, good, good, good, good, good, good};
    static const enum pgt_status status[] = {
        PGT_MISALIGNED,   PGT_MISALIGNED, PGT_MISALIGNED, PGT_BAD_RANGE,  PGT_BAD_RANGE,
        PGT_BAD_PHYSICAL, PGT_BAD_RIGHTS, PGT_BAD_RIGHTS, PGT_BAD_RIGHTS,
    };
    uint64_t pick = world_draw(world, sizeof(bad) / sizeof(bad[0]));
    size_t cost;

    bad[0].virt += 1 + world_draw(world, PGT_PAGE - 1);
    bad[1].phys += 1 + world_draw(world, PGT_PAGE - 1);
    bad[2].bytes -= 1 + world_draw(world, PGT_PAGE - 1);
    bad[3].bytes = 0;
    /* Over the hole, or over the top. */
    bad[4].bytes = (good.virt >> 63 ? 0 : world_first_upper(world)) - good.virt + PGT_PAGE;
    bad[5].phys = (UINT64_C(1) << world->arch.physical_bits) - good.bytes + PGT_PAGE;
    bad[6].rights &= PGT_USER | PGT_GLOBAL;
    bad[7].key = PGT_KEYS;
    bad[8].software = PGT_SOFTWARE_ALL + 1;
    struct world_call call = world_start_call(world, member);
    assert_int_equal(pgt_map_cost(&member->space, &bad[pick], &cost), status[pick]);
    enum pgt_status seen = pgt_map(&member->space, &bad[pick], &call.flush);
    assert_false(world_carried_out(world, &call, seen, status[pick], 0));
    assert_int_equal(pgt_split_cost(&member->space, good.virt, good.bytes, GIB, &cost),
                     PGT_MISALIGNED);
}
