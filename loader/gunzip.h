/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files compressed by gzip (RFC 1952).
 *
 * Reading checks header and trailer and says how much memory is needed; inflating fills it
 * and proves by length and CRC-32 that the contents are what was compressed.
 */
#ifndef LOADER_GUNZIP_H
#define LOADER_GUNZIP_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/report.h"

struct ldr_gzip {
    const char *name;        /* of the file, for messages */
    const uint8_t *deflated; /* behind the header, the trailer included */
    uint64_t deflated_bytes;
    uint64_t bytes; /* of the contents, as the trailer says */
    uint32_t crc;   /* of the contents, as the trailer says */
};

/* Does the file begin like one?  Neither an ELF file nor a text does. */
bool ldr_gzip_is(const void *file, uint64_t bytes);

/* Reads what surrounds the contents.  Refusals, each LDR_BAD_KERNEL with a text that names the
 * file: not gzip; truncated; a method other than DEFLATE; flags that nobody defined; a damaged
 * header; a trailer that promises more than so few bytes can hold, so that a bomb is refused
 * before memory is asked for; 2 GiB or more.  `file` shall stay until it is inflated. */
enum ldr_status ldr_gzip_read(struct ldr_gzip *ret_gzip, const char *name, const void *file,
                              uint64_t bytes, struct ldr_report *report);

/* Writes the contents to `memory`, which is not null and has gzip->bytes bytes, and never
 * beyond.  LDR_BAD_KERNEL if the contents are damaged, break off, have another length, or if
 * several compressed files were joined; then what is in `memory` means nothing. */
enum ldr_status ldr_gzip_inflate(const struct ldr_gzip *gzip, void *memory,
                                 struct ldr_report *report);

#endif
