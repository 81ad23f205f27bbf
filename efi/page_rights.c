/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/page_rights.h"

static struct memory_attribute_protocol *find_attributes(EFI_BOOT_SERVICES *services)
{
    EFI_GUID guid = MEMORY_ATTRIBUTE_PROTOCOL_GUID;
    void *protocol;

    return services->LocateProtocol(&guid, NULL, &protocol) == EFI_SUCCESS ? protocol : NULL;
}

enum ldr_status page_make_executable(EFI_BOOT_SERVICES *services, uint64_t page,
                                     const struct ldr_log *log, struct ldr_report *report)
{
    struct memory_attribute_protocol *attributes = find_attributes(services);
    EFI_STATUS status;

    if (!attributes)
        return LDR_OK;
    /* Read-only first: never writable and executable, which some firmware refuses. */
    status = attributes->set(attributes, page, EFI_PAGE_SIZE, MEMORY_READ_ONLY);
    if (status == EFI_SUCCESS)
        status = attributes->clear(attributes, page, EFI_PAGE_SIZE, EFI_MEMORY_XP);
    if (status == EFI_SUCCESS) {
        ldr_say(log, "page 0x%llx: read-only and executable under firmware's tables",
                (unsigned long long)page);
        return LDR_OK;
    }
    attributes->clear(attributes, page, EFI_PAGE_SIZE, MEMORY_READ_ONLY);
    return ldr_refuse(report, LDR_BAD_MACHINE,
                      "firmware doesn't let the page at 0x%llx be executed (%s); relax "
                      "its memory protection in its setup",
                      (unsigned long long)page, uefi_status_text(status));
}

void page_make_ordinary(EFI_BOOT_SERVICES *services, uint64_t page)
{
    struct memory_attribute_protocol *attributes = find_attributes(services);

    if (!attributes)
        return;
    /* The other way round, again never both at once. */
    attributes->set(attributes, page, EFI_PAGE_SIZE, EFI_MEMORY_XP);
    attributes->clear(attributes, page, EFI_PAGE_SIZE, MEMORY_READ_ONLY);
}
