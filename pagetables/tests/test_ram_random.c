/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator against an array that says of each frame what it is: for every set of
 * free frames in a small memory, and in long random runs.
 */
#include "pagetables/ram.h"

#include <stdlib.h>
#include <string.h>

#include "pagetables/tests/replay.h"
#include "pagetables/tests/suite.h"

#define FRAMES  1200 /* numbers from 0; not all of them are memory */
#define FOREIGN (-1)
#define WAITING (-2)

struct world {
    struct pgt_ram ram;
    void *block;
    int frame[FRAMES]; /* its owners, or FOREIGN, or WAITING */
};

static void start(struct world *world, const struct pgt_ram_range *usable, size_t count)
{
    struct pgt_ram_boot boot;
    assert_int_equal(pgt_ram_boot_init(&boot, usable, count, NULL, 0), PGT_RAM_OK);
    world->block = malloc(pgt_ram_bytes(&boot));
    assert_non_null(world->block);
    pgt_ram_init(&world->ram, &boot, world->block);
    for (uint64_t i = 0; i < FRAMES; i++) {
        world->frame[i] = FOREIGN;
        for (size_t k = 0; k < count; k++)
            if (i * 4096 - usable[k].base < usable[k].bytes)
                world->frame[i] = 0;
    }
}

static uint64_t lowest(const struct world *world, uint64_t frames, uint64_t align)
{
    for (uint64_t first = 0; first < FRAMES; first += align) {
        uint64_t i = first;
        while (i < FRAMES && i < first + frames && world->frame[i] == 0)
            i++;
        if (i == first + frames)
            return first;
    }
    return FRAMES;
}

static void take_run(struct world *world, uint64_t frames, uint64_t align)
{
    uint64_t expected = lowest(world, frames, align);
    uint64_t frame = 0x5a5a;
    enum pgt_ram_status status = pgt_ram_take_run(&world->ram, frames, align * 4096, &frame);
    assert_int_equal(status, expected < FRAMES ? PGT_RAM_OK : PGT_RAM_NONE_LEFT);
    assert_int_equal(frame, expected < FRAMES ? expected * 4096 : 0x5a5a);
    for (uint64_t i = expected; expected < FRAMES && i < expected + frames; i++)
        world->frame[i] = 1;
}

static enum pgt_ram_status judge(const struct world *world, uint64_t frame)
{
    if (world->frame[frame] == FOREIGN)
        return PGT_RAM_FOREIGN;
    return world->frame[frame] > 0 ? PGT_RAM_OK : PGT_RAM_NOT_TAKEN;
}

static void take(struct world *world)
{
    uint64_t expected = lowest(world, 1, 1);
    uint64_t frame = 0x5a5a;
    enum pgt_ram_status status = pgt_ram_take(&world->ram, &frame);
    assert_int_equal(status, expected < FRAMES ? PGT_RAM_OK : PGT_RAM_NONE_LEFT);
    assert_int_equal(frame, expected < FRAMES ? expected * 4096 : 0x5a5a);
    if (expected < FRAMES)
        world->frame[expected] = 1;
}

static void give_run(struct world *world, uint64_t first, uint64_t frames)
{
    enum pgt_ram_status expected = PGT_RAM_OK;
    for (uint64_t i = first; i < first + frames; i++)
        if (i >= FRAMES || world->frame[i] == FOREIGN)
            expected = PGT_RAM_FOREIGN;
    for (uint64_t i = first; i < first + frames && !expected; i++)
        if (world->frame[i] != 1)
            expected = world->frame[i] > 1 ? PGT_RAM_SHARED : PGT_RAM_NOT_TAKEN;
    assert_int_equal(pgt_ram_free(&world->ram, first * 4096, frames), expected);
    for (uint64_t i = first; i < first + frames && !expected; i++)
        world->frame[i] = 0;
}

static void share(struct world *world, uint64_t frame)
{
    enum pgt_ram_status expected = judge(world, frame);
    assert_int_equal(pgt_ram_share(&world->ram, frame * 4096), expected);
    if (!expected)
        world->frame[frame]++;
}

