/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps that change what is mapped, each with its refusals foretold. */
#include "pagetables/tests/world_steps.h"

/* Nobody may fill an empty root slot above the seal. */
static bool needs_sealed_slot(const struct world *world, const struct world_member *member)
{
    unsigned last = world_slot_of(world, world->virt + world->bytes - 1);
    for (unsigned slot = world_slot_of(world, world->virt); slot <= last; slot++)
        if (slot >= member->space.upper_slot && !member->kept[slot])
            return true;
    return false;
}

static bool has_memory(const struct pgt_arch *arch, enum pgt_memory memory)
{
    return arch->pat == PGT_PAT_LIMINE ||
           (memory != PGT_WRITE_PROTECTED && memory != PGT_WRITE_COMBINING);
}

static bool has_rights(const struct pgt_arch *arch, unsigned rights)
{
    return arch->no_execute || (rights & PGT_EXECUTE);
}

/* Where there are two reasons either will do. */
static enum pgt_status refusal(enum pgt_status seen, enum pgt_status one, enum pgt_status other)
{
    if (one != PGT_OK && other != PGT_OK)
        return seen == other ? other : one;
    return one != PGT_OK ? one : other;
}

/* ---- one space ----------------------------------------------------- */

void world_step_map(struct world *world, struct world_member *member)
{
    struct pgt_mapping mapping = world_draw_mapping(world);
    size_t cost = 0, reserves = member->arena->reserves;
    bool expressible =
        has_rights(&world->arch, mapping.rights) && has_memory(&world->arch, mapping.memory);

    enum pgt_status priced = pgt_map_cost(&member->space, &mapping, &cost);
    assert_int_equal(member->arena->reserves, reserves);
    enum pgt_status refused = refusal(priced, expressible ? PGT_OK : PGT_BAD_RIGHTS,
                                      needs_sealed_slot(world, member) ? PGT_SEALED : PGT_OK);
    assert_int_equal(priced, refused);
    struct world_call call = world_start_call(world, member);
    enum pgt_status status = pgt_map(&member->space, &mapping, &call.flush);
    if (!world_carried_out(world, &call, status, refused, cost))
        return;
    member->had_global |= (mapping.rights & PGT_GLOBAL) != 0;
    struct model_change change = model_map(&member->model, &world->arch, &mapping);
    world_check_flush(world, member, &call.flush, &change);
}

static void unmap(struct world *world, struct world_member *member)
{
    enum pgt_status refused = world_reaches_upper(world, member) ? PGT_SEALED : PGT_OK;
    size_t cost = 0;

    assert_int_equal(pgt_unmap_cost(&member->space, world->virt, world->bytes, &cost), refused);
    struct world_call call = world_start_call(world, member);
    enum pgt_status status = pgt_unmap(&member->space, world->virt, world->bytes, &call.flush);
    if (!world_carried_out(world, &call, status, refused, cost))
        return;
    struct model_change change = model_unmap(&member->model, world->virt, world->bytes);
    world_check_flush(world, member, &call.flush, &change);
}

void world_step_unmap(struct world *world, struct world_member *member)
{
    world_draw_range(world);
    if (world_chance(world, 4)) { /* much at once, so that spaces stay small and tables empty */
        world->virt &= -GIB;
        world->bytes = GIB;
    }
    unmap(world, member);
}

void world_step_protect(struct world *world, struct world_member *member)
{
    struct model_attributes attributes = world_draw_attributes(world);
    struct pgt_protection protection = {
        .change = (unsigned)world_draw(world, 16),
        .rights = attributes.rights,
        .memory = attributes.memory,
        .key = attributes.key,
        .software = attributes.software,
    };
    bool expressible =
        (!(protection.change & PGT_CHANGE_RIGHTS) || has_rights(&world->arch, protection.rights)) &&
        (!(protection.change & PGT_CHANGE_MEMORY) || has_memory(&world->arch, protection.memory));
    size_t cost = 0;

    world_draw_range(world);
    enum pgt_status priced =
        pgt_protect_cost(&member->space, world->virt, world->bytes, &protection, &cost);
    enum pgt_status refused = refusal(priced, expressible ? PGT_OK : PGT_BAD_RIGHTS,
                                      world_reaches_upper(world, member) ? PGT_SEALED : PGT_OK);
    assert_int_equal(priced, refused);
    struct world_call call = world_start_call(world, member);
    enum pgt_status status =
        pgt_protect(&member->space, world->virt, world->bytes, &protection, &call.flush);
    if (!world_carried_out(world, &call, status, refused, cost))
        return;
    if (protection.change & PGT_CHANGE_RIGHTS)
        member->had_global |= (protection.rights & PGT_GLOBAL) != 0;
    struct model_change change =
        model_protect(&member->model, world->virt, world->bytes, &protection);
    world_check_flush(world, member, &call.flush, &change);
}

