/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI's tables as firmware leaves them: an RSDP, an XSDT, and tables of a test's making.
 */
#ifndef EFI_TESTS_ACPI_TABLES_H
#define EFI_TESTS_ACPI_TABLES_H

#include <stddef.h>
#include <stdint.h>

struct acpi_tables {
    uint8_t rsdp[36];
    uint8_t xsdt[36 + 2 * 8]; /* for two tables */
};

/* No tables but the lists. */
void acpi_tables_start(struct acpi_tables *tables);

/* Lists `table`, whose head is written: signature and length. */
void acpi_tables_add(struct acpi_tables *tables, uint8_t *table, const char signature[4],
                     uint32_t bytes);

/* The address that firmware would tell. */
uint64_t acpi_tables_rsdp(const struct acpi_tables *tables);

/* Little-endian numbers, at any address. */
void acpi_put(uint8_t *at, uint64_t value, size_t bytes);

#endif
