/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns CR4.LA57 over and comes back as if nothing had happened: a function of one
 * argument, the new root table, below 4 GiB.  levels.c copies it to a page below 4 GiB,
 * since 32-bit code is executed there with paging off.  It shares nothing with the
 * handoff page, which it serves to test.
 */
    .section .rodata.levels, "a", @progbits
    .globl levels_switch, levels_switch_end
    .hidden levels_switch, levels_switch_end

levels_switch:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    pushfq
    cli

    /* What a change of modes loses, and where it leads. */
    lea levels_switch(%rip), %rbx
    mov %rsp, stack(%rip)
    mov %cs, code(%rip)
    sgdt gdt(%rip)
    lea own(%rip), %rax
    mov %rax, own_gdt+2(%rip)
    lea in_32(%rip), %rax
    mov %eax, to_32(%rip)
    lea in_64(%rip), %rax
    mov %eax, to_64(%rip)

    lgdt own_gdt(%rip)
    ljmpl *to_32(%rip)

    .code32
in_32:
    mov %cr0, %eax
    btr $31, %eax
    mov %eax, %cr0              /* PG off */
    mov %cr4, %edx
    btc $12, %edx
    mov %edx, %cr4              /* the other LA57 */
    mov %edi, %cr3
    bts $31, %eax
    mov %eax, %cr0              /* PG on */
    ljmpl *%cs:to_64 - levels_switch(%ebx)

    .code64
in_64:
    mov stack(%rip), %rsp
    lgdt gdt(%rip)
    pushq code(%rip)
    lea home(%rip), %rax
    push %rax
    lretq
home:
    popfq
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

    .balign 8
own:
    .quad 0
    .quad 0x00cf9b000000ffff    /* 0x08: 32-bit code */
    .quad 0x00af9b000000ffff    /* 0x10: 64-bit code */
stack:
    .quad 0
code:
    .quad 0
to_32:
    .long 0
    .word 0x08
to_64:
    .long 0
    .word 0x10
own_gdt:
    .word 23
    .quad 0
gdt:
    .word 0
    .quad 0
levels_switch_end:

    .section .note.GNU-stack, "", @progbits
