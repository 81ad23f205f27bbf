/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout: what happened across the top, the rule that was broken below it in a band; then the
 * walk, registers and code at the left, and the backtrace at the right.
 */
#include "loader/stub/crash_screen.h"

#include "loader/stub/crash_lines.h"
#include "loader/stub/mem.h"
#include "loader/stub/screen.h"
#include "loader/stub/theme.h"

#define TOP         0x4a1519u
#define BOTTOM      0x2a0f14u
#define BAND        0xb3322cu
#define PANEL       0x131a24u
#define PANEL_HEAD  0x8fa3c4u
#define BLAMED      0xff8a7au
#define BLAMED_BAND 0x4a1d20u
#define NAME        0xffd27fu

/* Characters of the left column: registers are the widest of what stands there. */
#define LEFT_COLUMNS 90

struct pen {
    const struct canvas *canvas;
    const struct theme *theme;
    const struct crash_lines *lines;
    struct box room; /* what is left of it: lines are taken from its top */
};

static int text_height(const struct font *font)
{
    return (int)(font->height * font->scale);
}

static int character(const struct pen *pen)
{
    return (int)(pen->theme->body.width * pen->theme->body.scale);
}

/* As much of a text as fits. */
static int write(const struct pen *pen, const struct font *font, int x, int y, colour c,
                 const char *text)
{
    int width = (int)(font->width * font->scale);
    int fits = (pen->room.x + pen->room.width - x) / width;
    char cut[CRASH_LINE_BYTES];
    int i = 0;

    for (; i < fits && i < CRASH_LINE_BYTES - 1 && text[i] != '\0'; i++)
        cut[i] = text[i];
    cut[i] = '\0';
    return canvas_text(pen->canvas, font, x, y, c, cut);
}

/* Who stopped, in a rounded box at the right. */
static void draw_badge(const struct pen *pen, int y)
{
    const struct font *font = &pen->theme->bold;
    const char *text = "Pagelift stub kernel stopped";
    int padding = pen->theme->line * 3 / 4;
    struct box box = {.width = canvas_text_width(font, text) + 2 * padding,
                      .height = text_height(font) + padding};

    if (pen->theme->narrow)
        return;
    box.x = pen->canvas->width - pen->theme->margin - box.width;
    box.y = y + (text_height(&pen->theme->title) - box.height) / 2;
    canvas_round(pen->canvas, box, box.height / 2, BAND, canvas_mix(TOP, BOTTOM, 200));
    canvas_text(pen->canvas, font, box.x + padding, box.y + padding / 2, THEME_BRIGHT, text);
}

static void draw_title(struct pen *pen)
{
    const struct theme *theme = pen->theme;
    struct box bar = {0, 0, pen->canvas->width,
                      text_height(&theme->title) + theme->line * 5 + theme->line / 2};
    const char *title = crash_lines_first(pen->lines, CRASH_TITLE);
    int y = theme->line * 3 / 4;

    canvas_shade(pen->canvas, bar, TOP, BOTTOM);
    write(pen, &theme->title, theme->margin, y, THEME_BRIGHT, title != 0 ? title : "exception");
    draw_badge(pen, y);
    y += text_height(&theme->title) + theme->line / 2;
    for (unsigned i = 0; i < pen->lines->count && y + theme->line < bar.height; i++) {
        bool first = pen->lines->line[i].text == crash_lines_first(pen->lines, CRASH_ACCESS);

        if (pen->lines->line[i].part != CRASH_ACCESS)
            continue;
        write(pen, first ? &theme->bold : &theme->body, theme->margin, y,
              first ? THEME_BRIGHT : THEME_TEXT, pen->lines->line[i].text);
        y += theme->line;
    }
    pen->room.y = bar.height;
    pen->room.height = pen->canvas->height - bar.height;
}

static void draw_band(struct pen *pen)
{
    const struct theme *theme = pen->theme;
    const char *broken = crash_lines_first(pen->lines, CRASH_BROKEN);
    const char *advice = crash_lines_first(pen->lines, CRASH_ADVICE);
    struct box band = {0, pen->room.y, pen->canvas->width, theme->line * 3};
    int y = band.y + theme->line / 2;

    if (broken == 0)
        return;
    canvas_fill(pen->canvas, band, BAND);
    write(pen, &theme->bold, theme->margin, y, THEME_BRIGHT, broken);
    if (advice != 0)
        write(pen, &theme->body, theme->margin, y + theme->line, 0xffd9d2u, advice);
    pen->room.y += band.height + theme->line / 2;
    pen->room.height -= band.height + theme->line / 2;
}

/* The byte at RIP stands in angle brackets, and out. */
static void draw_code(const struct pen *pen, int x, int y, const char *text)
{
    colour c = THEME_TEXT;

    for (; *text != '\0' && x + character(pen) <= pen->room.x + pen->room.width; text++) {
        char one[2] = {*text, '\0'};

        if (*text == '<')
            c = BLAMED;
        x = canvas_text(pen->canvas, &pen->theme->body, x, y, c, one);
        if (*text == '>')
            c = THEME_TEXT;
    }
}

