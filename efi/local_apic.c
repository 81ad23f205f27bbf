/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/local_apic.h"

#include "efi/delivery.h"
#include "efi/ports.h"

#define MSR_APIC_BASE             0x1b
#define MSR_XAPIC_DISABLED        0xbd
#define MSR_ARCH_CAPABILITIES     0x10a
#define MSR_X2APIC                0x800
#define APIC_BASE_ON              UINT64_C(0x800)
#define APIC_BASE_X2              UINT64_C(0x400)
#define APIC_BASE_PHYS            UINT64_C(0xffffffffff000)
#define CAPABILITY_XAPIC_DISABLED (UINT64_C(1) << 21) /* the register of that name exists */
#define XAPIC_DISABLED            UINT64_C(1)

#define CPUID_1_EDX_APIC              (1u << 9)
#define CPUID_1_ECX_X2APIC            (1u << 21)
#define CPUID_7_EDX_ARCH_CAPABILITIES (1u << 29)

enum apic_register {
    APIC_ID = 0x20,
    APIC_VERSION = 0x30,
    APIC_TPR = 0x80,
    APIC_SVR = 0xf0,
    APIC_LVT_CMCI = 0x2f0,
    APIC_COMMAND = 0x300,
    APIC_DESTINATION = 0x310, /* in x2APIC mode the upper half of the command */
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_THERMAL = 0x330,
    APIC_LVT_PERFORMANCE = 0x340,
    APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360,
    APIC_LVT_ERROR = 0x370,
};

#define SVR_ON 0x1ff /* software-enabled, spurious vector ff */

/* Commands (11.6.1): edge-triggered, to one physical destination. */
#define COMMAND_ASSERT  0x4000u
#define COMMAND_INIT    (5u << 8 | COMMAND_ASSERT)
#define COMMAND_START   (6u << 8 | COMMAND_ASSERT)
#define COMMAND_PENDING (1u << 12)

/* A message is accepted within microseconds, and a read of the register takes some ten
 * nanoseconds at least. */
#define PATIENCE 1000000

/* The same registers, in memory or as model-specific ones. */
struct local_apic {
    bool x2;
    uintptr_t base;
};

static uint32_t apic_read(const struct local_apic *apic, enum apic_register r)
{
    if (apic->x2)
        return (uint32_t)msr_read(MSR_X2APIC + r / 16);
    return *(volatile uint32_t *)(apic->base + r);
}

static void apic_write(const struct local_apic *apic, enum apic_register r, uint32_t value)
{
    if (apic->x2)
        msr_write(MSR_X2APIC + r / 16, value);
    else
        *(volatile uint32_t *)(apic->base + r) = value;
}

bool local_apic_present(void)
{
    return cpuid_read(1, 0).edx & CPUID_1_EDX_APIC;
}

bool local_apic_has_x2(void)
{
    return local_apic_present() && (cpuid_read(1, 0).ecx & CPUID_1_ECX_X2APIC);
}

/* The mode bit is reserved, and clear, where there is no such mode. */
bool local_apic_in_x2(void)
{
    return local_apic_has_x2() && (msr_read(MSR_APIC_BASE) & APIC_BASE_X2);
}

/* Newer processors can be told by firmware never to leave it (11.12.5). */
bool local_apic_locked_in_x2(void)
{
    return local_apic_in_x2() && cpuid_read(0, 0).eax >= 7 &&
           (cpuid_read(7, 0).edx & CPUID_7_EDX_ARCH_CAPABILITIES) &&
           (msr_read(MSR_ARCH_CAPABILITIES) & CAPABILITY_XAPIC_DISABLED) &&
           (msr_read(MSR_XAPIC_DISABLED) & XAPIC_DISABLED);
}

/* As it is now; off, by bit 11, it has no registers. */
static struct local_apic open_apic(void)
{
    uint64_t base = msr_read(MSR_APIC_BASE);

    return (struct local_apic){.x2 = base & APIC_BASE_X2, .base = base & APIC_BASE_PHYS};
}

/* CPUID says what the number was at reset; the APIC is asked since firmware may change it. */
uint32_t local_apic_id(void)
{
    struct local_apic apic;

    if (!local_apic_present() || !(msr_read(MSR_APIC_BASE) & APIC_BASE_ON))
        return cpuid_read(1, 0).ebx >> 24;
    apic = open_apic();
    return apic_read(&apic, APIC_ID) >> (apic.x2 ? 0 : 24);
}

