/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this kernel asks of its loader: every feature that Pagelift has, but for those
 * that depend on the variant.
 */
#ifndef LOADER_STUB_REQUESTS_H
#define LOADER_STUB_REQUESTS_H

#include "loader/limine.h"
#include "loader/pagetables_request.h"

#define REQUESTED_STACK  (UINT64_C(256) * 1024)
#define REQUESTED_RANDOM 16
#define INTERNAL_MODULE  "internal.gz" /* beside the kernel, if it is there at all */

struct requests {
    struct limine_request bootloader_info;
    struct limine_request firmware_type;
    struct limine_stack_size_request stack_size;
    struct limine_request hhdm;
    struct limine_request framebuffer;
    struct limine_request memmap;
    struct limine_entry_point_request entry_point;
    struct limine_request executable_file;
    struct limine_request executable_cmdline;
    struct limine_request executable_address;
    struct limine_module_request module;
    struct limine_request rsdp;
    struct limine_request smbios;
    struct limine_request efi_system_table;
    struct limine_request efi_memmap;
    struct limine_request date_at_boot;
    struct limine_request tsc_frequency;
    struct limine_request performance;
    struct limine_entropy_request entropy;
    struct limine_request tpm_event_log;
    struct limine_pagetables_request pagetables;
};

/* Volatile, since the loader changes it behind the compiler's back. */
extern volatile struct requests requests;

/* A request's response; null if the loader gave none. */
static inline const void *request_answer(const volatile struct limine_request *request)
{
    return (const void *)request->response;
}

/* An address out of a response. */
static inline const void *request_pointer(uint64_t address)
{
    return (const void *)address;
}

#endif
