/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that want a fault.
 */
#include "loader/stub/expect.h"

#include "loader/stub/fault.h"
#include "loader/stub/stub.h"

void expect_fault(struct tap *tap, const char *what, void (*access)(uint64_t), uint64_t address,
                  uint64_t error)
{
    struct fault fault = {0};
    bool faulted = fault_probe(access, address, &fault);
    /* A fetch is blamed on the instruction itself, an access on code of ours. */
    bool rip_right = access == fault_execute
                         ? fault.rip == address
                         : fault.rip >= (uint64_t)text_start && fault.rip < (uint64_t)text_end;
    bool right = faulted && fault.vector == FAULT_PAGE && fault.error == error &&
                 fault.address == address && rip_right;

    if (tap_ok(tap, right, "%s faults with error code %lx", what, error))
        return;
    if (!faulted)
        tap_note("no fault at %016lx", address);
    else
        tap_note("vector %lu, error code %lx, address %016lx, rip %016lx; accessed %016lx",
                 fault.vector, fault.error, fault.address, fault.rip, address);
}
