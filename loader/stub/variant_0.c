/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel of base revision 0: it has no tag, and lists its requests in a section
 * of their own, as kernels did before there were markers.
 */
#include "loader/stub/flaw.h"
#include "loader/stub/requests.h"
#include "loader/stub/variant.h"

const uint64_t variant_base_revision = 0;

static volatile struct limine_mp_request mp = {.head = {.id = LIMINE_MP}};

/* Ends with a null pointer. */
__attribute__((used, section(".limine_reqs"))) static volatile void *const list[] = {
    &requests.bootloader_info,
    &requests.firmware_type,
    &requests.stack_size,
    &requests.hhdm,
    &requests.framebuffer,
    &requests.memmap,
    &requests.entry_point,
    &requests.executable_file,
    &requests.executable_cmdline,
    &requests.executable_address,
    &requests.module,
    &requests.rsdp,
    &requests.smbios,
    &requests.efi_system_table,
    &requests.efi_memmap,
    &requests.date_at_boot,
    &requests.tsc_frequency,
    &requests.performance,
    &requests.entropy,
    &requests.tpm_event_log,
    &requests.pagetables,
    &mp,
    0,
};

/* Nothing to refuse: who finds no tag loads at base revision 0. */
bool variant_accepted(void)
{
    return request_answer(&requests.hhdm) != 0;
}

const volatile struct limine_paging_mode_request *variant_paging_mode(void)
{
    return 0;
}

const volatile struct limine_mp_request *variant_processors(void)
{
    return &mp;
}

const volatile struct limine_request *variant_keep_iommu(void)
{
    return 0;
}

void variant_flaw(struct tap *tap)
{
    FLAW(STUB_FAULT)(tap);
}
