/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/fake_console.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "efi/serial.h"

static struct fake_console the;
static SIMPLE_TEXT_OUTPUT_INTERFACE out;
static SIMPLE_TEXT_OUTPUT_MODE mode;
static SIMPLE_INPUT_INTERFACE in;
static char event; /* of the keyboard; its address is all that counts */

/* ---- a screen --------------------------------------------------------------------- */

static void clear(struct fake_screen *screen)
{
    for (unsigned row = 0; row < FAKE_ROWS; row++)
        for (unsigned i = 0; i < FAKE_COLUMNS; i++)
            screen->cell[row][i] = ' ';
    memset(screen->colour, 0, sizeof screen->colour);
    screen->row = screen->column = 0;
    screen->cleared++;
}

static void put(struct fake_screen *screen, uint16_t c)
{
    if (c == '\r' || c == '\n') {
        screen->column = 0;
        return;
    }
    assert(screen->row < FAKE_ROWS && screen->column < FAKE_COLUMNS && c >= ' ');
    screen->cell[screen->row][screen->column] = c;
    screen->colour[screen->row][screen->column++] = screen->current;
    screen->written++;
}

const char *fake_screen_row(const struct fake_screen *screen, unsigned row)
{
    static char text[FAKE_COLUMNS + 1];
    unsigned end = 0;

    for (unsigned i = 0; i < FAKE_COLUMNS; i++) {
        text[i] = screen->cell[row][i] < 0x80 ? (char)screen->cell[row][i] : '#';
        if (text[i] != ' ')
            end = i + 1;
    }
    text[end] = 0;
    return text;
}

bool fake_screen_shows(const struct fake_screen *screen, const char *text)
{
    for (unsigned row = 0; row < FAKE_ROWS; row++)
        if (strstr(fake_screen_row(screen, row), text))
            return true;
    return false;
}

/* ---- firmware's console ------------------------------------------------------------- */

static EFI_STATUS EFIAPI output_string(SIMPLE_TEXT_OUTPUT_INTERFACE *this, CHAR16 *text)
{
    (void)this;
    the.firmware.calls++;
    for (; *text; text++)
        put(&the.firmware, *text);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI query_mode(SIMPLE_TEXT_OUTPUT_INTERFACE *this, UINTN number,
                                    UINTN *columns, UINTN *rows)
{
    (void)this;
    assert(number == 3);
    *columns = FAKE_COLUMNS;
    *rows = FAKE_ROWS;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_attribute(SIMPLE_TEXT_OUTPUT_INTERFACE *this, UINTN attribute)
{
    (void)this;
    the.firmware.current = (uint32_t)attribute;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI clear_screen(SIMPLE_TEXT_OUTPUT_INTERFACE *this)
{
    (void)this;
    clear(&the.firmware);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_cursor(SIMPLE_TEXT_OUTPUT_INTERFACE *this, UINTN column, UINTN row)
{
    (void)this;
    the.firmware.calls++;
    the.firmware.column = (unsigned)column;
    the.firmware.row = (unsigned)row;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI enable_cursor(SIMPLE_TEXT_OUTPUT_INTERFACE *this, BOOLEAN visible)
{
    (void)this;
    the.firmware.cursor = visible;
    return EFI_SUCCESS;
}

/* ---- COM1 --------------------------------------------------------------------------- */

void serial_open(void) {}

/* One escape sequence; returns the bytes of it. */
static size_t obey(struct fake_screen *screen, const char *text)
{
    unsigned row, column;
    int used = 0;

    if (sscanf(text, "\x1b[%u;%uH%n", &row, &column, &used) == 2 && used) {
        screen->row = row - 1;
        screen->column = column - 1;
    } else if (!strncmp(text, "\x1b[H", 3)) {
        used = 3;
    } else if (!strncmp(text, "\x1b[2J", 4)) {
        used = 4;
        clear(screen);
    } else if (!strncmp(text, "\x1b[?25", 5)) {
        used = 6;
        screen->cursor = text[5] == 'h';
    } else {
        screen->current = 0;
        for (used = 2; text[used] != 'm'; used++) {
            assert(strchr("0123456789;", text[used]));
            screen->current = screen->current * 31 + (unsigned)text[used];
        }
        used++;
    }
    return (size_t)used;
}

void serial_write(const char *text)
{
    the.serial.calls++;
    while (*text) {
        if (*text == 0x1b)
            text += obey(&the.serial, text);
        else
            put(&the.serial, (unsigned char)*text++);
    }
}

/* A space: nothing has come yet. */
bool serial_read(uint8_t *ret_byte)
{
    if (!the.serial_input || !*the.serial_input || *the.serial_input == ' ')
        return false;
    *ret_byte = (uint8_t)*the.serial_input++;
    return true;
}

/* ---- keyboard and clock --------------------------------------------------------------- */

static EFI_STATUS EFIAPI read_key(SIMPLE_INPUT_INTERFACE *this, EFI_INPUT_KEY *ret_key)
{
    (void)this;
    assert(the.key_count);
    *ret_key = *the.keys++;
    the.key_count--;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI create_event(UINT32 type, EFI_TPL level, EFI_EVENT_NOTIFY notify,
                                      void *context, EFI_EVENT *ret_event)
{
    (void)level, (void)notify, (void)context;
    assert(type == EVT_TIMER);
    if (the.no_events)
        return EFI_OUT_OF_RESOURCES;
    the.open_events++;
    *ret_event = &the;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI close_event(EFI_EVENT closed)
{
    assert(closed == &the);
    the.open_events--;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_timer(EFI_EVENT timer, EFI_TIMER_DELAY type, UINT64 period)
{
    assert(timer == &the && type == TimerPeriodic && period == 1000000);
    return EFI_SUCCESS;
}

/* A key that is due comes first; else time passes, and with it a pause on the serial line. */
static EFI_STATUS EFIAPI wait_for_event(UINTN count, EFI_EVENT *events, UINTN *ret_which)
{
    assert(events[0] == &the && (count == 1 || events[1] == &event));
    if (count == 2 && the.key_count) {
        *ret_which = 1;
        return EFI_SUCCESS;
    }
    if (the.before_tick)
        the.before_tick();
    the.ticks++;
    assert(the.ticks < 100000);
    if (the.serial_input && *the.serial_input == ' ')
        the.serial_input++;
    *ret_which = 0;
    return EFI_SUCCESS;
}

struct fake_console *fake_console_start(struct fake *fake)
{
    memset(&the, 0, sizeof the);
    clear(&the.firmware);
    clear(&the.serial);
    the.firmware.cleared = the.serial.cleared = 0;
    mode.Mode = 3;
    out = (SIMPLE_TEXT_OUTPUT_INTERFACE){.OutputString = output_string,
                                         .QueryMode = query_mode,
                                         .SetAttribute = set_attribute,
                                         .ClearScreen = clear_screen,
                                         .SetCursorPosition = set_cursor,
                                         .EnableCursor = enable_cursor,
                                         .Mode = &mode};
    in = (SIMPLE_INPUT_INTERFACE){.ReadKeyStroke = read_key, .WaitForKey = &event};
    fake->system.ConOut = &out;
    fake->system.ConIn = &in;
    fake->services.CreateEvent = create_event;
    fake->services.CloseEvent = close_event;
    fake->services.SetTimer = set_timer;
    fake->services.WaitForEvent = wait_for_event;
    return &the;
}
