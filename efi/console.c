/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/console.h"

#include <stddef.h>
#include <stdint.h>

#include "efi/serial.h"

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

/* A line goes to both in pieces, and stays one line: nobody else writes meanwhile. */
static void write(const struct console *console, const char *text)
{
    if (console->out)
        firmware_write(console->out, text);
    if (console->serial)
        serial_write(text);
}

static void write_line(void *context, const char *text)
{
    write(context, PREFIX);
    write(context, text);
    write(context, "\n");
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
    console->out = system->ConOut;
    console->serial = !system->ConOut || !firmware_has_serial(system);
    if (console->serial)
        serial_open();
}

struct ldr_log console_log(struct console *console)
{
    return (struct ldr_log){.line = write_line, .context = console};
}

void console_rewrite(const struct console *console, const char *text)
{
    if (!console->out)
        return;
    firmware_write(console->out, "\r" PREFIX);
    firmware_write(console->out, text);
}

void console_newline(const struct console *console)
{
    if (console->out)
        firmware_write(console->out, "\n");
}

void console_boot_services_ended(struct console *console)
{
    console->out = NULL;
    console->serial = true;
}
