/* SPDX-License-Identifier: BSD-2-Clause */
/* Which step comes next. */
#include "pagetables/tests/world_steps.h"

/* Of a hundred steps, how many are of which kind. */
static const struct {
    unsigned share;
    void (*step)(struct world *world, struct world_member *member);
} steps[] = {
    {27, world_step_map},       {9, world_step_unmap},   {3, world_step_unmap_harvest},
    {14, world_step_protect},   {8, world_step_promote}, {8, world_step_split},
    {9, world_step_clone},      {6, world_step_harvest}, {6, world_step_mark},
    {4, world_step_read},       {2, world_step_adopt},   {2, world_step_nonsense},
    {2, NULL /* dependents */},
};

static void turn_dependent(struct world *world, struct world_member *member)
{
    if (world_is_dependent(world, member) && world_is_sealed(world))
        world_turn_dependent(world, member);
    world_check(world);
}

static void seal(struct world *world)
{
    world_seal(world);
    if (world_is_sealed(world))
        world_turn_dependent(world, &world->member[WORLD_OWNERS]);
}

void world_step(struct world *world)
{
    if (world->steps++ == world->seal_at)
        seal(world);
    world->checked = NULL;
    struct world_member *member = &world->member[world_draw(world, WORLD_MEMBERS)];
    uint64_t dice = world_draw(world, 100);
    size_t kind = 0;

    for (; dice >= steps[kind].share; kind++)
        dice -= steps[kind].share;
    if (steps[kind].step == NULL) {
        turn_dependent(world, member);
        return;
    }
    if (!member->exists)
        member = &world->member[0];
    steps[kind].step(world, member);
    world_check_near(world, member);
    if (world_chance(world, 24))
        world_check(world);
    else if (world_chance(world, 24))
        world_check_member(world, member);
}
