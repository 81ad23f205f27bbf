/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where lines of the log go: to firmware's console, and to the first serial port,
 * but never twice to the same serial port.
 */
#ifndef EFI_CONSOLE_H
#define EFI_CONSOLE_H

#include <stdbool.h>

#include "efi/uefi.h"
#include "loader/report.h"

struct console {
    SIMPLE_TEXT_OUTPUT_INTERFACE *out; /* null once boot services have ended */
    bool serial;                       /* COM1 is ours to write to */
};

void console_open(struct console *console, EFI_SYSTEM_TABLE *system);

/* A log whose lines get "pagelift: " put before them.  The console shall outlive it. */
struct ldr_log console_log(struct console *console);

/* Writes over the line that the cursor is in, on firmware's console alone: for a countdown. */
void console_rewrite(const struct console *console, const char *text);
void console_newline(const struct console *console);

/* From now on only COM1. */
void console_boot_services_ended(struct console *console);

#endif
