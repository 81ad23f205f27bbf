/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/acpi_tables.h"

#include <string.h>

#include "efi/acpi.h"
#include "loader/bytes.h"

void acpi_put(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

void acpi_tables_start(struct acpi_tables *tables)
{
    memset(tables, 0, sizeof *tables);
    memcpy(tables->rsdp, "RSD PTR ", 8);
    tables->rsdp[15] = 2;
    acpi_put(tables->rsdp + 20, sizeof tables->rsdp, 4);
    acpi_put(tables->rsdp + 24, (uint64_t)tables->xsdt, 8);
    memcpy(tables->xsdt, "XSDT", 4);
    acpi_put(tables->xsdt + 4, 36, 4);
}

void acpi_tables_add(struct acpi_tables *tables, uint8_t *table, const char signature[4],
                     uint32_t bytes)
{
    uint32_t end = ldr_read32(tables->xsdt + 4);

    memcpy(table, signature, 4);
    acpi_put(table + 4, bytes, 4);
    acpi_put(tables->xsdt + end, (uint64_t)table, 8);
    acpi_put(tables->xsdt + 4, end + 8, 4);
}

uint64_t acpi_tables_rsdp(const struct acpi_tables *tables)
{
    return (uint64_t)tables->rsdp;
}
