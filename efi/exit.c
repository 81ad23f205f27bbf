/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/exit.h"

#include "efi/features.h"
#include "efi/ports.h"
#include "loader/handoff.h"

typedef unsigned long long ull;

#define TRIES 16

EFI_STATUS exit_boot_services(struct memory_map *map, EFI_HANDLE application, bool *ret_begun)
{
    EFI_STATUS status = EFI_SUCCESS;

    *ret_begun = false;
    for (unsigned i = 0; i < TRIES; i++) {
        status = memory_map_ask(map);
        if (status == EFI_SUCCESS) {
            *ret_begun = true;
            status = map->memory->services->ExitBootServices(application, map->key);
        }
        if (status == EFI_SUCCESS)
            break;
    }
    return status;
}

/* Nothing can be given back any more, and returning would run firmware that has shut down. */
static _Noreturn void give_up(const struct ldr_log *log, EFI_RUNTIME_SERVICES *services,
                              EFI_STATUS status)
{
    ldr_say(log, "error: firmware doesn't end its boot services (%s after %d tries); resetting",
            uefi_status_text(status), TRIES);
    services->ResetSystem(EfiResetCold, status, 0, NULL);
    processor_halt();
}

static uint64_t usable_bytes(const struct memory_map *map)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < map->count; i++)
        if (map->region[i].kind == LDR_USABLE)
            bytes += map->region[i].bytes;
    return bytes;
}

/* The memory maps, as they are now for good. */
static void answer_memory(const struct handover *handover, struct memory_map *map,
                          const struct ldr_log *log)
{
    uint64_t hidden;

    memory_map_resolve(map);
    hidden = ldr_respond_memory(&handover->answers, &handover->late, map->region, map->count,
                                (void *)map->buffer, map->bytes, map->descriptor_bytes,
                                map->descriptor_version);
    if (hidden)
        ldr_say(log, "%llu bytes came to be too late for the direct map: told as reserved",
                (ull)hidden);
}

static void say_nothing(void *context, const char *text)
{
    (void)context, (void)text;
}

/* Firmware's console is gone; whose lines had nowhere else to go, falls silent. */
static struct ldr_log end_console(const struct pagelift_console *console)
{
    if (!console->ended)
        return (struct ldr_log){.line = say_nothing};
    console->ended(console->context);
    return (struct ldr_log){.line = console->line, .context = console->context};
}

enum ldr_status exit_firmware(const struct handover *handover, struct memory_map *map,
                              const struct pagelift_console *console, EFI_HANDLE application,
                              EFI_SYSTEM_TABLE *system, struct ldr_report *report)
{
    const struct ldr_plan *plan = &handover->space.plan;
    EFI_RUNTIME_SERVICES *runtime = system->RuntimeServices;
    struct ldr_log log;
    bool begun;
    EFI_STATUS status = exit_boot_services(map, application, &begun);

    if (!begun)
        return ldr_refuse(report, LDR_BAD_MACHINE,
                          "firmware gives no memory map to end its boot services with (%s); a "
                          "driver must be at fault, boot without add-in devices",
                          uefi_status_text(status));
    log = end_console(console);
    if (status != EFI_SUCCESS)
        give_up(&log, runtime, status);
    interrupts_off();
    processors_set_mode(&handover->processors);
    interrupts_silence(&handover->interrupts, plan->base_revision);
    processors_start(&handover->processors, &handover->late, &log);
    answer_memory(handover, map, &log);
    features_finish(&handover->iommus, &handover->answers, &handover->late, &log);
    ldr_say(&log, "boot services ended, %llu usable MiB; jumping to 0x%llx",
            (ull)(usable_bytes(map) >> 20), (ull)handover->answers.requests->entry);
    return LDR_OK;
}

_Noreturn void exit_jump(const struct handover *handover)
{
    ldr_handoff_jump(handover->space.plan.handoff_phys);
}
