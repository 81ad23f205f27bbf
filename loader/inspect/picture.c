/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The picture: the whole address space in the middle, not to scale; the direct map on its left
 * and the image on its right, shown larger.  High addresses are on top.  Heights grow with the
 * logarithm of sizes, since a page and a terabyte have to be seen at once.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "loader/inspect/inspection.h"
#include "loader/inspect/rows.h"
#include "loader/inspect/svg.h"

typedef unsigned long long ull;

#define WIDTH   1280.0
#define MARGIN  40.0
#define TOP     138.0 /* of the three columns */
#define COLUMN  300.0 /* their width, but for the middle one's */
#define MIDDLE  150.0
#define LEFT_X  (MARGIN + 118)
#define RIGHT_X (WIDTH - MARGIN - 118 - COLUMN)
#define MID_X   ((WIDTH - MIDDLE) / 2)

#define PANEL_HEIGHT 172.0

struct picture {
    struct svg svg;
    const struct space *space;
    const struct ldr_image *image;
    struct rows direct, kernel;
    double height; /* of the columns */
    double scale;  /* of the kernel's rows, which are mostly fewer */
};

static const char *say(char text[128], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *say(char text[128], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, 128, format, arguments);
    va_end(arguments);
    return text;
}
#define SAY(...) say((char[128]){0}, __VA_ARGS__)

static double row_height(const struct row *row)
{
    double height = 22;

    for (uint64_t pages = row->bytes / PGT_PAGE; pages > 1; pages /= 2)
        height += 1.8;
    return height;
}

static double rows_height(const struct rows *rows)
{
    double height = 0;

    for (size_t i = 0; i < rows->count; i++)
        height += row_height(&rows->row[i]);
    return height;
}

/* Does a class stand for what is mapped, and with which rights? */
static const char *class_rights(const char *class)
{
    if (strcmp(class, "rx") == 0)
        return "r-x";
    if (strcmp(class, "r") == 0)
        return "r--";
    return strcmp(class, "rw") == 0 || strcmp(class, "wc") == 0 ? "rw-" : "";
}

/* One row: its box, its name, its size and rights, and its first address beside it. */
static void draw_row(struct picture *p, const struct row *row, double x, double y, double height,
                     bool addresses_left)
{
    const char *rights = class_rights(row->class);
    double middle = y + height / 2 + 4.5;

    svg_box(&p->svg, x, y, COLUMN, height, row->class,
            SAY("%s: 0x%llx to 0x%llx, %s %s", row->name, (ull)row->first,
                (ull)(row->first + (row->bytes - 1)), SIZE_TEXT(row->bytes),
                *rights ? rights : "not mapped"));
    svg_text(&p->svg, x + 10, middle, "start", *rights ? "name" : "detail", row->name);
    svg_text(&p->svg, x + COLUMN - 48, middle, "end", "detail", SIZE_TEXT(row->bytes));
    svg_text(&p->svg, x + COLUMN - 10, middle, "end", "rights", rights);
    svg_text(&p->svg, addresses_left ? x - 8 : x + COLUMN + 8, y + height - 2,
             addresses_left ? "end" : "start", "address", SAY("%016llx", (ull)row->first));
}

/* The highest addresses first. */
static void draw_rows(struct picture *p, const struct rows *rows, double x, double scale,
                      bool addresses_left)
{
    double y = TOP, height;

    for (size_t i = rows->count; i-- > 0; y += height) {
        height = scale * row_height(&rows->row[i]);
        draw_row(p, &rows->row[i], x, y, height, addresses_left);
    }
    svg_box(&p->svg, x, TOP, COLUMN, y - TOP, "frame", NULL);
}

/* A part of the whole: `share` of the height. */
struct part_of_whole {
    const char *class, *name, *detail;
    double share;
};

