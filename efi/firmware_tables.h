/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware's tables: where they are, and keeping them reachable for the kernel.
 */
#ifndef EFI_FIRMWARE_TABLES_H
#define EFI_FIRMWARE_TABLES_H

#include "efi/memory_map.h"
#include "efi/uefi.h"
#include "loader/respond.h"

/* The address of one of the configuration tables, by its GUID; 0 if there is none. */
uint64_t firmware_table(const EFI_SYSTEM_TABLE *system, EFI_GUID guid);

/* The physical addresses of RSDP, SMBIOS entry points and system table. */
void firmware_tables_find(struct ldr_machine *machine, EFI_SYSTEM_TABLE *system);

/* Lays LDR_RESERVED_MAPPED over what the protocol wants in the direct map and firmware's
 * memory map doesn't put there: from base revision 4 on ACPI's tables, from 5 on
 * SMBIOS' and the tables of UEFI itself.  `map` was gathered. */
enum ldr_status firmware_tables_keep(struct memory_map *map, const struct ldr_machine *machine,
                                     const EFI_SYSTEM_TABLE *system, uint64_t base_revision,
                                     struct ldr_report *report);

#endif
