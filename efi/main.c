/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UEFI application, as a page: volume, configuration, menu; the rest is the library's
 * (efi/pagelift.h).
 */
#include "efi/chainload.h"
#include "efi/configuration.h"
#include "efi/console.h"
#include "efi/entry.h"
#include "efi/memory.h"
#include "efi/menu_io.h"
#include "efi/pagelift.h"
#include "efi/path_read.h"
#include "efi/resolution.h"
#include "efi/tsc.h"
#include "efi/uefi.h"
#include "efi/volumes.h"
#include "loader/respond.h"

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
    struct volumes volumes;
    struct configuration configuration;
    struct ldr_menu menu;
    struct menu_io menu_io;
    struct entry_files files;
    uint64_t started; /* the time-stamp counter */
};

/* gnu-efi's start-up code calls it. */
EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system);

/* Says why, and what firmware's boot manager is told. */
static EFI_STATUS refused(const struct run *run, enum ldr_status status)
{
    ldr_say(&run->log, "error: %s", run->report.text);
    return uefi_status_of(status);
}

/* From the kernel's file to its first line; comes back only if that is refused. */
static EFI_STATUS boot_kernel(struct run *run, const struct ldr_entry *entry)
{
    enum ldr_status status =
        entry_open(&run->files, &run->configuration.config, entry, &run->volumes, &run->report);

    if (status != LDR_OK)
        return refused(run, status);
    return pagelift_boot(&(struct pagelift_options){
        .bytes = sizeof(struct pagelift_options),
        .application = run->application,
        .system = run->system,
        .file = run->files.file,
        .file_count = run->files.count,
        .source = entry_source(&run->files),
        .console = console_callbacks(&run->console),
        .started = run->started,
        .levels_least = entry->levels.least,
        .levels_most = entry->levels.most,
        .early_faults = (enum pagelift_choice)entry->early_faults,
        .kaslr = (enum pagelift_choice)entry->kaslr,
        .randomise_direct_map = (enum pagelift_choice)entry->randomise_hhdm,
    });
}

/* Another application; comes back when that does, too. */
static EFI_STATUS boot_application(struct run *run, const struct ldr_entry *entry)
{
    struct chainload chainload = {.application = run->application,
                                  .system = run->system,
                                  .log = &run->log,
                                  .cmdline = entry->cmdline};
    const struct ldr_config *config = &run->configuration.config;
    struct ldr_path path;
    enum ldr_status status =
        ldr_path_read(&path, config->file, entry->path_line, entry->path, &run->report);

    chainload.path = path.file;
    if (status == LDR_OK)
        status = path_read(&run->volumes, &path, config->hash_mismatch_refused, &chainload.file,
                           &run->report);
    if (status == LDR_OK)
        status = chainload_start(&chainload, &run->report);
    return status == LDR_OK ? EFI_SUCCESS : refused(run, status);
}

/* Whatever comes back has left nothing behind: no memory, and the screen as it was. */
static EFI_STATUS boot_entry(struct run *run, const struct ldr_entry *entry)
{
    const struct memory_block *mark = run->memory.newest;
    struct resolution before;
    EFI_STATUS status;

    ldr_say(&run->log, "booting %.*s", LDR_TEXT(entry->name));
    if (resolution_set(&before, run->system, &entry->resolution, &run->log))
        console_hold(&run->console);
    status = entry->protocol == LDR_PROTOCOL_EFI ? boot_application(run, entry)
                                                 : boot_kernel(run, entry);
    resolution_restore(&before, run->system);
    console_release(&run->console);
    memory_free_since(&run->memory, mark);
    return status;
}

/* From the menu to an entry, and back to the menu where that has come back, so that another can be
 * tried.  Where no menu was shown, or nobody is there to choose, firmware goes on, with the
 * status of what was tried.  Leaving by Escape is no failure, but no boot either. */
static EFI_STATUS choose_and_boot(struct run *run)
{
    enum ldr_menu_result result = ldr_menu_open(&run->menu, &run->configuration.config);
    bool shown = result == LDR_MENU_OPEN && run->menu_io.listens;
    EFI_STATUS status = EFI_ABORTED;
    struct ldr_entry entry;

    if (result == LDR_MENU_OPEN)
        result = menu_io_run(&run->menu_io, &run->menu);
    while (result == LDR_MENU_BOOT) {
        ldr_menu_chosen(&run->menu, &entry);
        run->console.quiet = run->menu.quiet; /* not where somebody asked for the menu */
        status = boot_entry(run, &entry);
        run->console.quiet = false;
        if (!shown || !menu_io_wait(&run->menu_io, &run->log))
            return status;
        result = menu_io_run(&run->menu_io, &run->menu);
        if (!run->menu_io.listens)
            return status; /* what nobody can choose isn't tried twice */
    }
    return EFI_ABORTED;
}

static EFI_STATUS boot_volume(struct run *run)
{
    const struct ldr_config *config = &run->configuration.config;
    EFI_STATUS result;
    enum ldr_status status = configuration_read(&run->configuration, &run->volumes.first->volume,
                                                run->loaded, &run->log, &run->report);

    if (status != LDR_OK)
        return refused(run, status);
    menu_io_open(&run->menu_io, run->system, &run->console, config);
    result = choose_and_boot(run);
    menu_io_close(&run->menu_io);
    return result;
}

static EFI_STATUS boot(struct run *run)
{
    EFI_STATUS result;
    enum ldr_status status =
        volumes_open(&run->volumes, run->system->BootServices, run->loaded->DeviceHandle,
                     &run->memory, &run->log, &run->report);

    if (status != LDR_OK)
        return refused(run, status);
    result = boot_volume(run);
    volumes_close(&run->volumes);
    return result;
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
    console_open(&run->console, system);
    run->log = console_log(&run->console);
    return run;
}

/* Even then there is somebody who wants to know. */
static EFI_STATUS refuse_run(EFI_SYSTEM_TABLE *system)
{
    struct console console = {0};
    struct ldr_log log;

    console_open(&console, system);
    log = console_log(&console);
    ldr_say(&log, "error: firmware gives no memory, or does not know what started this "
                  "application; start it from firmware's own boot menu");
    return EFI_OUT_OF_RESOURCES;
}

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system)
{
    EFI_BOOT_SERVICES *services = system->BootServices;
    uint64_t started = tsc_read();
    struct run *run = open_run(application, system);
    EFI_STATUS status;

    if (!run)
        return refuse_run(system);
    ldr_say(&run->log, LDR_NAME " " LDR_VERSION ", image base 0x%llx", (ull)run->loaded->ImageBase);
    run->started = started;
    /* A countdown may be endless, and a large module on a slow disk takes its time. */
    services->SetWatchdogTimer(0, 0, 0, NULL);
    status = boot(run);
    ldr_say(&run->log, "returning to the firmware");
    memory_free_all(&run->memory);
    services->FreePool(run);
    services->SetWatchdogTimer(WATCHDOG_SECONDS, 0, 0, NULL);
    return status;
}
