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
#define LDR_AT_GDT             72
#define LDR_AT_IDT             82

/* Selectors of the descriptors that the kernel finds: what the Limine boot protocol
 * prescribes, and behind it a task-state segment for LTR. */
#define LDR_CODE_SELECTOR 0x28
#define LDR_DATA_SELECTOR 0x30
#define LDR_TASK_SELECTOR 0x38

#endif
