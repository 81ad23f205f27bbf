/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/tests/verify_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define MEMORY_BYTES (UINT64_C(4) << 30)

static const struct verify_row rows[] = {
    {LDR_DIRECT_MAP, 0, TABLES, 64, 1, P | RW | XD, R | W, WB},
    {LDR_DIRECT_MAP, 0, STACK, 2, 1, P | RW | XD | A | D, R | W, WB},
    {LDR_DIRECT_MAP, 0, HANDOFF, 4, 1, P | XD, R, WB}, /* and text, and read-only data */
    {LDR_DIRECT_MAP, 0, DATA, 1, 1, P | RW | XD, R | W, WB},
    {LDR_DIRECT_MAP, 0, 0x200000, 2, 2, P | RW | PS | XD, R | W, WB},
    {LDR_DIRECT_MAP, 0, 0x40000000, 1, 3, P | RW | PS | XD, R | W, WB},
    {LDR_DIRECT_MAP, 0, 0x80000000, 2, 1, P | RW | XD | PAT_SMALL | PWT, R | W, WC},
    {LDR_DIRECT_MAP, 0, 0x80200000, 1, 2, P | RW | PS | XD | PAT_BIG | PWT, R | W, WC},
    {LDR_IMAGE, IMAGE_VIRT, TEXT, 2, 1, P, R | X, WB},
    {LDR_IMAGE, IMAGE_VIRT + 0x2000, RODATA, 1, 1, P | XD, R, WB},
    {LDR_IMAGE, IMAGE_VIRT + 0x3000, DATA, 1, 1, P | RW | XD | G, R | W | PGT_GLOBAL, WB},
    {LDR_HANDOFF, HANDOFF_VIRT, HANDOFF, 1, 1, P, R | X, WB},
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) == VERIFY_ROWS, "rows");

uint64_t *verify_table_at(struct verify_machine *machine, uint64_t phys)
{
    return (uint64_t *)(void *)(machine->memory + phys);
}

uint64_t verify_new_table(struct verify_machine *machine, unsigned level)
{
    uint64_t phys = machine->next_table;

    assert_true(phys < TABLES_END);
    machine->next_table += PGT_PAGE;
    machine->table_level[(phys - TABLES) / PGT_PAGE] = level;
    memset(machine->memory + phys, 0, PGT_PAGE);
    return phys;
}

uint64_t *verify_entry_for(struct verify_machine *machine, uint64_t root, uint64_t virt,
                           unsigned level)
{
    uint64_t table = root;

    for (unsigned at = machine->plan.arch.levels;; at--) {
        uint64_t *entry = &verify_table_at(machine, table)[virt >> (12 + 9 * (at - 1)) & 511];

        if (at == level)
            return entry;
        if (!*entry)
            *entry = LINK | verify_new_table(machine, at - 1);
        table = *entry & FRAME_BITS;
    }
}

uint64_t *verify_kernel_entry(struct verify_machine *machine, uint64_t virt, unsigned level)
{
    return verify_entry_for(machine, machine->kernel, virt, level);
}

void verify_add_run(struct verify_machine *machine, const struct verify_row *row, uint64_t virt,
                    enum ldr_purpose purpose)
{
    size_t index = machine->plan.count++;

    machine->run[index] = (struct ldr_run){
        .map = {.virt = virt,
                .phys = row->phys,
                .bytes = row->leaves * (PGT_PAGE << 9 * (row->level - 1)),
                .rights = row->rights,
                .memory = row->memory},
        .purpose = purpose,
    };
    machine->bits[index] = row->bits;
    machine->level[index] = row->level;
}

