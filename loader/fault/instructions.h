/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single instructions, as functions: those that a report of a fault takes.
 */
#ifndef LOADER_FAULT_INSTRUCTIONS_H
#define LOADER_FAULT_INSTRUCTIONS_H

#include <stdint.h>

#define MSR_EFER UINT32_C(0xc0000080)

/* Bits 11:0 of CR3 are no part of the root's address, nor is bit 63. */
#define CR3_ROOT UINT64_C(0x000ffffffffff000)

static inline void port_write(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t port_read(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint64_t cr0_read(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

static inline uint64_t cr2_read(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t cr3_read(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static inline uint64_t cr4_read(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static inline uint64_t msr_read(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void pause_once(void)
{
    __asm__ volatile("pause");
}

/* Nothing but a reset or a non-maskable interrupt ends this. */
_Noreturn static inline void stop_for_ever(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

#endif
