/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A screen of character cells: on firmware's console, or on a terminal at COM1.  What stands
 * there is remembered, and only what changes is written: so it doesn't flicker, and a
 * slow line keeps up.
 */
#ifndef EFI_TERMINAL_H
#define EFI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "efi/uefi.h"

#define TERMINAL_ROWS    64
#define TERMINAL_COLUMNS 160

enum terminal_style {
    TERMINAL_NORMAL,
    TERMINAL_SELECTED,
    TERMINAL_TITLE,
    TERMINAL_DIM,
    TERMINAL_NOTICE,
};

/* Bytes of a text that stand for lines of a frame; a terminal at COM1 gets ASCII for them. */
enum terminal_line {
    TERMINAL_HORIZONTAL = 1,
    TERMINAL_VERTICAL,
    TERMINAL_TOP_LEFT,
    TERMINAL_TOP_RIGHT,
    TERMINAL_BOTTOM_LEFT,
    TERMINAL_BOTTOM_RIGHT,
    TERMINAL_LINES
};

struct terminal {
    SIMPLE_TEXT_OUTPUT_INTERFACE *out; /* null: COM1 */
    unsigned rows, columns;            /* at least 24 and 80 */
    bool cursor;                       /* it is visible */
    unsigned at_row, at_column;        /* where it is */
    char text[TERMINAL_ROWS][TERMINAL_COLUMNS];
    uint8_t style[TERMINAL_ROWS][TERMINAL_COLUMNS]; /* as they stand there */
};

/* Clears the screen and hides the cursor.  `out` is firmware's console; null: COM1, which is
 * open then, with a terminal of 80 x 24 that knows ECMA-48's sequences. */
void terminal_open(struct terminal *terminal, SIMPLE_TEXT_OUTPUT_INTERFACE *out);

/* What `width` cells of a row shall show from a column on: the text, cut or followed by blanks.
 * Bytes of the text are printable ASCII, or one of enum terminal_line.  Cells beyond the screen
 * are passed over. */
void terminal_put(struct terminal *terminal, unsigned row, unsigned column, unsigned width,
                  const char *text, enum terminal_style style);

void terminal_show_cursor(struct terminal *terminal, unsigned row, unsigned column);
void terminal_hide_cursor(struct terminal *terminal);

/* Leaves an empty screen in its usual colours, with a cursor. */
void terminal_close(struct terminal *terminal);

#endif
