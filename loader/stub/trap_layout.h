/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that C and assembly share.
 */
#ifndef LOADER_STUB_TRAP_LAYOUT_H
#define LOADER_STUB_TRAP_LAYOUT_H

#include "loader/fault/trap_layout.h"

/* Other selectors than the loader's, so that a stale one shows.  The order is SYSCALL's and
 * SYSRET's: the kernel's stack segment follows its code; a program's code follows its stack
 * segment, which follows a slot for 32-bit code, empty here. */
#define SELECTOR_CODE      0x08
#define SELECTOR_DATA      0x10
#define SELECTOR_USER_BASE 0x1b
#define SELECTOR_USER_DATA 0x23
#define SELECTOR_USER_CODE 0x2b
#define SELECTOR_TASK      0x30

/* In place of an exception's vector: the program called the system. */
#define TRAP_SYSTEM_CALL 0x100

#endif
