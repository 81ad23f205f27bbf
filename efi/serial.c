/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/serial.h"

#include "efi/ports.h"

#define COM1         0x3f8
#define DATA         (COM1 + 0) /* divisor, low byte, while the latch is open */
#define INTERRUPTS   (COM1 + 1) /* divisor, high byte, while the latch is open */
#define FIFO_CONTROL (COM1 + 2)
#define LINE_CONTROL (COM1 + 3)
#define MODEM        (COM1 + 4)
#define LINE_STATUS  (COM1 + 5)

#define LATCH_OPEN 0x80
#define BITS_8N1   0x03
#define EMPTY      0x20 /* the transmitter takes a byte */
#define FULL       0x01 /* the receiver has one */

/* A byte takes 87 microseconds at 115200 baud, and a port read about one. */
#define PATIENCE 100000

void serial_open(void)
{
    port_write(INTERRUPTS, 0);
    port_write(LINE_CONTROL, LATCH_OPEN | BITS_8N1);
    port_write(DATA, 1); /* 115200 / 1 */
    port_write(INTERRUPTS, 0);
    port_write(LINE_CONTROL, BITS_8N1);
    port_write(FIFO_CONTROL, 0x07); /* on, and both directions emptied */
    port_write(MODEM, 0x03);        /* DTR and RTS: somebody is here */
}

/* A bus without the port reads as all ones. */
static bool absent(void)
{
    return port_read(LINE_STATUS) == 0xff;
}

/* Waits a bounded time: a port whose other end holds the line shall not stop a boot. */
static void write_byte(char c)
{
    for (unsigned i = 0; i < PATIENCE; i++) {
        if (port_read(LINE_STATUS) & EMPTY) {
            port_write(DATA, (uint8_t)c);
            return;
        }
    }
}

void serial_write(const char *text)
{
    if (absent())
        return;
    for (; *text; text++) {
        if (*text == '\n')
            write_byte('\r');
        write_byte(*text);
    }
}

bool serial_read(uint8_t *ret_byte)
{
    if (absent() || !(port_read(LINE_STATUS) & FULL))
        return false;
    *ret_byte = port_read(DATA);
    return true;
}
