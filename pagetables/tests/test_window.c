/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Temporary mappings, on an emulated processor that remembers translations: each is invalidated
 * exactly once, slots nest in any order and in interrupts, and the zero frame stays zero.
 */
#include "pagetables/flags.h"
#include "pagetables/tests/bare.h"

#include <string.h>

static uint64_t take_filled(struct bare *bare, int byte)
{
    uint64_t frame = arena_take_zeroed(&bare->arena);
    memset(arena_table(&bare->arena, frame), byte, 4096);
    return frame;
}

static void give(struct bare *bare, uint64_t frame)
{
    bare->arena.frames.give(bare->arena.frames.context, frame);
}

/* gopher-os: one page at a known place. */
static void the_window_page_is_where_kernels_have_it(void **state)
{
    struct pgt_arch four = suite_arch(4), five = suite_arch(5);
    uint64_t page = pgt_window_page(&four, 511);
    (void)state;

    assert_int_equal(page, UINT64_C(0xffffff7ffffff000));
    assert_int_equal(page >> 39 & 511, 510);
    assert_int_equal(page >> 30 & 511, 511);
    assert_int_equal(page >> 21 & 511, 511);
    assert_int_equal(page >> 12 & 511, 511);
    assert_int_equal(pgt_window_page(&five, 511), UINT64_C(0xfffefffffffff000));
    assert_int_equal(pgt_window_page(&four, 256), UINT64_C(0x00007ffffffff000));
    assert_int_equal(pgt_window_page(&four, 255), UINT64_C(0x00007f7ffffff000));
    assert_int_equal(pgt_window_page(&four, 0), TOP_PAGE);
    assert_int_equal(pgt_window_page(&five, 0), TOP_PAGE);
}

/* gopher-os: present and writable on every level, and exactly one invalidation, of that page. */
static void a_mapping_is_invalidated_exactly_once(void **state)
{
    (void)state;
    for (unsigned levels = 4; levels <= 5; levels++) {
        struct bare bare;
        uint64_t virt;
        bare_start_plain(&bare, levels);
        uint64_t frame = take_filled(&bare, 0x33);
        size_t before = bare.emulator.invalidations;
        assert_int_equal(pgt_window_map(&bare.window, frame, &virt), PGT_OK);
        assert_int_equal(bare.emulator.invalidations - before, 1);
        assert_int_equal(bare.emulator.last_invalidated, virt);
        assert_int_equal(virt, pgt_window_page(&bare.arch, 511));
        for (unsigned level = 1; level <= levels; level++) {
            pgt_entry entry = {*walk_entry(&bare.arena, &bare.arch, bare.root, virt, level)};
            assert_true(pgt_entry_has_all(entry, PGT_FLAG_PRESENT | PGT_FLAG_WRITABLE));
            assert_false(level == 1 && pgt_entry_has_any(entry, PGT_FLAG_USER | PGT_FLAG_GLOBAL));
        }
        struct walk_leaf leaf = walk(&bare.arena, &bare.arch, bare.root, virt);
        assert_int_equal(leaf.phys, frame);
        assert_int_equal(leaf.rights, RW);
        assert_int_equal(leaf.memory, PGT_WRITE_BACK);
        assert_int_equal(emulator_load(&bare.emulator, virt), UINT64_C(0x3333333333333333));
        pgt_window_release(&bare.window, virt);
        assert_int_equal(bare.emulator.invalidations - before, 1);
        assert_int_equal(walk(&bare.arena, &bare.arch, bare.root, virt).kind, WALK_ABSENT);
        give(&bare, frame);
        bare_end(&bare);
    }
}

