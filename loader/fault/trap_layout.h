/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers of exceptions that C and assembly share.
 */
#ifndef LOADER_FAULT_TRAP_LAYOUT_H
#define LOADER_FAULT_TRAP_LAYOUT_H

/* Size of struct trap_frame. */
#define TRAP_FRAME_BYTES 176

/* Vectors of exceptions, and how far apart their entries are (trap_entries.inc). */
#define TRAP_VECTORS     32
#define TRAP_ENTRY_BYTES 16

#endif
