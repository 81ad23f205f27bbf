/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI's tables (ACPI 6.5, section 5.2), as the loader hands them on.
 */
#ifndef LOADER_STUB_ACPI_H
#define LOADER_STUB_ACPI_H

#include "loader/stub/reach.h"
#include "loader/stub/stub.h"

#define ACPI_HEAD_BYTES 36

struct acpi_rsdp {
    char signature[8];
    uint8_t sum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
} __attribute__((packed));

struct acpi_head {
    char signature[4];
    uint32_t length;
} __attribute__((packed));

/* How the RSDP's address is told, and so the tables it leads to are reached. */
enum reach_kind acpi_reach_kind(void);

/* One table, by physical address: mapped where that is promised, and summing to zero.  Null if
 * it isn't. */
const struct acpi_head *acpi_table(struct stub *stub, uint64_t phys);

/* Physical address `index` of those that the list holds; false behind the last. */
bool acpi_listed(const struct acpi_head *xsdt, uint64_t index, uint64_t *ret_phys);

/* The table with this signature, or null: none, or no list of 64-bit addresses. */
const uint8_t *acpi_table_find(struct stub *stub, const char *signature, uint32_t *ret_bytes);

#endif
