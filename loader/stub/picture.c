/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole picture: a title bar, the rows, and a legend.
 */
#include "loader/stub/picture.h"

#include "loader/report.h"
#include "loader/stub/bar.h"
#include "loader/stub/regions.h"
#include "loader/stub/rows.h"
#include "loader/stub/screen.h"
#include "loader/stub/theme.h"
#include "loader/stub/variant.h"

/* Where the three parts lie. */
struct layout {
    struct box title;
    struct box body;
    struct box legend;
};

static int text_height(const struct font *font)
{
    return (int)(font->height * font->scale);
}

static struct layout lay_out(const struct canvas *canvas, const struct theme *theme)
{
    int inner = canvas->width - 2 * theme->margin;
    int title = text_height(&theme->title) + text_height(&theme->body) + 2 * theme->line;
    int legend = 2 * theme->line;
    int top = title + theme->line / 2;

    return (struct layout){
        .title = {0, 0, canvas->width, title},
        .body = {theme->margin, top, inner, canvas->height - top - legend - theme->line / 2},
        .legend = {theme->margin, canvas->height - legend, inner, legend},
    };
}

/* The verdict, in a rounded box at the right; returns its left edge. */
static int draw_verdict(const struct canvas *canvas, const struct theme *theme, struct box bar,
                        const struct tap *tap)
{
    colour c = tap->failed == 0 ? THEME_GOOD : THEME_BAD;
    int padding = theme->line * 3 / 4;
    struct box box;
    char text[64];

    if (tap->failed == 0)
        ldr_format(text, sizeof(text), "all %u tests passed", tap->count);
    else
        ldr_format(text, sizeof(text), "%u of %u tests failed", tap->failed, tap->count);
    box.width = canvas_text_width(&theme->bold, text) + 2 * padding;
    box.height = text_height(&theme->bold) + padding;
    box.x = bar.x + bar.width - theme->margin - box.width;
    box.y = theme->line * 3 / 4 + (text_height(&theme->title) - box.height) / 2;
    canvas_round(canvas, box, box.height / 2, c, canvas_mix(THEME_BAR_TOP, THEME_BAR_BOTTOM, 170));
    canvas_text(canvas, &theme->bold, box.x + padding, box.y + padding / 2, THEME_BRIGHT, text);
    return box.x;
}

/* One line of numbers under the title. */
static void draw_facts(const struct canvas *canvas, const struct theme *theme, int x, int y,
                       const struct stub *stub, const struct regions *regions)
{
    uint64_t pages[3] = {0};
    char text[192];

    for (unsigned i = 0; i < regions->count; i++) {
        for (unsigned size = 0; size < 3; size++)
            pages[size] += regions->at[i].pages[size];
    }
    ldr_format(text, sizeof(text), "%u levels   %lu tables   %lu x 4K  %lu x 2M  %lu x 1G   ",
               stub->space.arch.levels, (uint64_t)pgt_tables(&stub->space, NULL, 0), pages[0],
               pages[1], pages[2]);
    x = canvas_text(canvas, &theme->body, x, y, THEME_TEXT, text);
    ldr_format(text, sizeof(text), "root %lx   base revision %lu   %u skipped", stub->space.root,
               variant_base_revision, stub->tap.skipped);
    canvas_text(canvas, &theme->body, x, y, THEME_DIM, text);
}

/* Name, subtitle and verdict; returns where the line of facts goes. */
static int draw_title(const struct canvas *canvas, const struct theme *theme, struct box bar,
                      const struct stub *stub)
{
    const char *subtitle = "a kernel's address space, read back from its page tables";
    int y = theme->line * 3 / 4;
    int right, x, base;

    canvas_shade(canvas, bar, THEME_BAR_TOP, THEME_BAR_BOTTOM);
    canvas_fill(canvas, (struct box){0, bar.height - 1, bar.width, 1}, THEME_RULE);
    right = draw_verdict(canvas, theme, bar, &stub->tap);
    x = canvas_text(canvas, &theme->title, theme->margin, y, THEME_BRIGHT, "Pagelift");
    x += theme->line;
    /* On the title's base line, near enough: both fonts descend a fifth. */
    base = y + (text_height(&theme->title) - text_height(&theme->body)) * 4 / 5;
    if (x + canvas_text_width(&theme->body, subtitle) < right - theme->line / 2)
        canvas_text(canvas, &theme->body, x, base, THEME_DIM, subtitle);
    return y + text_height(&theme->title) + theme->line / 2;
}

