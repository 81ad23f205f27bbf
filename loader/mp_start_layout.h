/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things lie in the starting page, for the assembly that reads them and for the
 * structure that writes them (struct ldr_mp_start, which asserts that both agree).
 */
#ifndef LOADER_MP_START_LAYOUT_H
#define LOADER_MP_START_LAYOUT_H

/* Code from the page's first byte on, data from here on. */
#define LDR_MP_START_DATA 256

/* Within the data. */
#define LDR_MP_START_AT_GDT         0
#define LDR_MP_START_AT_TO_32       8
#define LDR_MP_START_AT_TO_64       16
#define LDR_MP_START_AT_ROOT        24
#define LDR_MP_START_AT_CR4         28
#define LDR_MP_START_AT_EFER        32
#define LDR_MP_START_AT_COUNT       36
#define LDR_MP_START_AT_PROCESSORS  40
#define LDR_MP_START_AT_HHDM        48
#define LDR_MP_START_AT_FUNCTION    56
#define LDR_MP_START_AT_CONTEXT     64
#define LDR_MP_START_AT_DESCRIPTORS 72

/* Of the descriptors that handoff_layout.h lists. */
#define LDR_DATA_32_SELECTOR 0x20

#endif
