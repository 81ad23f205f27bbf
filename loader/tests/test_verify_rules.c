/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that each rule of loader/verify.h, broken on its own, is noticed, and that the message
 * says where and which.
 */
#include "loader/tests/verify_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- leaves against the plan ------------------------------------------------- */

static void says_where_and_what(void **state)
{
    struct verify_machine *machine = *state;

    verify_break_entry(machine, DIRECT + 0x1ff000, 1, 0x1ff000 | P | RW | XD,
                       "page tables: kernel root, virtual address ffff8000001ff000, level 1, "
                       "entry 80000000001ff003: the plan does not map this address; ");
    *verify_entry_for(machine, machine->transition, 0x1000, 1) = 0x1000 | P | XD;
    verify_assert_refused(machine,
                          "page tables: transition root, virtual address 0000000000001000, "
                          "level 1, entry 8000000000001001: the plan does not map this address");
}

static void refuses_leaves_outside_the_plan(void **state)
{
    struct verify_machine *machine = *state;

    /* Between runs, before the first, and behind the last. */
    verify_break_entry(machine, DIRECT + 0x600000, 2, 0x600000 | P | RW | PS | XD,
                       "does not map this");
    verify_break_entry(machine, UINT64_C(0x7ffffffff000), 1, P | XD, "does not map this");
    verify_break_entry(machine, UINT64_C(0xfffffffffffff000), 1, P | XD, "does not map this");
}

static void refuses_what_is_missing(void **state)
{
    struct verify_machine *machine = *state;
    const char *words = "the plan maps this address, the tables do not";

    verify_break_entry(machine, DIRECT + TABLES, 1, 0, words);
    verify_break_entry(
        machine, DIRECT + TABLES + 0x7000, 1, 0,
        "virtual address ffff800000107000, level 1, entry 0000000000000000: the plan maps");
    verify_break_entry(machine, DIRECT + UINT64_C(0x40000000), 3, 0, words);
    verify_break_entry(machine, HANDOFF_VIRT, 1, 0,
                       "level 2, entry 0000000000109027: the table maps nothing");
    verify_break_entry(machine, HANDOFF_VIRT, 2, 0, "virtual address ffffffff80400000, level 2");
    verify_break_entry(machine, IMAGE_VIRT, 4, 0, "virtual address ffffffff80000000, level 4");
    *verify_entry_for(machine, machine->transition, HANDOFF, 4) = 0;
    verify_assert_refused(machine, words);
}

static void refuses_a_wrong_frame_right_or_type(void **state)
{
    struct verify_machine *machine = *state;
    uint64_t text = IMAGE_VIRT, data = IMAGE_VIRT + 0x3000, wc = DIRECT + UINT64_C(0x80000000);

    verify_break_entry(machine, text, 1, RODATA | P,
                       "leads to physical 147000, the plan says 145000");
    verify_break_entry(machine, text, 1, TEXT | P | RW, "its rights are 7, the plan says 5");
    verify_break_entry(machine, text, 1, TEXT | P | XD, "its rights are 1, the plan says 5");
    verify_break_entry(machine, text, 1, TEXT | P | US, "its rights are d, the plan says 5");
    verify_break_entry(machine, text, 1, TEXT | P | G, "its rights are 15, the plan says 5");
    verify_break_entry(machine, data, 1, DATA | P | RW | XD, "its rights are 3, the plan says 13");
    verify_break_entry(machine, text, 1, TEXT | P | PCD, "memory type is 7, the plan says 6");
    verify_break_entry(machine, text, 1, TEXT | P | PCD | PWT, "memory type is 0, the plan says 6");
    verify_break_entry(machine, text, 1, TEXT | P | PAT_SMALL, "memory type is 5, the plan says 6");
    verify_break_entry(machine, wc, 1, UINT64_C(0x80000000) | P | RW | XD | PWT,
                       "memory type is 4, the plan says 1");
    /* The same bits mean something else under another IA32_PAT. */
    machine->plan.arch.pat = PGT_PAT_RESET;
    verify_assert_refused(machine, "memory type is 4, the plan says 1");
}