/* The legend's texts, and those for a narrow screen. */
static const char *const key_text[][2] = {
    {"read", "read"},
    {"write", "write"},
    {"execute", "execute"},
    {"not write-back", "not WB"},
    {"unmapped on purpose", "unmapped"},
    {"4 KiB pages", "4K"},
    {"2 MiB", "2M"},
    {"1 GiB", "1G"},
    {"nothing in between", "gap"},
};

enum { KEY_COLOURS = 4, KEY_HOLE = 4, KEY_SIZES = 5, KEY_GAP = 8, KEYS = 9 };

static void draw_sample(const struct canvas *canvas, struct box sample, unsigned key)
{
    static const colour colours[KEY_COLOURS] = {THEME_READ, THEME_WRITE, THEME_EXECUTE,
                                                THEME_UNUSUAL};

    if (key < KEY_COLOURS)
        canvas_fill(canvas, sample, colours[key]);
    else if (key == KEY_HOLE)
        bar_hole(canvas, sample, THEME_GROUND);
    else if (key < KEY_GAP)
        bar_cells(canvas, sample, key - KEY_SIZES, THEME_READ, THEME_GROUND);
    else
        rows_draw_gap(canvas, sample);
}

static void draw_legend(const struct canvas *canvas, const struct theme *theme, struct box room)
{
    int height = text_height(&theme->body) * 3 / 4;
    struct box sample = {room.x, room.y + (room.height - height) / 2, height, height};
    int y = room.y + (room.height - text_height(&theme->body)) / 2;

    canvas_fill(canvas, (struct box){room.x, room.y, room.width, 1}, THEME_RULE);
    for (unsigned key = 0; key < KEYS; key++) {
        const char *text = key_text[key][theme->narrow];

        if (key == KEY_SIZES)
            sample.width = 3 * height;
        draw_sample(canvas, sample, key);
        sample.x += sample.width + height / 2;
        sample.x = canvas_text(canvas, &theme->body, sample.x, y, THEME_DIM, text) + 3 * height / 2;
    }
}

static void draw_space(const struct canvas *canvas, const struct theme *theme,
                       const struct layout *layout, int facts_y, const struct stub *stub)
{
    static struct regions regions; /* too large for a stack */
    struct theme fitting = *theme;

    regions_collect(stub, &regions);
    tap_note("picture: %dx%d, %u regions", canvas->width, canvas->height, regions.count);
    draw_facts(canvas, theme, theme->margin, facts_y, stub, &regions);
    regions_fit(&regions, rows_fit(&fitting, layout->body, regions.count));
    if (regions.left_out > 0)
        tap_note("picture: no room for %u regions, the smallest", regions.left_out);
    rows_draw(canvas, &fitting, layout->body, stub, &regions);
    draw_legend(canvas, theme, layout->legend);
}

/* Under another loader: no tables to read, so a reason. */
static void draw_reason(const struct canvas *canvas, const struct theme *theme, struct box room)
{
    const char *text = "Not drawn: " STUB_NO_TABLES ".";

    canvas_text(canvas, &theme->body, room.x, room.y, THEME_TEXT, text);
}

void picture_draw(const struct stub *stub)
{
    struct canvas canvas;
    struct layout layout;
    struct theme theme;
    int facts_y;

    if (!screen_open(&canvas) || !theme_choose(&theme, &canvas))
        return;
    layout = lay_out(&canvas, &theme);
    canvas_fill(&canvas, (struct box){0, 0, canvas.width, canvas.height}, THEME_GROUND);
    facts_y = draw_title(&canvas, &theme, layout.title, stub);
    if (stub->adopted)
        draw_space(&canvas, &theme, &layout, facts_y, stub);
    else
        draw_reason(&canvas, &theme, layout.body);
}
