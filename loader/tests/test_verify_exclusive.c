/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that no frame gets past the verifier that is writable through one leaf and executable
 * through another, and that the bytes are counted.  Tables and plan agree here: it is the plan
 * that is wrong.
 */
#include "loader/tests/verify_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void plan_says(struct verify_machine *machine, uint64_t virt, unsigned rights)
{
    for (size_t i = 0; i < machine->plan.count; i++) {
        const struct pgt_mapping *map = &machine->run[i].map;

        if (virt - map->virt < map->bytes)
            machine->run[i].map.rights = rights;
    }
}

static void counts_what_is_writable_and_executable(void **state)
{
    struct verify_machine *machine = *state;

    /* Handoff page, text and read-only data writable in the direct map: three of the
     * four are executable elsewhere. */
    plan_says(machine, DIRECT + HANDOFF, R | W);
    for (unsigned i = 0; i < 4; i++)
        *verify_kernel_entry(machine, DIRECT + HANDOFF + i * PGT_PAGE, 1) |= RW;
    verify_assert_refused(machine, "kernel root, virtual address ffff800000144000, level 1");
    verify_assert_refused(machine, "12288 bytes in all are both");

    /* Text writable where it is executable. */
    verify_build(machine, 4, false);
    plan_says(machine, IMAGE_VIRT, R | W | X);
    for (unsigned i = 0; i < 2; i++)
        *verify_kernel_entry(machine, IMAGE_VIRT + i * PGT_PAGE, 1) |= RW;
    verify_assert_refused(machine, "virtual address ffffffff80000000, level 1");
    verify_assert_refused(machine, "8192 bytes in all are both");
}

/* Large leaves: only the bytes in common count, and every alias again. */
static void counts_overlaps_with_large_leaves(void **state)
{
    struct verify_machine *machine = *state;

    for (unsigned i = 0; i < 2; i++)
        *verify_kernel_entry(machine, IMAGE_VIRT + i * PGT_PAGE, 1) += UINT64_C(0x3ff000) - TEXT;
    for (size_t i = 0; i < machine->plan.count; i++)
        if (machine->run[i].map.virt == IMAGE_VIRT)
            machine->run[i].map.phys = 0x3ff000;
    /* One page in each of the two 2M leaves. */
    verify_assert_refused(machine, "virtual address ffff800000200000, level 2");
    verify_assert_refused(machine, "8192 bytes in all are both");
    /* And once more through their identity map. */
    verify_build(machine, 4, true);
    for (unsigned i = 0; i < 2; i++)
        *verify_kernel_entry(machine, IMAGE_VIRT + i * PGT_PAGE, 1) += UINT64_C(0x7ffff000) - TEXT;
    for (size_t i = 0; i < machine->plan.count; i++)
        if (machine->run[i].map.virt == IMAGE_VIRT)
            machine->run[i].map.phys = 0x7ffff000;
    /* The second page is framebuffer, writable twice as well. */
    verify_assert_refused(machine, "virtual address 0000000040000000, level 3");
    verify_assert_refused(machine, "16384 bytes in all are both");
}

/* An executable 2M leaf begins with a frame that is executable already: what follows in it
 * counts all the same. */
static void counts_behind_an_alias(void **state)
{
    struct verify_machine *machine = *state;
    const struct verify_row small = {LDR_IMAGE, HANDOFF_VIRT + 0x200000, 0x400000, 1, 1, P, R | X,
                                     WB};
    const struct verify_row large = {
        LDR_IMAGE, HANDOFF_VIRT + 0x400000, 0x400000, 1, 2, P | PS, R | X, WB};

    verify_add_run(machine, &small, small.virt, small.purpose);
    verify_add_run(machine, &large, large.virt, large.purpose);
    for (size_t i = 0; i < machine->plan.count; i++)
        if (machine->run[i].map.phys == 0x200000)
            machine->run[i].map.bytes = PGT_PAGE_2M;
    verify_write_tables(machine);
    assert_int_equal(verify_tables(machine), LDR_OK);
    /* Its second page, writable. */
    verify_add_run(machine,
                   &(struct verify_row){LDR_IMAGE, 0, 0x401000, 1, 1, P | RW | XD, R | W, WB},
                   HANDOFF_VIRT + 0x600000, LDR_IMAGE);
    verify_write_tables(machine);
    verify_assert_refused(machine, "virtual address ffffffff80a00000, level 1");
    verify_assert_refused(machine, "4096 bytes in all are both");
}

/* However long a segment is, it is one piece. */
static void accepts_many_executable_pages_in_one_piece(void **state)
{
    struct verify_machine *machine = *state;
    const struct verify_row text = {
        LDR_IMAGE, HANDOFF_VIRT + 0x200000, 0xc0000000, 300, 1, P, R | X, WB};

    verify_add_run(machine, &text, text.virt, text.purpose);
    verify_write_tables(machine);
    assert_int_equal(verify_tables(machine), LDR_OK);
}

/* Executable pages in no order, so that they never join into fewer pieces. */
static void refuses_executable_memory_in_crumbs(void **state)
{
    struct verify_machine *machine = *state;
    struct ldr_run run[VERIFY_ROWS + 64];
    size_t count = machine->plan.count;

    memcpy(run, machine->run, count * sizeof(run[0]));
    for (unsigned i = 0; i < 64; i++) {
        uint64_t virt = HANDOFF_VIRT + 0x200000 + i * PGT_PAGE;
        uint64_t phys = UINT64_C(0xc0000000) + 2 * i * PGT_PAGE;

        run[count++] = (struct ldr_run){
            .map = {.virt = virt, .phys = phys, .bytes = PGT_PAGE, .rights = R | X},
            .purpose = LDR_IMAGE,
        };
        *verify_kernel_entry(machine, virt, 1) = phys | P;
    }
    machine->plan.run = run;
    machine->plan.count = count;
    verify_assert_refused(machine, "executable memory lies in more pieces");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, verify_set_up, verify_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_what_is_writable_and_executable),
        TEST(counts_overlaps_with_large_leaves),
        TEST(counts_behind_an_alias),
        TEST(accepts_many_executable_pages_in_one_piece),
        TEST(refuses_executable_memory_in_crumbs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