static void draw_part(struct picture *p, const struct part_of_whole *part, double y, double height)
{
    double middle = y + height / 2;

    svg_box(&p->svg, MID_X, y, MIDDLE, height, part->class, part->name);
    svg_text(&p->svg, MID_X + MIDDLE / 2, middle - 2, "middle", "name", part->name);
    svg_text(&p->svg, MID_X + MIDDLE / 2, middle + 14, "middle", "detail", part->detail);
}

enum { WHOLE_IMAGE, WHOLE_GAP, WHOLE_DIRECT, WHOLE_NONE, WHOLE_LOW, WHOLE_PARTS };

/* The middle column, and the wedges to both sides of it. */
static void draw_whole(struct picture *p, double left_end, double right_end)
{
    bool identity = p->space->plan.base_revision == 0;
    const char *offset = SAY("%016llx", (ull)p->space->plan.hhdm);
    const struct part_of_whole part[WHOLE_PARTS] = {
        [WHOLE_IMAGE] = {"image", "kernel image", "the last 2 GiB", 0.22},
        [WHOLE_GAP] = {"none", "not mapped", "free for the kernel", 0.12},
        [WHOLE_DIRECT] = {"rw", "direct map", offset, 0.32},
        [WHOLE_NONE] = {"void", "no addresses", "not canonical", 0.12},
        [WHOLE_LOW] = {identity ? "rw" : "none", identity ? "identity map" : "not mapped",
                       identity ? "from 0x1000 on" : "free for programs", 0.22},
    };
    double y = TOP, edge[WHOLE_PARTS + 1];

    for (unsigned i = 0; i < WHOLE_PARTS; i++) {
        edge[i] = y;
        y += part[i].share * p->height;
    }
    edge[WHOLE_PARTS] = y;
    svg_wedge(&p->svg, LEFT_X + COLUMN, TOP, left_end, MID_X, edge[WHOLE_DIRECT],
              edge[WHOLE_DIRECT + 1]);
    svg_wedge(&p->svg, MID_X + MIDDLE, edge[WHOLE_IMAGE], edge[WHOLE_IMAGE + 1], RIGHT_X, TOP,
              right_end);
    for (unsigned i = 0; i < WHOLE_PARTS; i++)
        draw_part(p, &part[i], edge[i], edge[i + 1] - edge[i]);
    svg_box(&p->svg, MID_X, TOP, MIDDLE, p->height, "frame", NULL);
}

static void draw_heading(struct picture *p, const char *file)
{
    const struct space *space = p->space;
    const struct ldr_verdict *v = &space->verdict;

    svg_text(&p->svg, MARGIN, 48, "start", "title", SAY("The address space of %.80s", file));
    svg_text(&p->svg, MARGIN, 74, "start", "subtitle",
             SAY("base revision %llu, %u levels of page tables, on a machine with %s",
                 (ull)space->plan.base_revision, space->plan.arch.levels,
                 SIZE_TEXT(space->machine.ram)));
    svg_text(&p->svg, LEFT_X, TOP - 14, "start", "heading", "direct map");
    svg_text(&p->svg, MID_X + MIDDLE / 2, TOP - 14, "middle", "heading", "all of it");
    svg_text(&p->svg, RIGHT_X, TOP - 14, "start", "heading", "kernel image");
    svg_text(&p->svg, WIDTH - MARGIN, 48, "end", "heading",
             SAY("%llu table frames", (ull)v->kernel_tables));
    svg_text(&p->svg, WIDTH - MARGIN, 74, "end", "subtitle",
             SAY("%llu bytes writable and executable", (ull)v->writable_executable_bytes));
}

static void draw_legend(struct picture *p, double x, double y)
{
    static const struct {
        const char *class, *text;
    } entry[] = {
        {"rx", "read, execute"},          {"r", "read only"},         {"rw", "read, write"},
        {"wc", "write, write-combining"}, {"guard", "guard: faults"}, {"none", "not mapped"},
    };

    for (unsigned i = 0; i < sizeof entry / sizeof entry[0]; i++) {
        double at = y + 24 * i;
        svg_box(&p->svg, x, at, 28, 16, entry[i].class, NULL);
        svg_text(&p->svg, x + 38, at + 12.5, "start", "detail", entry[i].text);
    }
}

