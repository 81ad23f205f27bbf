/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel file that is inspected: read, loaded into memory, and asked what it wants, by the
 * loader's own functions.
 */
#ifndef LOADER_INSPECT_SUBJECT_H
#define LOADER_INSPECT_SUBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "loader/image.h"
#include "loader/report.h"
#include "loader/requests.h"

/* Lines of a log, kept in order. */
struct lines {
    char **text;
    size_t count;
};

/* Appends to the struct lines that is its context; out of memory ends the program. */
struct ldr_log lines_log(struct lines *lines);

/* Does the line begin with the file's name and this word: "warning", "note"? */
bool line_is(const char *line, const char *file, const char *word);

void lines_free(struct lines *lines);

/* A file in memory. */
struct content {
    const char *path;
    uint8_t *at; /* malloc()ed */
    uint64_t bytes;
};

struct subject {
    struct content file;   /* inflated, if it was compressed */
    uint64_t stored_bytes; /* as it lies on the disk */
    struct ldr_image image;
    uint8_t *memory; /* the loaded image; null if it was refused before */
    struct ldr_requests requests;
    struct lines said;        /* what ldr_explain_requests() and ldr_requests_find() say */
    struct ldr_report report; /* status LDR_OK, or why the kernel is refused */
};

/* Reads a whole file.  False with a line on stderr if it can't be read. */
bool content_read(struct content *ret_content, const char *path);

/* Reads and judges.  False only if the file can't be read; a kernel that is refused says so in
 * subject->report.  Release it in either case. */
bool subject_open(struct subject *subject, const char *path);
void subject_close(struct subject *subject);

/* malloc(), calloc() that end the program where there is no memory. */
void *take(size_t count, size_t bytes);

#endif
