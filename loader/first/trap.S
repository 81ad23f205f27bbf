/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What C can't say: the entries of exceptions and of the system call, and the way into
 * ring 3 and back.
 */
#include "loader/first/first.h"
#include "loader/first/program.h"

.text

/* One entry a vector.  8, 10 to 14, 17, 21, 29 and 30 come with an error code; the others get
 * one, so that all look alike. */
.balign TRAP_ENTRY_BYTES
.globl trap_entry
trap_entry:
.set vector, 0
.rept CALL_VECTOR + 1
    .balign TRAP_ENTRY_BYTES
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
          vector == 29 || vector == 30)
    push $0
    .endif
    push $vector
    jmp trap_common
    .set vector, vector + 1
.endr

/* struct frame, from its end down.  The processor has aligned the stack. */
trap_common:
    .irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    push %\register
    .endr
    /* Ring 3 may have set the direction flag, which C wants clear, and AC, which opens user
     * pages to the kernel. */
    pushfq
    andl $~0x40400, (%rsp)
    popfq
    mov %rsp, %rdi
    call trap
    .irp register, r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
    pop %\register
    .endr
    add $16, %rsp
    iretq

/* void ring3_enter(uint64_t rip, uint64_t rsp)
 * To its caller a program is a function.  Traps arrive right below what is saved here. */
.globl ring3_enter
ring3_enter:
    .irp register, rbx, rbp, r12, r13, r14, r15
    push %\register
    .endr
    mov %rsp, tss+TSS_RSP0(%rip)
    push $SELECTOR_USER_DATA
    push %rsi
    push $2                    /* RFLAGS: no interrupts, since nobody would serve them */
    push $SELECTOR_USER_CODE
    push %rdi
    /* Nothing of the kernel's is left in a register. */
    .irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    xor %\register, %\register
    .endr
    iretq

/* void ring3_leave(void): ring3_enter() returns. */
.globl ring3_leave
ring3_leave:
    mov tss+TSS_RSP0(%rip), %rsp
    .irp register, r15, r14, r13, r12, rbp, rbx
    pop %\register
    .endr
    ret

.section .note.GNU-stack, "", @progbits
