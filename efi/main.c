/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UEFI application, from its start to the kernel's, as a page.
 */
#include "efi/clock.h"
#include "efi/configuration.h"
#include "efi/console.h"
#include "efi/exit.h"
#include "efi/files.h"
#include "efi/firmware_tables.h"
#include "efi/framebuffer.h"
#include "efi/handover.h"
#include "efi/kernel.h"
#include "efi/memory.h"
#include "efi/memory_map.h"
#include "efi/partition.h"
#include "efi/processor.h"
#include "efi/uefi.h"

typedef unsigned long long ull;

/* Firmware resets the machine when this runs out in an application (UEFI 2.10, section 7.5). */
#define WATCHDOG_SECONDS 300

/* One run of the application; everything it holds, it gives back. */
struct run {
    EFI_HANDLE application;
    EFI_SYSTEM_TABLE *system;
    EFI_LOADED_IMAGE *loaded;
    struct console console;
    struct ldr_log log;
    struct ldr_report report;
    struct memory memory;
    struct memory_map map;
    struct processor processor;
    struct configuration configuration;
    struct kernel kernel;
    struct ldr_framebuffer framebuffer;
    struct ldr_machine machine;
    struct handover handover;
};

/* gnu-efi's start-up code calls it. */
EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system);

/* A machine without a screen boots all the same. */
static enum ldr_status find_framebuffer(struct run *run)
{
    struct ldr_framebuffer *fb = &run->framebuffer;

    if (!framebuffer_find(fb, run->system)) {
        ldr_say(&run->log, "framebuffer: none");
        return LDR_OK;
    }
    run->machine.framebuffer = fb;
    ldr_say(&run->log, "framebuffer: %llux%llu at 0x%llx, %llu bytes a line", (ull)fb->width,
            (ull)fb->height, (ull)fb->phys, (ull)fb->pitch);
    return memory_map_overlay(&run->map, fb->phys, fb->bytes, LDR_FRAMEBUFFER_MEMORY, &run->report);
}

/* What firmware knows and the kernel may ask for. */
static enum ldr_status gather_machine(struct run *run)
{
    struct ldr_machine *machine = &run->machine;
    enum ldr_status status;

    firmware_tables_find(machine, run->system);
    machine->has_time = clock_read(run->system->RuntimeServices, &machine->time);
    ldr_say(&run->log, "firmware tables: RSDP 0x%llx, SMBIOS 0x%llx and 0x%llx, system 0x%llx",
            (ull)machine->rsdp, (ull)machine->smbios_32, (ull)machine->smbios_64,
            (ull)machine->efi_system_table);
    status = find_framebuffer(run);
    if (status == LDR_OK)
        status = memory_map_gather(&run->map, &run->report);
    if (status == LDR_OK)
        status = firmware_tables_keep(&run->map, machine, run->system,
                                      run->kernel.requests.base_revision, &run->report);
    return status;
}

/* From an entry of the configuration to the kernel; comes back only if that is refused. */
static enum ldr_status boot_entry(struct run *run, const struct volume *volume,
                                  const struct ldr_entry *entry)
{
    struct partition partition;
    enum ldr_status status;

    partition_find(&partition, run->system->BootServices, run->loaded->DeviceHandle);
    status = kernel_read(&run->kernel, run->configuration.path, entry, volume, &partition,
                         &run->log, &run->report);
    if (status == LDR_OK)
        status = kernel_load(&run->kernel, &run->processor, &run->map, &run->log, &run->report);
    if (status == LDR_OK)
        status = gather_machine(run);
    if (status == LDR_OK)
        status = handover_prepare(&run->handover, &run->kernel, &run->machine, &run->map, &run->log,
                                  &run->report);
    if (status != LDR_OK)
        return status;
    exit_to_kernel(&run->handover, &run->map, &run->console, run->application, run->system);
}

/* Leaving by Escape is no failure, but no boot either. */
static enum ldr_status boot_volume(struct run *run, const struct volume *volume, bool *ret_left)
{
    struct ldr_entry entry;
    enum ldr_status status =
        configuration_read(&run->configuration, volume, run->loaded, &run->log, &run->report);

    if (status != LDR_OK)
        return status;
    *ret_left = configuration_choose(&run->configuration, &run->console, &run->log, run->system,
                                     &entry) == CHOICE_LEAVE;
    return *ret_left ? LDR_OK : boot_entry(run, volume, &entry);
}

/* The processor comes first: whether a kernel can run at all doesn't depend on any file. */
static enum ldr_status boot(struct run *run, bool *ret_left)
{
    struct volume volume;
    enum ldr_status status = processor_check(&run->processor, &run->report);

    if (status == LDR_OK)
        status = volume_open(&volume, run->system->BootServices, run->loaded->DeviceHandle,
                             &run->memory, &run->report);
    if (status != LDR_OK)
        return status;
    status = boot_volume(run, &volume, ret_left);
    volume_close(&volume);
    return status;
}

/* What firmware's boot manager is told. */
/* EFI_SUCCESS can't be reached from here: after a success nobody is left to return. */
static EFI_STATUS to_firmware(enum ldr_status status, bool left)
{
    switch (status) {
    case LDR_OK:
        return left ? EFI_ABORTED : EFI_SUCCESS;
    case LDR_BAD_CONFIG:
        return EFI_INVALID_PARAMETER;
    case LDR_BAD_KERNEL:
    case LDR_BAD_REQUEST:
    case LDR_BAD_TABLES:
        return EFI_LOAD_ERROR;
    case LDR_BAD_MACHINE:
        return EFI_UNSUPPORTED;
    case LDR_NO_MEMORY:
        return EFI_OUT_OF_RESOURCES;
    case LDR_NOT_FOUND:
        return EFI_NOT_FOUND;
    }
    return EFI_LOAD_ERROR;
}

/* Everything about this run, in memory of its own: too much for a stack of unknown size. */
static struct run *open_run(EFI_HANDLE application, EFI_SYSTEM_TABLE *system)
{
    EFI_GUID guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    void *memory, *loaded;
    struct run *run;

    if (system->BootServices->HandleProtocol(application, &guid, &loaded) != EFI_SUCCESS ||
        system->BootServices->AllocatePool(EfiLoaderData, sizeof *run, &memory) != EFI_SUCCESS)
        return NULL;
    run = memory;
    *run = (struct run){.application = application, .system = system, .loaded = loaded};
    run->memory.services = system->BootServices;
    run->map.memory = &run->memory;
    console_open(&run->console, system);
    run->log = console_log(&run->console);
    return run;
}

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system)
{
    EFI_BOOT_SERVICES *services = system->BootServices;
    struct run *run = open_run(application, system);
    bool left = false;
    enum ldr_status status;

    if (!run)
        return EFI_OUT_OF_RESOURCES;
    ldr_say(&run->log, LDR_NAME " " LDR_VERSION ", image base 0x%llx", (ull)run->loaded->ImageBase);
    /* A countdown may be endless, and a large module on a slow disk takes its time. */
    services->SetWatchdogTimer(0, 0, 0, NULL);
    status = boot(run, &left);
    if (status != LDR_OK)
        ldr_say(&run->log, "error: %s", run->report.text);
    ldr_say(&run->log, "returning to the firmware");
    memory_free_all(&run->memory);
    services->FreePool(run);
    services->SetWatchdogTimer(WATCHDOG_SECONDS, 0, 0, NULL);
    return to_firmware(status, left);
}
