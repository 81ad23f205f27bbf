/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rights of a page under firmware's own page tables.
 */
#ifndef EFI_PAGE_RIGHTS_H
#define EFI_PAGE_RIGHTS_H

#include <stdint.h>

#include "efi/uefi.h"
#include "loader/report.h"

/* Makes a page, whose content is final, read-only and executable.  Where firmware doesn't
 * have the protocol for it, its loader code is executable as it is.
 * LDR_BAD_MACHINE where firmware refuses; the page is writable again then. */
enum ldr_status page_make_executable(EFI_BOOT_SERVICES *services, uint64_t page,
                                     const struct ldr_log *log, struct ldr_report *report);

/* The reverse, before the page is given back.  What firmware refuses here it has to bear. */
void page_make_ordinary(EFI_BOOT_SERVICES *services, uint64_t page);

#endif
