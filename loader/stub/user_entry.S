/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way into ring 3, and the ways back: user.c decides which.
 *
 * To the kernel a program is a function: user_enter() calls it, and it returns at
 * user_leave.  In between, system calls and exceptions arrive on the stack right below
 * user_enter()'s, and build a struct trap_frame there.
 */
#include "loader/stub/trap_layout.h"

.section .bss.user_entry, "aw", @nobits
.balign 8
/* One processor; with more these two would be its own, behind the GS base. */
.globl user_kernel_stack
user_kernel_stack:
    .skip 8
program_stack:
    .skip 8

.section .text.user_entry, "ax", @progbits

/* void user_enter(const struct trap_frame *frame)
 * Loads all registers from *frame. */
.globl user_enter
.type user_enter, @function
user_enter:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    sub $8, %rsp
    mov %rdi, %rbx
    mov %rsp, user_kernel_stack(%rip)
    mov %rsp, %rdi
    call descriptors_set_kernel_stack
    /* A copy on the stack, so that no interrupt ever finds it pointing elsewhere. */
    mov %rbx, %rsi
    sub $TRAP_FRAME_BYTES, %rsp
    mov %rsp, %rdi
    mov $TRAP_FRAME_BYTES / 8, %ecx
    rep movsq
    jmp restore_and_iret
/* With the stack pointer that user_kernel_stack had. */
.globl user_leave
user_leave:
    add $8, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
.size user_enter, . - user_enter

/* Where SYSCALL leads (MSR LSTAR): RIP is in RCX, RFLAGS in R11, and RSP still the
 * program's.  Interrupts are off (MSR FMASK). */
.globl user_system_call_entry
user_system_call_entry:
    mov %rsp, program_stack(%rip)
    mov user_kernel_stack(%rip), %rsp
    push $SELECTOR_USER_DATA
    push program_stack(%rip)
    push %r11
    push $SELECTOR_USER_CODE
    push %rcx
    push $0
    push $TRAP_SYSTEM_CALL
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, %rdi
    call user_system_call
    /* True: back to the program at once.  False: the frame leads to user_leave. */
    test %al, %al
    jz restore_and_iret
    call restore_registers
    add $16, %rsp
    pop %rcx
    add $8, %rsp
    pop %r11
    pop %rsp
    sysretq

restore_and_iret:
    call restore_registers
    add $16, %rsp
    iretq

/* Pops the registers that lie above its return address, and leaves the stack at the vector. */
restore_registers:
    mov 8(%rsp), %r15
    mov 16(%rsp), %r14
    mov 24(%rsp), %r13
    mov 32(%rsp), %r12
    mov 40(%rsp), %r11
    mov 48(%rsp), %r10
    mov 56(%rsp), %r9
    mov 64(%rsp), %r8
    mov 72(%rsp), %rbp
    mov 80(%rsp), %rdi
    mov 88(%rsp), %rsi
    mov 96(%rsp), %rdx
    mov 104(%rsp), %rcx
    mov 112(%rsp), %rbx
    mov 120(%rsp), %rax
    ret $120

.section .note.GNU-stack, "", @progbits
