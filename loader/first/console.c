/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first serial port, as the loader left it, and the verdict in TAP (the Test Anything
 * Protocol) that firmware/machine.py reads.
 */
#include "loader/first/first.h"

#define DATA   0x3f8
#define STATUS (DATA + 5)
#define ROOM   0x20
#define SENT   0x40

/* QEMU's device ends the machine with status v << 1 | 1. */
#define EXIT_PORT 0xf4

static unsigned points, failed;

static void port_write(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

/* Where there is no port all bits read 1, so this ends. */
static void wait_for(uint8_t wanted)
{
    uint8_t status;

    do
        __asm__ volatile("inb %1, %0" : "=a"(status) : "Nd"((uint16_t)STATUS));
    while (!(status & wanted));
}

void console_put(char byte)
{
    wait_for(ROOM);
    port_write(DATA, (uint8_t)byte);
}

static void put(const char *text)
{
    for (; *text != '\0'; text++)
        console_put(*text);
}

void console_line(void *context, const char *text)
{
    (void)context;
    put(text);
    put("\r\n");
}

void console_point(bool well, const char *what)
{
    failed += !well;
    put(well ? "ok " : "not ok ");
    console_put((char)('0' + ++points)); /* so nine at most */
    put(" - ");
    console_line(0, what);
}

void require(bool well, const char *otherwise)
{
    if (well)
        return;
    put("Bail out! ");
    console_line(0, otherwise);
    failed++;
    console_end();
}

_Noreturn void console_end(void)
{
    put("1..");
    console_put((char)('0' + points));
    console_line(0, failed ? "\r\n# verdict: something failed" : "\r\n# verdict: all is well");
    wait_for(SENT);
    port_write(EXIT_PORT, failed ? 0x11 : 0x10);
    for (;;)
        __asm__ volatile("cli; hlt");
}
