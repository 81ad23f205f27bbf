/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs on several processors at once: nothing here is shared but `work`.
 *
 * Source: SDM volume 3A, 11.4 (the local APIC's registers), 12.11 (MTRRs).
 */
#include "loader/stub/processor.h"

#include <cpuid.h>

#include "loader/stub/cpu.h"
#include "loader/stub/requests.h"

struct work work;

#define MSR_APIC_BASE  0x1b
#define MSR_X2APIC     0x800
#define APIC_BASE_X2   0x400
#define APIC_ID        0x02
#define APIC_PRIORITY  0x08
#define APIC_SPURIOUS  0x0f
#define MSR_MTRR_COUNT 0xfe
#define MSR_MTRR       0x200
#define MSR_MTRR_TYPE  0x2ff

#define CPUID_1_EDX_MTRR (1u << 12)

/* Registers by their place in x2APIC mode; in memory they are 16 bytes apart. */
static uint32_t apic_read(bool x2, uint32_t which)
{
    if (x2)
        return (uint32_t)msr_read(MSR_X2APIC + which);
    return *(const volatile uint32_t *)(work.registers + 16 * which);
}

struct apic_state processor_apic(void)
{
    static const uint8_t lvt[PROCESSOR_LVT] = {0x32, 0x35, 0x36, 0x37};
    struct apic_state s = {.x2 = msr_read(MSR_APIC_BASE) & APIC_BASE_X2};

    s.readable = s.x2 || work.registers != 0;
    if (!s.readable)
        return s;
    s.id = apic_read(s.x2, APIC_ID) >> (s.x2 ? 0 : 24);
    s.task_priority = apic_read(s.x2, APIC_PRIORITY);
    s.spurious = apic_read(s.x2, APIC_SPURIOUS);
    for (unsigned i = 0; i < PROCESSOR_LVT; i++)
        s.lvt[i] = apic_read(s.x2, lvt[i]);
    return s;
}

/* Multiplied before each addition, so that the order counts as well. */
uint64_t processor_mtrrs(void)
{
    unsigned a, b, c, d;
    uint64_t sum = 0;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(d & CPUID_1_EDX_MTRR))
        return 0;
    for (uint32_t i = 0; i < 2 * (msr_read(MSR_MTRR_COUNT) & 0xff); i++)
        sum = sum * 31 + msr_read(MSR_MTRR + i);
    return sum * 31 + msr_read(MSR_MTRR_TYPE);
}

/* A byte written to each page of the stack that was asked for, from the top down. */
static bool write_stack(uint64_t top)
{
    volatile uint8_t *byte = (volatile uint8_t *)(top - REQUESTED_STACK);
    uint8_t here = 0;
    uint64_t lowest_used = (uint64_t)&here - 256; /* leave alone what this function stands on */

    for (uint64_t at = 0; at < REQUESTED_STACK && (uint64_t)&byte[at] < lowest_used; at += 4096) {
        byte[at] = 0x5a;
        if (byte[at] != 0x5a)
            return false;
    }
    return true;
}

/* A lock that anybody can see through, for a number that isn't counted up in one instruction. */
static void add_guarded(void)
{
    while (__atomic_exchange_n(&work.lock, 1, __ATOMIC_ACQUIRE) != 0)
        pause_once();
    *(volatile uint64_t *)&work.guarded = *(volatile uint64_t *)&work.guarded + 1;
    __atomic_store_n(&work.lock, 0, __ATOMIC_RELEASE);
}

void processor_work(void)
{
    for (unsigned i = 0; i < WORK_TURNS; i++) {
        add_guarded();
        __atomic_fetch_add(&work.atomic, 1, __ATOMIC_RELAXED);
    }
}

_Noreturn void processor_main(struct processor *processor)
{
    processor->apic = processor_apic();
    processor->mtrrs = processor_mtrrs();
    processor->stack_is_good = write_stack(processor->state.rsp + sizeof(uint64_t));
    processor_work();
    /* After this the kernel may use anything but its own code, which this stands in. */
    __atomic_store_n(&processor->done, true, __ATOMIC_RELEASE);
    stop_for_ever();
}
