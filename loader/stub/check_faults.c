/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must not be possible: every test does it, and wants the one page fault that
 * the processor's manual foresees, to the bit (SDM volume 3A, 4.7).
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/entry.h"
#include "loader/stub/expect.h"
#include "loader/stub/fault.h"
#include "loader/stub/mem.h"
#include "loader/stub/variant.h"

/* One instruction, RET, where there should be none. */
#define RET 0xc3
static uint8_t code_in_data[16] = {RET};

/* And where there may be: what an alias of it is called for. */
static void returns_at_once(void)
{
    __asm__ volatile("");
}

/* Every test of a fetch needs a processor that can forbid one. */
static void want_no_fetch(struct tap *tap, const char *what, uint64_t address)
{
    if (cpu_has_no_execute())
        expect_fault(tap, what, fault_execute, address, FAULT_PRESENT | FAULT_FETCH);
    else
        tap_skip(tap, "the processor has no execute-disable", "%s", what);
}

static void check_image(struct tap *tap)
{
    uint64_t protected_write = FAULT_PRESENT | FAULT_WRITE;

    expect_fault(tap, "writing the kernel's text", fault_write_same, (uint64_t)text_start,
                 protected_write);
    expect_fault(tap, "writing the last byte of its text", fault_write_same, (uint64_t)text_end - 1,
                 protected_write);
    expect_fault(tap, "writing its read-only data", fault_write_same, (uint64_t)rodata_start,
                 protected_write);
    if (relro_start != &relro_end[0])
        expect_fault(tap, "writing what only relocations wrote", fault_write_same,
                     (uint64_t)relro_start, protected_write);
    want_no_fetch(tap, "executing its read-only data", (uint64_t)rodata_start);
    want_no_fetch(tap, "executing its data", (uint64_t)code_in_data);
}

static void check_stack_code(struct tap *tap)
{
    volatile uint8_t code[16] = {RET};

    want_no_fetch(tap, "executing the stack", (uint64_t)code);
}

static void check_aliases(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    uint64_t protected_write = FAULT_PRESENT | FAULT_WRITE;

    want_no_fetch(tap, "executing a function through the direct map",
                  stub_alias(stub, (const void *)returns_at_once));
    if (stub->tables == 0) {
        tap_skip(tap, STUB_NO_TABLES, "writing text or read-only data through the direct map");
        return;
    }
    expect_fault(tap, "writing text through the direct map", fault_write_same,
                 stub_alias(stub, text_start), protected_write);
    expect_fault(tap, "writing read-only data through the direct map", fault_write_same,
                 stub_alias(stub, rodata_start), protected_write);
}

static void check_null(struct tap *tap)
{
    expect_fault(tap, "reading address 0", fault_read, 0, 0);
    expect_fault(tap, "reading the last byte of the null page", fault_read, PGT_PAGE - 1, 0);
    expect_fault(tap, "writing address 0", fault_write_zero, 0, FAULT_WRITE);
    /* The fetch bit is reported only where execute-disable is on. */
    expect_fault(tap, "executing address 0", fault_execute, 0,
                 cpu_has_no_execute() ? FAULT_FETCH : 0);
}

static void check_guards(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    uint64_t base, end;

    if (stub->tables == 0) {
        tap_skip(tap, STUB_NO_TABLES, "touching the stack's guard pages");
        return;
    }
    base = stub->tables->stack_base;
    end = base + stub->tables->stack_size;
    expect_fault(tap, "reading the byte below the stack", fault_read, base - 1, 0);
    expect_fault(tap, "writing the byte below the stack", fault_write_zero, base - 1, FAULT_WRITE);
    expect_fault(tap, "writing the lower guard's first byte", fault_write_zero, base - PGT_PAGE,
                 FAULT_WRITE);
    expect_fault(tap, "reading the byte above the stack", fault_read, end, 0);
    expect_fault(tap, "writing the byte above the stack", fault_write_zero, end, FAULT_WRITE);
    expect_fault(tap, "writing the upper guard's last byte", fault_write_zero, end + PGT_PAGE - 1,
                 FAULT_WRITE);
}

/* The handoff page was identity mapped and executable a moment ago, and must be no more. */
static void check_handoff(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    struct pgt_leaf leaf;

    if (!stub->adopted) {
        tap_skip(tap, STUB_NO_TABLES, "touching the loader's handoff page where it ran");
        return;
    }
    if (!tap_ok(tap, pgt_lookup(&stub->space, stub->tables->handoff_base, &leaf),
                "the loader's handoff page is in the upper half"))
        return;
    expect_fault(tap, "writing the handoff page", fault_write_same, stub->tables->handoff_base,
                 FAULT_PRESENT | FAULT_WRITE);
    leaf.phys += stub->tables->handoff_base - leaf.virt;
    /* Base revision 0 has an identity map, but not an executable one. */
    if (variant_base_revision == 0)
        want_no_fetch(tap, "executing the handoff page's identity", leaf.phys);
    else
        expect_fault(tap, "reading the handoff page's identity", fault_read, leaf.phys, 0);
}

/* The probes must not pass because nothing can be done at all. */
static void check_control_group(struct stub *stub)
{
    struct fault fault;
    uint8_t saved = code_in_data[1];

    tap_ok(&stub->tap,
           !fault_probe(fault_execute, (uint64_t)returns_at_once, &fault) &&
               !fault_probe(fault_read, (uint64_t)text_start, &fault) &&
               !fault_probe(fault_write_zero, (uint64_t)&code_in_data[1], &fault),
           "executing text, reading text and writing data do not fault");
    code_in_data[1] = saved;
}

void check_faults(struct stub *stub)
{
    check_control_group(stub);
    check_image(&stub->tap);
    check_stack_code(&stub->tap);
    check_aliases(stub);
    check_null(&stub->tap);
    check_guards(stub);
    check_handoff(stub);
}
