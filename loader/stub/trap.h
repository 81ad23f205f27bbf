/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor was doing when it entered the kernel, by exception or system call.
 */
#ifndef LOADER_STUB_TRAP_H
#define LOADER_STUB_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/stub/trap_layout.h"

/* vectors.S and user_entry.S leave it on the stack; the order is theirs. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector;
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
};

_Static_assert(sizeof(struct trap_frame) == TRAP_FRAME_BYTES, "vectors.S, user_entry.S");
_Static_assert(offsetof(struct trap_frame, rip) == 17 * 8, "vectors.S, user_entry.S");

/* Did it happen in ring 3? */
static inline bool trap_from_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) == 3;
}

#endif
