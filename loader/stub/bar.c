/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cells: bricks of 4 KiB, tiles of 2 MiB, slabs of 1 GiB.
 */
#include "loader/stub/bar.h"

#include "loader/stub/theme.h"

#define SHORTEST     10
#define HATCH_PERIOD 6

/* Width of a cell, and in how many rows cells lie. */
static const struct {
    int width;
    int rows;
} cell[3] = {{5, 3}, {14, 1}, {48, 1}};

static unsigned log2_of(uint64_t value)
{
    return 63 - (unsigned)__builtin_clzll(value | 1);
}

/* Sixteenths of a doubling, so that neighbours differ: the whole part, and the
 * four bits behind the highest one. */
static unsigned log2_16(uint64_t value)
{
    unsigned whole = log2_of(value);
    unsigned part = whole >= 4 ? (unsigned)(value >> (whole - 4)) & 15 : 0;

    return whole * 16 + part;
}

static int length_of(uint64_t bytes, uint64_t largest, int room)
{
    unsigned zero = log2_16(PGT_PAGE);
    unsigned scale = log2_16(largest) > zero ? log2_16(largest) - zero : 1;
    unsigned value = log2_16(bytes) > zero ? log2_16(bytes) - zero : 0;

    return SHORTEST + (int)((unsigned)(room - SHORTEST) * value / scale);
}

/* One cell: a light upper edge makes it look raised. */
static void draw_cell(const struct canvas *canvas, struct box box, colour c)
{
    struct box edge = {box.x, box.y, box.width, 1};

    canvas_fill(canvas, box, c);
    canvas_fill(canvas, edge, canvas_mix(THEME_BRIGHT, c, 64));
}

void bar_cells(const struct canvas *canvas, struct box box, unsigned size, colour c, colour ground)
{
    int rows = cell[size].rows;
    int height = (box.height + 1) / rows;

    canvas_fill(canvas, box, ground);
    for (int row = 0; row < rows; row++) {
        /* Every other course of bricks is shifted by half a brick. */
        int shift = row % 2 * cell[size].width / 2;

        for (int x = -shift; x < box.width; x += cell[size].width + 1) {
            int left = x > 0 ? x : 0;
            int right = x + cell[size].width < box.width ? x + cell[size].width : box.width;

            draw_cell(canvas,
                      (struct box){box.x + left, box.y + row * height, right - left, height - 1},
                      c);
        }
    }
}

void bar_hole(const struct canvas *canvas, struct box box, colour ground)
{
    canvas_hatch(canvas, box, HATCH_PERIOD, canvas_mix(THEME_HOLE, ground, 150),
                 canvas_mix(THEME_HOLE, ground, 40));
}

/* Page sizes in a mixture share the bar by the logarithm of their part, so that a
 * few small pages still show beside many large ones. */
static void draw_mixture(const struct canvas *canvas, struct box bar, const struct region *region,
                         colour c, colour ground)
{
    static const uint64_t page[3] = {PGT_PAGE, PGT_PAGE_2M, PGT_PAGE_1G};
    unsigned part[3], sum = 0;
    int x = bar.x;

    for (unsigned i = 0; i < 3; i++) {
        part[i] = region->pages[i] > 0 ? log2_of(region->pages[i] * page[i]) - 11 : 0;
        sum += part[i];
    }
    for (unsigned i = 0; i < 3 && sum > 0; i++) {
        int width = (int)((unsigned)bar.width * part[i] / sum);

        if (part[i] > 0 && width > 0)
            bar_cells(canvas, (struct box){x, bar.y, width - 1, bar.height}, i, c, ground);
        x += width;
    }
}

void bar_draw(const struct canvas *canvas, struct box room, const struct region *region,
              uint64_t largest, colour ground)
{
    struct box bar = room;

    if (!region->mapped) {
        bar_hole(canvas, room, ground);
        return;
    }
    bar.width = length_of(region->bytes, largest, room.width);
    draw_mixture(canvas, bar, region, theme_colour(region->rights, region->memory), ground);
}
