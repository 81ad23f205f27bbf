/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single instructions of the processor that C has no words for, and most of which only ring 0
 * may execute.  Functions rather than macros, so that a test on the host can put others in
 * their place by the linker's --wrap (efi/tests/boot/processor.c, efi/tests/processors/model.c).
 */
#ifndef EFI_PORTS_H
#define EFI_PORTS_H

#include <stdint.h>

void port_write(uint16_t port, uint8_t value);
uint8_t port_read(uint16_t port);
uint32_t port_read32(uint16_t port);

uint64_t msr_read(uint32_t msr);
void msr_write(uint32_t msr, uint64_t value);

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};
struct cpuid cpuid_read(uint32_t leaf, uint32_t subleaf);

/* CR0, CR3, and forgetting what is cached of memory and of page tables. */
uint64_t cr0_read(void);
uint64_t cr3_read(void);
void cr0_write(uint64_t value);
void caches_flush(void);

void interrupts_off(void);
void processor_pause(void);
_Noreturn void processor_halt(void);

#endif