/* From x2APIC mode xAPIC mode is reached by way of neither (figure 11-27). */
void local_apic_set_mode(bool x2)
{
    uint64_t base, wanted;

    if (!local_apic_present())
        return;
    base = msr_read(MSR_APIC_BASE);
    wanted = (base & ~APIC_BASE_X2) | APIC_BASE_ON | (x2 ? APIC_BASE_X2 : 0);
    if (base & ~wanted & APIC_BASE_X2)
        msr_write(MSR_APIC_BASE, base & ~(APIC_BASE_X2 | APIC_BASE_ON));
    else if (x2 && !(base & APIC_BASE_ON))
        msr_write(MSR_APIC_BASE, base | APIC_BASE_ON);
    if (base != wanted)
        msr_write(MSR_APIC_BASE, wanted);
}

/* One source of interrupts within the processor. */
static void mask_lvt(const struct local_apic *apic, enum apic_register r)
{
    uint32_t entry = apic_read(apic, r);

    if (delivery_is_maskable(entry))
        apic_write(apic, r, entry | DELIVERY_MASKED);
}

/* A pin: as the MADT says where it does, masked in any case. */
static void set_lint(const struct local_apic *apic, enum apic_register r,
                     const struct ldr_lint *lint)
{
    uint32_t entry = apic_read(apic, r);

    if (!delivery_is_maskable(entry))
        return;
    if (lint->nmi) {
        entry &= ~(DELIVERY_MODE_BITS | DELIVERY_LEVEL | DELIVERY_ACTIVE_LOW);
        entry |= DELIVERY_NMI << 8;
        entry |= lint->active_low ? DELIVERY_ACTIVE_LOW : 0;
        entry |= lint->level ? DELIVERY_LEVEL : 0;
    }
    apic_write(apic, r, entry | DELIVERY_MASKED);
}

/* The pins of this processor, by its number. */
static void set_lints(const struct local_apic *apic, const struct ldr_madt *madt)
{
    struct ldr_processor processor;
    struct ldr_lint lint[2];
    bool known = ldr_madt_find(madt, local_apic_id(), &processor);

    ldr_madt_lints(madt, known ? &processor : NULL, lint);
    set_lint(apic, APIC_LVT_LINT0, &lint[0]);
    set_lint(apic, APIC_LVT_LINT1, &lint[1]);
}

/* The registers of the last three sources exist only in newer processors, and touching one
 * that doesn't is an error; the version register says how many there are (11.4.8). */
void local_apic_define(const struct ldr_madt *madt)
{
    struct local_apic apic;
    uint32_t last;

    if (!local_apic_present())
        return;
    local_apic_set_mode(local_apic_in_x2());
    apic = open_apic();
    /* While the APIC is off by SVR its mask bits are stuck at 1 and modes read as they are,
     * so it goes on first. */
    apic_write(&apic, APIC_SVR, SVR_ON);
    apic_write(&apic, APIC_TPR, 0);
    set_lints(&apic, madt);
    mask_lvt(&apic, APIC_LVT_TIMER);
    mask_lvt(&apic, APIC_LVT_ERROR);
    last = apic_read(&apic, APIC_VERSION) >> 16 & 0xff; /* number of entries, less one */
    if (last >= 4)
        mask_lvt(&apic, APIC_LVT_PERFORMANCE);
    if (last >= 5)
        mask_lvt(&apic, APIC_LVT_THERMAL);
    if (last >= 6)
        mask_lvt(&apic, APIC_LVT_CMCI);
}

/* In x2APIC mode a command is one write, and doesn't wait for stores before it (11.12.3); in
 * xAPIC mode the destination comes first, and the next command waits for this one. */
static void send(uint32_t apic_id, uint32_t command)
{
    struct local_apic apic = open_apic();

    if (apic.x2) {
        __asm__ volatile("mfence; lfence" : : : "memory");
        msr_write(MSR_X2APIC + APIC_COMMAND / 16, (uint64_t)apic_id << 32 | command);
        return;
    }
    apic_write(&apic, APIC_DESTINATION, apic_id << 24);
    apic_write(&apic, APIC_COMMAND, command);
    for (unsigned i = 0; i < PATIENCE && apic_read(&apic, APIC_COMMAND) & COMMAND_PENDING; i++)
        processor_pause();
}

void local_apic_send_init(uint32_t apic_id)
{
    send(apic_id, COMMAND_INIT);
}

void local_apic_send_start(uint32_t apic_id, uint64_t page)
{
    send(apic_id, COMMAND_START | (uint32_t)(page >> 12));
}
