/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four ways to go wrong, and one not to.
 */
#include "loader/stub/flaw.h"

#include "loader/stub/cpu.h"
#include "loader/stub/entry.h"

void flaw_none(struct tap *tap)
{
    (void)tap;
}

void flaw_hang(struct tap *tap)
{
    (void)tap;
    tap_note("stops here for ever, on purpose");
    stop_for_ever();
}

/* Without a single gate the exception can't be delivered, nor the double fault
 * that follows. */
void flaw_reset(struct tap *tap)
{
    struct table_register nothing = {0};

    (void)tap;
    tap_note("resets the machine, on purpose");
    __asm__ volatile("lidt %0; ud2" : : "m"(nothing));
}

void flaw_fail(struct tap *tap)
{
    tap_ok(tap, false, "a test that fails, on purpose");
}

/* The kernel has no report to give before it has its tables, so the flaw waits for its time. */
static bool crash_wanted;

void flaw_crash(struct tap *tap)
{
    (void)tap;
    crash_wanted = true;
}

/* Functions that the backtrace shall name. */
#define CALLED __attribute__((noipa))

/* Text is read-only in the direct map too.  (With a local variable, as gcc gives no frame to a
 * function that doesn't touch the stack.) */
CALLED static void patch_instruction(const struct stub *stub, const void *instruction)
{
    volatile uint8_t breakpoint = 0xcc;

    *(volatile uint8_t *)stub_alias(stub, instruction) = breakpoint;
}

CALLED static void set_breakpoint(const struct stub *stub)
{
    tap_note("writes to its own text through the direct map, on purpose");
    patch_instruction(stub, text_start);
}

void flaw_last(const struct stub *stub)
{
    if (crash_wanted)
        set_breakpoint(stub);
}
