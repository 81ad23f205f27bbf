/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/inspect/svg.h"

/* One colour a kind of memory: calm enough for text on it, apart in grey, too.  What is not
 * mapped is hatched. */
static const char style[] =
    "  <style>\n"
    "    text { font-family: 'DejaVu Sans', Verdana, Arial, sans-serif; fill: #1d2733; }\n"
    "    .title { font-size: 24px; font-weight: bold; }\n"
    "    .subtitle { font-size: 14px; fill: #51606f; }\n"
    "    .heading { font-size: 15px; font-weight: bold; }\n"
    "    .name { font-size: 12.5px; font-weight: bold; }\n"
    "    .detail { font-size: 11.5px; fill: #3c4a58; }\n"
    "    .faint { font-size: 11.5px; fill: #75828f; }\n"
    "    .address { font-family: 'DejaVu Sans Mono', monospace; font-size: 11px; fill: #51606f; }\n"
    "    .rights { font-family: 'DejaVu Sans Mono', monospace; font-size: 12px; }\n"
    "    rect { stroke: #8b98a5; stroke-width: 0.75; }\n"
    "    .page { fill: #fcfcfa; stroke: none; }\n"
    "    .wedge { fill: #6d7f92; fill-opacity: 0.10; stroke: none; }\n"
    "    .image { fill: #dfe6ee; }\n"
    "    .rx { fill: #a9d8b0; }\n"
    "    .r { fill: #c3dbf3; }\n"
    "    .rw { fill: #fae0a6; }\n"
    "    .wc { fill: #dcc8ee; }\n"
    "    .guard { fill: #ee9d94; }\n"
    "    .none { fill: url(#hatch); stroke: #cfd6dc; }\n"
    "    .void { fill: #e9ecef; stroke: #cfd6dc; }\n"
    "    .frame { fill: none; stroke: #51606f; stroke-width: 1.25; }\n"
    "    .panel { fill: #f3f5f6; stroke: #d5dbe0; }\n"
    "  </style>\n"
    "  <defs><pattern id=\"hatch\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" "
    "patternTransform=\"rotate(45)\"><rect width=\"8\" height=\"8\" style=\"fill: #fcfcfa; stroke: "
    "none\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"8\" style=\"stroke: #e1e5e9; stroke-width: "
    "2.5\"/></pattern></defs>\n";

/* Names of files may hold anything; what isn't ASCII becomes a question mark. */
static void put_text(struct svg *svg, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '<')
            fputs("&lt;", svg->file);
        else if (c == '>')
            fputs("&gt;", svg->file);
        else if (c == '&')
            fputs("&amp;", svg->file);
        else
            fputc(c < 0x20 || c >= 0x7f ? '?' : c, svg->file);
    }
}

void svg_begin(struct svg *svg, double width, double height, const char *title)
{
    fprintf(svg->file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
            "viewBox=\"0 0 %.0f %.0f\">\n  <title>",
            width, height, width, height);
    put_text(svg, title);
    fprintf(svg->file, "</title>\n%s", style);
    svg_box(svg, 0, 0, width, height, "page", NULL);
}

void svg_end(struct svg *svg)
{
    fprintf(svg->file, "</svg>\n");
}

void svg_box(struct svg *svg, double x, double y, double width, double height, const char *class,
             const char *title)
{
    fprintf(svg->file, "  <rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"",
            class, x, y, width, height);
    if (title == NULL) {
        fprintf(svg->file, "/>\n");
        return;
    }
    fprintf(svg->file, "><title>");
    put_text(svg, title);
    fprintf(svg->file, "</title></rect>\n");
}

void svg_wedge(struct svg *svg, double x0, double top0, double bottom0, double x1, double top1,
               double bottom1)
{
    double middle = (x0 + x1) / 2;

    fprintf(svg->file,
            "  <path class=\"wedge\" d=\"M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f V%.1f C%.1f "
            "%.1f %.1f %.1f %.1f %.1f Z\"/>\n",
            x0, top0, middle, top0, middle, top1, x1, top1, bottom1, middle, bottom1, middle,
            bottom0, x0, bottom0);
}

void svg_text(struct svg *svg, double x, double y, const char *anchor, const char *class,
              const char *text)
{
    fprintf(svg->file, "  <text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class, x,
            y, anchor);
    put_text(svg, text);
    fprintf(svg->file, "</text>\n");
}
