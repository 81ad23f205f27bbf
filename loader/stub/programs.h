/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs (programs.S): where they lie in the kernel's image, to be copied from.
 */
#ifndef LOADER_STUB_PROGRAMS_H
#define LOADER_STUB_PROGRAMS_H

#include "loader/stub/programs_layout.h"

/* Three pages in a row, each of other rights in a program's address space. */
extern const char programs_text[], programs_rodata[], programs_data[], programs_end[];

/* Entries.  What a program exits with is its result. */
extern const char program_sum[];        /* that of the call, or 0 if a register was lost */
extern const char program_say[];        /* says a text of its read-only data; the call's result */
extern const char program_say_given[];  /* (text, bytes): the same with another text */
extern const char program_segments[];   /* CONSTANT + ++counter, by way of the stack */
extern const char program_read[];       /* (address): the word there */
extern const char program_write[];      /* (address, word): the word there afterwards */
extern const char program_execute[];    /* (address): calls it */
extern const char program_fork[];       /* (number): that plus what the fork returned */
extern const char program_overflow[];   /* calls itself until its stack is at its end */
extern const char program_privileged[]; /* an instruction of ring 0 */
extern const char program_key[];        /* (address, word, PKRU): sets PKRU, writes the word */

#endif
