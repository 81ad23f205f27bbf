/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Columns: name, addresses, size, pages, rights, memory type, bar.
 */
#include "loader/stub/rows.h"

#include "loader/report.h"
#include "loader/stub/bar.h"

/* Widths in characters; the bar takes what is left. */
enum { NAME = 22, RANGE = 33, SIZE = 9, PAGES = 19, RIGHTS = 3, MEMORY = 3 };

/* Where the columns start, in pixels.  Narrow screens have no column of pages. */
struct columns {
    int name, range, size, pages, rights, memory, bar;
    int bar_width;
    bool with_pages;
};

static struct columns place_columns(const struct theme *theme, struct box room)
{
    int c = (int)(theme->body.width * theme->body.scale);
    int gap = 2 * c;
    struct columns at;

    at.with_pages = room.width / c >= NAME + RANGE + SIZE + PAGES + RIGHTS + MEMORY + 12 + 20;
    gap = at.with_pages ? gap : c;
    at.name = room.x + gap;
    at.range = at.name + NAME * c + gap;
    at.size = at.range + RANGE * c + gap;
    at.pages = at.size + SIZE * c + gap;
    at.rights = at.with_pages ? at.pages + PAGES * c + gap : at.pages;
    at.memory = at.rights + RIGHTS * c + gap;
    at.bar = at.memory + MEMORY * c + gap;
    at.bar_width = room.x + room.width - at.bar - gap / 2;
    return at;
}

/* "512 KiB", "1.5 MiB": one digit behind the point, where it says something. */
static void format_bytes(char *text, size_t room, uint64_t bytes)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned step = 0;
    uint64_t tenths;

    while (step < 6 && bytes >> (10 * (step + 1)) > 0)
        step++;
    /* Shifted first, where the multiplication would overflow. */
    tenths = step < 2 ? bytes * 10 >> (10 * step) : (bytes >> 10) * 10 >> (10 * (step - 1));
    if (tenths % 10 == 0 || tenths >= 1000)
        ldr_format(text, room, "%lu %s", tenths / 10, unit[step]);
    else
        ldr_format(text, room, "%lu.%lu %s", tenths / 10, tenths % 10, unit[step]);
}

/* "9x4K", "511x4K 3x2M". */
static void format_pages(char *text, size_t room, const struct region *region)
{
    static const char *const unit[3] = {"4K", "2M", "1G"};
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < 3; i++) {
        if (region->pages[i] == 0 || used >= room)
            continue;
        used += ldr_format(text + used, room - used, "%s%lux%s", used > 0 ? " " : "",
                           region->pages[i], unit[i]);
    }
}

static void draw_right_aligned(const struct canvas *canvas, const struct font *font, int x,
                               int width, int y, colour c, const char *text)
{
    canvas_text(canvas, font, x + width - canvas_text_width(font, text), y, c, text);
}

/* Three letters; those that are not granted are there, but barely. */
static void draw_rights(const struct canvas *canvas, const struct theme *theme, int x, int y,
                        unsigned rights)
{
    x = canvas_text(canvas, &theme->bold, x, y, THEME_READ, "r");
    x = canvas_text(canvas, &theme->bold, x, y, rights & PGT_WRITE ? THEME_WRITE : THEME_FAINT,
                    rights & PGT_WRITE ? "w" : "-");
    canvas_text(canvas, &theme->bold, x, y, rights & PGT_EXECUTE ? THEME_EXECUTE : THEME_FAINT,
                rights & PGT_EXECUTE ? "x" : "-");
}

static void draw_mapped(const struct canvas *canvas, const struct theme *theme,
                        const struct columns *at, int y, const struct region *region)
{
    int width = (int)(theme->body.width * theme->body.scale);
    char text[64];

    if (at->with_pages) {
        format_pages(text, sizeof(text), region);
        draw_right_aligned(canvas, &theme->body, at->pages, PAGES * width, y, THEME_DIM, text);
    }
    draw_rights(canvas, theme, at->rights, y, region->rights);
    canvas_text(canvas, &theme->body, at->memory, y,
                region->memory == PGT_WRITE_BACK ? THEME_DIM : THEME_UNUSUAL,
                theme_memory_name(region->memory));
}

static void draw_row(const struct canvas *canvas, const struct theme *theme, struct box row,
                     const struct region *region, uint64_t largest, colour ground)
{
    struct columns at = place_columns(theme, row);
    int height = (int)(theme->body.height * theme->body.scale);
    int width = (int)(theme->body.width * theme->body.scale);
    int y = row.y + (row.height - height) / 2;
    struct box bar = {at.bar, row.y + row.height / 6, at.bar_width, row.height - row.height / 3};
    colour c = region->mapped ? theme_colour(region->rights, region->memory) : THEME_HOLE;
    char text[64];

    canvas_fill(canvas, row, ground);
    canvas_fill(canvas, (struct box){row.x, row.y, width / 2, row.height}, c);
    canvas_text(canvas, &theme->body, at.name, y, region->mapped ? THEME_TEXT : THEME_HOLE,
                region->name);
    ldr_format(text, sizeof(text), "%016lx", region->first);
    canvas_text(canvas, &theme->body, at.range, y, THEME_TEXT, text);
    ldr_format(text, sizeof(text), "-%016lx", region->last);
    canvas_text(canvas, &theme->body, at.range + 16 * width, y, THEME_DIM, text);
    format_bytes(text, sizeof(text), region->bytes);
    draw_right_aligned(canvas, &theme->body, at.size, SIZE * width, y, THEME_TEXT, text);
    if (region->mapped)
        draw_mapped(canvas, theme, &at, y, region);
    else
        canvas_text(canvas, &theme->body, at.rights, y, THEME_HOLE, "none");
    bar_draw(canvas, bar, region, largest, ground);
}

