/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator as its users see it: it lives in the memory that it manages, address spaces take
 * their tables from it, and areas their frames.
 */
#include <stdlib.h>
#include <string.h>

#include "pagetables/areas.h"
#include "pagetables/ram.h"
#include "pagetables/tests/suite.h"

#define FRAMES 32
#define BASE   0x100000

/* FRAMES frames from BASE on, of which the first holds the allocator. */
struct machine {
    uint8_t *bytes;
    uint64_t offset;
    struct pgt_ram_range usable;
    struct pgt_ram ram;
};

static void start(struct machine *machine)
{
    struct pgt_ram_boot boot;
    machine->bytes = aligned_alloc(4096, FRAMES * 4096);
    assert_non_null(machine->bytes);
    memset(machine->bytes, 0xa5, FRAMES * 4096);
    machine->offset = (uint64_t)(uintptr_t)machine->bytes - BASE;
    machine->usable = (struct pgt_ram_range){BASE, FRAMES * 4096};
    assert_int_equal(pgt_ram_boot_init(&boot, &machine->usable, 1, NULL, 0), PGT_RAM_OK);
    assert_int_equal(pgt_ram_init_own(&machine->ram, &boot, machine->offset), PGT_RAM_OK);
}

static void end(struct machine *machine)
{
    free(machine->bytes);
}

static void expect_counts(const struct machine *machine, size_t free_, size_t waiting)
{
    assert_int_equal(machine->ram.free_count, free_);
    assert_int_equal(machine->ram.waiting_count, waiting);
}

static void it_lives_in_a_frame_of_its_own(void **state)
{
    struct machine machine;
    (void)state;

    start(&machine);
    expect_counts(&machine, FRAMES - 1, 0);
    assert_ptr_equal(machine.ram.extent, machine.bytes);
    assert_int_equal(pgt_ram_owners(&machine.ram, BASE), 1);
    /* The other frames are not its to write. */
    for (size_t i = 4096; i < FRAMES * 4096; i++)
        assert_int_equal(machine.bytes[i], 0xa5);
    end(&machine);
}

static void without_memory_for_itself_it_does_not_start(void **state)
{
    /* 40000 frames need 82 KiB in a row, and there are only pieces of 64 KiB. */
    struct pgt_ram_range usable[2501];
    struct pgt_ram_boot boot;
    struct pgt_ram ram, before;
    (void)state;

    for (size_t i = 0; i < 2501; i++)
        usable[i] = (struct pgt_ram_range){i * 0x20000, 0x10000};
    memset(&ram, 0x5a, sizeof(ram));
    before = ram;
    assert_int_equal(pgt_ram_boot_init(&boot, usable, 2501, NULL, 0), PGT_RAM_OK);
    assert_int_equal(pgt_ram_init_own(&ram, &boot, 0), PGT_RAM_NONE_LEFT);
    assert_int_equal(boot.taken, 0);
    assert_int_equal(pgt_ram_boot_init(&boot, usable, 0, NULL, 0), PGT_RAM_OK);
    assert_int_equal(pgt_ram_init_own(&ram, &boot, 0), PGT_RAM_NONE_LEFT);
    assert_memory_equal(&ram, &before, sizeof(ram));
}

/* An allocator of nothing answers like one that is empty. */
static void no_memory_at_all(void **state)
{
    struct pgt_ram_boot boot;
    struct pgt_ram ram;
    uint64_t block[1], frame = 0;
    (void)state;

    assert_int_equal(pgt_ram_boot_init(&boot, NULL, 0, NULL, 0), PGT_RAM_OK);
    assert_int_equal(pgt_ram_bytes(&boot), 0);
    pgt_ram_init(&ram, &boot, block);
    assert_int_equal(pgt_ram_take(&ram, &frame), PGT_RAM_NONE_LEFT);
    assert_int_equal(pgt_ram_take_run(&ram, 1, PGT_PAGE, &frame), PGT_RAM_NONE_LEFT);
    assert_int_equal(pgt_ram_free(&ram, 0, 1), PGT_RAM_FOREIGN);
    pgt_ram_recycle(&ram);
}