void verify_make_plan(struct verify_machine *machine, unsigned levels, bool identity)
{
    struct ldr_plan *plan = &machine->plan;
    uint64_t hhdm = levels == 5 ? LDR_HHDM_5_LEVELS : LDR_HHDM_4_LEVELS;

    *plan = (struct ldr_plan){
        .arch = {.levels = (uint8_t)levels,
                 .physical_bits = 32,
                 .pages_1g = true,
                 .no_execute = true,
                 .pat = PGT_PAT_LIMINE},
        .base_revision = identity ? 0 : 3,
        .hhdm = hhdm,
        .handoff_virt = HANDOFF_VIRT,
        .handoff_phys = HANDOFF,
        .guard_below = hhdm + GUARD_BELOW,
        .guard_above = hhdm + GUARD_ABOVE,
        .stack_top = hhdm + GUARD_ABOVE,
        .image_virt = IMAGE_VIRT,
        .image_phys = IMAGE,
        .image_bytes = 0x4000,
        .run = machine->run,
    };
    for (size_t i = 0; identity && i < VERIFY_DIRECT_MAP_ROWS; i++)
        verify_add_run(machine, &rows[i], rows[i].phys, LDR_IDENTITY_MAP);
    for (size_t i = 0; i < VERIFY_ROWS; i++)
        verify_add_run(machine, &rows[i],
                       i < VERIFY_DIRECT_MAP_ROWS ? hhdm + rows[i].phys : rows[i].virt,
                       rows[i].purpose);
    plan->capacity = plan->count;
}

void verify_write_tables(struct verify_machine *machine)
{
    memset(machine->table_level, 0, sizeof(machine->table_level));
    machine->next_table = TABLES;
    machine->kernel = verify_new_table(machine, machine->plan.arch.levels);
    for (size_t i = 0; i < machine->plan.count; i++) {
        const struct pgt_mapping *map = &machine->run[i].map;

        for (uint64_t at = 0; at < map->bytes; at += PGT_PAGE << 9 * (machine->level[i] - 1))
            *verify_kernel_entry(machine, map->virt + at, machine->level[i]) =
                (map->phys + at) | machine->bits[i];
    }
    machine->transition = verify_new_table(machine, machine->plan.arch.levels);
    memcpy(verify_table_at(machine, machine->transition) + 256,
           verify_table_at(machine, machine->kernel) + 256, PGT_PAGE / 2);
    *verify_entry_for(machine, machine->transition, HANDOFF, 1) = HANDOFF | P;
}

enum ldr_status verify_tables(struct verify_machine *machine)
{
    memset(&machine->report, 0, sizeof(machine->report));
    memset(&machine->verdict, 0xa5, sizeof(machine->verdict));
    return ldr_verify(&machine->verdict, &machine->plan, machine->kernel, machine->transition,
                      (uintptr_t)machine->memory, &machine->report);
}

void verify_assert_refused(struct verify_machine *machine, const char *words)
{
    struct ldr_verdict untouched;

    memset(&untouched, 0xa5, sizeof(untouched));
    assert_int_equal(verify_tables(machine), LDR_BAD_TABLES);
    assert_int_equal(machine->report.status, LDR_BAD_TABLES);
    if (!strstr(machine->report.text, words))
        fail_msg("expected \"%s\" in \"%s\"", words, machine->report.text);
    if (!strstr(machine->report.text, "please report this"))
        fail_msg("no advice, or cut off: \"%s\"", machine->report.text);
    assert_memory_equal(&machine->verdict, &untouched, sizeof(untouched));
}

void verify_build(struct verify_machine *machine, unsigned levels, bool identity)
{
    verify_make_plan(machine, levels, identity);
    verify_write_tables(machine);
}

int verify_set_up(void **state)
{
    static struct verify_machine machine;

    memset(&machine, 0, sizeof(machine));
    machine.memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(machine.memory, MAP_FAILED);
    verify_build(&machine, 4, false);
    *state = &machine;
    alarm(120); /* a walk without end is a failure, too */
    return 0;
}

int verify_tear_down(void **state)
{
    struct verify_machine *machine = *state;

    alarm(0);
    return munmap(machine->memory, MEMORY_BYTES);
}

void verify_break_entry(struct verify_machine *machine, uint64_t virt, unsigned level,
                        uint64_t value, const char *words)
{
    *verify_kernel_entry(machine, virt, level) = value;
    verify_assert_refused(machine, words);
    verify_write_tables(machine);
}
