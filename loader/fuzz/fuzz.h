/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the fuzzers share.  Each is one program with libFuzzer (clang), AddressSanitizer and
 * UndefinedBehaviorSanitizer, and says what must hold whatever its input is.
 */
#ifndef LOADER_FUZZ_FUZZ_H
#define LOADER_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/report.h"

/* libFuzzer calls it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, with the place, unless `holds`. */
#define fuzz_expect(holds) fuzz_expect_at((holds), #holds, __FILE__, __LINE__)
void fuzz_expect_at(bool holds, const char *what, const char *file, int line);

/* A message for a person: one line of printable ASCII, and not empty. */
void fuzz_expect_line(const char *text);

/* A copy of exactly `size` bytes, which the caller frees: what is read beyond shows. */
uint8_t *fuzz_copy(const uint8_t *data, size_t size);

/* A log that keeps each of its lines to what fuzz_expect_line() says. */
struct ldr_log fuzz_log(void);

/* The input, taken from its start; zeros when it has come to its end. */
struct fuzz_input {
    const uint8_t *data;
    size_t size;
};
uint64_t fuzz_take(struct fuzz_input *input, unsigned bytes);

#endif
