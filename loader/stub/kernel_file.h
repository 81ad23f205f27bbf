/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own ELF file, as the loader hands it over: its sections and its symbols.
 */
#ifndef LOADER_STUB_KERNEL_FILE_H
#define LOADER_STUB_KERNEL_FILE_H

#include <stdbool.h>

#include "pagetables/explain.h"
#include "pagetables/sections.h"

/* The section headers, with addresses as linked; *ret_slide is to be added.  False if the loader gave no file, or it has none. */
bool kernel_file_sections(struct pgt_elf_sections *ret_sections, uint64_t *ret_slide);

/* Where the kernel runs, less where its file says that it is linked to. */
uint64_t kernel_file_slide(const void *file);

/* The symbol table, with the slide.  False if there is none: then
 * ret_symbols is empty, which is fine for reports. */
bool kernel_file_symbols(struct pgt_symbols *ret_symbols);

#endif