static void draw_figure(struct picture *p, double x, double y, const char *what, const char *value)
{
    svg_text(&p->svg, x, y, "start", "faint", what);
    svg_text(&p->svg, x + 130, y, "start", "detail", value);
}

/* What the verifier counted, and what follows from it. */
static void draw_figures(struct picture *p, double x, double y)
{
    const struct ldr_verdict *v = &p->space->verdict;
    const struct figures *f = &p->space->figures;

    draw_figure(p, x, y, "table frames",
                SAY("%llu kept by the kernel, %llu for the switch", (ull)v->kernel_tables,
                    (ull)v->transition_tables));
    draw_figure(p, x, y + 24, "leaves",
                SAY("%llu of 4K, %llu of 2M, %llu of 1G", (ull)v->leaves_4k, (ull)v->leaves_2m,
                    (ull)v->leaves_1g));
    draw_figure(p, x, y + 48, "mapped", SIZE_TEXT(f->mapped));
    draw_figure(p, x, y + 72, "r-x, r--, rw-",
                SAY("%s, %s, %s", SIZE_TEXT(f->executable), SIZE_TEXT(f->read_only),
                    SIZE_TEXT(f->read_write)));
    draw_figure(p, x, y + 96, "TLB reach",
                SAY("%s, with %u entries of 4K and 2M, %u of 1G", SIZE_TEXT(f->reach), TLB_ENTRIES,
                    TLB_ENTRIES_1G));
    svg_text(&p->svg, x, y + 120, "start", "faint",
             "Heights grow with the logarithm of sizes. In the direct map, what the image may not "
             "write is read only, too.");
}

static void draw_panel(struct picture *p, double y)
{
    svg_box(&p->svg, MARGIN, y, WIDTH - 2 * MARGIN, PANEL_HEIGHT, "panel", NULL);
    draw_legend(p, MARGIN + 24, y + 18);
    draw_figures(p, MARGIN + 300, y + 31);
}

static void draw(struct picture *p, const char *file)
{
    double left = rows_height(&p->direct), right = rows_height(&p->kernel);

    p->height = left > right ? left : right;
    if (p->height < 420)
        p->height = 420;
    p->scale = p->height > 2 * right ? 2 : p->height / right;
    double total = TOP + p->height + 40 + PANEL_HEIGHT + MARGIN;
    svg_begin(&p->svg, WIDTH, total, SAY("The address space of %.80s", file));
    draw_heading(p, file);
    draw_whole(p, TOP + left, TOP + p->scale * right);
    draw_rows(p, &p->direct, LEFT_X, 1, true);
    draw_rows(p, &p->kernel, RIGHT_X, p->scale, false);
    draw_panel(p, TOP + p->height + 40);
    svg_end(&p->svg);
}

bool draw_svg(const struct inspection *inspection, const char *path)
{
    const struct space *space = &inspection->space[0];
    const struct ldr_image *image = &inspection->subject.image;
    struct picture p = {.space = space, .image = image};

    p.svg.file = fopen(path, "w");
    if (p.svg.file != NULL) {
        const char *slash = strrchr(inspection->subject.file.path, '/');
        p.direct = rows_of_direct_map(space, image);
        p.kernel = rows_of_image(space, image);
        draw(&p, slash ? slash + 1 : inspection->subject.file.path);
        free(p.direct.row);
        free(p.kernel.row);
    }
    bool written = p.svg.file != NULL && !ferror(p.svg.file);
    if (p.svg.file != NULL && fclose(p.svg.file) != 0)
        written = false;
    if (!written)
        fprintf(stderr, "pagelift-inspect: %s: %s\n", path, strerror(errno));
    return written;
}
