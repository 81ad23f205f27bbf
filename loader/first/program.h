/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs and the kernel agree on.
 */
#ifndef LOADER_FIRST_PROGRAM_H
#define LOADER_FIRST_PROGRAM_H

/* Where a program finds itself. */
#define PROGRAM_TEXT        0x400000
#define PROGRAM_STACK       0x7ffffff00000 /* its lowest byte; a guard lies below */
#define PROGRAM_STACK_BYTES 0x10000

/* A call is this software interrupt: its number in RAX, arguments in RDI and RSI, the
 * result in RAX.  The first vector that is not an exception's. */
#define CALL_VECTOR 32
#define CALL_SAY    1 /* text, bytes: how many of them were said */
#define CALL_EXIT   2 /* status */

#ifndef __ASSEMBLER__
extern const char program_start[]; /* the page of the kernel's image that holds both */
_Noreturn void program_hello(void);
_Noreturn void program_stray(void);
#endif

#endif
