/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/exit.h"

#include "loader/handoff.h"

typedef unsigned long long ull;

#define TRIES 16

EFI_STATUS exit_boot_services(struct memory_map *map, EFI_HANDLE application)
{
    EFI_STATUS status = EFI_SUCCESS;

    for (unsigned i = 0; i < TRIES; i++) {
        status = memory_map_ask(map);
        if (status == EFI_SUCCESS)
            status = map->memory->services->ExitBootServices(application, map->key);
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
    for (;;)
        __asm__ volatile("cli; hlt");
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

_Noreturn void exit_to_kernel(const struct handover *handover, struct memory_map *map,
                              struct console *console, EFI_HANDLE application,
                              EFI_SYSTEM_TABLE *system)
{
    const struct ldr_plan *plan = &handover->space.plan;
    struct ldr_log log = console_log(console);
    EFI_RUNTIME_SERVICES *runtime = system->RuntimeServices;
    EFI_STATUS status = exit_boot_services(map, application);

    console_boot_services_ended(console);
    if (status != EFI_SUCCESS)
        give_up(&log, runtime, status);
    __asm__ volatile("cli");
    interrupts_silence(&handover->interrupts, plan->base_revision);
    answer_memory(handover, map, &log);
    ldr_say(&log, "boot services ended, %llu usable MiB; jumping to 0x%llx",
            (ull)(usable_bytes(map) >> 20), (ull)handover->answers.requests->entry);
    ldr_handoff_jump(plan->handoff_phys);
}
