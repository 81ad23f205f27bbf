/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only ring 0 may do, in place of efi/ports.c and a few functions of the libraries: the
 * linker's --wrap lets every call of these arrive here.
 */
#include "efi/ports.h"
#include "efi/tests/boot/parts.h"
#include "loader/limine.h"
#include "loader/mp_start.h"
#include "pagetables/live.h"

#define COM1         0x3f8
#define LINE_CONTROL (COM1 + 3)
#define LINE_STATUS  (COM1 + 5)

#define MSR_APIC_BASE UINT32_C(0x1b)
#define MSR_COMMAND   UINT32_C(0x830)
#define APIC_IN_X2    UINT64_C(0xfee00d00) /* on, in x2APIC mode, of the first processor */
#define COMMAND_START 0x600

#define CPUID_1_ECX_X2APIC (1u << 21)
#define CPUID_1_EDX_APIC   (1u << 9)
#define CPUID_1_EDX_MTRR   (1u << 12)

static bool latch_open; /* data is the divisor */
static uint64_t root[512] __attribute__((aligned(4096)));

void __wrap_port_write(uint16_t port, uint8_t value);
uint8_t __wrap_port_read(uint16_t port);
uint32_t __wrap_port_read32(uint16_t port);
uint64_t __wrap_msr_read(uint32_t msr);
void __wrap_msr_write(uint32_t msr, uint64_t value);
struct cpuid __wrap_cpuid_read(uint32_t leaf, uint32_t subleaf);
uint64_t __wrap_cr3_read(void);
uint64_t __wrap_tsc_read(void);
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
    return msr == MSR_APIC_BASE ? APIC_IN_X2 : 0;
}

/* The other processor, which is called by a page's number.  It finds itself in the list that
 * stands there, and takes its stack. */
static void call_processor(uint32_t apic_id, uint64_t page)
{
    const struct ldr_mp_start *way = (const void *)(page + LDR_MP_START_DATA);
    struct limine_mp_info *info = (void *)way->processors;

    for (uint32_t i = 0; i < way->count && the_firmware.machine.full; i++)
        if (info[i].lapic_id == apic_id && info[i].reserved) {
            info[i].reserved = 0;
            the_firmware.processors++;
        }
}

void __wrap_msr_write(uint32_t msr, uint64_t value)
{
    if (msr == MSR_COMMAND && (value & 0x700) == COMMAND_START)
        call_processor((uint32_t)(value >> 32), (value & 0xff) * EFI_PAGE_SIZE);
}

/* No instruction for random numbers and no 5 levels; a local APIC, MTRRs and a counter of
 * 2.4 GHz only on a full machine. */
struct cpuid __wrap_cpuid_read(uint32_t leaf, uint32_t subleaf)
{
    (void)subleaf;
    if (!the_firmware.machine.full)
        return (struct cpuid){0};
    if (leaf == 0)
        return (struct cpuid){.eax = 0x15};
    if (leaf == 1)
        return (struct cpuid){.ecx = CPUID_1_ECX_X2APIC,
                              .edx = CPUID_1_EDX_APIC | CPUID_1_EDX_MTRR};
    if (leaf == 0x15)
        return (struct cpuid){.eax = 1, .ebx = 100, .ecx = 24000000};
    return (struct cpuid){0};
}

uint64_t __wrap_cr3_read(void)
{
    return (uint64_t)root;
}

/* Time goes by as it is looked at. */
uint64_t __wrap_tsc_read(void)
{
    static uint64_t ticks;

    return ticks += 1000000;
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
