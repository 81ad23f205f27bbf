/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SMEP, SMAP, protection keys and PCIDs (SDM volume 3A, 4.6 and 4.10.1).
 */
#include "loader/stub/features.h"

#include <cpuid.h>

#include "loader/stub/cpu.h"

#define LEAF_1_ECX_PCID (1u << 17)
#define LEAF_7_EBX_SMEP (1u << 7)
#define LEAF_7_EBX_SMAP (1u << 20)
#define LEAF_7_ECX_PKU  (1u << 3)

struct features features_detect(void)
{
    struct features features = {0};
    unsigned a, b, c, d;

    if (__get_cpuid(1, &a, &b, &c, &d))
        features.pcid = c & LEAF_1_ECX_PCID;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        features.smep = b & LEAF_7_EBX_SMEP;
        features.smap = b & LEAF_7_EBX_SMAP;
        features.pku = c & LEAF_7_ECX_PKU;
    }
    return features;
}

void features_enable(const struct features *features)
{
    uint64_t cr4 = cr4_read();

    cr4 |= features->smep ? CR4_SMEP : 0;
    cr4 |= features->smap ? CR4_SMAP : 0;
    cr4 |= features->pku ? CR4_PKE : 0;
    /* With a PCID of 0 in CR3, as the manual wants it. */
    cr4 |= features->pcid && (cr3_read() & ~CR3_ROOT) == 0 ? CR4_PCIDE : 0;
    cr4_write(cr4);
}

/* STAC and CLAC are undefined where the processor has no SMAP; where CR4 doesn't turn it on,
 * AC would ask for alignment checks once in ring 3, so it isn't touched there either. */
bool features_smap_on(void)
{
    return cr4_read() & CR4_SMAP;
}

void features_user_access_begin(void)
{
    if (features_smap_on())
        __asm__ volatile("stac" : : : "memory", "cc");
}

void features_user_access_end(void)
{
    if (features_smap_on())
        __asm__ volatile("clac" : : : "memory", "cc");
}

uint32_t features_pkru_read(void)
{
    uint32_t value, zero;

    __asm__ volatile("rdpkru" : "=a"(value), "=d"(zero) : "c"(0));
    return value;
}

void features_pkru_write(uint32_t value)
{
    __asm__ volatile("wrpkru" : : "a"(value), "c"(0), "d"(0) : "memory");
}
