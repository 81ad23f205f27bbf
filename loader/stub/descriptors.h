/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor's descriptor tables: GDT, TSS and IDT.
 */
#ifndef LOADER_STUB_DESCRIPTORS_H
#define LOADER_STUB_DESCRIPTORS_H

#include <stdint.h>

/* Replaces the loader's descriptors, which lie in memory that it called
 * reclaimable, by the kernel's own, and catches all 32 exceptions. */
void descriptors_init(void);

/* The stack on which exceptions out of ring 3 arrive. */
void descriptors_set_kernel_stack(uint64_t rsp);

/* The ends of the stack that double faults arrive on. */
void descriptors_double_fault_stack(uint64_t *ret_lowest, uint64_t *ret_end);

#endif