/* "#3  0x... name+0x12": the name stands out. */
static void draw_caller(const struct pen *pen, int x, int y, const char *text)
{
    char head[CRASH_LINE_BYTES];
    size_t i = 0;

    if (text[0] != '#') {
        write(pen, &pen->theme->body, x, y, THEME_FAINT, text);
        return;
    }
    for (unsigned blanks = 0; text[i] != '\0' && i < sizeof(head) - 1; i++) {
        bool word_begins = i > 0 && text[i] != ' ' && text[i - 1] == ' ';

        blanks += word_begins;
        if (blanks == 2)
            break;
        head[i] = text[i];
    }
    head[i] = '\0';
    x = write(pen, &pen->theme->body, x, y, THEME_DIM, head);
    write(pen, &pen->theme->bold, x, y, NAME, text + i);
}

static void draw_line(const struct pen *pen, const struct crash_line *line, int x, int y)
{
    bool blamed = line->part == CRASH_WALK && crash_lines_to_blame(pen->lines, line->text);

    if (line->part == CRASH_CODE) {
        draw_code(pen, x, y, line->text);
    } else if (line->part == CRASH_BACKTRACE) {
        draw_caller(pen, x, y, line->text);
    } else if (blamed) {
        canvas_fill(pen->canvas, (struct box){pen->room.x, y, pen->room.width, pen->theme->line},
                    BLAMED_BAND);
        write(pen, &pen->theme->bold, x, y, BLAMED, line->text);
    } else {
        write(pen, &pen->theme->body, x, y, THEME_TEXT, line->text);
    }
}

static int lines_of(const struct pen *pen, enum crash_part part)
{
    int count = 0;

    for (unsigned i = 0; i < pen->lines->count; i++)
        count += pen->lines->line[i].part == part;
    return count;
}

/* A heading and the lines of one part, on a panel, as many as there is room for. */
static void draw_panel(struct pen *pen, const char *heading, enum crash_part part)
{
    const struct theme *theme = pen->theme;
    int padding = theme->line / 2;
    int height = (lines_of(pen, part) + 1) * theme->line + 2 * padding;
    struct box panel = {pen->room.x, pen->room.y, pen->room.width, height};
    int x = panel.x + padding, y = panel.y + padding;

    if (panel.height > pen->room.height)
        panel.height = pen->room.height;
    if (lines_of(pen, part) == 0 || panel.height < 2 * theme->line)
        return;
    canvas_round(pen->canvas, panel, theme->line / 3, PANEL, THEME_GROUND);
    write(pen, &theme->bold, x, y, PANEL_HEAD, heading);
    for (unsigned i = 0; i < pen->lines->count; i++) {
        if (pen->lines->line[i].part != part)
            continue;
        y += theme->line;
        if (y + theme->line > panel.y + panel.height)
            break;
        draw_line(pen, &pen->lines->line[i], x, y);
    }
    pen->room.y += panel.height + padding;
    pen->room.height -= panel.height + padding;
}

/* Cuts the right column off the room; where the screen is too narrow for two, it goes below. */
static struct pen cut_column(struct pen *pen)
{
    struct pen right = *pen;
    int left = LEFT_COLUMNS * character(pen);

    if (left > pen->room.width * 3 / 4)
        return right;
    pen->room.width = left;
    right.room.x += left + pen->theme->margin / 2;
    right.room.width -= left + pen->theme->margin / 2;
    return right;
}

static void draw_panels(struct pen *pen)
{
    struct pen right;
    bool one_column;

    pen->room.x = pen->theme->margin;
    pen->room.width = pen->canvas->width - 2 * pen->theme->margin;
    right = cut_column(pen);
    one_column = right.room.x == pen->room.x;
    draw_panel(pen, "The walk", CRASH_WALK);
    draw_panel(one_column ? pen : &right, "How it came to that", CRASH_BACKTRACE);
    draw_panel(pen, "Registers", CRASH_REGISTERS);
    draw_panel(pen, "Code, around the instruction", CRASH_CODE);
}

static void draw_footer(const struct pen *pen)
{
    const struct theme *theme = pen->theme;
    int y = pen->canvas->height - theme->line * 3 / 2;

    if (pen->room.height < 2 * theme->line)
        return;
    canvas_fill(
        pen->canvas,
        (struct box){theme->margin, y - theme->line / 2, pen->canvas->width - 2 * theme->margin, 1},
        THEME_RULE);
    write(pen, &theme->body, theme->margin, y, THEME_DIM,
          "The same report is on the serial port.  The machine may be switched off.");
}

void crash_screen_draw(const struct report *report)
{
    static struct crash_lines lines; /* too large for an exception's stack */
    struct canvas canvas;
    struct theme theme;
    struct pen pen = {.canvas = &canvas, .theme = &theme, .lines = &lines};

    if (!screen_open(&canvas) || !theme_choose(&theme, &canvas))
        return;
    crash_lines_collect(&lines, report);
    canvas_fill(&canvas, (struct box){0, 0, canvas.width, canvas.height}, THEME_GROUND);
    pen.room = (struct box){0, 0, canvas.width, canvas.height};
    draw_title(&pen);
    draw_band(&pen);
    draw_panels(&pen);
    draw_footer(&pen);
}
