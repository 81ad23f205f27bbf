/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs and kernel agree on.
 */
#ifndef LOADER_STUB_PROGRAMS_LAYOUT_H
#define LOADER_STUB_PROGRAMS_LAYOUT_H

/* System calls: the number in RAX, arguments in RDI, RSI, RDX, R10, R8, R9, the result in RAX. */
#define PROGRAM_CALL_EXIT 0 /* (result) */
#define PROGRAM_CALL_SUM  1 /* (a, b, c, d, e, f): a + 2b + 3c + 4d + 5e + 6f */
#define PROGRAM_CALL_SAY  2 /* (text, bytes): how many were said, or -1 */
#define PROGRAM_CALL_FORK 3 /* (): 0 in the child, its number in the parent */

#define PROGRAM_CONSTANT 0x1000
#define PROGRAM_COUNTER  41

#endif
