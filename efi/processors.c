/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/processors.h"

#include <string.h>

#include "efi/acpi.h"
#include "efi/local_apic.h"
#include "efi/ports.h"
#include "efi/tsc.h"
#include "loader/mp_start.h"

typedef unsigned long long ull;

/* What 8 bits of a destination reach; 255 stands for all. */
#define XAPIC_HIGHEST 254

/* ---- while boot services run -------------------------------------------------------- */

static enum ldr_status choose_mode(struct processors *processors,
                                   const struct ldr_requests *requests, struct ldr_report *report)
{
    processors->told.x2apic = requests->x2apic && local_apic_has_x2();
    if (processors->told.x2apic || !local_apic_in_x2() ||
        (!local_apic_locked_in_x2() && local_apic_id() <= XAPIC_HIGHEST))
        return LDR_OK;
    return ldr_refuse(report, LDR_BAD_MACHINE,
                      "the kernel's MP request doesn't ask for x2APIC mode, but the processor's "
                      "local APIC can't leave it: set bit 0 of the request's flags, or switch "
                      "x2APIC mode off in the firmware's setup");
}

/* Those that can be called in the mode chosen, and that the descriptor table has room for. */
static enum ldr_status list(struct processors *processors, struct memory *memory,
                            const struct ldr_log *log, struct ldr_report *report)
{
    const struct ldr_madt *madt = &processors->madt;
    uint32_t own = local_apic_id(), highest = processors->told.x2apic ? UINT32_MAX : XAPIC_HIGHEST;
    size_t all = ldr_madt_processors(madt, own, UINT32_MAX, NULL, 0);
    size_t count = ldr_madt_processors(madt, own, highest, NULL, 0);
    uint64_t phys;
    enum ldr_status status;

    if (count > LDR_PROCESSORS_MOST)
        count = LDR_PROCESSORS_MOST;
    status = memory_allocate(memory, count * sizeof(struct ldr_processor), "the list of processors",
                             &phys, report);
    if (status != LDR_OK)
        return status;
    ldr_madt_processors(madt, own, highest, (struct ldr_processor *)phys, count);
    processors->told.list = (struct ldr_processor *)phys;
    processors->told.count = count;
    if (count < all)
        ldr_say(log,
                "warning: %llu of %llu processors can't be started, as their local APICs' numbers "
                "take x2APIC mode; the kernel may ask for it in its MP request",
                (ull)(all - count), (ull)all);
    return LDR_OK;
}

/* A page below 1 MiB, one below 4 GiB, and a clock. */
static enum ldr_status get_means(struct processors *processors, uint64_t rsdp,
                                 struct memory_map *map, struct ldr_report *report)
{
    struct ldr_block block = {
        .bytes = PGT_PAGE, .modulus = PGT_PAGE, .highest = LDR_MP_START_HIGHEST};
    struct tsc_sources sources;
    enum ldr_status status =
        memory_map_place(map, EfiLoaderCode, processors->base_revision, &block,
                         "starting processors below 1 MiB", &processors->page, report);

    if (status == LDR_OK)
        status = memory_allocate_low(map->memory, PGT_PAGE, "starting processors",
                                     &processors->root, report);
    if (status != LDR_OK)
        return status;
    tsc_sources_find(&sources, rsdp, map->memory->services);
    processors->hz = tsc_frequency(&sources);
    return processors->hz ? LDR_OK
                          : ldr_refuse(report, LDR_BAD_MACHINE,
                                       "nothing tells how fast the time-stamp counter counts");
}

void processors_give_up(struct processors *processors, const char *reason,
                        const struct ldr_log *log)
{
    ldr_say(log, "warning: of %llu processors only one is used: %s", (ull)processors->told.count,
            reason);
    processors->told.count = 1;
}

enum ldr_status processors_find(struct processors *ret_processors,
                                const struct ldr_requests *requests, uint64_t rsdp,
                                struct memory_map *map, const struct ldr_log *log,
                                struct ldr_report *report)
{
    struct processors found = {.madt = acpi_madt(rsdp), .base_revision = requests->base_revision};
    struct ldr_report reason; /* of what is no failure of the boot */
    enum ldr_status status = LDR_OK;

    if (requests->present[LDR_MP]) {
        status = choose_mode(&found, requests, report);
        if (status == LDR_OK)
            status = list(&found, map->memory, log, report);
        if (status != LDR_OK)
            return status;
        if (found.told.count > 1 && get_means(&found, rsdp, map, &reason) != LDR_OK)
            processors_give_up(&found, reason.text, log);
    }
    *ret_processors = found;
    return LDR_OK;
}

