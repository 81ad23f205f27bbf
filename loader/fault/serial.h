/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first serial port, COM1: where the kernel speaks.
 */
#ifndef LOADER_FAULT_SERIAL_H
#define LOADER_FAULT_SERIAL_H

/* 115200 baud, 8 bits, no parity, one stop bit; no interrupts. */
void serial_init(void);

/* A line feed goes out as carriage return and line feed.  Where there is no
 * serial port the text is lost, and nobody waits for it. */
void serial_write(const char *text);

/* Returns when the last character has left, or when waiting for it has no sense. */
void serial_drain(void);

#endif
