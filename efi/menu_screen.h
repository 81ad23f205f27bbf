/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The menu on a screen: in a frame, in colours, in the middle.
 */
#ifndef EFI_MENU_SCREEN_H
#define EFI_MENU_SCREEN_H

#include "efi/terminal.h"
#include "loader/menu.h"

/* Draws what has changed.  `line` is room to work in. */
void menu_screen_draw(struct terminal *terminal, const struct ldr_menu *menu,
                      struct ldr_menu_line *line);

#endif
