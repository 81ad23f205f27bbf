/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine that the verifier's tests break: four simulated gigabytes of physical memory, a
 * plan, and page tables for it written by hand, from the SDM, volume 3A, 4.5.
 */
#ifndef LOADER_TESTS_VERIFY_MACHINE_H
#define LOADER_TESTS_VERIFY_MACHINE_H

#include "loader/verify.h"

/* Entry bits, SDM tables 4-15 to 4-20. */
#define P          UINT64_C(0x1)
#define RW         UINT64_C(0x2)
#define US         UINT64_C(0x4)
#define PWT        UINT64_C(0x8)
#define PCD        UINT64_C(0x10)
#define A          UINT64_C(0x20)
#define D          UINT64_C(0x40)
#define PS         UINT64_C(0x80)
#define G          UINT64_C(0x100)
#define XD         (UINT64_C(1) << 63)
#define PAT_SMALL  UINT64_C(0x80)
#define PAT_BIG    UINT64_C(0x1000)
#define FRAME_BITS UINT64_C(0x000ffffffffff000)

#define LINK (P | RW | US | A)

/* The machine's physical memory: tables, a stack between its guards, the handoff page,
 * the image. */
#define TABLES      UINT64_C(0x100000)
#define TABLES_END  UINT64_C(0x140000)
#define GUARD_BELOW UINT64_C(0x140000)
#define STACK       UINT64_C(0x141000)
#define GUARD_ABOVE UINT64_C(0x143000)
#define HANDOFF     UINT64_C(0x144000)
#define IMAGE       UINT64_C(0x145000)
#define TEXT        IMAGE /* two pages */
#define RODATA      UINT64_C(0x147000)
#define DATA        UINT64_C(0x148000)

#define IMAGE_VIRT   UINT64_C(0xffffffff80000000)
#define HANDOFF_VIRT UINT64_C(0xffffffff80400000)

#define R  PGT_READ
#define W  PGT_WRITE
#define X  PGT_EXECUTE
#define WB PGT_WRITE_BACK
#define WC PGT_WRITE_COMBINING

#define DIRECT LDR_HHDM_4_LEVELS

/* A run of the plan, and how the processor wants it: so many leaves of a level, with these
 * bits.  Virtual addresses of the direct map are filled in when its start is known. */
struct verify_row {
    enum ldr_purpose purpose;
    uint64_t virt, phys;
    unsigned leaves, level;
    uint64_t bits;
    unsigned rights;
    enum pgt_memory memory;
};

/* The plan's rows, of which the first are the direct map. */
#define VERIFY_ROWS            12
#define VERIFY_DIRECT_MAP_ROWS 8

/* Room for what tests add. */
#define VERIFY_RUNS (VERIFY_ROWS + VERIFY_DIRECT_MAP_ROWS + 4)

struct verify_machine {
    uint8_t *memory;
    struct ldr_plan plan;
    struct ldr_run run[VERIFY_RUNS];
    uint64_t bits[VERIFY_RUNS]; /* of each run's leaves */
    unsigned level[VERIFY_RUNS];
    uint64_t kernel, transition;
    uint64_t next_table;
    unsigned table_level[64]; /* by frame from TABLES on; 0 is free */
    struct ldr_report report;
    struct ldr_verdict verdict;
};

/* A table, for reading and writing. */
uint64_t *verify_table_at(struct verify_machine *machine, uint64_t phys);

/* An empty one, for entries of a level. */
uint64_t verify_new_table(struct verify_machine *machine, unsigned level);

/* The entry for virt at a level, with the tables above it made where missing. */
uint64_t *verify_entry_for(struct verify_machine *machine, uint64_t root, uint64_t virt,
                           unsigned level);

/* The same in the kernel root. */
uint64_t *verify_kernel_entry(struct verify_machine *machine, uint64_t virt, unsigned level);

/* Adds a run to the end of the plan; its leaves come with the next verify_write_tables(). */
void verify_add_run(struct verify_machine *machine, const struct verify_row *row, uint64_t virt,
                    enum ldr_purpose purpose);

/* The plan of all rows; with `identity` the direct map is there once more, at its physical
 * addresses. */
void verify_make_plan(struct verify_machine *machine, unsigned levels, bool identity);

/* Writes the tables that a processor needs for the plan, always the same way. */
void verify_write_tables(struct verify_machine *machine);

/* Verifies; the verdict is filled with rubbish before. */
enum ldr_status verify_tables(struct verify_machine *machine);

/* Refused, with these words, and nothing told. */
void verify_assert_refused(struct verify_machine *machine, const char *words);

/* Plan and tables. */
void verify_build(struct verify_machine *machine, unsigned levels, bool identity);

/* For cmocka: a machine with 4 levels and sound tables. */
int verify_set_up(void **state);

int verify_tear_down(void **state);

/* Changes one entry of the kernel root, expects the words, and writes the tables anew. */
void verify_break_entry(struct verify_machine *machine, uint64_t virt, unsigned level,
                        uint64_t value, const char *words);

#endif
