/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers: the rights of pages under firmware's tables, random numbers, and the TPM's log.
 */
#include <assert.h>
#include <string.h>

#include "efi/page_rights.h"
#include "efi/tests/boot/parts.h"
#include "efi/tests/tcg2.h"

/* ---- page rights ---------------------------------------------------------------------- */

/* Pages whose rights aren't those that memory comes with: to read and write, not to execute. */
#define PAGES 8
#define USUAL EFI_MEMORY_XP

static struct page {
    uint64_t phys, rights; /* phys is 0 for none */
} changed[PAGES];

static struct page *find(uint64_t phys)
{
    for (size_t i = 0; i < PAGES; i++)
        if (changed[i].phys == phys)
            return &changed[i];
    return NULL;
}

static EFI_STATUS change(uint64_t phys, uint64_t add, uint64_t remove)
{
    struct page *page = find(phys);
    uint64_t rights = ((page ? page->rights : USUAL) | add) & ~remove;

    /* Both writable and executable: some firmware refuses that. */
    if (!(rights & (EFI_MEMORY_XP | MEMORY_READ_ONLY)))
        return EFI_UNSUPPORTED;
    if (!page)
        page = find(0);
    assert(page);
    the_firmware.rights -= page->phys != 0;
    *page = (struct page){rights == USUAL ? 0 : phys, rights};
    the_firmware.rights += page->phys != 0;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI get_rights(struct memory_attribute_protocol *attributes,
                                    EFI_PHYSICAL_ADDRESS phys, UINT64 bytes, UINT64 *ret_rights)
{
    const struct page *page = find(phys);

    (void)attributes, (void)bytes;
    *ret_rights = page ? page->rights : USUAL;
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_rights(struct memory_attribute_protocol *attributes,
                                    EFI_PHYSICAL_ADDRESS phys, UINT64 bytes, UINT64 rights)
{
    EFI_STATUS status = firmware_call(SET_RIGHTS);

    (void)attributes, (void)bytes;
    return status == EFI_SUCCESS ? change(phys, rights, 0) : status;
}

static EFI_STATUS EFIAPI clear_rights(struct memory_attribute_protocol *attributes,
                                      EFI_PHYSICAL_ADDRESS phys, UINT64 bytes, UINT64 rights)
{
    EFI_STATUS status = firmware_call(CLEAR_RIGHTS);

    (void)attributes, (void)bytes;
    return status == EFI_SUCCESS ? change(phys, 0, rights) : status;
}

void *rights_driver(void)
{
    static struct memory_attribute_protocol attributes = {get_rights, set_rights, clear_rights};

    return &attributes;
}

/* ---- random numbers (UEFI 2.10, section 37.5) ----------------------------------------- */

struct random_source {
    EFI_STATUS(EFIAPI *get_info)(struct random_source *, UINTN *, EFI_GUID *);
    EFI_STATUS(EFIAPI *get)(struct random_source *, EFI_GUID *, UINTN, UINT8 *);
};

static EFI_STATUS EFIAPI get_random(struct random_source *random, EFI_GUID *algorithm, UINTN bytes,
                                    UINT8 *value)
{
    EFI_STATUS status = firmware_call(GET_RANDOM);

    (void)random, (void)algorithm;
    for (UINTN i = 0; status == EFI_SUCCESS && i < bytes; i++)
        value[i] = (UINT8)(i * 37 + 11);
    return status;
}

void *random_driver(void)
{
    static struct random_source source = {NULL, get_random};

    return &source;
}

/* ---- the TPM -------------------------------------------------------------------------- */

static EFI_STATUS EFIAPI get_capability(struct tcg2 *driver, struct tcg2_capability *capability)
{
    EFI_STATUS status = firmware_call(MEASURE);

    (void)driver;
    if (status == EFI_SUCCESS)
        *capability = (struct tcg2_capability){.size = sizeof *capability, .logs = 3, .present = 1};
    return status;
}

static EFI_STATUS EFIAPI get_log(struct tcg2 *driver, uint32_t format, EFI_PHYSICAL_ADDRESS *first,
                                 EFI_PHYSICAL_ADDRESS *last, BOOLEAN *truncated)
{
    EFI_STATUS status = firmware_call(MEASURE);

    (void)driver, (void)format;
    if (status == EFI_SUCCESS) {
        *first = *last = (uint64_t)tpm_log();
        *truncated = FALSE;
    }
    return status;
}

void *tpm_driver(void)
{
    static struct tcg2 driver = {get_capability, get_log};

    return &driver;
}

void drivers_start(void)
{
    memset(changed, 0, sizeof changed);
}