static void refuses_a_leaf_larger_than_its_run(void **state)
{
    struct verify_machine *machine = *state;

    for (size_t i = 0; i < machine->plan.count; i++)
        if (machine->run[i].map.phys == 0x200000)
            machine->run[i].map.bytes = PGT_PAGE_2M / 2;
    verify_assert_refused(machine, "the leaf maps more than its run in the plan");
}

/* Stacks of further processors lie behind the first, a guard behind each. */
static void refuses_guards_and_tables_of_further_stacks(void **state)
{
    struct verify_machine *machine = *state;
    struct ldr_plan *plan = &machine->plan;

    plan->more_stacks = 1; /* its guard is GUARD_ABOVE + 0x3000, in the image */
    verify_assert_refused(machine, "a guard page of the stack is mapped");

    plan->guard_below = DIRECT + UINT64_C(0x150000);
    plan->guard_above = DIRECT + UINT64_C(0x152000);
    plan->more_stacks = 0x56; /* the last guard is the last page before the 2M leaf, */
    assert_int_equal(verify_tables(machine), LDR_OK);
    plan->more_stacks = 0x57; /* and the first page in it, */
    verify_assert_refused(machine, "a guard page of the stack is mapped");
    plan->guard_below -= PGT_PAGE; /* and none of its pages, but one behind it */
    plan->guard_above -= PGT_PAGE;
    plan->more_stacks = 0x58;
    verify_assert_refused(machine, "a guard page of the stack is mapped");

    plan->guard_below = DIRECT + TABLES - 2 * UINT64_C(0x8000);
    plan->guard_above = DIRECT + TABLES - UINT64_C(0x8000);
    plan->more_stacks = 0;
    assert_int_equal(verify_tables(machine), LDR_OK);
    plan->more_stacks = 1;
    verify_assert_refused(machine, "the table lies in the stack or in a guard page");

    plan->guard_above = plan->guard_below;
    verify_assert_refused(machine, "have no stack between them");
}

static void refuses_address_0_and_guards_even_if_planned(void **state)
{
    struct verify_machine *machine = *state;
    struct ldr_plan *plan = &machine->plan;
    const struct verify_row null_page = {LDR_IDENTITY_MAP, 0, 0, 1, 1, P | XD, R, WB};

    plan->guard_below = DIRECT + STACK; /* which a row maps */
    verify_assert_refused(machine, "a guard page of the stack is mapped");
    verify_build(machine, 4, false);
    plan->guard_above = DIRECT + STACK + PGT_PAGE;
    verify_assert_refused(machine, "a guard page of the stack is mapped");
    verify_build(machine, 4, false);
    plan->guard_above = DIRECT + UINT64_C(0x7fff0000); /* inside the 1G leaf */
    verify_assert_refused(machine, "a guard page of the stack is mapped");

    verify_build(machine, 4, false);
    memmove(machine->run + 1, machine->run, plan->count * sizeof(machine->run[0]));
    plan->count = 0;
    verify_add_run(machine, &null_page, 0, LDR_IDENTITY_MAP);
    plan->count = VERIFY_ROWS + 1;
    *verify_kernel_entry(machine, 0, 1) = P | XD;
    verify_assert_refused(machine, "address 0 is mapped");
}

/* ---- what the architecture forbids ------------------------------------------- */