/* The next frame in the same slot is not what the processor remembers of the last one. */
static void a_slot_is_used_again(void **state)
{
    struct bare bare;
    uint64_t virt, again;
    (void)state;

    bare_start_plain(&bare, 4);
    uint64_t first = take_filled(&bare, 0x11), second = take_filled(&bare, 0x22);
    assert_int_equal(pgt_window_map(&bare.window, first, &virt), PGT_OK);
    assert_int_equal(emulator_load(&bare.emulator, virt), UINT64_C(0x1111111111111111));
    pgt_window_release(&bare.window, virt);
    assert_int_equal(pgt_window_map(&bare.window, second, &again), PGT_OK);
    assert_int_equal(again, virt);
    assert_int_equal(emulator_load(&bare.emulator, virt), UINT64_C(0x2222222222222222));
    pgt_window_release(&bare.window, virt);
    give(&bare, first);
    give(&bare, second);
    bare_end(&bare);
}

/* Slots are distinct pages, go down from the highest, and come back in any order. */
static void slots_nest_in_any_order(void **state)
{
    struct bare bare;
    uint64_t frame[BARE_SLOTS], virt[BARE_SLOTS], none = 0x5a;
    (void)state;

    bare_start_plain(&bare, 4);
    for (unsigned i = 0; i < BARE_SLOTS; i++) {
        frame[i] = take_filled(&bare, (int)i + 1);
        assert_int_equal(pgt_window_map(&bare.window, frame[i], &virt[i]), PGT_OK);
        assert_int_equal(virt[i], bare.window.place.last - i * 0x1000);
    }
    for (unsigned i = 0; i < BARE_SLOTS; i++)
        assert_int_equal(emulator_load(&bare.emulator, virt[i]) & 0xff, i + 1);
    assert_int_equal(pgt_window_map(&bare.window, frame[0], &none), PGT_BUSY);
    assert_int_equal(pgt_window_take(&bare.window, &none), PGT_BUSY);
    assert_int_equal(none, 0x5a);
    pgt_window_release(&bare.window, virt[2]);
    assert_int_equal(pgt_window_map(&bare.window, frame[0], &none), PGT_OK);
    assert_int_equal(none, virt[2]);
    assert_int_equal(emulator_load(&bare.emulator, none) & 0xff, 1);
    assert_int_equal(emulator_load(&bare.emulator, virt[3]) & 0xff, 4);
    for (unsigned i = 0; i < BARE_SLOTS; i++) {
        pgt_window_release(&bare.window, virt[i]);
        give(&bare, frame[i]);
    }
    bare_end(&bare);
}

static void zero_and_copy(void **state)
{
    struct bare bare;
    (void)state;

    bare_start_plain(&bare, 5);
    uint64_t from = take_filled(&bare, 0), to = take_filled(&bare, 0x77);
    for (unsigned i = 0; i < 512; i++)
        arena_table(&bare.arena, from)[i] = i * UINT64_C(0x0123456789abcdef);
    size_t before = bare.emulator.invalidations;
    assert_int_equal(pgt_window_copy(&bare.window, to, from), PGT_OK);
    assert_int_equal(bare.emulator.invalidations - before, 2);
    assert_memory_equal(arena_table(&bare.arena, to), arena_table(&bare.arena, from), 4096);
    assert_int_equal(arena_table(&bare.arena, to)[511], 511 * UINT64_C(0x0123456789abcdef));
    before = bare.emulator.invalidations;
    assert_int_equal(pgt_window_zero(&bare.window, to), PGT_OK);
    assert_int_equal(bare.emulator.invalidations - before, 1);
    assert_memory_equal(arena_table(&bare.arena, to), arena_table(&bare.arena, bare.zero_frame),
                        4096);
    assert_int_equal(arena_table(&bare.arena, from)[1], UINT64_C(0x0123456789abcdef));
    give(&bare, from);
    give(&bare, to);
    bare_end(&bare);
}

