/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A region as a bar: its length tells its size, its cells the size of its pages.
 */
#ifndef LOADER_STUB_BAR_H
#define LOADER_STUB_BAR_H

#include "loader/screen/canvas.h"
#include "loader/stub/regions.h"

/* Draws a region into `room`, on the row's ground.  A doubling of size is a step of the same
 * length; `largest` bytes fill the room.  What is unmapped on purpose is a wall, as wide as
 * the room. */
void bar_draw(const struct canvas *canvas, struct box room, const struct region *region,
              uint64_t largest, colour ground);

/* Fills a box with the cells of a page size: 0, 1, 2 for 4 KiB, 2 MiB, 1 GiB. */
void bar_cells(const struct canvas *canvas, struct box box, unsigned size, colour c, colour ground);

/* What is left out on purpose. */
void bar_hole(const struct canvas *canvas, struct box box, colour ground);

#endif
