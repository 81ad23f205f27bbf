/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of SVG 1.1 as a diagram of boxes and labels takes.  Lengths are pixels.
 */
#ifndef LOADER_INSPECT_SVG_H
#define LOADER_INSPECT_SVG_H

#include <stdio.h>

struct svg {
    FILE *file;
};

/* Classes are those of the style sheet in svg.c.  Texts may hold any character. */
void svg_begin(struct svg *svg, double width, double height, const char *title);
void svg_end(struct svg *svg);

/* A box; `title` is what a browser shows when the mouse is over it, or null. */
void svg_box(struct svg *svg, double x, double y, double width, double height, const char *class,
             const char *title);

/* A light surface between two edges: how a part is shown larger. */
void svg_wedge(struct svg *svg, double x0, double top0, double bottom0, double x1, double top1,
               double bottom1);

/* `anchor` is start, middle or end: which part of the text is at x. */
void svg_text(struct svg *svg, double x, double y, const char *anchor, const char *class,
              const char *text);

#endif
