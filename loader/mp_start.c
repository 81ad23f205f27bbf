/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/mp_start.h"

#include <string.h>

/* The page's code, where it goes on in 32-bit mode and in 64-bit mode, and where it ends
 * (mp_start.S). */
extern const uint8_t ldr_mp_start_code[] __attribute__((visibility("hidden")));
extern const uint8_t ldr_mp_start_code_32[] __attribute__((visibility("hidden")));
extern const uint8_t ldr_mp_start_code_64[] __attribute__((visibility("hidden")));
extern const uint8_t ldr_mp_start_code_end[] __attribute__((visibility("hidden")));

/* What firmware's tables ask of a processor: their levels, and execute-disable where they
 * may use it.  All else comes with the handoff page (SDM volume 3A, 2.5 and 2.2.1). */
#define CR4_NEEDED  UINT64_C(0x1020) /* LA57, PAE */
#define EFER_NEEDED UINT64_C(0x800)  /* NXE */
#define EFER_LME    UINT32_C(0x100)

/* Code runs in the page at its physical address, so every jump within it is to that. */
static struct ldr_far_pointer within(uint64_t page_phys, const uint8_t *code, uint16_t selector)
{
    return (struct ldr_far_pointer){(uint32_t)(page_phys + (uint64_t)(code - ldr_mp_start_code)),
                                    selector};
}

void ldr_mp_start_prepare(void *page, uint64_t page_phys, const struct ldr_mp_way *way)
{
    uint64_t gdt = page_phys + LDR_MP_START_DATA + LDR_MP_START_AT_DESCRIPTORS;
    struct ldr_mp_start data = {
        .gdt_limit = LDR_GDT_BYTES - 1,
        .gdt_base = {(uint16_t)gdt, (uint16_t)(gdt >> 16)},
        .to_32 = within(page_phys, ldr_mp_start_code_32, LDR_CODE_32_SELECTOR),
        .to_64 = within(page_phys, ldr_mp_start_code_64, LDR_CODE_SELECTOR),
        .root = (uint32_t)way->root,
        .cr4 = (uint32_t)(way->control.cr4 & CR4_NEEDED),
        .efer = (uint32_t)(way->control.efer & EFER_NEEDED) | EFER_LME,
        .count = (uint32_t)way->count,
        .processors = way->processors,
        .hhdm = way->hhdm,
        .function = (uint64_t)way->function,
        .context = (uint64_t)way->context,
    };

    size_t code_bytes = (size_t)(ldr_mp_start_code_end - ldr_mp_start_code);

    if (!page_phys || page_phys % PGT_PAGE || page_phys > LDR_MP_START_HIGHEST ||
        way->root > UINT32_MAX || way->count > LDR_PROCESSORS_MOST ||
        code_bytes > LDR_MP_START_DATA)
        __builtin_trap(); /* the caller broke the contract, or the code has outgrown its part */
    memcpy(data.descriptor, ldr_descriptor, sizeof data.descriptor);
    memset(page, 0, PGT_PAGE);
    memcpy(page, ldr_mp_start_code, code_bytes);
    memcpy((uint8_t *)page + LDR_MP_START_DATA, &data, sizeof data);
}
