/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The early-fault net: what the loader and the net's own code share.  The loader fills it in
 * (loader/net.c), the net reads it when an exception comes (loader/net/main.c).
 */
#ifndef LOADER_NET_NET_H
#define LOADER_NET_NET_H

#include "loader/fault/descriptors.h"
#include "loader/fault/places.h"
#include "loader/fault/trap_layout.h"
#include "loader/limine.h"
#include "loader/net/block.h"
#include "pagetables/explain.h"

/* At the net's first byte (net.ld).  All are offsets from there. */
struct ldr_net_head {
    uint32_t entries;   /* of vector 0; the others follow, TRAP_ENTRY_BYTES apart */
    uint32_t data;      /* where pages begin that are written: all before are executed */
    uint32_t end;       /* of the data, where the processors' blocks begin; whole pages */
    uint32_t state;     /* struct ldr_net_state, in the data */
    uint32_t stack_top; /* of the stack that the report is made on, in the data */
    uint32_t relocations, relocations_end; /* 64-bit words to which the net's address is to be
                                              added, as a RELR table says where they are */
};

_Static_assert(sizeof(struct ldr_net_head) == 28, "net.ld, and build.mk, which cuts it off");

/* All addresses in it are the kernel's, virtual. */
struct ldr_net_state {
    struct gate idt[TRAP_VECTORS];
    struct pgt_arch arch;
    struct fault_places places;
    struct pgt_symbols symbols;       /* count 0: the kernel's file has none */
    struct limine_framebuffer screen; /* address 0: none */
};

/* One for each processor: several may fault at once, and each needs room for what the
 * processor pushes, until one of them has the report. */
struct ldr_net_block {
    struct tss tss;
    uint8_t stack[LDR_NET_BLOCK_BYTES - sizeof(struct tss)];
};
_Static_assert(sizeof(struct ldr_net_block) == LDR_NET_BLOCK_BYTES, "entries.S");
_Static_assert(LDR_NET_BLOCK_BYTES >= sizeof(struct tss) + TRAP_FRAME_BYTES + 64, "room");

#endif
