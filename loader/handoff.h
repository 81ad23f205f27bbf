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
 *
 * The first step stays in 64-bit mode, unless the kernel's tables have other levels than
 * firmware's: CR4.LA57 can be changed only while paging is off, and that only in 32-bit
 * mode.  So the page then goes that way round, at its physical address all the while.
 */
#ifndef LOADER_HANDOFF_H
#define LOADER_HANDOFF_H

#include <stddef.h>
#include <stdint.h>

#include "loader/handoff_layout.h"
#include "loader/limine.h"
#include "loader/plan.h"

/* What a far jump reads that leads to a mode of another width. */
struct ldr_far_pointer {
    uint32_t offset; /* physical: both ends of the jump are in the identity mapped page */
    uint16_t selector;
};

/* What the page's code reads; it lies in the page itself, LDR_HANDOFF_DATA bytes
 * from its start. */
struct ldr_handoff {
    uint64_t transition_root; /* physical */
    uint64_t kernel_root;     /* physical */
    uint64_t upper;           /* virtual address of this page in the shared upper */
    uint64_t stack_top;       /* virtual */
    uint64_t entry;           /* virtual */
    uint64_t cr0;
    uint64_t cr4;
    uint64_t efer;
    uint64_t pat;
    uint64_t cr4_first;   /* cr4, but with firmware's levels: differs only if they change */
    uint16_t gdt_limit;   /* what LGDT reads: the limit, */
    uint16_t gdt_base[4]; /* and the virtual address of the descriptors, unaligned */
    uint16_t idt_limit;   /* what LIDT reads: nothing at nowhere */
    uint16_t idt_base[4];
    /* All 0 unless the levels change: */
    uint16_t own_gdt_limit;       /* what LGDT reads for the way through 32-bit mode: */
    uint16_t own_gdt_base[4];     /* the descriptors below, physical */
    struct ldr_far_pointer to_32; /* from 64-bit to 32-bit mode, */
    struct ldr_far_pointer to_64; /* and back */
    uint64_t descriptor[LDR_GDT_BYTES / 8];
    uint64_t stack_apart; /* from the top of a processor's stack to the next one's */
    /* 0 unless there are further processors: */
    uint64_t processors; /* virtual address of their array of struct limine_mp_info */
};

_Static_assert(offsetof(struct ldr_handoff, transition_root) == LDR_AT_TRANSITION_ROOT, "layout");
_Static_assert(offsetof(struct ldr_handoff, kernel_root) == LDR_AT_KERNEL_ROOT, "layout");
_Static_assert(offsetof(struct ldr_handoff, upper) == LDR_AT_UPPER, "layout");
_Static_assert(offsetof(struct ldr_handoff, stack_top) == LDR_AT_STACK_TOP, "layout");
_Static_assert(offsetof(struct ldr_handoff, entry) == LDR_AT_ENTRY, "layout");
_Static_assert(offsetof(struct ldr_handoff, cr0) == LDR_AT_CR0, "layout");
_Static_assert(offsetof(struct ldr_handoff, cr4) == LDR_AT_CR4, "layout");
_Static_assert(offsetof(struct ldr_handoff, efer) == LDR_AT_EFER, "layout");
_Static_assert(offsetof(struct ldr_handoff, pat) == LDR_AT_PAT, "layout");
_Static_assert(offsetof(struct ldr_handoff, cr4_first) == LDR_AT_CR4_FIRST, "layout");
_Static_assert(offsetof(struct ldr_handoff, gdt_limit) == LDR_AT_GDT, "layout");
_Static_assert(offsetof(struct ldr_handoff, gdt_base) == LDR_AT_GDT + 2, "layout");
_Static_assert(offsetof(struct ldr_handoff, idt_limit) == LDR_AT_IDT, "layout");
_Static_assert(offsetof(struct ldr_handoff, idt_base) == LDR_AT_IDT + 2, "layout");
_Static_assert(offsetof(struct ldr_handoff, own_gdt_limit) == LDR_AT_OWN_GDT, "layout");
_Static_assert(offsetof(struct ldr_handoff, own_gdt_base) == LDR_AT_OWN_GDT + 2, "layout");
_Static_assert(offsetof(struct ldr_handoff, to_32) == LDR_AT_TO_32, "layout");
_Static_assert(offsetof(struct ldr_handoff, to_64) == LDR_AT_TO_64, "layout");
_Static_assert(offsetof(struct ldr_far_pointer, selector) == 4, "layout");
_Static_assert(offsetof(struct ldr_handoff, descriptor) == LDR_AT_DESCRIPTORS, "layout");
_Static_assert(offsetof(struct ldr_handoff, stack_apart) == LDR_AT_STACK_APART, "layout");
_Static_assert(offsetof(struct ldr_handoff, processors) == LDR_AT_PROCESSORS, "layout");
_Static_assert(LDR_HANDOFF_DATA + sizeof(struct ldr_handoff) <= 4096, "one page");
_Static_assert(sizeof(struct limine_mp_info) == 1 << LDR_MP_SHIFT, "layout");
_Static_assert(offsetof(struct limine_mp_info, lapic_id) == LDR_MP_AT_LAPIC_ID, "layout");
_Static_assert(offsetof(struct limine_mp_info, reserved) == LDR_MP_AT_RESERVED, "layout");
_Static_assert(offsetof(struct limine_mp_info, goto_address) == LDR_MP_AT_GOTO, "layout");

