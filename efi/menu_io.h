/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The menu with its keyboards, its clock and its screens: firmware's console, and COM1 where
 * the configuration wants the menu there and firmware doesn't write there itself.
 */
#ifndef EFI_MENU_IO_H
#define EFI_MENU_IO_H

#include <stdbool.h>

#include "efi/console.h"
#include "efi/keys.h"
#include "efi/uefi.h"
#include "loader/menu.h"
#include "loader/report.h"

struct menu_terminals;

struct menu_io {
    EFI_SYSTEM_TABLE *system;
    bool listens;   /* somebody can press a key, and there is a clock */
    bool serial;    /* COM1 is a console of the menu */
    bool attended;  /* somebody has pressed one */
    EFI_EVENT tick; /* each tenth of a second; null: there is no clock */
    struct keys_decoder decoder;
    struct menu_terminals *terminals; /* null: no memory for them, so that nothing is drawn */
};

void menu_io_open(struct menu_io *ret_io, EFI_SYSTEM_TABLE *system, const struct console *console,
                  const struct ldr_config *config);
void menu_io_close(struct menu_io *io);

/* Draws the menu and hands it what happens, until it has a result; the screens are empty
 * then.  Where nobody can press a key, or there is no clock, the selected entry boots at
 * once: the default is as good as any. */
enum ldr_menu_result menu_io_run(struct menu_io *io, struct ldr_menu *menu);

/* After a boot that has come back: waits for any key, and then the menu may be shown again.
 * False where firmware shall go on instead, with its next boot option: where nobody can press
 * a key, or nobody ever did and none comes within MENU_IO_PATIENCE seconds. */
#define MENU_IO_PATIENCE 30
bool menu_io_wait(struct menu_io *io, const struct ldr_log *log);

#endif
