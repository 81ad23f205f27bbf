/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of a command line: "name=value", separated by blanks.
 */
#ifndef LOADER_STUB_WORDS_H
#define LOADER_STUB_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* The number after "name=", which includes the equals sign, in this base (10 or 16).
 * False if the text has no such word, or no number there. */
bool words_number(const char *text, const char *name, unsigned base, uint64_t *ret_value);

/* Is this one of the words, as a whole? */
bool words_has(const char *text, const char *word);

/* The same of the kernel's own command line; `otherwise` where it has no such word. */
uint64_t words_on_command_line(const char *name, unsigned base, uint64_t otherwise);

#endif
