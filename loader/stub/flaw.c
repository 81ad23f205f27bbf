/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three ways to go wrong, and one not to.
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
