/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/world_steps.h"

struct world_call world_count_call(struct world *world, struct world_member *member)
{
    struct world_call call = {.member = member, .space = member->space};

    for (unsigned i = 0; i < world->arenas; i++) {
        call.reserves += world->arena[i].reserves;
        call.refusals += world->arena[i].refusals;
        call.takes += world->arena[i].takes;
    }
    return call;
}

struct world_call world_start_call(struct world *world, struct world_member *member)
{
    world_ration(world);
    struct world_call call = world_count_call(world, member);
    call.flush = world_flush(world);
    return call;
}

bool world_carried_out(struct world *world, const struct world_call *call, enum pgt_status status,
                       enum pgt_status refusal, size_t cost)
{
    struct world_call now = world_count_call(world, call->member);
    bool short_of_frames = now.refusals != call->refusals;

    if (refusal == PGT_OK && !short_of_frames) {
        assert_int_equal(status, PGT_OK);
        assert_int_equal(now.takes - call->takes, cost);
        assert_true(now.reserves - call->reserves >= (cost > 0));
        assert_true(now.reserves - call->reserves <= world->arenas);
        for (unsigned i = 0; i < world->arenas; i++)
            arena_assert_settled(&world->arena[i]);
        world->checked = NULL;
        return true;
    }
    assert_int_equal(status, refusal != PGT_OK ? refusal : PGT_NO_FRAMES);
    if (refusal != PGT_OK)
        assert_int_equal(now.reserves, call->reserves);
    assert_int_equal(now.takes, call->takes);
    assert_memory_equal(&call->flush, &world->before, sizeof(call->flush));
    assert_memory_equal(&call->member->space, &call->space, sizeof(call->space));
    /* Of two allocators one may have granted what is not taken now. */
    for (unsigned i = 0; i < world->arenas; i++)
        world->arena[i].granted = 0;
    world_check_member(world, call->member);
    return false;
}

bool world_reaches_upper(const struct world *world, const struct world_member *member)
{
    return world_is_dependent(world, member) &&
           world_slot_of(world, world->virt + world->bytes - 1) >= member->space.upper_slot;
}
