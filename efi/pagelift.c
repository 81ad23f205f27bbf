/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library's steps, each as a page.
 */
#include "efi/pagelift.h"

#include <string.h>

#include "efi/clock.h"
#include "efi/console.h"
#include "efi/entropy.h"
#include "efi/exit.h"
#include "efi/extra.h"
#include "efi/features.h"
#include "efi/firmware_tables.h"
#include "efi/framebuffer.h"
#include "efi/handover.h"
#include "efi/internal_modules.h"
#include "efi/kernel.h"
#include "efi/memory.h"
#include "efi/memory_map.h"
#include "efi/processor.h"
#include "efi/screen.h"
#include "efi/source.h"
#include "efi/tsc.h"
#include "efi/uefi.h"

typedef unsigned long long ull;

_Static_assert((int)PAGELIFT_DEFAULT == LDR_UNSET && (int)PAGELIFT_NO == LDR_NO &&
                   (int)PAGELIFT_YES == LDR_YES,
               "handed on as they are");

/* What was done last, and so what may be called next. */
enum stage { OPENED, GATHERED, LOADED, MAPPED, EXITED, FAILED };

struct pagelift {
    struct pagelift_options options;
    enum stage stage;
    struct console own_console;
    struct ldr_log log;
    struct ldr_report report;
    struct memory memory; /* all that a boot holds but this structure */
    struct memory_map map;
    struct processor processor;
    struct source source;
    struct kernel kernel;
    struct ldr_framebuffer framebuffer;
    struct entropy random;
    struct ldr_entropy entropy;
    struct ldr_machine machine;
    struct handover handover;
};

/* ---- open and close -------------------------------------------------------------- */

static EFI_STATUS check_options(const struct pagelift_options *options)
{
    if (options->bytes > sizeof *options)
        return EFI_INCOMPATIBLE_VERSION;
    if (options->bytes < offsetof(struct pagelift_options, source) || !options->application ||
        !options->system || !options->file || !options->file_count)
        return EFI_INVALID_PARAMETER;
    return EFI_SUCCESS;
}

/* The same console for all, before boot services end and after. */
static struct pagelift_console open_console(struct console *own,
                                            const struct pagelift_options *options)
{
    struct pagelift_console console = {0};

    if (options->bytes >= offsetof(struct pagelift_options, mapping))
        console = options->console;
    if (console.line)
        return console;
    console_open(own, options->system);
    return console_callbacks(own);
}

static struct ldr_log log_to(const struct pagelift_console *console)
{
    return (struct ldr_log){.line = console->line, .context = console->context};
}

/* There is no account yet to keep a reason in. */
static EFI_STATUS refuse_open(const struct pagelift_options *options, EFI_STATUS status)
{
    struct console own = {0};
    struct pagelift_console console = open_console(&own, options);
    struct ldr_log log = log_to(&console);

    ldr_say(&log,
            "error: no memory for the loader's account of a boot (%s); give the machine "
            "more memory",
            uefi_status_text(status));
    return status;
}

EFI_STATUS pagelift_open(struct pagelift **ret_boot, const struct pagelift_options *options)
{
    EFI_GUID guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    EFI_STATUS status = check_options(options);
    EFI_BOOT_SERVICES *services;
    void *memory, *loaded;
    struct pagelift *boot;

    if (status != EFI_SUCCESS)
        return status;
    services = options->system->BootServices;
    status = services->AllocatePool(EfiLoaderData, sizeof *boot, &memory);
    if (status != EFI_SUCCESS)
        return refuse_open(options, status);
    boot = memory;
    *boot = (struct pagelift){0};
    /* From a caller of an older header the fields that it doesn't know stay zero. */
    memcpy(&boot->options, options, options->bytes);
    boot->options.console = open_console(&boot->own_console, &boot->options);
    boot->log = log_to(&boot->options.console);
    boot->machine.times.init_tsc = boot->options.started ? boot->options.started : tsc_read();
    boot->memory.services = services;
    boot->map.memory = &boot->memory;
    boot->source =
        (struct source){.from = boot->options.source, .memory = &boot->memory, .log = &boot->log};
    /* Without it there is no boot volume, which only the default source needs. */
    if (services->HandleProtocol(options->application, &guid, &loaded) == EFI_SUCCESS)
        boot->source.device = ((EFI_LOADED_IMAGE *)loaded)->DeviceHandle;
    *ret_boot = boot;
    return EFI_SUCCESS;
}

