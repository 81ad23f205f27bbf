/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel with a table of sections and of symbols, around the image of requests_kernel.h,
 * for the tests of what is said about its requests.
 */
#ifndef LOADER_TESTS_EXPLAIN_KERNEL_H
#define LOADER_TESTS_EXPLAIN_KERNEL_H

#include <elf.h>

#include "loader/tests/requests_kernel.h"

enum { EXPLAIN_SYMBOLS = 8, EXPLAIN_TEXT = 512, EXPLAIN_LIST = 8, EXPLAIN_LINES = 66 };

/* The sections, by index. */
enum { EXPLAIN_NONE, EXPLAIN_NAMES, EXPLAIN_SYMTAB, EXPLAIN_REQS, EXPLAIN_SECTIONS };

struct explain_file {
    Elf64_Ehdr header;
    Elf64_Shdr section[EXPLAIN_SECTIONS];
    Elf64_Sym symbol[EXPLAIN_SYMBOLS];
    uint64_t list[EXPLAIN_LIST]; /* what .limine_reqs holds, once it is named so */
    char text[EXPLAIN_TEXT];     /* names of sections and symbols */
};

struct explain_kernel {
    struct requests_kernel base;
    struct explain_file file;
    size_t text_used;
    unsigned symbols;
    unsigned lines;
    char line[EXPLAIN_LINES][LDR_REPORT_BYTES];
};

void explain_kernel_make(struct explain_kernel *kernel);
void explain_kernel_free(struct explain_kernel *kernel);

/* Adds a symbol at an offset of the image. */
void explain_symbol(struct explain_kernel *kernel, const char *name, uint64_t at, uint64_t bytes,
                    unsigned type);

/* Names section EXPLAIN_REQS `.limine_reqs`. */
void explain_list(struct explain_kernel *kernel);

/* Explains its requests, into kernel->line. */
void explain(struct explain_kernel *kernel);

/* Explains, and wants exactly these lines. */
void explained(struct explain_kernel *kernel, unsigned count, const char *const line[]);
#define EXPLAINED(kernel, ...)                                                                     \
    explained((kernel), sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *),              \
              (const char *const[]){__VA_ARGS__})

#endif
