/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report of an exception that ends the kernel, on the screen.
 */
#ifndef LOADER_STUB_CRASH_SCREEN_H
#define LOADER_STUB_CRASH_SCREEN_H

#include "loader/stub/report.h"

/* Draws where there is a framebuffer of 32 bits a pixel; does nothing elsewhere. */
void crash_screen_draw(const struct report *report);

#endif
