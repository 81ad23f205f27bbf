/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 16550-compatible UART at the first port's traditional address.
 */
#include "loader/fault/serial.h"

#include <stdbool.h>

#include "loader/fault/instructions.h"

enum {
    COM1 = 0x3f8,
    DATA = COM1,                 /* divisor, low byte, while LINE_DIVISOR is set */
    INTERRUPT_ENABLE = COM1 + 1, /* divisor, high byte */
    FIFO_CONTROL = COM1 + 2,
    LINE_CONTROL = COM1 + 3,
    MODEM_CONTROL = COM1 + 4,
    LINE_STATUS = COM1 + 5,
};

enum {
    LINE_8N1 = 0x03,
    LINE_DIVISOR = 0x80,
    FIFO_ON_CLEARED = 0x07,
    MODEM_DTR_RTS = 0x03,
    STATUS_ROOM = 0x20,
    STATUS_SENT = 0x40,   /* the last bit has left */
    STATUS_ABSENT = 0xff, /* what an address without a device reads as */
};

/* One character takes 87 microseconds and a port access about one, so this is
 * generous; and a port that is stuck delays the kernel, but never stops it. */
#define WAIT_LIMIT 20000

void serial_init(void)
{
    port_write(INTERRUPT_ENABLE, 0);
    port_write(LINE_CONTROL, LINE_DIVISOR);
    port_write(DATA, 1); /* 115200 / 1 */
    port_write(INTERRUPT_ENABLE, 0);
    port_write(LINE_CONTROL, LINE_8N1);
    port_write(FIFO_CONTROL, FIFO_ON_CLEARED);
    port_write(MODEM_CONTROL, MODEM_DTR_RTS);
}

/* False if there is no port, or if it is stuck. */
static bool wait_for(uint8_t wanted)
{
    for (unsigned i = 0; i < WAIT_LIMIT; i++) {
        uint8_t status = port_read(LINE_STATUS);

        if (status == STATUS_ABSENT)
            return false;
        if (status & wanted)
            return true;
        pause_once();
    }
    return false;
}

static void write_byte(char byte)
{
    if (wait_for(STATUS_ROOM))
        port_write(DATA, (uint8_t)byte);
}

void serial_drain(void)
{
    (void)wait_for(STATUS_SENT);
}

void serial_write(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            write_byte('\r');
        write_byte(*text);
    }
}
