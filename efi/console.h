/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where lines of the log go: to firmware's console, and to the first serial port,
 * but never twice to the same serial port.
 */
#ifndef EFI_CONSOLE_H
#define EFI_CONSOLE_H

#include <stdbool.h>

#include "efi/pagelift.h"
#include "efi/uefi.h"
#include "loader/report.h"

struct console {
    SIMPLE_TEXT_OUTPUT_INTERFACE *out; /* null once boot services have ended */
    bool serial;                       /* COM1 is ours to write to */
    bool quiet;                        /* on firmware's console only warnings and errors */
    bool holds;                        /* an error is kept instead of written, */
    char error[LDR_REPORT_BYTES];      /* here, terminated */
};

void console_open(struct console *console, EFI_SYSTEM_TABLE *system);

/* Between the two an error is kept: for a screen whose mode is not the console's, which shows
 * nothing, and is cleared when that is over.  release() writes what was kept. */
void console_hold(struct console *console);
void console_release(struct console *console);

/* A log whose lines get "pagelift: " put before them.  The console shall outlive it. */
struct ldr_log console_log(struct console *console);

/* The same for the library, which tells it too when boot services have ended. */
struct pagelift_console console_callbacks(struct console *console);

#endif
