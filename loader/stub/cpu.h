/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single instructions, as functions.
 */
#ifndef LOADER_STUB_CPU_H
#define LOADER_STUB_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/fault/instructions.h"

#define MSR_STAR  UINT32_C(0xc0000081)
#define MSR_LSTAR UINT32_C(0xc0000082)
#define MSR_FMASK UINT32_C(0xc0000084)
#define MSR_PAT   UINT32_C(0x277)

#define CR0_PE    UINT64_C(0x1)
#define CR0_ET    UINT64_C(0x10)
#define CR0_WP    UINT64_C(0x10000)
#define CR0_PG    UINT64_C(0x80000000)
#define CR4_PAE   UINT64_C(0x20)
#define CR4_PGE   UINT64_C(0x80)
#define CR4_LA57  UINT64_C(0x1000)
#define CR4_PCIDE UINT64_C(0x20000)
#define CR4_SMEP  UINT64_C(0x100000)
#define CR4_SMAP  UINT64_C(0x200000)
#define CR4_PKE   UINT64_C(0x400000)
#define EFER_SCE  UINT64_C(0x1)
#define EFER_LME  UINT64_C(0x100)
#define EFER_LMA  UINT64_C(0x400)
#define EFER_NXE  UINT64_C(0x800)

#define RFLAGS_FIXED UINT64_C(0x2) /* always 1 */
#define RFLAGS_TF    UINT64_C(0x100)
#define RFLAGS_IF    UINT64_C(0x200)
#define RFLAGS_DF    UINT64_C(0x400)
#define RFLAGS_NT    UINT64_C(0x4000)
#define RFLAGS_AC    UINT64_C(0x40000)

/* Everything that is not global leaves the TLB with it. */
static inline void cr3_write(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline void page_invalidate(uint64_t virt)
{
    __asm__ volatile("invlpg (%0)" : : "r"(virt) : "memory");
}

static inline void cr4_write(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

static inline bool cpu_has_no_execute(void)
{
    uint32_t a = UINT32_C(0x80000001), b, c = 0, d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return d >> 20 & 1;
}

static inline uint64_t time_stamp(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

#endif
