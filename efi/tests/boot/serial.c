/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The application's own serial port, on the ports of processor.c: fake_console.h has another
 * in its place, past which the linker's --wrap leads.
 */
#define serial_open  __wrap_serial_open
#define serial_write __wrap_serial_write
#define serial_read  __wrap_serial_read

#include "efi/serial.c"
