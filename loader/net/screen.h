/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report on the screen, line by line as it comes.
 */
#ifndef LOADER_NET_SCREEN_H
#define LOADER_NET_SCREEN_H

#include "loader/limine.h"
#include "loader/screen/canvas.h"

struct net_screen {
    struct canvas canvas;
    struct font font, bold, title;
    int y;         /* where the next line goes */
    colour ground; /* of the line before */
};

/* Clears the screen.  False where there is no framebuffer of 32 bits a pixel. */
bool net_screen_open(struct net_screen *screen, const struct limine_framebuffer *framebuffer);

/* A pgt_line_fn, whose context is the screen. */
void net_screen_line(void *screen, const char *text);

#endif
