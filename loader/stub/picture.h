/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's address space, drawn on the screen.
 */
#ifndef LOADER_STUB_PICTURE_H
#define LOADER_STUB_PICTURE_H

#include "loader/stub/stub.h"

/* Draws where there is a framebuffer of 32 bits a pixel; does nothing elsewhere. */
void picture_draw(const struct stub *stub);

#endif