void pagelift_close(struct pagelift *boot)
{
    EFI_BOOT_SERVICES *services = boot->memory.services;

    if (boot->stage == EXITED)
        __builtin_trap(); /* there is nobody left to give anything back to */
    handover_undo(&boot->handover, services);
    memory_free_all(&boot->memory);
    services->FreePool(boot);
}

const char *pagelift_reason(const struct pagelift *boot)
{
    return boot->report.text;
}

/* ---- what each step begins and ends with ------------------------------------------- */

static void expect(const struct pagelift *boot, enum stage stage)
{
    if (boot->stage != stage)
        __builtin_trap(); /* the caller broke the contract */
}

static EFI_STATUS end_step(struct pagelift *boot, enum stage stage, enum ldr_status status)
{
    boot->stage = status == LDR_OK ? stage : FAILED;
    if (status != LDR_OK)
        ldr_say(&boot->log, "error: %s", boot->report.text);
    return uefi_status_of(status);
}

/* ---- gather ------------------------------------------------------------------------ */

/* A machine without a screen boots all the same. */
static enum ldr_status find_framebuffer(struct pagelift *boot)
{
    struct ldr_framebuffer *fb = &boot->framebuffer;
    enum ldr_status status;
    uint64_t extent;

    if (boot->options.no_screen ||
        !framebuffer_find(fb, boot->options.system, boot->options.screen)) {
        ldr_say(&boot->log, "framebuffer: none");
        return LDR_OK;
    }
    boot->machine.framebuffer = fb;
    ldr_say(&boot->log, "framebuffer: %llux%llu at 0x%llx, %llu bytes a line", (ull)fb->width,
            (ull)fb->height, (ull)fb->phys, (ull)fb->pitch);
    status = memory_map_gather(&boot->map, &boot->report);
    if (status != LDR_OK)
        return status;
    extent = ldr_framebuffer_extent(fb->phys, fb->bytes, boot->map.region, boot->map.count);
    return memory_map_overlay(&boot->map, fb->phys, extent, LDR_FRAMEBUFFER_MEMORY, &boot->report);
}

/* What firmware knows and the kernel may ask for. */
static enum ldr_status gather(struct pagelift *boot)
{
    struct ldr_machine *machine = &boot->machine;
    EFI_SYSTEM_TABLE *system = boot->options.system;
    enum ldr_status status = processor_check(&boot->processor, &boot->report);

    if (status != LDR_OK)
        return status;
    entropy_open(&boot->random, system->BootServices);
    boot->entropy = entropy_source(&boot->random);
    machine->entropy = &boot->entropy;
    firmware_tables_find(machine, system);
    machine->has_time = clock_read(system->RuntimeServices, &machine->time);
    ldr_say(&boot->log, "firmware tables: RSDP 0x%llx, SMBIOS 0x%llx and 0x%llx, system 0x%llx",
            (ull)machine->rsdp, (ull)machine->smbios_32, (ull)machine->smbios_64,
            (ull)machine->efi_system_table);
    return find_framebuffer(boot);
}

EFI_STATUS pagelift_gather(struct pagelift *boot)
{
    expect(boot, OPENED);
    return end_step(boot, GATHERED, gather(boot));
}

/* ---- load --------------------------------------------------------------------------- */

