/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/mtrr.h"

#include <stdbool.h>

#include "efi/ports.h"

#define MSR_CAPABILITIES 0xfe
#define MSR_VARIABLE     0x200
#define MSR_DEFAULT      0x2ff

#define CAPABILITY_COUNT 0xff
#define CAPABILITY_FIXED 0x100
#define DEFAULT_ON       UINT64_C(0x800)

#define CPUID_1_EDX_MTRR (1u << 12)

#define CR0_NOT_WRITE_THROUGH UINT64_C(0x20000000)
#define CR0_CACHE_DISABLE     UINT64_C(0x40000000)

static void note(struct mtrrs *mtrrs, uint32_t msr)
{
    mtrrs->msr[mtrrs->count] = msr;
    mtrrs->value[mtrrs->count] = msr_read(msr);
    mtrrs->count++;
}

void mtrrs_read(struct mtrrs *ret_mtrrs)
{
    static const uint16_t fixed[MTRR_FIXED] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                                               0x26b, 0x26c, 0x26d, 0x26e, 0x26f};
    uint64_t capabilities;

    ret_mtrrs->count = 0;
    if (!(cpuid_read(1, 0).edx & CPUID_1_EDX_MTRR))
        return;
    capabilities = msr_read(MSR_CAPABILITIES);
    for (unsigned i = 0; i < MTRR_FIXED && capabilities & CAPABILITY_FIXED; i++)
        note(ret_mtrrs, fixed[i]);
    for (uint32_t i = 0; i < 2 * (capabilities & CAPABILITY_COUNT) && i < 2 * MTRR_VARIABLE; i++)
        note(ret_mtrrs, MSR_VARIABLE + i);
    note(ret_mtrrs, MSR_DEFAULT);
}

static bool are_as_wanted(const struct mtrrs *mtrrs)
{
    for (size_t i = 0; i < mtrrs->count; i++)
        if (msr_read(mtrrs->msr[i]) != mtrrs->value[i])
            return false;
    return true;
}

/* CR4.PGE, which would keep translations through that, is off: the processor has just
 * started. */
void mtrrs_apply(const struct mtrrs *mtrrs)
{
    uint64_t cr0;

    if (mtrrs->count == 0 || are_as_wanted(mtrrs))
        return;
    cr0 = cr0_read();
    cr0_write((cr0 | CR0_CACHE_DISABLE) & ~CR0_NOT_WRITE_THROUGH);
    caches_flush();
    msr_write(MSR_DEFAULT, msr_read(MSR_DEFAULT) & ~DEFAULT_ON);
    for (size_t i = 0; i < mtrrs->count; i++) /* the default type, and with it the switch, last */
        msr_write(mtrrs->msr[i], mtrrs->value[i]);
    caches_flush();
    cr0_write(cr0);
}