static void let_go(struct world *world, uint64_t frame, bool retire)
{
    enum pgt_ram_status expected = judge(world, frame);
    bool last = false;
    if (retire)
        assert_int_equal(pgt_ram_retire(&world->ram, frame * 4096, &last), expected);
    else
        assert_int_equal(pgt_ram_release(&world->ram, frame * 4096, &last), expected);
    assert_int_equal(last, !expected && world->frame[frame] == 1);
    if (!expected && --world->frame[frame] == 0 && retire)
        world->frame[frame] = WAITING;
}

static void recycle(struct world *world)
{
    pgt_ram_recycle(&world->ram);
    for (size_t i = 0; i < FRAMES; i++)
        if (world->frame[i] == WAITING)
            world->frame[i] = 0;
}

static void compare(const struct world *world)
{
    size_t count[3] = {0};
    for (uint64_t i = 0; i < FRAMES; i++) {
        int frame = world->frame[i];
        count[0] += frame != FOREIGN;
        count[1] += frame == 0;
        count[2] += frame == WAITING;
        assert_int_equal(pgt_ram_owners(&world->ram, i * 4096), frame > 0 ? frame : 0);
    }
    assert_int_equal(world->ram.frames, count[0]);
    assert_int_equal(world->ram.free_count, count[1]);
    assert_int_equal(world->ram.waiting_count, count[2]);
}

/* Ten frames in two ranges: every set of free ones, every run that might fit. */
static void every_run_in_every_small_memory(void **state)
{
    const struct pgt_ram_range usable[] = {{0x1000, 6 * 0x1000}, {0x9000, 4 * 0x1000}};
    (void)state;

    for (unsigned taken = 0; taken < 1u << 10; taken++) {
        for (unsigned frames = 1; frames <= 7; frames++) {
            for (unsigned align = 1; align <= 8; align *= 2) {
                struct world world;
                start(&world, usable, 2);
                for (unsigned i = 0; i < 10; i++)
                    take(&world);
                for (unsigned i = 0; i < 10; i++)
                    if (!(taken >> i & 1))
                        give_run(&world, i < 6 ? 1 + i : 3 + i, 1);
                take_run(&world, frames, align);
                assert_int_equal(world.ram.free_count,
                                 10 - (unsigned)__builtin_popcount(taken) -
                                     (world.ram.refused[PGT_RAM_NONE_LEFT] ? 0 : frames));
                free(world.block);
            }
        }
    }
}

static void step(struct world *world, struct replay *replay)
{
    uint64_t frame = replay_draw(replay, FRAMES);
    uint64_t frames = 1 + replay_draw(replay, replay_draw(replay, 4) ? 4 : 600);
    switch (replay_draw(replay, 10)) {
    case 0:
    case 1:
        take_run(world, frames, UINT64_C(1) << replay_draw(replay, 10));
        break;
    case 2:
    case 3:
        take(world);
        break;
    case 4:
    case 5:
        give_run(world, frame, frames);
        break;
    case 6:
        share(world, frame);
        break;
    case 7:
    case 8:
        let_go(world, frame, replay_draw(replay, 2));
        break;
    default:
        if (replay_draw(replay, 8) == 0)
            recycle(world);
        break;
    }
}

static void random_memories(void **state)
{
    struct replay replay = replay_start(3, 40000);
    (void)state;

    for (uint64_t round = 0; round < 20; round++) {
        struct pgt_ram_range usable[3];
        struct world world;
        for (size_t i = 0; i < 3; i++)
            usable[i] = (struct pgt_ram_range){replay_draw(&replay, FRAMES - 500) * 4096,
                                               (1 + replay_draw(&replay, 500)) * 4096};
        start(&world, usable, 3);
        for (uint64_t i = 0; i < replay.operations / 20; i++) {
            step(&world, &replay);
            if (i % 16 == 0)
                compare(&world);
        }
        compare(&world);
        free(world.block);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_in_every_small_memory),
        cmocka_unit_test(random_memories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