/* What is refused leaves the tables, the slots and the output alone. */
static void refuse(struct bare *bare, uint64_t frame, enum pgt_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(&bare->arena);
    uint64_t virt = 0x5a, good = bare->root, taken = bare->window.taken;
    size_t before = bare->emulator.accesses;

    assert_int_equal(pgt_window_map(&bare->window, frame, &virt), status);
    assert_int_equal(pgt_window_zero(&bare->window, frame), status);
    assert_int_equal(pgt_window_copy(&bare->window, frame, good), status);
    if (frame != bare->zero_frame)
        assert_int_equal(pgt_window_copy(&bare->window, good, frame), status);
    assert_int_equal(virt, 0x5a);
    assert_int_equal(bare->window.taken, taken);
    assert_int_equal(bare->emulator.accesses, before);
    arena_assert_unchanged(&bare->arena, &snapshot);
}

static void bad_frames_are_refused(void **state)
{
    struct bare bare;
    (void)state;

    bare_start_plain(&bare, 4);
    refuse(&bare, bare.root + 8, PGT_MISALIGNED);
    refuse(&bare, UINT64_C(1) << 46, PGT_BAD_PHYSICAL);
    refuse(&bare, UINT64_MAX << 12, PGT_BAD_PHYSICAL);
    bare_end(&bare);
}

/* gopher-os: the reserved zero frame can't be made writable through the window; read it can be. */
static void the_zero_frame_is_never_writable(void **state)
{
    struct bare bare;
    uint64_t virt;
    (void)state;

    bare_start_plain(&bare, 4);
    uint64_t frame = take_filled(&bare, 0x44);
    refuse(&bare, bare.zero_frame, PGT_BAD_RIGHTS);
    assert_int_equal(pgt_window_take(&bare.window, &virt), PGT_OK);
    assert_int_equal(pgt_window_point(&bare.window, virt, bare.zero_frame), PGT_BAD_RIGHTS);
    pgt_window_release(&bare.window, virt);
    assert_int_equal(pgt_window_copy(&bare.window, frame, bare.zero_frame), PGT_OK);
    assert_memory_equal(arena_table(&bare.arena, frame), arena_table(&bare.arena, bare.zero_frame),
                        4096);
    /* Frame 0 is a frame like any other where nothing is reserved. */
    bare.window.place.has_zero_frame = false;
    assert_int_equal(pgt_window_zero(&bare.window, bare.zero_frame), PGT_OK);
    give(&bare, frame);
    bare_end(&bare);
}

/* A copy needs two slots: with one it is refused, and the one is free again. */
static void a_copy_with_one_slot_left(void **state)
{
    struct bare bare;
    uint64_t virt[BARE_SLOTS - 1];
    (void)state;

    bare_start_plain(&bare, 4);
    uint64_t from = take_filled(&bare, 1), to = take_filled(&bare, 2);
    for (unsigned i = 0; i < BARE_SLOTS - 1; i++)
        assert_int_equal(pgt_window_take(&bare.window, &virt[i]), PGT_OK);
    struct arena_snapshot snapshot = arena_snapshot(&bare.arena);
    assert_int_equal(pgt_window_copy(&bare.window, to, from), PGT_BUSY);
    arena_assert_unchanged(&bare.arena, &snapshot);
    assert_int_equal(pgt_window_zero(&bare.window, to), PGT_OK);
    pgt_window_release(&bare.window, virt[1]);
    assert_int_equal(pgt_window_copy(&bare.window, to, from), PGT_OK);
    pgt_window_release(&bare.window, virt[0]);
    pgt_window_release(&bare.window, virt[2]);
    give(&bare, from);
    give(&bare, to);
    bare_end(&bare);
}

struct handler {
    struct bare *bare;
    uint64_t scratch, pattern;
    size_t runs;
};

/* What a page-fault handler does: copies and zeroes frames of its own. */
static void handle(void *context)
{
    struct handler *handler = context;
    struct pgt_window *window = &handler->bare->window;

    assert_int_equal(pgt_window_copy(window, handler->scratch, handler->pattern), PGT_OK);
    assert_memory_equal(arena_table(&handler->bare->arena, handler->scratch),
                        arena_table(&handler->bare->arena, handler->pattern), 4096);
    assert_int_equal(pgt_window_zero(window, handler->scratch), PGT_OK);
    handler->runs++;
}

