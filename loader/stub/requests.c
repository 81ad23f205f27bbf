/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The requests, between their markers.  The linker script keeps the sections in the
 * order of their names; the base revision tag and the paging mode request are in variant.c.
 */
#include "loader/stub/requests.h"

#include "loader/stub/entry.h"

#define IN_SECTION(name) __attribute__((used, section(name)))

IN_SECTION(".requests.0.start") static volatile uint64_t start_marker[4] = LIMINE_START_MARKER;
IN_SECTION(".requests.3.end") static volatile uint64_t end_marker[2] = LIMINE_END_MARKER;

/* The file need not be there; its string is how check_files.c knows what is in it. */
static const struct limine_internal_module internal_module = {
    .path = (uint64_t) "./" INTERNAL_MODULE,
    .string = (uint64_t) "size=70001 crc32=c64a10ab",
    .flags = LIMINE_INTERNAL_MODULE_COMPRESSED,
};
static const uint64_t internal_modules[1] = {(uint64_t)&internal_module};

IN_SECTION(".requests.2.list")
volatile struct requests requests = {
    .bootloader_info = {.id = LIMINE_BOOTLOADER_INFO},
    .firmware_type = {.id = LIMINE_FIRMWARE_TYPE},
    .stack_size = {.head = {.id = LIMINE_STACK_SIZE}, .stack_size = REQUESTED_STACK},
    .hhdm = {.id = LIMINE_HHDM},
    .framebuffer = {.id = LIMINE_FRAMEBUFFER, .revision = 1},
    .memmap = {.id = LIMINE_MEMMAP},
    /* Another function than the ELF header names, to prove that this one counts. */
    .entry_point = {.head = {.id = LIMINE_ENTRY_POINT}, .entry = (uint64_t)requested_entry},
    .executable_file = {.id = LIMINE_EXECUTABLE_FILE},
    .executable_cmdline = {.id = LIMINE_EXECUTABLE_CMDLINE},
    .executable_address = {.id = LIMINE_EXECUTABLE_ADDRESS},
    .module = {.head = {.id = LIMINE_MODULE, .revision = 1},
               .internal_module_count = 1,
               .internal_modules = (uint64_t)internal_modules},
    .rsdp = {.id = LIMINE_RSDP},
    .smbios = {.id = LIMINE_SMBIOS},
    .efi_system_table = {.id = LIMINE_EFI_SYSTEM_TABLE},
    .efi_memmap = {.id = LIMINE_EFI_MEMMAP},
    .date_at_boot = {.id = LIMINE_DATE_AT_BOOT},
    .tsc_frequency = {.id = LIMINE_TSC_FREQUENCY},
    .performance = {.id = LIMINE_BOOTLOADER_PERFORMANCE},
    .entropy = {.head = {.id = LIMINE_ENTROPY}, .value_count = REQUESTED_RANDOM},
    .tpm_event_log = {.id = LIMINE_TPM_EVENT_LOG},
    .pagetables = {.head = {.id = LIMINE_PAGETABLES}},
};
