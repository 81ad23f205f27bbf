/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A console of firmware's and a terminal at COM1, for tests: what is written appears on a
 * screen of cells, and what is going to be typed is given beforehand.
 */
#ifndef EFI_TESTS_FAKE_CONSOLE_H
#define EFI_TESTS_FAKE_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "efi/tests/fake.h"

#define FAKE_ROWS    31
#define FAKE_COLUMNS 100

struct fake_screen {
    uint16_t cell[FAKE_ROWS][FAKE_COLUMNS]; /* blanks where nothing was written */
    uint32_t colour[FAKE_ROWS][FAKE_COLUMNS];
    unsigned row, column;
    bool cursor;
    unsigned calls;   /* that wrote something, or moved the cursor */
    unsigned written; /* cells */
    unsigned cleared;
    uint32_t current; /* colour */
};

struct fake_console {
    struct fake_screen firmware; /* colours are firmware's attributes */
    struct fake_screen serial;   /* colours are a sum over the sequence's characters */
    const char *serial_input;    /* what is typed there; a space in it is a pause */
    const EFI_INPUT_KEY *keys;   /* typed on firmware's keyboard, */
    unsigned key_count;          /* so many, one before each tick */
    unsigned ticks;              /* that have been waited for */
    void (*before_tick)(void);   /* or null */
    unsigned open_events;
    bool no_events; /* CreateEvent() fails */
};

/* Sets system->ConOut and ConIn, and the services for events; what serial_write() and
 * serial_read() do is the fake's in all tests. */
struct fake_console *fake_console_start(struct fake *fake);

/* A row of a screen as text: lines of a frame as '#', blanks at the end left out. */
const char *fake_screen_row(const struct fake_screen *screen, unsigned row);

/* Whether a text stands anywhere on a screen. */
bool fake_screen_shows(const struct fake_screen *screen, const char *text);

#endif
