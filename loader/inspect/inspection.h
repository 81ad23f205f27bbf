/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that one run found out, and the three ways to show it.
 */
#ifndef LOADER_INSPECT_INSPECTION_H
#define LOADER_INSPECT_INSPECTION_H

#include "loader/inspect/options.h"
#include "loader/inspect/space.h"
#include "loader/inspect/subject.h"
#include "loader/symbols.h"

struct inspection {
    struct options options;
    struct subject subject;
    struct space *space; /* one a machine; none where the kernel is refused */
    unsigned spaces;
    size_t warnings, notes, refusals;
};

/* Was this said of a machine before this one? */
bool said_before(const struct inspection *inspection, unsigned machine, const char *line);

void print_text(const struct inspection *inspection);
void print_json(const struct inspection *inspection);

/* Draws the first space, which shall be built.  False with a line on stderr if the file can't be
 * written. */
bool draw_svg(const struct inspection *inspection, const char *path);

#define ANSWER_BYTES 160

/* What the kernel gets for a request that it makes, in words; "none" if it gets nothing. */
const char *answer_text(const struct space *space, const struct ldr_requests *requests,
                        enum ldr_feature feature, char text[ANSWER_BYTES]);

/* "512 MiB", "8 GiB": whole where it is, else with one digit behind the point. */
#define SIZE_BYTES 32
const char *size_text(uint64_t bytes, char text[SIZE_BYTES]);
#define SIZE_TEXT(bytes) size_text((bytes), (char[SIZE_BYTES]){0})

/* ldr_where(), in printable ASCII whatever the symbol is called. */
const char *place_text(const struct ldr_image *image, uint64_t virt, char text[LDR_WHERE_BYTES]);
#define PLACE_TEXT(image, virt) place_text((image), (virt), (char[LDR_WHERE_BYTES]){0})

/* "rwx", "r--" */
const char *rights_text(unsigned rights);

#endif
