/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's first framebuffer.
 */
#ifndef LOADER_STUB_SCREEN_H
#define LOADER_STUB_SCREEN_H

#include "loader/screen/canvas.h"

/* False if there is none, or none that can be drawn on. */
bool screen_open(struct canvas *ret_canvas);

#endif
