/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of the 32 exceptions, and the way back out of a probe (fault.c).
 */
#include "loader/fault/trap_entries.inc"

.section .text.vectors, "ax", @progbits

.globl vector_entries
.balign TRAP_ENTRY_BYTES
vector_entries:
    trap_entries vector_common

vector_common:
    trap_push
    mov %rsp, %rdi
    call fault_handle
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rbp
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rbx
    pop %rax
    add $16, %rsp
    iretq

/* bool fault_call(uint64_t *ret_rsp, void (*f)(uint64_t), uint64_t argument)
 * Calls f(argument) and returns false; but if a handler sets RIP to
 * fault_recover and RSP to *ret_rsp, it returns true from there. */
.globl fault_call
.type fault_call, @function
fault_call:
    push %rbp
    mov %rsp, %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    sub $8, %rsp
    mov %rsp, (%rdi)
    mov %rdx, %rdi
    call *%rsi
    xor %eax, %eax
    jmp 1f
.globl fault_recover
fault_recover:
    mov $1, %eax
1:  add $8, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
.size fault_call, . - fault_call

.section .note.GNU-stack, "", @progbits
