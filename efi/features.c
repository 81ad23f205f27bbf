/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/features.h"

#include "efi/times.h"
#include "efi/tpm.h"
#include "efi/tsc.h"

typedef unsigned long long ull;

/* The protocol wants IOMMUs off from this base revision on. */
#define IOMMUS_OFF_FROM 5

static void find_times(struct ldr_machine *machine, EFI_SYSTEM_TABLE *system,
                       const struct ldr_log *log)
{
    struct tsc_sources sources;

    tsc_sources_find(&sources, machine->rsdp, system->BootServices);
    machine->tsc_hz = tsc_frequency(&sources);
    if (!machine->tsc_hz) {
        ldr_say(log, "time-stamp counter: nothing tells its frequency");
        return;
    }
    times_find(&machine->times, machine->rsdp, machine->tsc_hz);
    ldr_say(log, "time-stamp counter: %llu kHz", (ull)machine->tsc_hz / 1000);
}

void features_gather(struct ldr_machine *machine, const struct ldr_requests *requests,
                     EFI_SYSTEM_TABLE *system, const struct ldr_log *log)
{
    if (requests->present[LDR_TSC_FREQUENCY] || requests->present[LDR_PERFORMANCE])
        find_times(machine, system, log);
    if (!requests->present[LDR_TPM_EVENT_LOG])
        return;
    tpm_event_log_find(&machine->event_log, system);
    if (machine->event_log.format != LDR_EVENTS_NONE)
        ldr_say(log, "TPM event log: %llu bytes at 0x%llx", (ull)machine->event_log.bytes,
                (ull)(uint64_t)machine->event_log.at);
}

static void finish_iommus(const struct iommus *iommus, const struct ldr_requests *requests,
                          const struct ldr_log *log)
{
    size_t on;

    if (!iommus->count || requests->base_revision < IOMMUS_OFF_FROM)
        return;
    if (requests->present[LDR_KEEP_IOMMU]) {
        ldr_say(log, "IOMMUs: %llu, kept as firmware left them", (ull)iommus->count);
        return;
    }
    on = iommus_turn_off(iommus, &registers_of_machine);
    if (on)
        ldr_say(log, "IOMMUs: %llu of %llu don't turn off: devices may fail to reach memory",
                (ull)on, (ull)iommus->count);
    else
        ldr_say(log, "IOMMUs: %llu, off", (ull)iommus->count);
}

void features_finish(const struct iommus *iommus, const struct ldr_answers *answers,
                     const struct ldr_late *late, const struct ldr_log *log)
{
    const struct ldr_machine *machine = answers->machine;
    uint64_t lost;

    finish_iommus(iommus, answers->requests, log);
    lost = ldr_respond_final_events(answers, late);
    if (lost)
        ldr_say(log, "TPM event log: the last %llu events are left out", (ull)lost);
    if (machine->times.known)
        ldr_respond_start(late, times_at(&machine->times, tsc_read(), machine->tsc_hz));
}
