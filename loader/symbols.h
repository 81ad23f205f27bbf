/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The symbols of a kernel file, and places in its image as a person would name them.
 * A kernel needs no symbols in order to run, so a table that is missing or broken is no
 * failure: places then go by their addresses alone.
 *
 * Source: System V ABI, chapter 4, "Symbol Table".
 */
#ifndef LOADER_SYMBOLS_H
#define LOADER_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/image.h"

struct ldr_symbol {
    const char *name; /* terminated, not empty; in the file */
    uint64_t virt;    /* slide included */
    uint64_t bytes;   /* 0 where the file doesn't say */
    unsigned type;    /* STT_OBJECT, STT_FUNC, ... */
};

/* A table of symbols, checked to lie in the file. */
struct ldr_symbols {
    const struct ldr_image *image;
    const uint8_t *entry;
    uint64_t count;
    const char *text; /* ends with a zero */
    uint64_t text_bytes;
};

/* False where the file has none, or a broken one. */
bool ldr_symbols_open(struct ldr_symbols *ret_symbols, const struct ldr_image *image);

/* Symbol `index` < symbols->count.  False if it has no name, or is not a place in the
 * image: an absolute number, a file's name, a section. */
bool ldr_symbol_read(const struct ldr_symbols *symbols, uint64_t index,
                     struct ldr_symbol *ret_symbol);

/* The object or function that holds the byte at `virt`, or the label that stands
 * there. */
bool ldr_symbol_at(const struct ldr_symbols *symbols, uint64_t virt, struct ldr_symbol *ret_symbol);

/* Room for what ldr_where() writes: a long name is cut. */
#define LDR_WHERE_BYTES 128

/* Writes the place to `text` and returns it, as for instance
 *     0xffffffff80003010 (memmap_request, segment 2, file offset 0x3010)
 * The segment's number is that of its program header.  In a part that the file doesn't hold it
 * is "zero-filled", and outside of all segments the place is "not in the image".  The name is the
 * file's, so it may hold any byte: ldr_say() and ldr_refuse() make text of it. */
const char *ldr_where(const struct ldr_image *image, uint64_t virt, char text[LDR_WHERE_BYTES]);

/* The same for use as an argument: the text lasts as long as the block around it. */
#define LDR_WHERE(image, virt) ldr_where((image), (virt), (char[LDR_WHERE_BYTES]){0})

#endif
