/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One font of one size, larger by whole factors, and bold by drawing it twice: what a
 * loader can afford to carry.  How a line looks is known by how it begins.
 */
#include "loader/net/screen.h"

#include "loader/screen/colours.h"

#define FIRST 32
#define LAST  126
#define COUNT (LAST - FIRST + 1)
#define BYTES 16

/* In font.S: printable ASCII, a byte a line of 8 pixels. */
extern const uint8_t net_font[COUNT * BYTES];

/* From this size on every pixel of a font is four on the screen. */
#define LARGE_WIDTH  2400
#define LARGE_HEIGHT 1350

#define TITLE 0x4a1519u /* grounds */
#define BAND  0xb3322cu
#define PANEL 0x18202cu
#define FAINT 0xd9a9a5u /* on a red ground */
#define NAME  0xffd27fu /* of functions */

static void read_font(struct font *font, const uint8_t *glyphs, unsigned scale)
{
    font->width = 8;
    font->height = BYTES;
    font->line_bytes = 1;
    font->scale = scale;
    for (unsigned c = 0; c < FONT_CHARACTERS; c++)
        font->glyph[c] = glyphs + ((c >= FIRST && c <= LAST ? c : '?') - FIRST) * BYTES;
}

/* Every stroke a pixel wider. */
static const uint8_t *embolden(void)
{
    static uint8_t bold[COUNT * BYTES];

    for (unsigned i = 0; i < COUNT * BYTES; i++)
        bold[i] = net_font[i] | net_font[i] >> 1;
    return bold;
}

bool net_screen_open(struct net_screen *screen, const struct limine_framebuffer *framebuffer)
{
    const struct canvas *canvas = &screen->canvas;
    const uint8_t *bold = embolden();
    unsigned scale;

    if (!canvas_open(&screen->canvas, framebuffer))
        return false;
    scale = canvas->width >= LARGE_WIDTH && canvas->height >= LARGE_HEIGHT ? 2 : 1;
    read_font(&screen->font, net_font, scale);
    read_font(&screen->bold, bold, scale);
    read_font(&screen->title, bold, 2 * scale);
    screen->y = 0;
    screen->ground = TITLE; /* what the first line has */
    canvas_fill(canvas, (struct box){0, 0, canvas->width, canvas->height}, THEME_GROUND);
    return true;
}

struct style {
    char begins[4]; /* up to three characters */
    uint8_t font;   /* of the screen's three */
    colour text, ground;
};

/* The first that fits; the last fits all. */
static const struct style *style_of(const char *text)
{
    static const struct style style[] = {
        {"ear", 0, FAINT, TITLE},        {"exc", 2, THEME_BRIGHT, TITLE},
        {"pla", 1, THEME_BRIGHT, TITLE}, {"adv", 0, THEME_BRIGHT, BAND},
        {"a", 1, THEME_BRIGHT, TITLE},   {"bro", 1, THEME_BRIGHT, BAND},
        {"#", 0, NAME, PANEL},           {"cal", 0, NAME, PANEL},
        {"end", 0, THEME_DIM, PANEL},    {"cod", 0, THEME_BRIGHT, PANEL},
        {"  P", 0, THEME_BRIGHT, PANEL}, {"", 0, THEME_TEXT, THEME_GROUND},
    };
    const struct style *found = style;

    for (;; found++) {
        unsigned i = 0;

        while (found->begins[i] && found->begins[i] == text[i])
            i++;
        if (!found->begins[i])
            return found;
    }
}

static void advance(struct net_screen *screen, int height, colour ground)
{
    canvas_fill(&screen->canvas, (struct box){0, screen->y, screen->canvas.width, height}, ground);
    screen->y += height;
}

void net_screen_line(void *context, const char *text)
{
    struct net_screen *screen = context;
    const struct style *style = style_of(text);
    const struct font *font = &screen->font + style->font;
    int glyph = (int)(font->height * font->scale);
    int margin = (int)(BYTES * screen->font.scale);

    /* A stretch of one ground has some of it above and below its lines. */
    if (style->ground != screen->ground)
        advance(screen, margin / 2, screen->ground);
    if (style->ground != screen->ground || screen->y == 0)
        advance(screen, margin / 2, style->ground);
    screen->ground = style->ground;
    advance(screen, glyph * 5 / 4, style->ground);
    canvas_text(&screen->canvas, font, margin, screen->y - glyph * 9 / 8, style->text, text);
}
