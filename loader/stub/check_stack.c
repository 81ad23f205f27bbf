/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack that the loader made.
 */
#include "loader/stub/checks.h"
#include "loader/stub/entry.h"
#include "loader/stub/fault.h"
#include "loader/stub/requests.h"

/* Room at the top for what the kernel itself has on the stack by now. */
#define IN_USE UINT64_C(16384)

/* Reads and writes back one word of each page, from the top down. */
static void touch_stack(uint64_t lowest)
{
    for (uint64_t at = entry_state.rsp - IN_USE; at >= lowest; at -= PGT_PAGE) {
        volatile uint8_t *byte = (volatile uint8_t *)at;

        *byte = *byte;
    }
    *(volatile uint8_t *)lowest = 0;
}

void check_stack(struct stub *stub)
{
    const struct limine_pagetables_response *tables = stub->tables;
    uint64_t lowest = entry_state.rsp + sizeof(uint64_t) - REQUESTED_STACK;
    struct fault fault;

    if (!tap_ok(&stub->tap, !fault_probe(touch_stack, lowest, &fault),
                "%lu KiB of stack can be used", REQUESTED_STACK / 1024))
        tap_note("fault at %016lx, error code %lx", fault.address, fault.error);
    if (tables == 0) {
        tap_skip(&stub->tap, STUB_NO_TABLES, "the stack is where the page tables response says");
        return;
    }
    tap_ok(&stub->tap, tables->stack_size >= REQUESTED_STACK, "the stack is as large as requested");
    tap_equal(&stub->tap, entry_state.rsp + sizeof(uint64_t),
              tables->stack_base + tables->stack_size, "it starts at its top");
}
