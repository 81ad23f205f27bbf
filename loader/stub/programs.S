/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs for ring 3: three pages, copied together into each address space, so that they find
 * each other relative to RIP wherever that is.  programs.h says what each does.
 */
#include "loader/stub/programs_layout.h"

/* No code to the kernel, and never executable in its own address space. */
.section .user.text, "a", @progbits
.globl programs_text
programs_text:

.macro exit_with register
    mov \register, %rdi
    mov $PROGRAM_CALL_EXIT, %eax
    syscall
    ud2
.endm

/* The arguments are in RDI, RSI, RDX, R10, R8 and R9 already.  A call may change RAX, RCX
 * and R11, and no other register. */
.globl program_sum
.type program_sum, @function
program_sum:
    mov $0x1111, %ebx
    mov $0x2222, %ebp
    mov $0x3333, %r12d
    mov $0x4444, %r15d
    mov %rsp, %r14
    mov $PROGRAM_CALL_SUM, %eax
    syscall
    cmp $0x1111, %rbx
    jne 1f
    cmp $0x2222, %rbp
    jne 1f
    cmp $0x3333, %r12
    jne 1f
    cmp $0x4444, %r15
    jne 1f
    cmp %r14, %rsp
    jne 1f
    exit_with %rax
1:  xor %eax, %eax
    exit_with %rax

.globl program_say
.type program_say, @function
program_say:
    lea greeting(%rip), %rdi
    mov $greeting_end - greeting, %esi
.globl program_say_given
.type program_say_given, @function
program_say_given:
    mov $PROGRAM_CALL_SAY, %eax
    syscall
    exit_with %rax

.globl program_segments
.type program_segments, @function
program_segments:
    incq counter(%rip)
    push counter(%rip)
    mov constant(%rip), %rax
    add %rax, (%rsp)
    pop %rax
    exit_with %rax

.globl program_read
.type program_read, @function
program_read:
    mov (%rdi), %rax
    exit_with %rax

.globl program_write
.type program_write, @function
program_write:
    mov %rsi, (%rdi)
    mov (%rdi), %rax
    exit_with %rax

.globl program_execute
.type program_execute, @function
program_execute:
    call *%rdi
    exit_with %rdi

.globl program_fork
.type program_fork, @function
program_fork:
    mov %rdi, counter(%rip)
    mov $PROGRAM_CALL_FORK, %eax
    syscall
    add %rax, counter(%rip)
    exit_with counter(%rip)

.globl program_overflow
.type program_overflow, @function
program_overflow:
    call program_overflow

.globl program_privileged
.type program_privileged, @function
program_privileged:
    cli
    exit_with %rdi

.globl program_key
.type program_key, @function
program_key:
    mov %edx, %eax
    xor %ecx, %ecx
    xor %edx, %edx
    wrpkru
    mov %rsi, (%rdi)
    exit_with %rdi

.section .user.rodata, "a", @progbits
.globl programs_rodata
programs_rodata:
.balign 8
constant:
    .quad PROGRAM_CONSTANT
greeting:
    .ascii "a program in ring 3 says hello"
greeting_end:

/* Read-only here; each program has a writable copy of it. */
.section .user.data, "a", @progbits
.globl programs_data
programs_data:
.balign 8
counter:
    .quad PROGRAM_COUNTER

.section .note.GNU-stack, "", @progbits