/* What the caller leaves open is decided by the kernel, and by what it is. */
static void take_wishes(struct kernel *kernel, const struct pagelift_options *options,
                        const struct ldr_entropy *entropy)
{
    kernel->limits.least = options->levels_least;
    kernel->limits.most = options->levels_most;
    kernel->early_faults = (enum ldr_option)options->early_faults;
    kernel->kaslr.image = (enum ldr_option)options->kaslr;
    kernel->kaslr.direct_map = (enum ldr_option)options->randomise_direct_map;
    kernel->entropy = entropy;
}

static enum ldr_status load(struct pagelift *boot)
{
    struct ldr_report *report = &boot->report;
    enum ldr_status status;

    take_wishes(&boot->kernel, &boot->options, &boot->entropy);
    status = kernel_read(&boot->kernel, &boot->source, boot->options.file, boot->options.file_count,
                         report);
    if (status == LDR_OK)
        status = kernel_load(&boot->kernel, &boot->processor, &boot->map, &boot->log, report);
    if (status == LDR_OK)
        status = internal_modules_read(&boot->kernel, &boot->source, &boot->map, report);
    if (status == LDR_OK)
        status = processors_find(&boot->kernel.processors, &boot->kernel.requests,
                                 boot->machine.rsdp, &boot->map, &boot->log, report);
    if (status == LDR_OK)
        status = kernel_place_stacks(&boot->kernel, &boot->map, &boot->log, report);
    if (status == LDR_OK)
        status = memory_map_gather(&boot->map, report);
    /* The kernel's base revision says what has to be kept. */
    if (status == LDR_OK)
        status = firmware_tables_keep(&boot->map, &boot->machine, boot->options.system,
                                      boot->kernel.requests.base_revision, report);
    if (status == LDR_OK)
        status = screen_gather(&boot->machine, &boot->kernel.requests, boot->options.system,
                               boot->options.screen, &boot->memory, report);
    if (status == LDR_OK)
        features_gather(&boot->machine, &boot->kernel.requests, boot->options.system, &boot->log);
    return status;
}

EFI_STATUS pagelift_load(struct pagelift *boot)
{
    expect(boot, GATHERED);
    return end_step(boot, LOADED, load(boot));
}

/* ---- map ---------------------------------------------------------------------------- */

static enum ldr_status map(struct pagelift *boot)
{
    const struct pagelift_options *options = &boot->options;
    enum ldr_status status = LDR_OK;

    if (options->mapping)
        status = extra_collect(&boot->kernel, options->mapping, options->mapping_context,
                               &boot->map, &boot->log, &boot->report);
    if (status != LDR_OK)
        return status;
    return handover_prepare(&boot->handover, &boot->kernel, &boot->machine, &boot->map, &boot->log,
                            &boot->report);
}

EFI_STATUS pagelift_map(struct pagelift *boot)
{
    expect(boot, LOADED);
    return end_step(boot, MAPPED, map(boot));
}

/* ---- exit and jump -------------------------------------------------------------------- */

EFI_STATUS pagelift_exit(struct pagelift *boot)
{
    const struct pagelift_options *options = &boot->options;

    expect(boot, MAPPED);
    return end_step(boot, EXITED,
                    exit_firmware(&boot->handover, &boot->map, &options->console,
                                  options->application, options->system, &boot->report));
}

_Noreturn void pagelift_jump(struct pagelift *boot)
{
    expect(boot, EXITED);
    exit_jump(&boot->handover);
}

/* ---- all of it ------------------------------------------------------------------------ */

EFI_STATUS pagelift_boot(const struct pagelift_options *options)
{
    struct pagelift *boot;
    EFI_STATUS status = pagelift_open(&boot, options);

    if (status != EFI_SUCCESS)
        return status;
    status = pagelift_gather(boot);
    if (status == EFI_SUCCESS)
        status = pagelift_load(boot);
    if (status == EFI_SUCCESS)
        status = pagelift_map(boot);
    if (status == EFI_SUCCESS)
        status = pagelift_exit(boot);
    if (status == EFI_SUCCESS)
        pagelift_jump(boot);
    pagelift_close(boot);
    return status;
}
