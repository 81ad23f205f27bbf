/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where further processors start: a page below 1 MiB, since a processor that is called begins
 * in real mode at a page's first byte.
 *
 *   real mode -> protected mode -> 64-bit mode in firmware's tables, in this page;
 *   then a function of the caller's, in C, which ends in ldr_handoff_park():
 *   the handoff page brings it to the kernel's tables, and there it waits.
 *
 * So the kernel's tables know nothing of this page, and it is free again when all have come.
 */
#ifndef LOADER_MP_START_H
#define LOADER_MP_START_H

#include "loader/handoff.h"
#include "loader/mp_start_layout.h"

/* The last address at which the page may end: what 8 bits of page number reach. */
#define LDR_MP_START_HIGHEST UINT64_C(0xfffff)

/* What the page's code reads; it lies in the page itself. */
struct ldr_mp_start {
    uint16_t gdt_limit; /* what LGDT reads: the limit, */
    uint16_t gdt_base[2];
    uint16_t unused;
    struct ldr_far_pointer to_32;
    struct ldr_far_pointer to_64;
    uint32_t root; /* what CR3, CR4 and EFER shall be */
    uint32_t cr4;
    uint32_t efer;
    uint32_t count;
    uint64_t processors; /* physical address of the array of struct limine_mp_info */
    uint64_t hhdm;       /* what takes a stack's address to its physical one */
    uint64_t function;
    uint64_t context;
    uint64_t descriptor[LDR_GDT_BYTES / 8];
};

_Static_assert(offsetof(struct ldr_mp_start, gdt_limit) == LDR_MP_START_AT_GDT, "layout");
_Static_assert(offsetof(struct ldr_mp_start, gdt_base) == LDR_MP_START_AT_GDT + 2, "layout");
_Static_assert(offsetof(struct ldr_mp_start, to_32) == LDR_MP_START_AT_TO_32, "layout");
_Static_assert(offsetof(struct ldr_mp_start, to_64) == LDR_MP_START_AT_TO_64, "layout");
_Static_assert(offsetof(struct ldr_mp_start, root) == LDR_MP_START_AT_ROOT, "layout");
_Static_assert(offsetof(struct ldr_mp_start, cr4) == LDR_MP_START_AT_CR4, "layout");
_Static_assert(offsetof(struct ldr_mp_start, efer) == LDR_MP_START_AT_EFER, "layout");
_Static_assert(offsetof(struct ldr_mp_start, count) == LDR_MP_START_AT_COUNT, "layout");
_Static_assert(offsetof(struct ldr_mp_start, processors) == LDR_MP_START_AT_PROCESSORS, "layout");
_Static_assert(offsetof(struct ldr_mp_start, hhdm) == LDR_MP_START_AT_HHDM, "layout");
_Static_assert(offsetof(struct ldr_mp_start, function) == LDR_MP_START_AT_FUNCTION, "layout");
_Static_assert(offsetof(struct ldr_mp_start, context) == LDR_MP_START_AT_CONTEXT, "layout");
_Static_assert(offsetof(struct ldr_mp_start, descriptor) == LDR_MP_START_AT_DESCRIPTORS, "layout");
_Static_assert(LDR_MP_START_DATA + sizeof(struct ldr_mp_start) <= 4096, "one page");

/* Called on each processor that comes, with interrupts off and no IDT, on its own stack, in
 * firmware's page tables.  `index` is its place in the array, from 1 on.  Never returns. */
typedef void ldr_mp_function(void *context, uint32_t index);

/* How processors get into 64-bit mode, and what they do there. */
struct ldr_mp_way {
    uint64_t root;              /* below 4 GiB: a root with what firmware's has in it, */
    struct ldr_control control; /* and firmware's control registers */
    uint64_t processors;        /* physical; the array as ldr_handoff_add_processors() wants it */
    size_t count;
    uint64_t hhdm; /* offset of the direct map, in which the stacks' addresses are */
    ldr_mp_function *function;
    void *context;
};

/* Fills `page` (4096 bytes, at page_phys: not 0, ending at LDR_MP_START_HIGHEST or below).  It
 * shall be executable in the tables of way->root, at its physical address.  Nothing
 * writes to it after this; all processors may start there at once.  One that finds itself not
 * in the array, or its stack taken, stops for good. */
void ldr_mp_start_prepare(void *page, uint64_t page_phys, const struct ldr_mp_way *way);

#endif
