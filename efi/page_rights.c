/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/page_rights.h"

enum ldr_status page_make_executable(EFI_BOOT_SERVICES *services, uint64_t page,
                                     const struct ldr_log *log, struct ldr_report *report)
{
    EFI_GUID guid = MEMORY_ATTRIBUTE_PROTOCOL_GUID;
    struct memory_attribute_protocol *attributes;
    void *protocol;
    EFI_STATUS status;

    if (services->LocateProtocol(&guid, NULL, &protocol) != EFI_SUCCESS)
        return LDR_OK;
    attributes = protocol;
    /* Read-only first: never writable and executable, which some firmware refuses. */
    status = attributes->set(attributes, page, EFI_PAGE_SIZE, MEMORY_READ_ONLY);
    if (status == EFI_SUCCESS)
        status = attributes->clear(attributes, page, EFI_PAGE_SIZE, EFI_MEMORY_XP);
    if (status == EFI_SUCCESS) {
        ldr_say(log, "handoff page: read-only and executable under firmware's tables");
        return LDR_OK;
    }
    attributes->clear(attributes, page, EFI_PAGE_SIZE, MEMORY_READ_ONLY);
    return ldr_refuse(report, LDR_BAD_MACHINE,
                      "firmware doesn't let the handoff page at 0x%llx be executed (%s); relax "
                      "its memory protection in its setup",
                      (unsigned long long)page, uefi_status_text(status));
}
