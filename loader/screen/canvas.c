/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pixels.
 */
#include "loader/screen/canvas.h"

#define SMALLEST_WIDTH  320
#define SMALLEST_HEIGHT 200
#define LARGEST         16384

bool canvas_open(struct canvas *ret_canvas, const struct limine_framebuffer *fb)
{
    if (fb->bpp != 32 || fb->memory_model != LIMINE_FRAMEBUFFER_RGB || fb->address == 0 ||
        fb->width < SMALLEST_WIDTH || fb->width > LARGEST || fb->height < SMALLEST_HEIGHT ||
        fb->height > LARGEST || fb->pitch < fb->width * 4 || fb->pitch > UINT32_MAX)
        return false;
    *ret_canvas = (struct canvas){
        .pixels = (volatile uint8_t *)fb->address,
        .pitch = (unsigned)fb->pitch,
        .width = (int)fb->width,
        .height = (int)fb->height,
        .size = {fb->red_mask_size, fb->green_mask_size, fb->blue_mask_size},
        .shift = {fb->red_mask_shift, fb->green_mask_shift, fb->blue_mask_shift},
    };
    return true;
}

/* Eight bits of a component in as many as the framebuffer has. */
static uint32_t fit(const struct canvas *canvas, unsigned component, uint32_t value)
{
    unsigned size = canvas->size[component];

    value = size <= 8 ? value >> (8 - size) : value << (size - 8);
    return value << canvas->shift[component];
}

static uint32_t encode(const struct canvas *canvas, colour c)
{
    return fit(canvas, 0, c >> 16 & 0xff) | fit(canvas, 1, c >> 8 & 0xff) |
           fit(canvas, 2, c & 0xff);
}

static volatile uint32_t *line(const struct canvas *canvas, int y)
{
    return (volatile uint32_t *)(canvas->pixels + (uint64_t)y * canvas->pitch);
}

static void put(const struct canvas *canvas, int x, int y, uint32_t value)
{
    if (x >= 0 && y >= 0 && x < canvas->width && y < canvas->height)
        line(canvas, y)[x] = value;
}

static struct box clip(const struct canvas *canvas, struct box box)
{
    int right = box.x + box.width < canvas->width ? box.x + box.width : canvas->width;
    int bottom = box.y + box.height < canvas->height ? box.y + box.height : canvas->height;

    box.x = box.x > 0 ? box.x : 0;
    box.y = box.y > 0 ? box.y : 0;
    box.width = right - box.x;
    box.height = bottom - box.y;
    return box;
}

void canvas_fill(const struct canvas *canvas, struct box box, colour c)
{
    uint32_t value = encode(canvas, c);

    box = clip(canvas, box);
    for (int y = box.y; y < box.y + box.height; y++) {
        volatile uint32_t *pixel = line(canvas, y);

        for (int x = box.x; x < box.x + box.width; x++)
            pixel[x] = value;
    }
}

colour canvas_mix(colour a, colour b, unsigned part)
{
    colour mixed = 0;

    for (unsigned shift = 0; shift < 24; shift += 8) {
        uint32_t component = (a >> shift & 0xff) * part + (b >> shift & 0xff) * (256 - part);

        mixed |= (component >> 8) << shift;
    }
    return mixed;
}

void canvas_shade(const struct canvas *canvas, struct box box, colour top, colour bottom)
{
    for (int y = 0; y < box.height; y++) {
        unsigned part = (unsigned)(256 - 256 * y / box.height);

        canvas_fill(canvas, (struct box){box.x, box.y + y, box.width, 1},
                    canvas_mix(top, bottom, part));
    }
}

/* How much of the pixel (x, y) of a corner's square lies inside the circle, of 256.
 * The circle's centre is the square's corner (radius, radius); 16 samples. */
static unsigned coverage(int x, int y, int radius)
{
    unsigned inside = 0;

    for (int sample = 0; sample < 16; sample++) {
        int dx = 8 * radius - (8 * x + 2 * (sample % 4) + 1);
        int dy = 8 * radius - (8 * y + 2 * (sample / 4) + 1);

        inside += dx * dx + dy * dy <= 64 * radius * radius;
    }
    return inside * 16;
}

void canvas_round(const struct canvas *canvas, struct box box, int radius, colour c, colour behind)
{
    canvas_fill(canvas, box, c);
    for (int y = 0; y < radius; y++) {
        for (int x = 0; x < radius; x++) {
            uint32_t value = encode(canvas, canvas_mix(c, behind, coverage(x, y, radius)));
            int right = box.x + box.width - 1 - x;
            int bottom = box.y + box.height - 1 - y;

            put(canvas, box.x + x, box.y + y, value);
            put(canvas, right, box.y + y, value);
            put(canvas, box.x + x, bottom, value);
            put(canvas, right, bottom, value);
        }
    }
}

void canvas_hatch(const struct canvas *canvas, struct box box, int period, colour c, colour behind)
{
    uint32_t stripe = encode(canvas, c);
    uint32_t ground = encode(canvas, behind);

    box = clip(canvas, box);
    for (int y = box.y; y < box.y + box.height; y++) {
        for (int x = box.x; x < box.x + box.width; x++)
            line(canvas, y)[x] = (x + y) % period < period / 2 ? stripe : ground;
    }
}

static void draw_glyph(const struct canvas *canvas, const struct font *font, const uint8_t *glyph,
                       int left, int top, uint32_t value)
{
    int scale = (int)font->scale;

    for (int y = 0; y < (int)font->height * scale; y++) {
        const uint8_t *bits = glyph + (unsigned)(y / scale) * font->line_bytes;

        for (int x = 0; x < (int)font->width * scale; x++) {
            int bit = x / scale;

            if (bits[bit / 8] & 0x80 >> bit % 8)
                put(canvas, left + x, top + y, value);
        }
    }
}

int canvas_text(const struct canvas *canvas, const struct font *font, int x, int y, colour c,
                const char *text)
{
    uint32_t value = encode(canvas, c);

    for (; *text != '\0'; text++) {
        uint8_t character = (uint8_t)*text < FONT_CHARACTERS ? (uint8_t)*text : '?';

        draw_glyph(canvas, font, font->glyph[character], x, y, value);
        x += (int)(font->width * font->scale);
    }
    return x;
}

int canvas_text_width(const struct font *font, const char *text)
{
    unsigned length = 0;

    while (text[length] != '\0')
        length++;
    return (int)(length * font->width * font->scale);
}