/* An interrupt between any two steps of a call, its handler using the same window. */
static void an_interrupt_handler_uses_the_window_too(void **state)
{
    struct bare bare;
    uint64_t virt;
    (void)state;

    bare_start_plain(&bare, 4);
    uint64_t from = take_filled(&bare, 0x66), to = take_filled(&bare, 0x55);
    struct handler handler = {
        .bare = &bare, .scratch = take_filled(&bare, 0), .pattern = take_filled(&bare, 0x99)};
    bare.emulator.interrupt = handle;
    bare.emulator.interrupt_context = &handler;
    assert_int_equal(pgt_window_copy(&bare.window, to, from), PGT_OK);
    assert_memory_equal(arena_table(&bare.arena, to), arena_table(&bare.arena, from), 4096);
    assert_int_equal(pgt_window_map(&bare.window, from, &virt), PGT_OK);
    assert_int_equal(bare.emulator.mmu.load(&bare.emulator, virt), UINT64_C(0x6666666666666666));
    pgt_window_release(&bare.window, virt);
    assert_int_equal(pgt_window_zero(&bare.window, to), PGT_OK);
    assert_int_equal(arena_table(&bare.arena, to)[0], 0);
    bare.emulator.interrupt = NULL;
    assert_true(handler.runs >= 12);
    give(&bare, from);
    give(&bare, to);
    give(&bare, handler.scratch);
    give(&bare, handler.pattern);
    bare_end(&bare);
}

/* The same while tables are edited, which goes through a slot as well. */
static void an_interrupt_handler_uses_the_window_during_an_edit(void **state)
{
    struct bare bare;
    (void)state;

    bare_start_plain(&bare, 4);
    struct handler handler = {
        .bare = &bare, .scratch = take_filled(&bare, 0), .pattern = take_filled(&bare, 0x99)};
    bare.emulator.interrupt = handle;
    bare.emulator.interrupt_context = &handler;
    bare_map(&bare, &bare.recursive, GIB - 0x1000, 0x2000, RW, 0x2a000);
    BARE_EXPECT(&bare, bare.root, LEAF(GIB - 0x1000, 0x1000, RW, 0x2a000),
                LEAF(GIB, 0x1000, RW, 0x2b000));
    bare_unmap(&bare, &bare.recursive, GIB - 0x1000, 0x2000);
    bare.emulator.interrupt = NULL;
    assert_true(handler.runs >= 20);
    give(&bare, handler.scratch);
    give(&bare, handler.pattern);
    bare_end(&bare);
}

/* At no moment is the zero frame writable, while it is copied from. */
static void look_for_the_zero_frame(void *context)
{
    struct handler *handler = context;
    struct bare *bare = handler->bare;

    for (unsigned i = 0; i < BARE_SLOTS; i++) {
        uint64_t virt = bare->window.place.last - i * 0x1000;
        struct walk_leaf leaf = walk(&bare->arena, &bare->arch, bare->root, virt);
        if (leaf.kind != WALK_LEAF || leaf.phys != bare->zero_frame)
            continue;
        assert_int_equal(leaf.rights, RO);
        handler->runs++;
    }
}

static void the_zero_frame_is_read_only_while_it_is_copied(void **state)
{
    struct bare bare;
    struct handler handler = {.bare = &bare};
    (void)state;

    bare_start_plain(&bare, 4);
    uint64_t frame = take_filled(&bare, 1);
    bare.emulator.interrupt = look_for_the_zero_frame;
    bare.emulator.interrupt_context = &handler;
    assert_int_equal(pgt_window_copy(&bare.window, frame, bare.zero_frame), PGT_OK);
    bare.emulator.interrupt = NULL;
    assert_true(handler.runs > 0);
    give(&bare, frame);
    bare_end(&bare);
}

