/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/live.h"

#include <cpuid.h>

#define MSR_PAT  0x277u
#define CR4_LA57 (UINT64_C(1) << 12)

static uint64_t read_cr4(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

void pgt_detect(struct pgt_arch *ret_arch)
{
    unsigned a, b, c, d;
    struct pgt_arch arch = {
        .levels = read_cr4() & CR4_LA57 ? 5 : 4,
        .physical_bits = 36, /* what PAE processors have that don't say (SDM 4.1.4) */
        .pat = PGT_PAT_RESET,
    };
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
        arch.no_execute = d & (1u << 20);
        arch.pages_1g = d & (1u << 26);
    }
    if (__get_cpuid(0x80000008, &a, &b, &c, &d))
        arch.physical_bits = (uint8_t)a;
    /* Without a PAT the selector bits mean what they mean with the reset value.
     */
    if (__get_cpuid(1, &a, &b, &c, &d) && (d & (1u << 16)))
        arch.pat = read_msr(MSR_PAT);
    *ret_arch = arch;
}
