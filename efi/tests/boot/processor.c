/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only ring 0 may do, in place of efi/ports.c and a few functions of the libraries: the
 * linker's --wrap lets every call of these arrive here.
 */
#include "efi/ports.h"
#include "efi/tests/boot/parts.h"
#include "loader/handoff.h"
#include "pagetables/live.h"

#define COM1         0x3f8
#define LINE_CONTROL (COM1 + 3)
#define LINE_STATUS  (COM1 + 5)

static bool latch_open; /* data is the divisor */

void __wrap_port_write(uint16_t port, uint8_t value);
uint8_t __wrap_port_read(uint16_t port);
uint32_t __wrap_port_read32(uint16_t port);
uint64_t __wrap_msr_read(uint32_t msr);
void __wrap_msr_write(uint32_t msr, uint64_t value);
struct cpuid __wrap_cpuid_read(uint32_t leaf, uint32_t subleaf);
void __wrap_interrupts_off(void);
_Noreturn void __wrap_processor_halt(void);
void __wrap_pgt_detect(struct pgt_arch *ret_arch);
void __wrap_ldr_control_read(struct ldr_control *ret_control);
_Noreturn void __wrap_ldr_handoff_jump(uint64_t handoff_phys);

void processor_start(const struct machine *machine)
{
    (void)machine;
    latch_open = false;
}

void __wrap_port_write(uint16_t port, uint8_t value)
{
    struct firmware *f = &the_firmware;

    if (port == LINE_CONTROL)
        latch_open = value & 0x80;
    if (port == COM1 && !latch_open && f->serial_bytes < SAID_BYTES - 1)
        f->serial[f->serial_bytes++] = (char)value;
}

uint8_t __wrap_port_read(uint16_t port)
{
    if (the_firmware.machine.serial == SERIAL_ABSENT)
        return 0xff;
    if (the_firmware.machine.serial == SERIAL_STUCK)
        return 0;
    return port == LINE_STATUS ? 0x60 : 0; /* the transmitter is empty, nothing was received */
}

uint32_t __wrap_port_read32(uint16_t port)
{
    static uint32_t ticks; /* of the ACPI timer, the only such port */

    (void)port;
    return ticks++ & 0xffffff;
}

uint64_t __wrap_msr_read(uint32_t msr)
{
    (void)msr;
    return 0;
}

void __wrap_msr_write(uint32_t msr, uint64_t value)
{
    (void)msr, (void)value;
}

/* No local APIC, no instruction for random numbers, no 5 levels: nothing that is used then. */
struct cpuid __wrap_cpuid_read(uint32_t leaf, uint32_t subleaf)
{
    (void)leaf, (void)subleaf;
    return (struct cpuid){0};
}

void __wrap_interrupts_off(void)
{
    the_firmware.interrupts = false;
}

_Noreturn void __wrap_processor_halt(void)
{
    firmware_end(HALTED);
}

void __wrap_pgt_detect(struct pgt_arch *ret_arch)
{
    unsigned levels = the_firmware.machine.levels;

    *ret_arch = (struct pgt_arch){.levels = (uint8_t)(levels ? levels : 4),
                                  .physical_bits = 48,
                                  .pages_1g = true,
                                  .no_execute = true};
}

void __wrap_ldr_control_read(struct ldr_control *ret_control)
{
    uint64_t write_protect = the_firmware.machine.write_protect_off ? 0 : 0x10000;
    uint64_t levels = the_firmware.machine.levels == 5 ? 0x1000 : 0;

    *ret_control = (struct ldr_control){
        .cr0 = 0x80000013 | write_protect, .cr4 = 0x668 | levels, .efer = 0xd00};
}

_Noreturn void __wrap_ldr_handoff_jump(uint64_t handoff_phys)
{
    (void)handoff_phys;
    firmware_end(JUMPED);
}
