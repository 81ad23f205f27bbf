/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The picture's colours and fonts.
 */
#ifndef LOADER_STUB_THEME_H
#define LOADER_STUB_THEME_H

#include "loader/stub/canvas.h"
#include "pagetables/pagetables.h"

#define THEME_GROUND     0x0e131bu /* behind everything */
#define THEME_STRIPE     0x131a24u /* every other row */
#define THEME_BAR_TOP    0x1d2a3du /* title bar */
#define THEME_BAR_BOTTOM 0x141d2bu
#define THEME_RULE       0x2b3a50u
#define THEME_TEXT       0xd7dee8u
#define THEME_BRIGHT     0xffffffu
#define THEME_DIM        0x7d8ba0u
#define THEME_FAINT      0x4a5870u

#define THEME_GOOD 0x2f9e63u
#define THEME_BAD  0xd6453du

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
