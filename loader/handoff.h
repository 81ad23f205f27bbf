/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handoff: the last instructions of the loader.
 *
 * They run from one page of their own, which is identity mapped in the
 * transition root and mapped once more in the shared upper.  So they go on
 * running through both loads of CR3:
 *
 *   firmware's tables --CR3--> transition root --jump to the upper--> --CR3--> kernel root
 *   (page at its physical address)              (page at plan->handoff_virt)
 */
#ifndef LOADER_HANDOFF_H
#define LOADER_HANDOFF_H

#include <stdint.h>

#include "loader/plan.h"

/* What the page's code reads; it lies in the page itself, LDR_HANDOFF_DATA bytes
 * from its start.  loader/handoff.S uses these offsets. */
struct ldr_handoff {
    uint64_t transition_root; /* 0: physical */
    uint64_t kernel_root;     /* 8: physical */
    uint64_t upper;           /* 16: virtual address of this page in the shared upper */
    uint64_t stack_top;       /* 24: virtual */
    uint64_t entry;           /* 32: virtual */
    uint64_t cr0;             /* 40 */
    uint64_t cr4;             /* 48 */
    uint64_t efer;            /* 56 */
    uint64_t pat;             /* 64 */
    uint16_t gdt_limit;       /* 72 */
    uint16_t gdt_base[4];     /* 74: virtual address of the descriptors, unaligned */
    uint16_t idt_limit;       /* 82 */
    uint16_t idt_base[4];     /* 84 */
    uint32_t load_idt;        /* 92: not 0: load IDTR, LDTR and TR as well */
    uint64_t gdt[9];          /* 96: null, code16, data16, code32, data32, code64, data64, TSS of limit 0 */
};
#define LDR_HANDOFF_DATA 2048

_Static_assert(offsetof(struct ldr_handoff, gdt_limit) == 72, "handoff.S");
_Static_assert(offsetof(struct ldr_handoff, idt_limit) == 82, "handoff.S");
_Static_assert(offsetof(struct ldr_handoff, load_idt) == 92, "handoff.S");
_Static_assert(offsetof(struct ldr_handoff, gdt) == 96, "handoff.S");

/* The processor's control registers as firmware left them. */
struct ldr_control {
    uint64_t cr0, cr4, efer;
};

/* Fills `page` (4096 bytes, at layout->handoff_phys) with code and data.
 * `gdt` (72 bytes, writable in the direct map at gdt_virt) receives the descriptors.
 * Entry state: base revision 5 on clears every control bit that the protocol doesn't name;
 * below it firmware's are kept, but for PCIDE and PGE.  CR4.LA57 stays as arch.levels says. */
void ldr_handoff_prepare(void *page, const struct ldr_plan *plan, uint64_t transition_root,
                         uint64_t kernel_root, uint64_t entry, const struct ldr_control *firmware,
                         void *gdt, uint64_t gdt_virt);

/* Jumps; interrupts shall be off, boot services ended, and the page executable
 * at its physical address in the tables that are live. */
_Noreturn void ldr_handoff_jump(uint64_t handoff_phys);

#endif
