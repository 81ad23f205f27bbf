/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ring 3, seen from the kernel: a program is a function that runs until it calls the system
 * or does what nobody can put right.
 */
#ifndef LOADER_STUB_USER_H
#define LOADER_STUB_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/fault/trap.h"
#include "loader/stub/trap_layout.h"

struct user {
    struct trap_frame frame;
    uint64_t address; /* CR2, after a page fault */
    /* Asked about each system call: true if it was answered (in frame->rax, say), and the
     * program goes on at once; false if user_run() shall return.  Null: it always returns. */
    bool (*call)(void *context, struct trap_frame *frame);
    void *context;
};

/* Makes SYSCALL lead into this kernel. */
void user_init(void);

/* A program that has not begun: zero in every register but these. */
void user_prepare(struct user *user, uint64_t rip, uint64_t rsp);

/* Runs the program in the address space that is current, from the registers in user->frame, and
 * puts there what they are when it stops: frame.vector says why, TRAP_SYSTEM_CALL or an
 * exception. */
void user_run(struct user *user);

/* For fault.c: the exception ends the program's run.  Changes *frame so that the processor
 * returns from user_run(). */
void user_stopped(struct trap_frame *frame, uint64_t address);

#endif
