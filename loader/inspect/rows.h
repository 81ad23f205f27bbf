/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the picture shows of an address space: stretches of it, each with a name.
 */
#ifndef LOADER_INSPECT_ROWS_H
#define LOADER_INSPECT_ROWS_H

#include "loader/inspect/space.h"

struct row {
    const char *class; /* rx, r, rw, wc (write-combining), guard, none (not mapped) */
    char name[40];
    uint64_t first, bytes; /* virtual */
};

struct rows {
    struct row *row; /* ascending */
    size_t count;
};

/* The direct map with the holes in it, and the image's 2 GiB from the first thing mapped there to
 * the last.  Release with free(rows.row). */
struct rows rows_of_direct_map(const struct space *space, const struct ldr_image *image);
struct rows rows_of_image(const struct space *space, const struct ldr_image *image);

#endif
