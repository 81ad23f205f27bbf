/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Console fonts: PC Screen Font, versions 1 and 2.
 */
#ifndef LOADER_STUB_FONT_H
#define LOADER_STUB_FONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/screen/font.h"

/* The fonts in the kernel (fonts.S). */
extern const uint8_t font_regular_16[], font_regular_16_end[];
extern const uint8_t font_bold_16[], font_bold_16_end[];
extern const uint8_t font_regular_24[], font_regular_24_end[];
extern const uint8_t font_bold_24[], font_bold_24_end[];
extern const uint8_t font_bold_32[], font_bold_32_end[];

/* Reads a font of `bytes` bytes.  False if it is not one. */
bool font_read(struct font *ret_font, const uint8_t *file, size_t bytes);

#endif
