/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel image: an ELF64 file for x86-64, ET_EXEC or static PIE (ET_DYN).
 *
 * Reading decides and refuses; loading can't fail.  Sources: System V ABI, chapters 4
 * and 5, and its x86-64 supplement; "Memory layout at entry" of the Limine boot
 * protocol.
 */
#ifndef LOADER_IMAGE_H
#define LOADER_IMAGE_H

#include <stdint.h>

#include "loader/report.h"

/* A kernel that lies below this is refused, or slid up to it if it is a PIE. */
#define LDR_IMAGE_LOWEST UINT64_C(0xffffffff80000000)

#define LDR_SEGMENTS 32

/* One PT_LOAD that is not empty. */
struct ldr_segment {
    uint64_t virt;  /* where it runs, slide included; not always page aligned */
    uint64_t bytes; /* in memory */
    uint64_t file_offset;
    uint64_t file_bytes; /* at most bytes; the rest is zero */
    unsigned rights;     /* PGT_READ, and PGT_WRITE or PGT_EXECUTE, never both */
    unsigned index;      /* of its program header, for messages */
};

struct ldr_image {
    const char *name; /* of the file, for messages */
    const uint8_t *file;
    uint64_t file_bytes;
    struct ldr_segment segment[LDR_SEGMENTS]; /* ascending by address, no page shared
                                                 between two of different rights */
    unsigned segment_count;
    uint64_t virt;  /* first page of the lowest segment, slide included */
    uint64_t bytes; /* up to the end of the last page of the highest: whole pages */
    uint64_t slide; /* added to every address of the file; 0 for ET_EXEC */
    uint64_t entry; /* e_entry plus slide: in an executable segment */
    uint64_t rela;  /* virtual address of the RELATIVE relocations, slide included */
    uint64_t rela_count;
};

/* Reads and checks a whole kernel file.  Refusals, each LDR_BAD_KERNEL with a text that
 * names the file, and the program header where there is one: empty file; truncated in
 * the ELF header, the program headers, a segment, the dynamic section, the relocations;
 * not ELF; 32-bit; big-endian; another machine; neither ET_EXEC nor ET_DYN; no loadable
 * segment; too many; file size above memory size; a segment that wraps, that overlaps
 * another, that is both writable and executable, or that shares a page with one of
 * other rights; an address below LDR_IMAGE_LOWEST in an ET_EXEC; an entry outside
 * executable memory; relocations other than R_X86_64_RELATIVE and _NONE, or that write
 * outside the image; REL, RELR and JMPREL tables; a needed library; a PIE that can't be
 * slid, because it is too large or wants an alignment that is not a power of two up to
 * 2 GiB. Relocations are applied to an ET_EXEC as well: GNU ld makes one of a PIE that
 * is linked to an address other than 0. Empty segments (memory size 0) are passed over
 * whatever else they say. */
enum ldr_status ldr_image_read(struct ldr_image *ret_image, const char *name, const void *file,
                               uint64_t file_bytes, struct ldr_report *report);

/* Copies the segments to `memory` (image->bytes bytes, the image's first page first),
 * zeroes all between and behind them, and applies the relocations. */
void ldr_image_load(const struct ldr_image *image, void *memory);

#endif
