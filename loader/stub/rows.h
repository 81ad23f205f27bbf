/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The picture's body: regions as rows, the highest address on top.
 */
#ifndef LOADER_STUB_ROWS_H
#define LOADER_STUB_ROWS_H

#include "loader/stub/regions.h"
#include "loader/stub/theme.h"

/* Chooses the height of a row so that `wanted` rows, a line of column names and the
 * headings of all sections fill the room, within what looks well.  Returns how many
 * rows there is room for. */
unsigned rows_fit(struct theme *theme, struct box room, unsigned wanted);

void rows_draw(const struct canvas *canvas, const struct theme *theme, struct box room,
               const struct stub *stub, const struct regions *regions);

/* Dashes across the middle of a box: the sign for "what follows is not adjacent". */
void rows_draw_gap(const struct canvas *canvas, struct box box);

#endif
