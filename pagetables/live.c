/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/live.h"

#include <cpuid.h>

#define MSR_PAT             0x277u
#define CR4_PGE             (UINT64_C(1) << 7)
#define CR4_LA57            (UINT64_C(1) << 12)
#define CR4_PCIDE           (UINT64_C(1) << 17)
#define CR3_NO_FLUSH        (UINT64_C(1) << 63)
#define CPUID_7_EBX_INVPCID (1u << 10)

static uint64_t read_cr3(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static void write_cr3(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static uint64_t read_cr4(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static void write_cr4(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

static uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static void invlpg(uint64_t virt)
{
    __asm__ volatile("invlpg (%0)" : : "r"(virt) : "memory");
}

/* Type 2: all PCIDs, global translations included (SDM 2A, INVPCID). */
static void invpcid_all(void)
{
    const struct {
        uint64_t pcid, address;
    } descriptor = {0, 0};
    __asm__ volatile("invpcid %0, %1" : : "m"(descriptor), "r"(UINT64_C(2)) : "memory");
}

void pgt_detect(struct pgt_arch *ret_arch)
{
    unsigned a, b, c, d;
    struct pgt_arch arch = {
        .levels = read_cr4() & CR4_LA57 ? 5 : 4,
        .physical_bits = 36, /* what PAE processors have that don't say (SDM 4.1.4) */
        .pat = PGT_PAT_RESET,
    };
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
        arch.no_execute = d & (1u << 20);
        arch.pages_1g = d & (1u << 26);
    }
    if (__get_cpuid(0x80000008, &a, &b, &c, &d))
        arch.physical_bits = (uint8_t)a;
    /* Without a PAT the selector bits mean what they mean with the reset value. */
    if (__get_cpuid(1, &a, &b, &c, &d) && (d & (1u << 16)))
        arch.pat = read_msr(MSR_PAT);
    *ret_arch = arch;
}

static bool has_invpcid(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & CPUID_7_EBX_INVPCID);
}

/* Everything, of all PCIDs, global translations too.  A change of CR4.PGE does that
 * in either direction (SDM 4.10.4.1), so it is changed and changed back. */
static void forget_all(uint64_t cr4)
{
    if (has_invpcid()) {
        invpcid_all();
    } else {
        write_cr4(cr4 ^ CR4_PGE);
        write_cr4(cr4);
    }
}

/* Pages in the listed ranges; stops counting when they are too many. */
static uint64_t count_pages(const struct pgt_flush *flush)
{
    uint64_t pages = 0;
    for (unsigned i = 0; i < flush->count && pages <= PGT_FLUSH_PAGES; i++)
        pages += (flush->range[i].last - flush->range[i].first) / PGT_PAGE + 1;
    return pages;
}

static void forget_pages(const struct pgt_flush *flush)
{
    for (unsigned i = 0; i < flush->count; i++) {
        uint64_t pages = (flush->range[i].last - flush->range[i].first) / PGT_PAGE + 1;
        for (uint64_t page = 0; page < pages; page++)
            invlpg(flush->range[i].first + page * PGT_PAGE);
    }
}

void pgt_flush_local(const struct pgt_flush *flush)
{
    uint64_t cr4 = read_cr4();
    bool every_pcid = flush->upper && (cr4 & CR4_PCIDE);
    if (!flush->needed && !flush->widened)
        return;
    if (!flush->everything && !every_pcid && count_pages(flush) <= PGT_FLUSH_PAGES)
        forget_pages(flush);
    else if (every_pcid || (flush->global && (cr4 & CR4_PGE)))
        forget_all(cr4);
    else
        write_cr3(read_cr3() & ~CR3_NO_FLUSH);
}

void pgt_finish(struct pgt_flush *flush, const struct pgt_others *others, struct pgt_pool *pool)
{
    pgt_flush_local(flush);
    if (others && (flush->needed || flush->widened))
        others->flush(others->context, flush);
    if (pool)
        pgt_pool_recycle(pool);
    *flush = (struct pgt_flush){0};
}
