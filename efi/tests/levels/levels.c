/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware that left 5-level paging on, for whole-machine tests: OVMF never does.  This
 * application adds a level above OVMF's own tables, so that OVMF goes on with 5, and
 * starts the application under test.
 */
#include <cpuid.h>
#include <stdint.h>
#include <string.h>

#include "efi/tests/levels/next.h"

#define CPUID_7_ECX_LA57 (1u << 16)

/* In a table entry: present, writable, open to users. */
#define ENTRY_ALL UINT64_C(7)

/* switch.S */
extern const uint8_t levels_switch[] __attribute__((visibility("hidden")));
extern const uint8_t levels_switch_end[] __attribute__((visibility("hidden")));

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system);

static bool has_5_levels(void)
{
    unsigned a, b, c, d;

    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & CPUID_7_ECX_LA57);
}

/* Two pages below 4 GiB, which stay for good: the root, and the code. */
static enum ldr_status add_level(struct memory *memory, EFI_SYSTEM_TABLE *system,
                                 struct ldr_report *report)
{
    uint64_t page, cr3;
    enum ldr_status status;

    (void)system;
    if (!has_5_levels())
        return ldr_refuse(report, LDR_BAD_MACHINE, "the processor has no 5-level paging");
    status = memory_allocate_low(memory, 2 * EFI_PAGE_SIZE, "the fifth level", &page, report);
    if (status != LDR_OK)
        return status;
    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    memset((void *)page, 0, EFI_PAGE_SIZE);
    *(uint64_t *)page = (cr3 & UINT64_C(0x000ffffffffff000)) | ENTRY_ALL;
    memcpy((void *)(page + EFI_PAGE_SIZE), levels_switch,
           (size_t)(levels_switch_end - levels_switch));
    ((void (*)(uint64_t root))(page + EFI_PAGE_SIZE))(page);
    return LDR_OK;
}

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system)
{
    return next_start(application, system, add_level);
}
