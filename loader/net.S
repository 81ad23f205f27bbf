/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The early-fault net as bytes (loader/net/build.mk makes them).
 */
    .section .rodata.ldr_net, "a", @progbits
    .balign 4
    .globl ldr_net_head
    .hidden ldr_net_head
ldr_net_head:
    .incbin "net.head"
    .globl ldr_net_packed
    .hidden ldr_net_packed
ldr_net_packed:
    .incbin "net.bin.gz"
    .globl ldr_net_packed_end
    .hidden ldr_net_packed_end
ldr_net_packed_end:

    .section .note.GNU-stack, "", @progbits
