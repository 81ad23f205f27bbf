/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/terminal.h"

#include <string.h>

#include "efi/serial.h"
#include "loader/report.h"

/* Of a terminal at COM1, which can't be asked; and what any console has at least. */
#define SERIAL_ROWS    24
#define SERIAL_COLUMNS 80

/* The same colours in both worlds: UEFI 2.10, section 12.4.7, and ECMA-48, section 8.3.117. */
static const struct {
    uint8_t firmware;
    char serial[12];
} colours[] = {
    [TERMINAL_NORMAL] = {EFI_LIGHTGRAY | EFI_BACKGROUND_BLACK, "0;37;40"},
    [TERMINAL_SELECTED] = {EFI_WHITE | EFI_BACKGROUND_BLUE, "0;1;37;44"},
    [TERMINAL_TITLE] = {EFI_WHITE | EFI_BACKGROUND_BLACK, "0;1;37;40"},
    [TERMINAL_DIM] = {EFI_CYAN | EFI_BACKGROUND_BLACK, "0;36;40"},
    [TERMINAL_NOTICE] = {EFI_YELLOW | EFI_BACKGROUND_BLACK, "0;1;33;40"},
};

static void move(struct terminal *terminal, unsigned row, unsigned column)
{
    char sequence[24];

    terminal->at_row = row;
    terminal->at_column = column;
    if (terminal->out) {
        terminal->out->SetCursorPosition(terminal->out, column, row);
        return;
    }
    ldr_format(sequence, sizeof sequence, "\x1b[%u;%uH", row + 1, column + 1);
    serial_write(sequence);
}

static void set_style(struct terminal *terminal, enum terminal_style style)
{
    char sequence[24];

    if (terminal->out) {
        terminal->out->SetAttribute(terminal->out, colours[style].firmware);
        return;
    }
    ldr_format(sequence, sizeof sequence, "\x1b[%sm", colours[style].serial);
    serial_write(sequence);
}

/* Each console of UEFI can draw these (UEFI 2.10, section 12.4.2). */
static const struct {
    CHAR16 firmware;
    char serial;
} lines[TERMINAL_LINES] = {
    [TERMINAL_HORIZONTAL] = {BOXDRAW_HORIZONTAL, '-'},
    [TERMINAL_VERTICAL] = {BOXDRAW_VERTICAL, '|'},
    [TERMINAL_TOP_LEFT] = {BOXDRAW_DOWN_RIGHT, '+'},
    [TERMINAL_TOP_RIGHT] = {BOXDRAW_DOWN_LEFT, '+'},
    [TERMINAL_BOTTOM_LEFT] = {BOXDRAW_UP_RIGHT, '+'},
    [TERMINAL_BOTTOM_RIGHT] = {BOXDRAW_UP_LEFT, '+'},
};

/* Cells of one row, from where the cursor is. */
static void write_cells(struct terminal *terminal, const char *text, unsigned count)
{
    CHAR16 wide[TERMINAL_COLUMNS + 1];
    char plain[TERMINAL_COLUMNS + 1];

    for (unsigned i = 0; i < count; i++) {
        unsigned char c = (unsigned char)text[i];

        wide[i] = c < TERMINAL_LINES ? lines[c].firmware : c;
        plain[i] = c < TERMINAL_LINES ? lines[c].serial : (char)c;
    }
    wide[count] = 0;
    plain[count] = 0;
    terminal->at_column += count;
    if (terminal->out)
        terminal->out->OutputString(terminal->out, wide);
    else
        serial_write(plain);
}

static void show_cursor(struct terminal *terminal, bool visible)
{
    if (terminal->cursor == visible)
        return;
    terminal->cursor = visible;
    if (terminal->out)
        terminal->out->EnableCursor(terminal->out, visible);
    else
        serial_write(visible ? "\x1b[?25h" : "\x1b[?25l");
}

static void clear(struct terminal *terminal)
{
    set_style(terminal, TERMINAL_NORMAL);
    if (terminal->out)
        terminal->out->ClearScreen(terminal->out);
    else
        serial_write("\x1b[2J\x1b[H");
    terminal->at_row = terminal->at_column = 0;
    memset(terminal->text, ' ', sizeof terminal->text);
    memset(terminal->style, TERMINAL_NORMAL, sizeof terminal->style);
}

static unsigned at_most(UINTN number, unsigned most)
{
    return number < most ? (unsigned)number : most;
}

void terminal_open(struct terminal *terminal, SIMPLE_TEXT_OUTPUT_INTERFACE *out)
{
    UINTN columns = SERIAL_COLUMNS, rows = SERIAL_ROWS;

    terminal->out = out;
    terminal->cursor = true;
    /* No console is smaller (UEFI 2.10, section 12.4.1): that is no answer. */
    if (out && (out->QueryMode(out, (UINTN)out->Mode->Mode, &columns, &rows) != EFI_SUCCESS ||
                columns < SERIAL_COLUMNS || rows < SERIAL_ROWS))
        columns = SERIAL_COLUMNS, rows = SERIAL_ROWS;
    terminal->rows = at_most(rows, TERMINAL_ROWS);
    terminal->columns = at_most(columns, TERMINAL_COLUMNS);
    show_cursor(terminal, false);
    clear(terminal);
}

/* Makes the cells what they shall be; false if they are it. */
static bool change(char *shown, uint8_t *shown_style, char wanted, enum terminal_style style)
{
    bool changed = *shown != wanted || *shown_style != style;

    *shown = wanted;
    *shown_style = (uint8_t)style;
    return changed;
}

/* From the first cell that changes to the last one in a single piece: to move costs more than
 * to write what is there already. */
void terminal_put(struct terminal *terminal, unsigned row, unsigned column, unsigned width,
                  const char *text, enum terminal_style style)
{
    unsigned first = UINT32_MAX, last = 0;

    for (unsigned i = column; row < terminal->rows && i - column < width && i < terminal->columns;
         i++) {
        char wanted = *text ? *text++ : ' ';

        if (!change(&terminal->text[row][i], &terminal->style[row][i], wanted, style))
            continue;
        first = i < first ? i : first;
        last = i;
    }
    if (first > last)
        return;
    move(terminal, row, first);
    set_style(terminal, style);
    write_cells(terminal, &terminal->text[row][first], last - first + 1);
}

void terminal_show_cursor(struct terminal *terminal, unsigned row, unsigned column)
{
    if (terminal->at_row != row || terminal->at_column != column)
        move(terminal, row, column);
    show_cursor(terminal, true);
}

void terminal_hide_cursor(struct terminal *terminal)
{
    show_cursor(terminal, false);
}

/* What is logged next shall begin a line for those, too, who record the line rather than see it. */
void terminal_close(struct terminal *terminal)
{
    static CHAR16 end[] = {'\r', '\n', 0};

    if (terminal->out)
        terminal->out->OutputString(terminal->out, end);
    else
        serial_write("\n");
    clear(terminal);
    show_cursor(terminal, true);
}
