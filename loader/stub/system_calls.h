/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs may ask of the kernel (programs_layout.h).
 */
#ifndef LOADER_STUB_SYSTEM_CALLS_H
#define LOADER_STUB_SYSTEM_CALLS_H

#include <stdbool.h>

#include "loader/fault/trap.h"

/* For struct user: answers SUM and SAY, of the struct process that the context is, and any number
 * that it doesn't know (-1).  EXIT and FORK end the run. */
bool system_call(void *process, struct trap_frame *frame);

#endif
