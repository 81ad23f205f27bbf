/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of the 32 exceptions, and the way back out of a probe (fault.c).
 *
 * Every entry leaves the same picture on its stack (struct trap_frame): fifteen
 * registers, the vector, an error code (0 where the processor has none), and what the
 * processor pushed.
 */
.section .text.vectors, "ax", @progbits

.macro vector number
.balign 16
vector_\number:
    /* 8, 10 to 14, 17, 21, 29, 30 come with an error code. */
    .if !(\number == 8 || (\number >= 10 && \number <= 14) || \number == 17 || \
          \number == 21 || \number == 29 || \number == 30)
    push $0
    .endif
    push $\number
    jmp vector_common
.endm

.altmacro
.set number, 0
.rept 32
    vector %number
    .set number, number + 1
.endr

vector_common:
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
    cld
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

.section .rodata.vectors, "a", @progbits
.globl vector_entry
.balign 8
vector_entry:
.macro vector_address number
    .quad vector_\number
.endm
.set number, 0
.rept 32
    vector_address %number
    .set number, number + 1
.endr

.section .note.GNU-stack, "", @progbits
