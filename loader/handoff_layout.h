/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things lie in the handoff page, for the assembly that reads them and for the
 * structure that writes them (struct ldr_handoff, which asserts that both agree).
 */
#ifndef LOADER_HANDOFF_LAYOUT_H
#define LOADER_HANDOFF_LAYOUT_H

/* Code from the page's first byte on, data from here on. */
#define LDR_HANDOFF_DATA 2048

/* Within the data. */
#define LDR_AT_TRANSITION_ROOT 0
#define LDR_AT_KERNEL_ROOT     8
#define LDR_AT_UPPER           16
#define LDR_AT_STACK_TOP       24
#define LDR_AT_ENTRY           32
#define LDR_AT_CR0             40
#define LDR_AT_CR4             48
#define LDR_AT_EFER            56
#define LDR_AT_PAT             64
#define LDR_AT_CR4_FIRST       72
#define LDR_AT_GDT             80
#define LDR_AT_IDT             90
#define LDR_AT_OWN_GDT         100
#define LDR_AT_TO_32           112
#define LDR_AT_TO_64           120
#define LDR_AT_DESCRIPTORS     128
#define LDR_AT_STACK_APART     200
#define LDR_AT_PROCESSORS      208

/* Selectors of the descriptors that the kernel finds: what the Limine boot protocol
 * prescribes, and behind it a task-state segment for LTR. */
#define LDR_CODE_32_SELECTOR 0x18
#define LDR_CODE_SELECTOR    0x28
#define LDR_DATA_SELECTOR    0x30
#define LDR_TASK_SELECTOR    0x38

/* Descriptors: null, code16, data16, code32, data32, code64, data64, and a TSS of
 * base 0 and limit 0, which takes two. */
#define LDR_GDT_BYTES 72

/* Each further processor has such a task-state segment of its own, as LTR wants one that isn't
 * in use.  A descriptor table holds no more than 64 KiB. */
#define LDR_TASK_BYTES      16
#define LDR_PROCESSORS_MOST ((65536 - LDR_GDT_BYTES) / LDR_TASK_BYTES + 1)

/* In struct limine_mp_info, of 1 << LDR_MP_SHIFT bytes. */
#define LDR_MP_SHIFT       5
#define LDR_MP_AT_LAPIC_ID 4
#define LDR_MP_AT_RESERVED 8
#define LDR_MP_AT_GOTO     16

#endif