/* A thread that comes in between takes a slot, and keeps it. */
static void take_and_keep(void *context)
{
    struct handler *handler = context;

    if (handler->runs++ == 0)
        assert_int_equal(
            pgt_window_map(&handler->bare->window, handler->pattern, &handler->scratch), PGT_OK);
}

static void a_thread_takes_a_slot_while_another_is_released(void **state)
{
    struct bare bare;
    uint64_t virt;
    (void)state;

    bare_start_plain(&bare, 4);
    uint64_t frame = take_filled(&bare, 0x11);
    struct handler handler = {.bare = &bare, .pattern = take_filled(&bare, 0x22)};
    assert_int_equal(pgt_window_map(&bare.window, frame, &virt), PGT_OK);
    bare.emulator.interrupt = take_and_keep;
    bare.emulator.interrupt_context = &handler;
    pgt_window_release(&bare.window, virt);
    bare.emulator.interrupt = NULL;
    assert_int_equal(emulator_load(&bare.emulator, handler.scratch) & 0xff, 0x22);
    pgt_window_release(&bare.window, handler.scratch);
    give(&bare, frame);
    give(&bare, handler.pattern);
    bare_end(&bare);
}

/* Two processors: neighbours in one page table, and neither touches the other's entries. */
static void processors_have_windows_of_their_own(void **state)
{
    struct bare bare;
    struct pgt_window second;
    uint64_t virt, own;
    (void)state;

    bare_start_plain(&bare, 4);
    uint64_t last = bare.window.place.last - BARE_SLOTS * 0x1000;
    struct pgt_window_place place = {
        .last = last, .entry = pgt_recursive_entry(&bare.arch, 511, last, 1), .slots = 64};
    assert_int_equal(pgt_window_init(&second, &bare.arch, &bare.emulator.mmu, &place), PGT_OK);
    uint64_t frame = take_filled(&bare, 0x12), other = take_filled(&bare, 0x34);
    assert_int_equal(pgt_window_map(&bare.window, frame, &own), PGT_OK);
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(pgt_window_map(&second, other, &virt), PGT_OK);
        assert_int_equal(virt, last - i * 0x1000);
        assert_int_equal(emulator_load(&bare.emulator, virt) & 0xff, 0x34);
    }
    assert_int_equal(pgt_window_take(&second, &virt), PGT_BUSY);
    assert_int_equal(emulator_load(&bare.emulator, own) & 0xff, 0x12);
    for (unsigned i = 0; i < 64; i++)
        pgt_window_release(&second, last - i * 0x1000);
    assert_int_equal(walk(&bare.arena, &bare.arch, bare.root, own).phys, frame);
    pgt_window_release(&bare.window, own);
    give(&bare, frame);
    give(&bare, other);
    bare_end(&bare);
}

/* A page table that the kernel knows by another address than a recursive one. */
static void a_page_table_at_a_known_address(void **state)
{
    struct bare bare;
    struct pgt_window window;
    uint64_t virt;
    (void)state;

    bare_start_plain(&bare, 4);
    uint64_t last = bare.window.place.last - 8 * 0x1000, known = 0x7000000;
    uint64_t table = *walk_entry(&bare.arena, &bare.arch, bare.root, last, 2) & 0xffffffffff000;
    bare_map(&bare, &bare.recursive, known, 0x1000, RW, table);
    struct pgt_window_place place = {
        .last = last, .entry = known + (last >> 12 & 511) * 8, .slots = 1};
    assert_int_equal(pgt_window_init(&window, &bare.arch, &bare.emulator.mmu, &place), PGT_OK);
    uint64_t frame = take_filled(&bare, 0x21);
    assert_int_equal(pgt_window_map(&window, frame, &virt), PGT_OK);
    assert_int_equal(emulator_load(&bare.emulator, virt) & 0xff, 0x21);
    pgt_window_release(&window, virt);
    give(&bare, frame);
    bare_unmap(&bare, &bare.recursive, known, 0x1000);
    bare_end(&bare);
}

