/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/processors/model.h"

#include "efi/ports.h"
#include "efi/tests/test.h"

struct processor_model model;

uint64_t __wrap_msr_read(uint32_t msr);
void __wrap_msr_write(uint32_t msr, uint64_t value);
struct cpuid __wrap_cpuid_read(uint32_t leaf, uint32_t subleaf);
uint64_t __wrap_cr0_read(void);
void __wrap_cr0_write(uint64_t value);
uint64_t __wrap_cr3_read(void);
void __wrap_caches_flush(void);
void __wrap_processor_pause(void);
uint64_t __wrap_tsc_read(void);

uint64_t __wrap_msr_read(uint32_t msr)
{
    assert_true(msr < MSRS);
    if (msr >= MSR_X2APIC && msr <= MSR_X2APIC_LAST)
        assert_int_equal(model.msr[MSR_APIC_BASE] & (ON | X2), ON | X2);
    return model.msr[msr];
}

/* The ways between the modes (SDM figure 11-27): all others are faults. */
static void check_mode(uint64_t before, uint64_t after)
{
    assert_int_not_equal(after & (ON | X2), X2);
    if (after & X2)
        assert_true(model.has_x2 && before & ON);
    if (before & X2 && !(after & X2))
        assert_true(!(after & ON) && !model.locked);
}

void __wrap_msr_write(uint32_t msr, uint64_t value)
{
    assert_true(msr < MSRS && model.writes < 256);
    if (msr == MSR_APIC_BASE)
        check_mode(model.msr[msr], value);
    if (msr >= MSR_X2APIC && msr <= MSR_X2APIC_LAST)
        assert_int_equal(model.msr[MSR_APIC_BASE] & (ON | X2), ON | X2);
    model.written[model.writes++] = msr;
    model.msr[msr] = value;
    if (msr == MSR_COMMAND) {
        assert_true(model.commands < 64);
        model.command[model.commands++] = value;
        if (model.on_command)
            model.on_command(value);
    }
}

struct cpuid __wrap_cpuid_read(uint32_t leaf, uint32_t subleaf)
{
    (void)subleaf;
    if (leaf == 0)
        return (struct cpuid){.eax = 7};
    if (leaf == 1)
        return (struct cpuid){.ebx = 0x09000000,
                              .ecx = model.has_x2 ? 1u << 21 : 0,
                              .edx = (model.has_apic ? 1u << 9 : 0) |
                                     (model.has_mtrrs ? 1u << 12 : 0)};
    return (struct cpuid){.edx = model.locked ? 1u << 29 : 0};
}

uint64_t __wrap_cr0_read(void)
{
    return model.cr0;
}

void __wrap_cr0_write(uint64_t value)
{
    model.cr0 = value;
}

uint64_t model_root[512] __attribute__((aligned(4096)));

uint64_t __wrap_cr3_read(void)
{
    return (uint64_t)model_root | 0x18; /* write-through bits of the root */
}

void __wrap_caches_flush(void)
{
    assert_true(model.cr0 & 0x40000000); /* caching is off meanwhile */
    model.flushes++;
}

void __wrap_processor_pause(void)
{
    model.time += 1000;
}

uint64_t __wrap_tsc_read(void)
{
    return model.time += 100;
}

void processor_model_start(uint64_t apic_base)
{
    model = (struct processor_model){
        .has_apic = true, .has_x2 = true, .has_mtrrs = true, .cr0 = 0x80010033};
    model.msr[MSR_APIC_BASE] = apic_base;
}
