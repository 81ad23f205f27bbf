/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that the verifier accepts sound tables, the library's among them, and notices what
 * is wrong with any others: *one* thing is broken at a time,
 * - every bit of every present entry, and the present bit of every absent one; what may pass
 *   unnoticed is a mask per kind of entry, below;
 * - every entry that names a table, which is made to name every other table, ancestors
 *   included.
 */
#include "loader/tables.h"
#include "loader/tests/verify_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What a processor doesn't act on, or only by setting it itself (A, D):
 * - in an entry that names a table: A, bit 6 and bits 8 to 11 and 52 to 62 (ignored; 11 is
 *   for HLAT alone);
 * - in a leaf: A, D, bits 9 to 11 and 52 to 58 (ignored), and 59 to 62 (the protection key,
 *   which the handoff's CR4.PKE = CR4.PKS = 0 disables). */
#define BITS(low, high) ((UINT64_C(2) << (high)) - (UINT64_C(1) << (low)))
#define FREE_IN_LINK    (A | D | BITS(8, 11) | BITS(52, 62))
#define FREE_IN_LEAF    (A | D | BITS(9, 11) | BITS(52, 62))

/* ---- sound tables ------------------------------------------------------------ */

static void accepts_sound_tables(void **state)
{
    struct verify_machine *machine = *state;

    for (unsigned variant = 0; variant < 4; variant++) {
        unsigned levels = variant & 1 ? 5 : 4, copies = variant & 2 ? 2 : 1;

        verify_build(machine, levels, copies == 2);
        if (verify_tables(machine) != LDR_OK)
            fail_msg("%s", machine->report.text);
        assert_int_equal(machine->verdict.leaves_4k, 73 * copies + 5);
        assert_int_equal(machine->verdict.leaves_2m, 3 * copies);
        assert_int_equal(machine->verdict.leaves_1g, copies);
        assert_int_equal(machine->verdict.writable_executable_bytes, 0);
        /* Below the transition root: one table a level.  All others are the kernel's. */
        assert_int_equal(machine->verdict.transition_tables, levels);
        assert_int_equal(machine->verdict.kernel_tables,
                         (machine->next_table - TABLES) / PGT_PAGE - levels);
    }
}

/* A shared upper may hold tables for slots that map nothing yet. */
static void accepts_an_empty_table_below_the_root(void **state)
{
    struct verify_machine *machine = *state;
    uint64_t link = LINK | verify_new_table(machine, 3);

    verify_table_at(machine, machine->kernel)[300] = link;
    verify_table_at(machine, machine->transition)[300] = link;
    assert_int_equal(verify_tables(machine), LDR_OK);
}

/* ---- every bit, every link --------------------------------------------------- */

static bool present_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || entry & PS;
}

static void flip(struct verify_machine *machine, uint64_t *entry, unsigned level, unsigned bit)
{
    uint64_t before = *entry, mask = UINT64_C(1) << bit;
    uint64_t meaningless = !(before & P)                 ? ~P
                           : present_leaf(before, level) ? FREE_IN_LEAF
                                                         : FREE_IN_LINK;
    enum ldr_status expected = mask & meaningless ? LDR_OK : LDR_BAD_TABLES;

    *entry ^= mask;
    if (verify_tables(machine) != expected)
        fail_msg("bit %u of %016llx at level %u: %s", bit, (unsigned long long)before, level,
                 expected == LDR_OK ? machine->report.text : "passed unnoticed");
    *entry = before;
}

static void flip_all(struct verify_machine *machine)
{
    for (uint64_t table = TABLES; table < machine->next_table; table += PGT_PAGE) {
        unsigned level = machine->table_level[(table - TABLES) / PGT_PAGE];
        bool absent_done = false;

        for (unsigned index = 0; index < 512; index++) {
            uint64_t *entry = &verify_table_at(machine, table)[index];
            /* All absent entries are alike: in one of each table every bit is flipped. */
            bool every_bit = *entry & P || !absent_done;

            absent_done = absent_done || !(*entry & P);
            for (unsigned bit = 0; bit < (every_bit ? 64 : 1); bit++)
                flip(machine, entry, level, bit);
        }
    }
}