void world_step_promote(struct world *world, struct world_member *member)
{
    world_draw_range(world);
    enum pgt_status refused = world_reaches_upper(world, member) ? PGT_SEALED : PGT_OK;
    struct world_call call = world_start_call(world, member);
    enum pgt_status status = pgt_promote(&member->space, world->virt, world->bytes, &call.flush);
    assert_int_equal(world_count_call(world, member).reserves, call.reserves);
    if (!world_carried_out(world, &call, status, refused, 0))
        return;
    struct model_change change = {0};
    model_promote(&member->model, &world->arch, world->virt, world->bytes, &change);
    world_check_flush(world, member, &call.flush, &change);
}

void world_step_split(struct world *world, struct world_member *member)
{
    uint64_t largest = world_chance(world, 2) ? PGT_PAGE : PGT_PAGE_2M;
    size_t cost = 0;

    world_draw_range(world);
    /* Of more than that in pages of 4K the price alone takes as long as a hundred other steps. */
    if (world->bytes > 64 * MIB && !world_chance(world, 16))
        world->bytes = 64 * MIB;
    enum pgt_status refused = world_reaches_upper(world, member) ? PGT_SEALED : PGT_OK;
    assert_int_equal(pgt_split_cost(&member->space, world->virt, world->bytes, largest, &cost),
                     refused);
    /* A whole gigabyte in pages of 4K would slow down all that follows. */
    if (cost > 16 && !world_chance(world, 256))
        return;
    struct world_call call = world_start_call(world, member);
    enum pgt_status status = pgt_split(&member->space, world->virt, world->bytes, largest);
    if (world_carried_out(world, &call, status, refused, cost))
        model_split(&member->model, world->virt, world->bytes, largest);
}

/* ---- clone -------------------------------------------------------------- */

static bool clone_crosses_seal(const struct world *world, const struct world_member *to,
                               const struct world_member *from, enum pgt_clone how)
{
    return world_reaches_upper(world, to) || needs_sealed_slot(world, to) ||
           (how == PGT_CLONE_COPY_ON_WRITE && world_reaches_upper(world, from));
}

static void clone(struct world *world, struct world_member *to, struct world_member *from,
                  enum pgt_clone how)
{
    unsigned software = (unsigned)world_draw(world, PGT_SOFTWARE_ALL + 1);
    struct model to_view = world_view(world, to), from_view = world_view(world, from);
    bool occupied = !model_is_empty(&to_view, world->virt, world->bytes);
    size_t to_cost = 0, from_cost = 0;

    enum pgt_status priced = pgt_clone_cost(&to->space, &from->space, world->virt, world->bytes,
                                            how, &to_cost, &from_cost);
    enum pgt_status refused =
        refusal(priced, clone_crosses_seal(world, to, from, how) ? PGT_SEALED : PGT_OK,
                occupied ? PGT_OCCUPIED : PGT_OK);
    assert_int_equal(priced, refused);
    struct world_call call = world_start_call(world, to);
    size_t to_takes = to->arena->takes;
    struct pgt_space from_before = from->space;
    enum pgt_status status =
        pgt_clone(&to->space, &from->space, world->virt, world->bytes, how, software, &call.flush);
    if (world_carried_out(world, &call, status, refused, to_cost + from_cost)) {
        struct model_change change = {0};
        if (to->arena != from->arena)
            assert_int_equal(to->arena->takes - to_takes, to_cost);
        model_clone(&to->model, &from_view, world->virt, world->bytes, how, software);
        if (how == PGT_CLONE_COPY_ON_WRITE)
            change = model_take_write(&from->model, world->virt, world->bytes, software);
        to->had_global |= from->had_global | world->member[0].had_global;
        world_check_flush(world, from, &call.flush, &change);
    } else {
        assert_memory_equal(&from->space, &from_before, sizeof(from_before));
    }
    model_free(&to_view);
    model_free(&from_view);
    world_check_near(world, from);
}

void world_step_clone(struct world *world, struct world_member *to)
{
    struct world_member *from = &world->member[world_draw(world, WORLD_MEMBERS)];
    enum pgt_clone how = (enum pgt_clone)world_draw(world, 3);

    if (!from->exists || from == to)
        return;
    world_draw_range(world);
    if (!world_chance(world, 3)) /* to an empty range, as it should be */
        unmap(world, to);
    clone(world, to, from, how);
}
