/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loader's one meeting with the running processor, but for the handoff itself.
 */
#include "loader/handoff.h"

#define MSR_EFER 0xc0000080u

void ldr_control_read(struct ldr_control *ret_control)
{
    uint32_t low, high;

    __asm__ volatile("mov %%cr0, %0" : "=r"(ret_control->cr0));
    __asm__ volatile("mov %%cr4, %0" : "=r"(ret_control->cr4));
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_EFER));
    ret_control->efer = (uint64_t)high << 32 | low;
}