/* ---- on a processor that comes -------------------------------------------------------- */

/* In firmware's page tables, on the stack that it will have in the kernel's.  Several do this
 * at once, and each only reads what they share. */
static void arrive(void *context, uint32_t index)
{
    const struct processors *processors = context;

    mtrrs_apply(&processors->mtrrs);
    local_apic_set_mode(processors->told.x2apic);
    if (processors->base_revision >= 5)
        local_apic_define(&processors->madt);
    ldr_handoff_park(processors->handoff_phys, index);
}

void processors_prepare(struct processors *processors, const struct ldr_plan *plan,
                        const struct ldr_late *late, const struct ldr_control *firmware, void *gdt)
{
    struct ldr_mp_way way = {
        .root = processors->root,
        .control = *firmware,
        .processors = (uint64_t)late->processor,
        .count = processors->told.count,
        .hhdm = plan->hhdm,
        .function = arrive,
        .context = processors,
    };

    if (!late->mp || processors->told.count < 2)
        return;
    processors->handoff_phys = plan->handoff_phys;
    mtrrs_read(&processors->mtrrs);
    ldr_handoff_add_processors((void *)plan->handoff_phys, gdt, processors->told.count,
                               late->processors_virt);
    ldr_mp_start_prepare((void *)processors->page, processors->page, &way);
}

/* ---- after boot services --------------------------------------------------------------- */

/* INIT, 10 ms, start-up, 200 microseconds, start-up (SDM 8.4.4.1): the second message is for
 * processors of old, and one that runs already doesn't hear it. */
#define AFTER_INIT_US  10000
#define AFTER_START_US 200

/* Far more than a processor takes, which comes within a millisecond: virtual ones may have to
 * wait for a real one. */
#define PATIENCE_US 2000000

static void wait(const struct processors *processors, uint64_t us)
{
    uint64_t from = tsc_read(), cycles = processors->hz / 1000000 * us;

    while (tsc_read() - from < cycles)
        processor_pause();
}

static void call_all(const struct processors *processors)
{
    const struct ldr_processors *told = &processors->told;

    for (size_t i = 1; i < told->count; i++)
        local_apic_send_init(told->list[i].apic_id);
    wait(processors, AFTER_INIT_US);
    for (unsigned k = 0; k < 2; k++) {
        for (size_t i = 1; i < told->count; i++)
            local_apic_send_start(told->list[i].apic_id, processors->page);
        wait(processors, AFTER_START_US);
    }
}

static void wait_for_all(const struct processors *processors, const struct ldr_late *late)
{
    uint64_t from = tsc_read(), cycles = processors->hz / 1000000 * PATIENCE_US;

    for (size_t i = 1; i < processors->told.count; i++)
        while (!ldr_mp_parked(late, i) && tsc_read() - from < cycles)
            processor_pause();
}

void processors_set_mode(const struct processors *processors)
{
    if (processors->told.count > 0)
        local_apic_set_mode(processors->told.x2apic);
}

/* The root is copied now, since boot services might have changed it up to their end; what is
 * below it is shared.  CR3's low bits are no part of the address (SDM 4.5). */
static void copy_root(const struct processors *processors)
{
    memcpy((void *)processors->root, (const void *)(cr3_read() & UINT64_C(0xffffffffff000)),
           PGT_PAGE);
}

void processors_start(const struct processors *processors, const struct ldr_late *late,
                      const struct ldr_log *log)
{
    const struct ldr_processors *told = &processors->told;
    size_t missing = 0;

    if (!late->mp)
        return;
    if (told->count > 1) {
        copy_root(processors);
        call_all(processors);
        wait_for_all(processors, late);
    }
    for (size_t i = 1; i < told->count; i++) {
        if (ldr_mp_parked(late, i) || !ldr_mp_leave_out(late, i))
            continue;
        /* Back to waiting for a start, or it might run on in memory that is the kernel's. */
        local_apic_send_init(told->list[i].apic_id);
        ldr_say(log, "warning: processor %u (local APIC %u) doesn't start, and is left out",
                told->list[i].uid, told->list[i].apic_id);
        missing++;
    }
    ldr_say(log, "processors: %llu, local APICs in %s mode", (ull)(told->count - missing),
            told->x2apic ? "x2APIC" : "xAPIC");
}