/* The processor's control registers as firmware left them. */
struct ldr_control {
    uint64_t cr0, cr4, efer;
};

/* Reads them.  Ring 0 only. */
void ldr_control_read(struct ldr_control *ret_control);

/* Fills `page` (4096 bytes, at plan->handoff_phys) with code and data.
 * `gdt` (LDR_GDT_BYTES, at gdt_virt in the direct map, writable since LTR marks its
 * descriptor busy there) receives the descriptors.
 *
 * If arch.levels are not those of firmware->cr4, plan->handoff_phys and transition_root
 * shall lie below 4 GiB.  All else may lie anywhere.
 *
 * State at the kernel's entry:
 * - CR0, CR4 and EFER: from base revision 5 on exactly the bits that the protocol names
 *   (CR4.LA57 as arch.levels says); below it firmware's others are kept, but for those
 *   that would bind a kernel which never asked for them;
 * - GDTR: gdt_virt; CS 0x28, the other segments 0x30, their bases 0; LDTR null; IDTR
 *   empty; TR 0x38, a task-state segment of limit 0, since LTR can't load null (another
 *   one, and an IDT, if ldr_net_arm() follows);
 * - RFLAGS 2, general registers 0, RSP 8 below plan->stack_top, a zero there. */
void ldr_handoff_prepare(void *page, const struct ldr_plan *plan, uint64_t transition_root,
                         uint64_t kernel_root, uint64_t entry, const struct ldr_control *firmware,
                         void *gdt, uint64_t gdt_virt);

/* The descriptors that the protocol prescribes, and a task-state segment. */
extern const uint64_t ldr_descriptor[LDR_GDT_BYTES / 8];

/* Makes a prepared page, and its descriptors, fit for `count` processors, of which the first
 * is the one that runs the kernel's entry: from 1 to LDR_PROCESSORS_MOST.  `gdt` shall have
 * ldr_handoff_gdt_bytes(count).  `processors` is the virtual address of their array of struct
 * limine_mp_info; each one's `reserved` but the first's is the top of its stack as the plan has
 * it, which it sets to 0 when it takes it. */
void ldr_handoff_add_processors(void *page, void *gdt, size_t count, uint64_t processors);
size_t ldr_handoff_gdt_bytes(size_t count);

/* The same jump on a further processor, `index` in that array, from 1 on: it comes to the same
 * state on its own stack, and waits for a goto_address there; RDI is its info then.  The page
 * may be used by all processors at once.  One whose `reserved` is 0 already stops for good. */
_Noreturn void ldr_handoff_park(uint64_t handoff_phys, uint32_t index);

/* Jumps; interrupts shall be off, boot services ended, and the page executable
 * at its physical address in the tables that are live. */
_Noreturn void ldr_handoff_jump(uint64_t handoff_phys);

#endif