static void refuses_reserved_bits(void **state)
{
    struct verify_machine *machine = *state;
    uint64_t *link = verify_kernel_entry(machine, IMAGE_VIRT, 4), before = *link;
    const char *leaf = "reserved bits are set in a leaf";
    const char *table = "reserved bits are set in an entry that names a table";

    verify_break_entry(machine, IMAGE_VIRT, 1, TEXT | P | UINT64_C(1) << 32, leaf);
    verify_break_entry(machine, IMAGE_VIRT, 1, TEXT | P | UINT64_C(1) << 51, leaf);
    verify_break_entry(machine, DIRECT + 0x200000, 2, 0x202000 | P | RW | PS | XD, leaf);
    verify_break_entry(machine, DIRECT + UINT64_C(0x40000000), 3, 0x40200000 | P | RW | PS | XD,
                       leaf);
    verify_break_entry(machine, IMAGE_VIRT, 4, before | UINT64_C(1) << 32, table);
    verify_break_entry(machine, IMAGE_VIRT, 4, before | PS, table);
    verify_break_entry(machine, IMAGE_VIRT, 4, LINK | PS, table);

    machine->plan.arch.pages_1g = false; /* then bit 7 is reserved there */
    verify_assert_refused(machine, "virtual address ffff800040000000, level 3");
    verify_assert_refused(machine, leaf);
    verify_build(machine, 5, false);
    *verify_kernel_entry(machine, LDR_HHDM_5_LEVELS, 5) |= PS;
    verify_assert_refused(machine, table);
    verify_build(machine, 4, false);
    machine->plan.arch.no_execute = false;
    verify_assert_refused(machine, leaf);
}

/* ---- tables ------------------------------------------------------------------ */

static void refuses_links_that_withhold(void **state)
{
    struct verify_machine *machine = *state;

    for (unsigned level = 2; level <= 4; level++) {
        uint64_t before = *verify_kernel_entry(machine, IMAGE_VIRT, level);

        verify_break_entry(machine, IMAGE_VIRT, level, before & ~RW, "withholds a right");
        verify_break_entry(machine, IMAGE_VIRT, level, before & ~US, "withholds a right");
        verify_break_entry(machine, IMAGE_VIRT, level, before | XD, "withholds a right");
        verify_break_entry(machine, IMAGE_VIRT, level, before | PCD, "write-back memory");
        verify_break_entry(machine, IMAGE_VIRT, level, before | PWT, "write-back memory");
    }
}

static void refuses_tables_in_the_wrong_place(void **state)
{
    static const struct {
        uint64_t frame;
        const char *words;
    } places[] = {
        {DATA, "the table lies in the kernel image"},
        {TEXT, "the table lies in the kernel image"},
        {HANDOFF, "the table lies in the handoff page"},
        {STACK, "the table lies in the stack or in a guard page"},
        {GUARD_BELOW, "the table lies in the stack or in a guard page"},
        {GUARD_ABOVE, "the table lies in the stack or in a guard page"},
        {0x149000, "the table is not in the direct map"},
        {0xff000, "the table is not in the direct map"},
        {UINT64_C(0xfffff000), "the table is not in the direct map"},
        {UINT64_C(0x80001000), "does not hold the table as ordinary writable memory"},
    };
    struct verify_machine *machine = *state;
    uint64_t *link = verify_kernel_entry(machine, IMAGE_VIRT, 2);
    uint64_t before = *link & FRAME_BITS, root = machine->kernel;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        memcpy(verify_table_at(machine, places[i].frame), verify_table_at(machine, before),
               PGT_PAGE);
        *link = LINK | places[i].frame;
        verify_assert_refused(machine, places[i].words);
        *link = LINK | before;
        machine->kernel = places[i].frame;
        verify_assert_refused(machine, places[i].words);
        machine->kernel = root;
    }
    /* Read-only in the direct map, though neither image nor handoff page. */
    machine->plan.image_phys = DATA;
    machine->plan.image_bytes = PGT_PAGE;
    *link = LINK | RODATA;
    memcpy(verify_table_at(machine, RODATA), verify_table_at(machine, before), PGT_PAGE);
    verify_assert_refused(machine, "does not hold the table as ordinary writable memory");
}

/* Behind the handoff page: its first page and its last, and neither of those beside them.  Where
 * the kernel root passes, the transition root is refused: it has the handoff page elsewhere. */
