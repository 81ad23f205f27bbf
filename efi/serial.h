/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * COM1, a 16550, by its ports.  For the time when firmware doesn't write to it:
 * where its console has no serial port, and after boot services ended.
 */
#ifndef EFI_SERIAL_H
#define EFI_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

/* 115200 baud, 8 bits, no parity, one stop bit.  Not to be called where firmware uses the port. */
void serial_open(void);

/* Writes text; a newline becomes CR LF.  Never hangs: where there is no port, or
 * nobody takes the bytes, they are dropped. */
void serial_write(const char *text);

/* Takes a byte that has come; false if none has. */
bool serial_read(uint8_t *ret_byte);

#endif
