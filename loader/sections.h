/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sections of a kernel file: where its debugging aids and its oldest way of listing
 * requests are.  Nothing that a kernel needs in order to run is read from them, so
 * whatever is wrong with them counts as "there is none".
 *
 * Source: System V ABI, chapter 4, "Sections".
 */
#ifndef LOADER_SECTIONS_H
#define LOADER_SECTIONS_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#include "loader/image.h"

/* The table of sections, checked to lie in the file. */
struct ldr_sections {
    const struct ldr_image *image;
    uint64_t offset; /* of the table in the file */
    uint64_t count;
    uint64_t names; /* index of the section that holds their names */
};

/* False where the file has no such table, or a broken one. */
bool ldr_sections_open(struct ldr_sections *ret_sections, const struct ldr_image *image);

/* index < sections->count. */
void ldr_section_read(const struct ldr_sections *sections, uint64_t index, Elf64_Shdr *ret_section);

/* The first section of that name; of that type, which the table names by number.  False if there
 * is none. */
bool ldr_section_by_name(const struct ldr_sections *sections, const char *name,
                         Elf64_Shdr *ret_section);
bool ldr_section_by_type(const struct ldr_sections *sections, uint32_t type,
                         Elf64_Shdr *ret_section);

/* A section's bytes in the file; null where it has none there. */
const uint8_t *ldr_section_bytes(const struct ldr_image *image, const Elf64_Shdr *section);

#endif
