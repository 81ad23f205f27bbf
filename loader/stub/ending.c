/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last instructions.
 */
#include "loader/stub/ending.h"

#include "loader/stub/cpu.h"
#include "loader/fault/serial.h"

/* QEMU's device turns v into exit status v << 1 | 1. */
#define QEMU_EXIT_PORT 0xf4
#define QEMU_SUCCESS   0x10
#define QEMU_FAILURE   0x11

/* Bochs waits for this word here, a byte at a time. */
#define BOCHS_PORT 0x8900

_Noreturn void ending(bool success)
{
    static const char word[] = "Shutdown";

    serial_drain(); /* or the machine may stop before its last word is out */
    port_write(QEMU_EXIT_PORT, success ? QEMU_SUCCESS : QEMU_FAILURE);
    for (unsigned i = 0; word[i] != '\0'; i++)
        port_write(BOCHS_PORT, (uint8_t)word[i]);
    stop_for_ever();
}
