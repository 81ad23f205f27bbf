/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware that left 5-level paging on, for whole-machine tests: OVMF never does.  This
 * application adds a level above OVMF's own tables, so that OVMF goes on with 5, and
 * starts the application under test.
 */
#include <cpuid.h>
#include <stdint.h>
#include <string.h>

#include "efi/console.h"
#include "efi/files.h"
#include "efi/memory.h"
#include "efi/uefi.h"

#define CPUID_7_ECX_LA57 (1u << 16)

/* In a table entry: present, writable, open to users. */
#define ENTRY_ALL UINT64_C(7)

#define NEXT "/EFI/pagelift.efi"

/* switch.S */
extern const uint8_t levels_switch[] __attribute__((visibility("hidden")));
extern const uint8_t levels_switch_end[] __attribute__((visibility("hidden")));

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system);

static bool has_5_levels(void)
{
    unsigned a, b, c, d;

    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & CPUID_7_ECX_LA57);
}

/* Two pages below 4 GiB, which stay for good: the root, and the code. */
static enum ldr_status add_level(struct memory *memory, struct ldr_report *report)
{
    uint64_t page, cr3;
    enum ldr_status status;

    if (!has_5_levels())
        return ldr_refuse(report, LDR_BAD_MACHINE, "the processor has no 5-level paging");
    status = memory_allocate_low(memory, 2 * EFI_PAGE_SIZE, "the fifth level", &page, report);
    if (status != LDR_OK)
        return status;
    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    memset((void *)page, 0, EFI_PAGE_SIZE);
    *(uint64_t *)page = (cr3 & UINT64_C(0x000ffffffffff000)) | ENTRY_ALL;
    memcpy((void *)(page + EFI_PAGE_SIZE), levels_switch,
           (size_t)(levels_switch_end - levels_switch));
    ((void (*)(uint64_t root))(page + EFI_PAGE_SIZE))(page);
    return LDR_OK;
}

static enum ldr_status read_next(struct memory *memory, EFI_HANDLE device,
                                 struct contents *ret_contents, struct ldr_report *report)
{
    struct volume volume;
    enum ldr_status status = volume_open(&volume, memory->services, device, memory, report);

    if (status != LDR_OK)
        return status;
    status = volume_read(&volume, (struct ldr_text){NEXT, sizeof NEXT - 1}, ret_contents, report);
    volume_close(&volume);
    return status;
}

/* By the path of the device, so that the other finds its files there. */
static EFI_STATUS start(EFI_BOOT_SERVICES *services, EFI_HANDLE application, EFI_HANDLE device,
                        const struct contents *contents)
{
    EFI_GUID guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
    EFI_HANDLE next;
    void *path;
    EFI_STATUS status = services->HandleProtocol(device, &guid, &path);

    if (status == EFI_SUCCESS)
        status = services->LoadImage(FALSE, application, path, (void *)contents->phys,
                                     contents->bytes, &next);
    return status == EFI_SUCCESS ? services->StartImage(next, NULL, NULL) : status;
}

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system)
{
    EFI_BOOT_SERVICES *services = system->BootServices;
    EFI_GUID guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    struct memory memory = {.services = services};
    struct ldr_report report;
    struct contents contents;
    struct console console;
    struct ldr_log log;
    void *protocol;
    EFI_HANDLE device;

    console_open(&console, system);
    log = console_log(&console);
    if (services->HandleProtocol(application, &guid, &protocol) != EFI_SUCCESS)
        return EFI_UNSUPPORTED;
    device = ((EFI_LOADED_IMAGE *)protocol)->DeviceHandle;
    if (read_next(&memory, device, &contents, &report) != LDR_OK ||
        add_level(&memory, &report) != LDR_OK) {
        ldr_say(&log, "error: %s", report.text);
        return EFI_UNSUPPORTED;
    }
    return start(services, application, device, &contents);
}