static void refuse_place(uint64_t last, uint64_t entry, unsigned slots, enum pgt_status status)
{
    struct pgt_arch arch = suite_arch(4);
    struct pgt_window window, before;
    struct pgt_window_place place = {.last = last, .entry = entry, .slots = slots};

    memset(&window, 0x5a, sizeof(window));
    before = window;
    assert_int_equal(pgt_window_init(&window, &arch, &pgt_mmu_live, &place), status);
    assert_memory_equal(&window, &before, sizeof(window));
}

static void bad_places_are_refused(void **state)
{
    const uint64_t last = UINT64_C(0xffffff7ffffff000), table = UINT64_C(0x123456000);
    struct pgt_arch arch = suite_arch(4);
    struct pgt_window window;
    (void)state;

    refuse_place(last + 8, table + 0xff8, 4, PGT_MISALIGNED);
    refuse_place(last, table + 0xff0, 4, PGT_MISALIGNED); /* the next page's */
    refuse_place(last, table + 0xffc, 4, PGT_MISALIGNED);
    refuse_place(last, table + 0xff8, 0, PGT_BAD_RANGE);
    refuse_place(last, table + 0xff8, 65, PGT_BAD_RANGE);
    refuse_place(UINT64_C(0xffff7ffffffff000), table + 0xff8, 4, PGT_BAD_RANGE); /* the hole */
    refuse_place(last - 509 * 0x1000, table + 2 * 8, 4, PGT_BAD_RANGE); /* three pages there */
    struct pgt_window_place place = {.last = last - 508 * 0x1000, .entry = table + 24, .slots = 4};
    assert_int_equal(pgt_window_init(&window, &arch, &pgt_mmu_live, &place), PGT_OK);
    place = (struct pgt_window_place){.last = last, .entry = table + 0xff8, .slots = 64};
    assert_int_equal(pgt_window_init(&window, &arch, &pgt_mmu_live, &place), PGT_OK);
}

/* A processor without execute-disable takes the bit for a reserved one. */
static void a_processor_without_execute_disable(void **state)
{
    struct bare bare;
    struct pgt_arch arch = suite_arch(4);
    uint64_t virt;
    (void)state;

    bare_start_plain(&bare, 4);
    arch.no_execute = false;
    bare.window.arch.no_execute = false;
    uint64_t frame = take_filled(&bare, 0);
    assert_int_equal(pgt_window_take(&bare.window, &virt), PGT_OK);
    assert_int_equal(pgt_window_point(&bare.window, virt, frame), PGT_OK);
    uint64_t entry = *walk_entry(&bare.arena, &arch, bare.root, virt, 1);
    assert_int_equal(entry, frame | 0x063);
    pgt_window_release(&bare.window, virt);
    give(&bare, frame);
    bare_end(&bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_window_page_is_where_kernels_have_it),
        cmocka_unit_test(a_mapping_is_invalidated_exactly_once),
        cmocka_unit_test(a_slot_is_used_again),
        cmocka_unit_test(slots_nest_in_any_order),
        cmocka_unit_test(zero_and_copy),
        cmocka_unit_test(bad_frames_are_refused),
        cmocka_unit_test(the_zero_frame_is_never_writable),
        cmocka_unit_test(a_copy_with_one_slot_left),
        cmocka_unit_test(an_interrupt_handler_uses_the_window_too),
        cmocka_unit_test(an_interrupt_handler_uses_the_window_during_an_edit),
        cmocka_unit_test(the_zero_frame_is_read_only_while_it_is_copied),
        cmocka_unit_test(a_thread_takes_a_slot_while_another_is_released),
        cmocka_unit_test(processors_have_windows_of_their_own),
        cmocka_unit_test(a_page_table_at_a_known_address),
        cmocka_unit_test(bad_places_are_refused),
        cmocka_unit_test(a_processor_without_execute_disable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