static void draw_heading(const struct canvas *canvas, const struct theme *theme, struct box row,
                         const struct stub *stub, const struct region *region)
{
    static const char *const name[SECTION_COUNT] = {"Lower half", "Direct map", "Kernel image"};
    int height = (int)(theme->bold.height * theme->bold.scale);
    int y = row.y + row.height - height - 1;
    char text[96];
    int x;

    x = canvas_text(canvas, &theme->bold, row.x, y, THEME_BRIGHT, name[region->section]);
    switch (region->section) {
    case SECTION_IMAGE:
        ldr_format(text, sizeof(text), "  linked at -2 GiB, at physical %lx", stub->image_phys);
        break;
    case SECTION_DIRECT:
        ldr_format(text, sizeof(text), "  physical + %016lx", stub->hhdm);
        break;
    default:
        ldr_format(text, sizeof(text), "  %s",
                   region->mapped ? "identity map" : "the kernel's to fill");
        break;
    }
    x = canvas_text(canvas, &theme->body, x, y, THEME_DIM, text);
    canvas_fill(canvas, (struct box){x + height, y + height / 2, row.x + row.width - x - height, 1},
                THEME_RULE);
}

static uint64_t largest_of(const struct regions *regions)
{
    uint64_t largest = PGT_PAGE;

    for (unsigned i = 0; i < regions->count; i++) {
        if (regions->at[i].bytes > largest)
            largest = regions->at[i].bytes;
    }
    return largest;
}

/* Names over the columns that don't speak for themselves. */
static void draw_columns(const struct canvas *canvas, const struct theme *theme, struct box row)
{
    struct columns at = place_columns(theme, row);
    int width = (int)(theme->body.width * theme->body.scale);
    const struct font *font = &theme->body;

    canvas_text(canvas, font, at.range, row.y, THEME_FAINT, "virtual addresses");
    draw_right_aligned(canvas, font, at.size, SIZE * width, row.y, THEME_FAINT, "size");
    if (at.with_pages)
        draw_right_aligned(canvas, font, at.pages, PAGES * width, row.y, THEME_FAINT, "pages");
    canvas_text(canvas, font, at.bar, row.y, THEME_FAINT, "size, logarithmic");
}

void rows_draw_gap(const struct canvas *canvas, struct box box)
{
    enum { DASH = 8 };

    for (int x = 0; x < box.width; x += 2 * DASH) {
        int width = x + DASH < box.width ? DASH : box.width - x;

        canvas_fill(canvas, (struct box){box.x + x, box.y + box.height / 2, width, 1}, THEME_FAINT);
    }
}

unsigned rows_fit(struct theme *theme, struct box room, unsigned wanted)
{
    int font = (int)(theme->body.height * theme->body.scale);
    int lowest = font * 17 / 16, highest = font * 3 / 2;
    /* In halves of a row: the column names take two, a heading at least three. */
    int halves = 2 + 3 * SECTION_COUNT + 2 * (int)wanted;
    int left;

    theme->line = 2 * room.height / halves;
    theme->line = theme->line < lowest ? lowest : theme->line;
    theme->line = theme->line > highest ? highest : theme->line;
    theme->heading = theme->line * 3 / 2;
    left = room.height - theme->line - SECTION_COUNT * theme->heading;
    /* What whole rows leave over goes above the headings. */
    if (left > (int)wanted * theme->line)
        theme->heading += (left - (int)wanted * theme->line) / SECTION_COUNT;
    theme->heading = theme->heading > 2 * theme->line ? 2 * theme->line : theme->heading;
    return left > 0 ? (unsigned)(left / theme->line) : 0;
}

void rows_draw(const struct canvas *canvas, const struct theme *theme, struct box room,
               const struct stub *stub, const struct regions *regions)
{
    struct box row = {room.x, room.y, room.width, theme->line};
    enum region_section section = SECTION_COUNT;
    uint64_t largest = largest_of(regions), above = 0;

    draw_columns(canvas, theme, row);
    row.y += row.height;
    for (unsigned i = regions->count; i-- > 0; row.y += row.height) {
        const struct region *region = &regions->at[i];

        if (region->section != section) {
            section = region->section;
            /* The first one stands right below the column names. */
            row.height = i + 1 == regions->count ? theme->line : theme->heading;
            draw_heading(canvas, theme, row, stub, region);
            row.y += row.height;
            row.height = theme->line;
            above = region->last + 1;
        }
        draw_row(canvas, theme, row, region, largest, i % 2 ? THEME_STRIPE : THEME_GROUND);
        if (region->last + 1 != above)
            rows_draw_gap(canvas, (struct box){row.x, row.y, row.width, 1});
        above = region->first;
    }
}
