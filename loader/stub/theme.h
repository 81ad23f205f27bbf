/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The picture's colours and fonts.
 */
#ifndef LOADER_STUB_THEME_H
#define LOADER_STUB_THEME_H

#include "loader/screen/canvas.h"
#include "loader/screen/colours.h"
#include "pagetables/pagetables.h"

/* By rights, so that one look finds what is executable. */
#define THEME_READ    0x7f93b2u
#define THEME_WRITE   0x3f9fd8u
#define THEME_EXECUTE 0xf0a33au
#define THEME_HOLE    0xe0524au
/* And by memory type, where it is not ordinary memory. */
#define THEME_UNUSUAL 0xb57edcu

struct theme {
    struct font body;
    struct font bold;
    struct font title;
    int margin;
    int line;    /* height of a row */
    int heading; /* height of a section's heading, with the space above it */
    bool narrow; /* short texts only */
};

/* Chooses sizes for a screen.  False if no font can be read. */
bool theme_choose(struct theme *ret_theme, const struct canvas *canvas);

/* What a region of these rights and this memory type is painted in. */
colour theme_colour(unsigned rights, enum pgt_memory memory);

/* A memory type's usual abbreviation. */
const char *theme_memory_name(enum pgt_memory memory);

#endif