static void refuses_tables_in_the_early_fault_net(void **state)
{
    static const char words[] = "the table lies in the early-fault net";
    struct verify_machine *machine = *state;
    struct ldr_plan *plan = &machine->plan;
    uint64_t *link = verify_kernel_entry(machine, IMAGE_VIRT, 2), frame = TABLES_END - PGT_PAGE;

    memcpy(verify_table_at(machine, frame), verify_table_at(machine, *link & FRAME_BITS), PGT_PAGE);
    *link = LINK | frame;
    assert_int_equal(verify_tables(machine), LDR_OK);
    plan->net_bytes = 3 * PGT_PAGE;
    for (uint64_t pages = 1; pages <= 3; pages++) {
        plan->handoff_phys = frame - pages * PGT_PAGE;
        verify_assert_refused(machine, words);
    }
    plan->handoff_phys = frame - 4 * PGT_PAGE;
    verify_assert_refused(machine, "transition root, ");
    plan->handoff_phys = frame + PGT_PAGE;
    verify_assert_refused(machine, "transition root, ");
    plan->handoff_phys = frame - PGT_PAGE;
    plan->net_bytes = 0;
    verify_assert_refused(machine, "transition root, ");
}

static void refuses_a_root_that_is_no_frame(void **state)
{
    struct verify_machine *machine = *state;
    uint64_t kernel = machine->kernel;

    machine->kernel = kernel + 8;
    verify_assert_refused(machine, "kernel root, virtual address 0000000000000000, level 5, "
                                   "entry 0000000000100008: CR3 can't take this root");
    machine->kernel = kernel | UINT64_C(1) << 32;
    verify_assert_refused(machine, "CR3 can't take this root");
    machine->kernel = kernel;
    machine->transition |= UINT64_C(1) << 63;
    verify_assert_refused(machine, "transition root");
}

static void refuses_a_table_without_leaves(void **state)
{
    struct verify_machine *machine = *state;

    for (unsigned level = 2; level <= 3; level++)
        verify_break_entry(machine, DIRECT + UINT64_C(0x100000000), level,
                           LINK | verify_new_table(machine, level - 1), "the table maps nothing");
}

/* ---- the transition root ----------------------------------------------------- */

static void refuses_another_upper(void **state)
{
    struct verify_machine *machine = *state;
    uint64_t *slot = verify_table_at(machine, machine->transition) + 511;
    uint64_t before = *slot, copy = verify_new_table(machine, 3);
    const char *words = "transition root, virtual address ffffff8000000000, level 4";

    *slot = 0;
    verify_assert_refused(machine, words);
    verify_assert_refused(machine, "the upper half is not the kernel root's");
    /* The same mappings through another table: it would not follow the kernel's. */
    memcpy(verify_table_at(machine, copy), verify_table_at(machine, before & FRAME_BITS), PGT_PAGE);
    *slot = LINK | copy;
    verify_assert_refused(machine, words);
    *slot = before;
    verify_table_at(machine, machine->transition)[256 + 37] = LINK | copy;
    verify_assert_refused(machine, "the upper half is not the kernel root's");
}

static void refuses_another_lower(void **state)
{
    struct verify_machine *machine = *state;
    uint64_t *page = verify_entry_for(machine, machine->transition, HANDOFF, 1);
    uint64_t *large = verify_entry_for(machine, machine->transition, 0, 2), before = *large;

    *page = HANDOFF | P | RW;
    verify_assert_refused(machine, "transition root, virtual address 0000000000144000, level 1");
    *page = HANDOFF | P | XD;
    verify_assert_refused(machine, "its rights are 1, the plan says 5");
    *page = (HANDOFF + PGT_PAGE) | P;
    verify_assert_refused(machine, "leads to physical 145000, the plan says 144000");
    *page = HANDOFF | P;
    *large = P | PS;
    verify_assert_refused(machine, "address 0 is mapped");
    *large = before;
    page[1] = (HANDOFF + PGT_PAGE) | P;
    verify_assert_refused(machine, "the plan does not map this address");
}

