/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to reading a kernel image: what its parts want of each other: image.c, and
 * dynamic.c, relocations.c and relro.c that it calls.
 */
#ifndef LOADER_IMAGE_PARTS_H
#define LOADER_IMAGE_PARTS_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#include "loader/image.h"

/* Whether the file has `bytes` bytes at `offset`. */
bool ldr_image_holds(const struct ldr_image *image, uint64_t offset, uint64_t bytes);

/* The segment in whose memory all `bytes` (not 0) bytes at `virt` lie; null if
 * there is none.  Addresses are those after the slide. */
const struct ldr_segment *ldr_image_segment(const struct ldr_image *image, uint64_t virt,
                                            uint64_t bytes);

/* Reads the dynamic section that program header `index` describes: fills in relocations,
 * symbols and names.  Segments and slide shall be final. */
enum ldr_status ldr_dynamic_read(struct ldr_image *image, const Elf64_Phdr *dynamic, unsigned index,
                                 struct ldr_report *report);

/* Checks every relocation of the tables. */
enum ldr_status ldr_relocations_check(const struct ldr_image *image, struct ldr_report *report);

/* Applies them to the loaded image, whose first page is at `memory`. */
void ldr_relocations_apply(const struct ldr_image *image, void *memory);

/* Cuts the writable segments where the pages of this PT_GNU_RELRO begin and end, and makes these
 * pages read-only.  After the relocations were checked, since one may cross a cut. */
enum ldr_status ldr_relro_cut(struct ldr_image *image, const Elf64_Phdr *relro, unsigned index,
                              struct ldr_report *report);

#endif
