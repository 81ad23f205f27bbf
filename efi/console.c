/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/console.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "efi/serial.h"
#include "loader/text.h"

#define PREFIX "pagelift: "

/* Firmware wants UTF-16 and CR LF; in pieces, so that lines have no longest length. */
static void firmware_write(SIMPLE_TEXT_OUTPUT_INTERFACE *out, const char *text)
{
    CHAR16 piece[66];
    size_t n = 0;

    for (; *text; text++) {
        if (*text == '\n')
            piece[n++] = '\r';
        piece[n++] = (CHAR16)(unsigned char)*text;
        if (n >= 64 || !text[1]) {
            piece[n] = 0;
            out->OutputString(out, piece);
            n = 0;
        }
    }
}

/* In a colour that isn't overlooked; light grey is what firmware begins with.  A record of the
 * serial line has no use for colours. */
static void write_firmware(const struct console *console, const char *text, UINTN colour)
{
    console->out->SetAttribute(console->out, colour);
    firmware_write(console->out, PREFIX);
    firmware_write(console->out, text);
    console->out->SetAttribute(console->out, EFI_LIGHTGRAY);
    firmware_write(console->out, "\n");
}

/* A line stays one line, though it is written in pieces: nobody else writes meanwhile. */
static void write_line(void *context, const char *text)
{
    struct console *console = context;
    struct ldr_text line = {.at = text, .length = strlen(text)};
    bool error = ldr_text_starts(line, "error: ");
    bool warning = ldr_text_starts(line, "warning: ");
    bool belongs = ldr_text_starts(line, "volume: "); /* to the error that follows */

    if (error && console->holds) {
        ldr_format(console->error, sizeof console->error, "%s", text);
        return;
    }
    if (console->out && (error || warning || belongs || !console->quiet))
        write_firmware(console, text, error ? EFI_LIGHTRED : warning ? EFI_YELLOW : EFI_LIGHTGRAY);
    if (console->serial) {
        serial_write(PREFIX);
        serial_write(text);
        serial_write("\n");
    }
}

/* Does one of the device paths, the nodes of which fill `path`, end in a serial
 * port?  Lengths come from a variable that anybody can write, so they are checked. */
static bool names_uart(const uint8_t *path, size_t bytes)
{
    while (bytes >= sizeof(EFI_DEVICE_PATH)) {
        const EFI_DEVICE_PATH *node = (const EFI_DEVICE_PATH *)path;
        size_t length = (size_t)DevicePathNodeLength(node);

        if (length < sizeof *node || length > bytes)
            return false;
        if (DevicePathType(node) == MESSAGING_DEVICE_PATH && node->SubType == MSG_UART_DP)
            return true;
        path += length;
        bytes -= length;
    }
    return false;
}

/* Firmware prints to a serial port itself if the variable ConOut names one.  The handle
 * system->ConsoleOutHandle doesn't say: it belongs to a splitter over all consoles. */
static bool firmware_has_serial(EFI_SYSTEM_TABLE *system)
{
    CHAR16 name[] = L"ConOut";
    EFI_GUID global = EFI_GLOBAL_VARIABLE;
    UINTN bytes = 0;
    void *path;
    bool found;

    if (system->RuntimeServices->GetVariable(name, &global, NULL, &bytes, NULL) !=
        EFI_BUFFER_TOO_SMALL)
        return false;
    if (system->BootServices->AllocatePool(EfiLoaderData, bytes, &path) != EFI_SUCCESS)
        return false;
    found =
        system->RuntimeServices->GetVariable(name, &global, NULL, &bytes, path) == EFI_SUCCESS &&
        names_uart(path, bytes);
    system->BootServices->FreePool(path);
    return found;
}

void console_open(struct console *console, EFI_SYSTEM_TABLE *system)
{
    *console = (struct console){.out = system->ConOut};
    console->serial = !system->ConOut || !firmware_has_serial(system);
    if (console->serial)
        serial_open();
}

void console_hold(struct console *console)
{
    console->holds = true;
    console->error[0] = 0;
}

void console_release(struct console *console)
{
    console->holds = false;
    if (console->error[0])
        write_line(console, console->error);
}

struct ldr_log console_log(struct console *console)
{
    return (struct ldr_log){.line = write_line, .context = console};
}

/* From now on only COM1. */
static void boot_services_ended(void *context)
{
    struct console *console = context;

    console->out = NULL;
    console->serial = true;
    console->holds = false;
}

struct pagelift_console console_callbacks(struct console *console)
{
    return (struct pagelift_console){
        .line = write_line, .ended = boot_services_ended, .context = console};
}
