/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of the kernel's own faults: of a page, and of an address that is none.  (Of programs:
 * check_killed.c; of double faults: check_overflow.c.)
 */
#include "loader/stub/checks.h"
#include "loader/stub/fault.h"
#include "loader/stub/kernel_file.h"
#include "loader/stub/report.h"

#define NOT_CANONICAL UINT64_C(0x4000000000001000)

struct sight {
    struct stub *stub;
    struct report_count report;
};

static void look(void *context, const struct trap_frame *frame, uint64_t address)
{
    struct sight *sight = context;
    struct report report = report_of_kernel(sight->stub, frame, address);

    sight->report = report_notes(&report);
}

static void check_one(struct stub *stub, const char *what, void (*access)(uint64_t),
                      uint64_t address, uint64_t vector)
{
    struct sight sight = {.stub = stub};
    struct fault fault = {0};

    tap_ok(&stub->tap,
           fault_probe_seen(access, address, &fault, look, &sight) && fault.vector == vector,
           "%s: %s", what, fault_name(vector));
    tap_ok(&stub->tap, sight.report.broken, "its report names the broken rule");
    tap_ok(&stub->tap, sight.report.symbols >= 3 && sight.report.symbols == sight.report.frames,
           "and %u callers, all by name", sight.report.symbols);
}

void check_reports(struct stub *stub)
{
    struct pgt_symbols symbols;
    bool found = kernel_file_symbols(&symbols);

    if (!stub->adopted) {
        tap_skip(&stub->tap, STUB_NO_TABLES, "reports of faults");
        return;
    }
    if (!tap_ok(&stub->tap, found, "the kernel's file has %zu symbols", symbols.count))
        return;
    check_one(stub, "the kernel writes its read-only data", fault_write_same,
              (uint64_t)rodata_start, FAULT_PAGE);
    check_one(stub, "it reads an address that is not canonical", fault_read, NOT_CANONICAL,
              FAULT_GENERAL_PROTECTION);
}