/* A freed table is not handed out again until recycle, and is not written either. */
static void a_space_takes_its_tables_from_it(void **state)
{
    struct machine machine;
    struct pgt_space space;
    struct pgt_flush flush = {0};
    struct pgt_arch arch = suite_arch(4);
    struct pgt_mapping mapping = {.virt = GIB, .phys = 0, .bytes = 0x1000, .rights = RW};
    (void)state;

    start(&machine);
    struct pgt_frames frames = pgt_ram_frames(&machine.ram, machine.offset);
    assert_int_equal(pgt_init(&space, &arch, &frames), PGT_OK);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_OK);
        assert_int_equal(pgt_unmap(&space, GIB, 0x1000, &flush), PGT_OK);
        expect_counts(&machine, FRAMES - 2 - 3 * (i + 1), 3 * (i + 1));
    }
    assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_NO_FRAMES); /* none is left */
    uint8_t *waiting = malloc(FRAMES * 4096);
    assert_non_null(waiting);
    memcpy(waiting, machine.bytes + 4096, (FRAMES - 1) * 4096);
    pgt_ram_recycle(&machine.ram);
    expect_counts(&machine, FRAMES - 2, 0);
    assert_memory_equal(waiting, machine.bytes + 4096, (FRAMES - 1) * 4096);
    free(waiting);
    assert_int_equal(pgt_map(&space, &mapping, &flush), PGT_OK);
    assert_int_equal(pgt_destroy(&space), PGT_OK);
    pgt_ram_recycle(&machine.ram);
    expect_counts(&machine, FRAMES - 1, 0);
    end(&machine);
}

/* A give has no answer, so the count is what tells. */
static void wrong_gives_are_counted(void **state)
{
    struct machine machine;
    (void)state;

    start(&machine);
    struct pgt_frames frames = pgt_ram_frames(&machine.ram, machine.offset);
    assert_true(frames.reserve(frames.context, FRAMES - 1));
    assert_false(frames.reserve(frames.context, FRAMES));
    uint64_t frame = frames.take(frames.context);
    assert_false(frames.reserve(frames.context, FRAMES - 1));
    frames.give(frames.context, frame);
    frames.give(frames.context, frame);
    frames.give(frames.context, BASE - 4096);
    frames.give(frames.context, frame + 8);
    assert_int_equal(machine.ram.refused[PGT_RAM_NOT_TAKEN], 1);
    assert_int_equal(machine.ram.refused[PGT_RAM_FOREIGN], 1);
    assert_int_equal(machine.ram.refused[PGT_RAM_MISALIGNED], 1);
    expect_counts(&machine, FRAMES - 2, 1);
    end(&machine);
}

static void areas_take_counted_frames_from_it(void **state)
{
    struct machine machine;
    uint64_t frame, other = 0x5a5a;
    (void)state;

    start(&machine);
    struct pgt_counted source = pgt_ram_counted(&machine.ram);
    assert_true(source.allocate(source.context, &frame));
    assert_int_equal(source.owners(source.context, frame), 1);
    for (unsigned owners = 2; owners <= PGT_RAM_OWNERS_MOST; owners++)
        assert_true(source.share(source.context, frame));
    assert_false(source.share(source.context, frame));
    assert_int_equal(source.owners(source.context, frame), PGT_RAM_OWNERS_MOST);
    for (unsigned owners = PGT_RAM_OWNERS_MOST; owners > 1; owners--)
        assert_false(source.release(source.context, frame));
    assert_true(source.release(source.context, frame));
    assert_false(source.release(source.context, frame)); /* no owner: nothing was freed */
    assert_int_equal(source.owners(source.context, frame), 0);
    expect_counts(&machine, FRAMES - 1, 0);
    for (unsigned i = 0; i < FRAMES - 1; i++)
        assert_true(source.allocate(source.context, &frame));
    assert_false(source.allocate(source.context, &other));
    assert_int_equal(other, 0x5a5a);
    end(&machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_lives_in_a_frame_of_its_own),
        cmocka_unit_test(without_memory_for_itself_it_does_not_start),
        cmocka_unit_test(no_memory_at_all),
        cmocka_unit_test(a_space_takes_its_tables_from_it),
        cmocka_unit_test(wrong_gives_are_counted),
        cmocka_unit_test(areas_take_counted_frames_from_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
