/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drawing on a framebuffer: rectangles, shades, hatches and text.  Everything is
 * clipped at the edges.  Nothing reads the screen, which is slow.
 */
#ifndef LOADER_SCREEN_CANVAS_H
#define LOADER_SCREEN_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/limine.h"
#include "loader/screen/font.h"

/* 0xrrggbb, whatever the framebuffer's own order is. */
typedef uint32_t colour;

struct canvas {
    volatile uint8_t *pixels;
    unsigned pitch; /* bytes */
    int width;
    int height;
    uint8_t size[3]; /* bits of red, green, blue */
    uint8_t shift[3];
};

struct box {
    int x, y, width, height;
};

/* False unless the framebuffer has 32 bits a pixel in RGB, and a sensible size. */
bool canvas_open(struct canvas *ret_canvas, const struct limine_framebuffer *framebuffer);

void canvas_fill(const struct canvas *canvas, struct box box, colour c);

/* From `top` to `bottom`. */
void canvas_shade(const struct canvas *canvas, struct box box, colour top, colour bottom);

/* Rounded corners, smoothed against `behind`. */
void canvas_round(const struct canvas *canvas, struct box box, int radius, colour c, colour behind);

/* Diagonal stripes of `c` on `behind`. */
void canvas_hatch(const struct canvas *canvas, struct box box, int period, colour c, colour behind);

/* One line; returns the x behind it.  (x, y) is its upper left corner. */
int canvas_text(const struct canvas *canvas, const struct font *font, int x, int y, colour c,
                const char *text);

/* The text's width in pixels. */
int canvas_text_width(const struct font *font, const char *text);

/* `part` of 256 parts of a, the rest of b. */
colour canvas_mix(colour a, colour b, unsigned part);

#endif
