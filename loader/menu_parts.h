/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the menu's states and how they look; nobody else includes this.
 */
#ifndef LOADER_MENU_PARTS_H
#define LOADER_MENU_PARTS_H

#include "loader/menu.h"

/* The entry in the row below that of entry `index`; the first after LDR_NO_ENTRY, and
 * LDR_NO_ENTRY after the last. */
size_t ldr_menu_next(const struct ldr_menu *menu, size_t index);

#endif
