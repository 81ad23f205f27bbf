/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor's descriptor tables: GDT, TSS and IDT.
 */
#ifndef LOADER_STUB_DESCRIPTORS_H
#define LOADER_STUB_DESCRIPTORS_H

/* Replaces the loader's descriptors, which lie in memory that it called
 * reclaimable, by the kernel's own, and catches all 32 exceptions. */
void descriptors_init(void);

#endif
