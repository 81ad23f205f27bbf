/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A font of fixed width, ready to draw with.
 */
#ifndef LOADER_SCREEN_FONT_H
#define LOADER_SCREEN_FONT_H

#include <stdint.h>

#define FONT_CHARACTERS 128

struct font {
    unsigned width;
    unsigned height;
    unsigned line_bytes; /* of one line of a glyph; the leftmost pixel is its highest bit */
    unsigned scale;      /* pixels of the screen for one of the font, each way */
    const uint8_t *glyph[FONT_CHARACTERS]; /* by ASCII code; never null */
};

#endif