/* The kernel root in both places: its lower half lacks the page that we would run on. */
static void refuses_the_kernel_root_as_the_transition_root(void **state)
{
    struct verify_machine *machine = *state;

    machine->transition = machine->kernel;
    verify_assert_refused(machine, "transition root, virtual address 0000000000144000, level 4");
}

/* ---- plans that nothing can be proved against -------------------------------- */

static void refuses_a_plan_without_order(void **state)
{
    struct verify_machine *machine = *state;
    struct pgt_mapping *map = &machine->run[1].map;
    struct pgt_mapping before = *map;

    map->virt = machine->run[0].map.virt - PGT_PAGE;
    verify_assert_refused(machine,
                          "run 1 of the plan, virtual address ffff8000000ff000, does not ascend");
    map->virt = machine->run[0].map.virt + machine->run[0].map.bytes - PGT_PAGE;
    verify_assert_refused(machine, "overlaps the one before it");
    *map = before;
    map->bytes = 0;
    verify_assert_refused(machine, "is empty or not whole pages");
    *map = before;
    map->phys += 1;
    verify_assert_refused(machine, "is empty or not whole pages");
    *map = before;
    map->bytes = UINT64_C(0x1000000000000); /* beyond the last virtual address */
    verify_assert_refused(machine, "wraps");
    *map = before;
    map->phys = ~UINT64_C(0xfff); /* beyond the last physical one */
    verify_assert_refused(machine, "wraps");
    *map = before;
    assert_int_equal(verify_tables(machine), LDR_OK);
    machine->plan.arch.levels = 3;
    verify_assert_refused(machine, "no processor has 3 levels");
    machine->plan.arch.levels = 4;
    machine->plan.arch.physical_bits = 53;
    verify_assert_refused(machine, "53 physical address bits");
}

/* Such a direct map would lead the kernel to other frames than the tables. */
static void refuses_a_direct_map_with_another_offset(void **state)
{
    struct verify_machine *machine = *state;

    machine->run[0].map.phys += PGT_PAGE;
    verify_assert_refused(machine, "the table is not in the direct map");
}

/* A run may end with the address space, and the walk with it. */
static void follows_a_run_to_the_last_byte(void **state)
{
    struct verify_machine *machine = *state;
    const struct verify_row last = {
        LDR_IMAGE, UINT64_C(0xfffffffffffff000), 0xc0000000, 1, 1, P | XD, R, WB};

    verify_add_run(machine, &last, last.virt, last.purpose);
    verify_write_tables(machine);
    assert_int_equal(verify_tables(machine), LDR_OK);
    verify_break_entry(machine, last.virt, 3, 0,
                       "virtual address fffffffffffff000, level 3, entry 0000");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, verify_set_up, verify_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(says_where_and_what),
        TEST(refuses_leaves_outside_the_plan),
        TEST(refuses_what_is_missing),
        TEST(refuses_a_wrong_frame_right_or_type),
        TEST(refuses_a_leaf_larger_than_its_run),
        TEST(refuses_address_0_and_guards_even_if_planned),
        TEST(refuses_guards_and_tables_of_further_stacks),
        TEST(refuses_reserved_bits),
        TEST(refuses_links_that_withhold),
        TEST(refuses_tables_in_the_wrong_place),
        TEST(refuses_tables_in_the_early_fault_net),
        TEST(refuses_a_root_that_is_no_frame),
        TEST(refuses_a_table_without_leaves),
        TEST(refuses_another_upper),
        TEST(refuses_another_lower),
        TEST(refuses_the_kernel_root_as_the_transition_root),
        TEST(refuses_a_plan_without_order),
        TEST(refuses_a_direct_map_with_another_offset),
        TEST(follows_a_run_to_the_last_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