static void notices_every_bit_that_means_something(void **state)
{
    struct verify_machine *machine = *state;

    flip_all(machine);
    verify_build(machine, 5, false);
    flip_all(machine);
    verify_build(machine, 4, true);
    flip_all(machine);
}

static void rewire(struct verify_machine *machine, uint64_t *entry)
{
    uint64_t before = *entry;

    for (uint64_t table = TABLES; table < machine->next_table; table += PGT_PAGE) {
        if (table == (before & FRAME_BITS))
            continue;
        *entry = (before & ~FRAME_BITS) | table;
        if (verify_tables(machine) == LDR_OK)
            fail_msg("%016llx instead of %016llx passed", (unsigned long long)*entry,
                     (unsigned long long)before);
    }
    *entry = before;
}

static void notices_every_link_to_another_table(void **state)
{
    struct verify_machine *machine = *state;

    for (unsigned levels = 4; levels <= 5; levels++) {
        verify_build(machine, levels, false);
        for (uint64_t table = TABLES; table < machine->next_table; table += PGT_PAGE) {
            unsigned level = machine->table_level[(table - TABLES) / PGT_PAGE];

            for (unsigned index = 0; index < 512; index++) {
                uint64_t *entry = &verify_table_at(machine, table)[index];

                if (*entry & P && !present_leaf(*entry, level))
                    rewire(machine, entry);
            }
        }
    }
}

/* Without a bound this would read 512 * 512 * 512 tables. */
static void ends_in_tables_that_fan_out_to_nothing(void **state)
{
    struct verify_machine *machine = *state;
    uint64_t below = verify_new_table(machine, 1);

    for (unsigned level = 2; level <= 3; level++) {
        uint64_t table = verify_new_table(machine, level);

        for (unsigned index = 0; index < 512; index++)
            verify_table_at(machine, table)[index] = LINK | below;
        below = table;
    }
    for (unsigned index = 1; index < 256; index++)
        verify_table_at(machine, machine->kernel)[index] = LINK | below;
    verify_assert_refused(machine, "the table maps nothing");
}

static void ends_in_a_root_that_names_itself_everywhere(void **state)
{
    struct verify_machine *machine = *state;

    for (unsigned index = 0; index < 512; index++)
        verify_table_at(machine, machine->kernel)[index] = LINK | machine->kernel;
    verify_assert_refused(machine, "kernel root, virtual address 0000000000000000, level 1");
}

/* ---- tables by the library --------------------------------------------------- */

static void accepts_what_the_library_builds(void **state)
{
    struct verify_machine *machine = *state;

    for (unsigned variant = 0; variant < 8; variant++) {
        struct ldr_tables tables;
        struct pgt_frames frames;
        struct pgt_pool pool;

        verify_make_plan(machine, variant & 1 ? 5 : 4, variant & 2);
        machine->plan.arch.pages_1g = variant & 4;
        pgt_pool_init(&pool, (uintptr_t)machine->memory);
        assert_true(pgt_pool_add(&pool, TABLES, 64));
        frames = pgt_pool_frames(&pool);
        assert_int_equal(ldr_tables_build(&tables, &machine->plan, &frames, &machine->report),
                         LDR_OK);
        machine->kernel = tables.kernel.root;
        machine->transition = tables.transition.root;
        if (verify_tables(machine) != LDR_OK)
            fail_msg("%s", machine->report.text);
        assert_int_equal(machine->verdict.kernel_tables, pgt_tables(&tables.kernel, NULL, 0));
        assert_int_equal(machine->verdict.transition_tables,
                         pgt_tables(&tables.transition, NULL, 0));
        if (variant & 4)
            assert_int_equal(machine->verdict.leaves_1g, variant & 2 ? 2 : 1);
        else
            assert_int_equal(machine->verdict.leaves_2m, (512 + 3) * (variant & 2 ? 2 : 1));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, verify_set_up, verify_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accepts_sound_tables),
        TEST(accepts_an_empty_table_below_the_root),
        TEST(notices_every_bit_that_means_something),
        TEST(notices_every_link_to_another_table),
        TEST(ends_in_tables_that_fan_out_to_nothing),
        TEST(ends_in_a_root_that_names_itself_everywhere),
        TEST(accepts_what_the_library_builds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
