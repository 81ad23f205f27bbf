/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where exceptions arrive, on the small stack in the processor's block, whichever exception
 * it was: the kernel's own stack may be what is broken.
 *
 * The first processor that comes gets the net for good, and its stack.  Where it comes again the
 * report itself has faulted.  All others stop.
 */
#include "loader/fault/trap_entries.inc"
#include "loader/net/block.h"

    .section .bss.net_owner, "aw", @nobits
    .balign 8
net_owner:                      /* its block's address */
    .skip 8

    .section .text.net_entries, "ax", @progbits
    .globl net_entries
    .balign TRAP_ENTRY_BYTES
net_entries:
    trap_entries net_common

net_common:
    trap_push
    mov %rsp, %rdi
    mov %rsp, %rsi
    and $-LDR_NET_BLOCK_BYTES, %rsi
    xor %eax, %eax
    lock cmpxchg %rsi, net_owner(%rip)
    je 1f
    cmp %rsi, %rax
    jne 2f
1:  lea net_stack_top(%rip), %rsp
    call net_fault              /* doesn't return */
2:  cli
    hlt
    jmp 2b

    .section .note.GNU-stack, "", @progbits
