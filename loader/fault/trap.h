/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor was doing when an exception, or a system call, came in between.
 */
#ifndef LOADER_FAULT_TRAP_H
#define LOADER_FAULT_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/fault/trap_layout.h"

/* Entries in assembly leave it on the stack; the order is theirs. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector;
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
};

_Static_assert(sizeof(struct trap_frame) == TRAP_FRAME_BYTES, "trap_entries.inc, user_entry.S");
_Static_assert(offsetof(struct trap_frame, rip) == 17 * 8, "trap_entries.inc, user_entry.S");

/* Exceptions that are told apart by more than their names. */
#define FAULT_DEBUG              1
#define FAULT_DOUBLE             8
#define FAULT_INVALID_TSS        10
#define FAULT_NOT_PRESENT        11
#define FAULT_STACK              12
#define FAULT_GENERAL_PROTECTION 13
#define FAULT_PAGE               14

/* Did it happen in ring 3? */
static inline bool trap_from_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) == 3;
}

#endif
