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

/* Tables of relocations, in the order in which they are applied: what the first leaves, the
 * others may replace. */
enum ldr_relocation_table { LDR_RELR, LDR_RELA, LDR_JMPREL, LDR_RELOCATION_TABLES };

/* Entries that lie in the file, one behind the other. */
struct ldr_file_table {
    uint64_t offset;
    uint64_t count;
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
    uint64_t step;  /* it may be moved up by multiples of this; 0: it may not */
    uint64_t entry; /* e_entry plus slide: in an executable segment */
    struct ldr_file_table relocations[LDR_RELOCATION_TABLES];
    struct ldr_file_table symbols; /* dynamic ones: as many as there might be at most */
    struct ldr_file_table names;   /* of those symbols; count is in bytes */
};

/* Reads and checks a whole kernel file.  Refusals, each LDR_BAD_KERNEL with a text that
 * names the file, and the program header where there is one: empty file; truncated in
 * the ELF header, the program headers, a segment, the dynamic section, the relocations;
 * not ELF; 32-bit; big-endian; another machine; neither ET_EXEC nor ET_DYN; no loadable
 * segment; too many; file size above memory size; a segment that wraps, that overlaps
 * another, that is both writable and executable, or that shares a page with one of
 * other rights; an address below LDR_IMAGE_LOWEST in an ET_EXEC; an entry outside
 * executable memory; a needed library; a PIE that can't be slid, because it is too large or
 * wants an alignment that is not a power of two up to 2 GiB.
 *
 * Relocations are those of RELA, RELR and JMPREL tables: R_X86_64_RELATIVE, and _64, _GLOB_DAT
 * and _JUMP_SLOT against symbols that the image defines itself; an undefined weak symbol is 0.
 * Refused are other types, _IRELATIVE among them; symbols that are undefined, by their name, or
 * that a function of the kernel would have to be called for; what writes outside of the
 * segments; tables that are not in the file, of an odd size or an odd format; REL tables.
 * They are applied to an ET_EXEC as well: GNU ld makes one of a PIE that is linked to an
 * address other than 0.
 *
 * What PT_GNU_RELRO covers is a segment of its own without PGT_WRITE, as far as it is whole
 * pages: relocated, it is only read.  Empty segments (memory size 0) are passed over whatever
 * else they say. */
enum ldr_status ldr_image_read(struct ldr_image *ret_image, const char *name, const void *file,
                               uint64_t file_bytes, struct ldr_report *report);

/* Copies the segments to `memory` (image->bytes bytes, the image's first page first),
 * zeroes all between and behind them, and applies the relocations. */
void ldr_image_load(const struct ldr_image *image, void *memory);

#endif
