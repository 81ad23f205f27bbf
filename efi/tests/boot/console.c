/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text in and out, and the events that go with it.  Timers fire at once.  For three seconds nobody
 * touches the keyboard, then Escape is pressed for good: who waits for a person gets one, unless
 * there is nobody.
 */
#include <stdlib.h>

#include "efi/tests/boot/parts.h"

#define KEY_EVENT ((EFI_EVENT)1)
#define PATIENCE  30 /* ticks of a tenth of a second */

static EFI_STATUS EFIAPI output_string(SIMPLE_TEXT_OUTPUT_INTERFACE *out, CHAR16 *text)
{
    EFI_STATUS status = firmware_call(OUTPUT_STRING);

    (void)out;
    for (; status == EFI_SUCCESS && *text; text++)
        if (the_firmware.screen_bytes < SAID_BYTES - 1)
            the_firmware.screen[the_firmware.screen_bytes++] = (char)*text;
    return status;
}

static EFI_STATUS EFIAPI query_text(SIMPLE_TEXT_OUTPUT_INTERFACE *out, UINTN mode, UINTN *columns,
                                    UINTN *rows)
{
    EFI_STATUS status = firmware_call(SHAPE_TEXT);

    (void)out, (void)mode;
    if (status == EFI_SUCCESS) {
        *columns = 80;
        *rows = 25;
    }
    return status;
}

static EFI_STATUS EFIAPI set_attribute(SIMPLE_TEXT_OUTPUT_INTERFACE *out, UINTN attribute)
{
    (void)out, (void)attribute;
    return firmware_call(SHAPE_TEXT);
}

static EFI_STATUS EFIAPI clear_screen(SIMPLE_TEXT_OUTPUT_INTERFACE *out)
{
    (void)out;
    return firmware_call(SHAPE_TEXT);
}

static EFI_STATUS EFIAPI set_cursor(SIMPLE_TEXT_OUTPUT_INTERFACE *out, UINTN column, UINTN row)
{
    (void)out, (void)column, (void)row;
    return firmware_call(SHAPE_TEXT);
}

static EFI_STATUS EFIAPI enable_cursor(SIMPLE_TEXT_OUTPUT_INTERFACE *out, BOOLEAN visible)
{
    (void)out, (void)visible;
    return firmware_call(SHAPE_TEXT);
}

SIMPLE_TEXT_OUTPUT_INTERFACE *text_output(void)
{
    static SIMPLE_TEXT_OUTPUT_MODE mode = {.MaxMode = 1, .CursorVisible = TRUE};
    static SIMPLE_TEXT_OUTPUT_INTERFACE out = {
        .OutputString = output_string,
        .QueryMode = query_text,
        .SetAttribute = set_attribute,
        .ClearScreen = clear_screen,
        .SetCursorPosition = set_cursor,
        .EnableCursor = enable_cursor,
        .Mode = &mode,
    };

    return &out;
}

static bool key_is_there(void)
{
    return the_firmware.waits > PATIENCE && !the_firmware.machine.nobody;
}

static EFI_STATUS EFIAPI read_key(SIMPLE_INPUT_INTERFACE *in, EFI_INPUT_KEY *key)
{
    EFI_STATUS status = firmware_call(READ_KEY);

    (void)in;
    if (status == EFI_SUCCESS && !key_is_there())
        return EFI_NOT_READY;
    if (status == EFI_SUCCESS)
        *key = (EFI_INPUT_KEY){.ScanCode = SCAN_ESC};
    return status;
}

static EFI_STATUS EFIAPI reset_input(SIMPLE_INPUT_INTERFACE *in, BOOLEAN extended)
{
    (void)in, (void)extended;
    return firmware_call(SHAPE_TEXT);
}

SIMPLE_INPUT_INTERFACE *text_input(void)
{
    static SIMPLE_INPUT_INTERFACE in = {
        .Reset = reset_input, .ReadKeyStroke = read_key, .WaitForKey = KEY_EVENT};

    return &in;
}

/* ---- events ----------------------------------------------------------------------- */

/* An event is a block of memory, so that one that is never closed is also a leak. */
static EFI_STATUS EFIAPI create_event(UINT32 type, EFI_TPL level, EFI_EVENT_NOTIFY notify,
                                      VOID *context, EFI_EVENT *ret_event)
{
    EFI_STATUS status = firmware_call(CREATE_EVENT);

    (void)type, (void)level, (void)notify, (void)context;
    if (status == EFI_SUCCESS) {
        *ret_event = malloc(1);
        the_firmware.events++;
    }
    return status;
}

static EFI_STATUS EFIAPI close_event(EFI_EVENT event)
{
    EFI_STATUS status = firmware_call(CLOSE_EVENT);

    free(event);
    the_firmware.events--;
    return status;
}

static EFI_STATUS EFIAPI set_timer(EFI_EVENT event, EFI_TIMER_DELAY kind, UINT64 ticks)
{
    (void)event, (void)kind, (void)ticks;
    return firmware_call(SET_TIMER);
}

/* Where a key is there and a timer runs, they take turns. */
static bool fires(EFI_EVENT event)
{
    if (event == KEY_EVENT)
        return key_is_there();
    return event && (!key_is_there() || the_firmware.waits % 2);
}

/* Firmware would wait for good where none of the events comes, and so would a test. */
static EFI_STATUS EFIAPI wait_for_event(UINTN count, EFI_EVENT *event, UINTN *ret_index)
{
    EFI_STATUS status = firmware_call(WAIT_FOR_EVENT);

    the_firmware.waits++;
    if (the_firmware.waits > 1000)
        firmware_end(WAITED);
    for (UINTN i = 0; status == EFI_SUCCESS && i < count; i++)
        if (fires(event[i])) {
            *ret_index = i;
            return EFI_SUCCESS;
        }
    return status == EFI_SUCCESS ? wait_for_event(count, event, ret_index) : status;
}

static EFI_STATUS EFIAPI check_event(EFI_EVENT event)
{
    EFI_STATUS status = firmware_call(WAIT_FOR_EVENT);

    if (status != EFI_SUCCESS)
        return status;
    return fires(event) ? EFI_SUCCESS : EFI_NOT_READY;
}

static EFI_STATUS EFIAPI stall(UINTN microseconds)
{
    (void)microseconds;
    return firmware_call(STALL);
}

static EFI_STATUS EFIAPI set_watchdog(UINTN seconds, UINT64 code, UINTN bytes, CHAR16 *data)
{
    EFI_STATUS status = firmware_call(SET_WATCHDOG);

    (void)code, (void)bytes, (void)data;
    if (status == EFI_SUCCESS)
        the_firmware.watchdog = seconds != 0;
    return status;
}

void events_install(EFI_BOOT_SERVICES *services)
{
    services->CreateEvent = create_event;
    services->CloseEvent = close_event;
    services->SetTimer = set_timer;
    services->WaitForEvent = wait_for_event;
    services->CheckEvent = check_event;
    services->Stall = stall;
    services->SetWatchdogTimer = set_watchdog;
}
