/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking ACPI's tables (ACPI 6.5, section 5.2).  Plain C, no firmware: tables are
 * read at their physical addresses, which are identity mapped.
 */
#ifndef EFI_ACPI_H
#define EFI_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/madt.h"

/* What is done with a table; false ends the walk. */
typedef bool acpi_visit(void *context, const uint8_t *table, uint32_t bytes);

/* Visits the RSDP, the RSDT, the XSDT, all that these point to, the DSDT and the FACS;
 * a table that is pointed to twice is visited twice.  Where a table can't be one
 * (no RSDP there, an impossible length) it is passed over.  False if a visit
 * ended it.  rsdp may be 0: then there is nothing to visit. */
bool acpi_walk(uint64_t rsdp, acpi_visit *visit, void *context);

bool acpi_is(const uint8_t *table, const char signature[4]);

/* The first table with a signature, or null. */
const uint8_t *acpi_find(uint64_t rsdp, const char signature[4], uint32_t *ret_bytes);

/* The table of interrupt controllers; without entries where there is none. */
struct ldr_madt acpi_madt(uint64_t rsdp);

#endif
