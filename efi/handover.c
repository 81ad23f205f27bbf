/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/handover.h"

#include "efi/page_rights.h"
#include "loader/explain.h"
#include "loader/handoff.h"
#include "loader/net.h"

typedef unsigned long long ull;

/* A second round is rare; if four are not enough, firmware is not going to be quiet. */
#define TRIES 4

/* Counts the answers and gets memory for them. */
static enum ldr_status reserve_answers(struct handover *handover, struct memory_map *map,
                                       struct ldr_report *report)
{
    struct ldr_arena *arena = &handover->arena;
    enum ldr_status status;

    handover->answers.memmap_capacity = memory_map_most_regions(map);
    handover->answers.efi_memmap_capacity = map->capacity;
    *arena = (struct ldr_arena){0};
    ldr_respond(&handover->answers, arena, NULL, &handover->late);
    arena->bytes = arena->used;
    status = memory_allocate(map->memory, arena->bytes, "the answers to the kernel's requests",
                             &arena->phys, report);
    if (status == LDR_OK)
        arena->memory = (uint8_t *)arena->phys;
    return status;
}

/* Is all that was made still right for the memory map, which the making changed? */
static bool still_fits(const struct handover *handover, const struct memory_map *map,
                       const struct ldr_log *log)
{
    uint64_t base;

    if (handover->answers.memmap_capacity != memory_map_most_regions(map) ||
        handover->answers.efi_memmap_capacity != map->capacity) {
        ldr_say(log, "the memory map outgrew its room; once more");
        return false;
    }
    if (!ldr_plan_covers(&handover->space.plan, map->region, map->count, &base)) {
        ldr_say(log, "memory at 0x%llx came to be after the plan was made; once more", (ull)base);
        return false;
    }
    return true;
}

/* Each step takes memory, and memory taken changes the map that the step before was made
 * for.  Mostly that is harmless, as usable memory becomes the loader's, and both
 * are in the direct map; where it isn't, all is given back and made anew. */
static enum ldr_status make(struct handover *handover, const struct kernel *kernel,
                            struct memory_map *map, const struct ldr_log *log,
                            struct ldr_report *report)
{
    for (unsigned i = 0; i < TRIES; i++) {
        enum ldr_status status = address_space_make(&handover->space, kernel, map, log, report);

        if (status == LDR_OK)
            status = reserve_answers(handover, map, report);
        if (status == LDR_OK)
            status = memory_map_gather(map, report);
        if (status != LDR_OK)
            return status;
        if (still_fits(handover, map, log))
            return LDR_OK;
        memory_free(map->memory, handover->arena.phys, handover->arena.bytes);
        address_space_discard(&handover->space);
    }
    return ldr_refuse(report, LDR_BAD_MACHINE,
                      "firmware's memory map doesn't come to rest; a driver must be at fault, "
                      "boot without add-in devices");
}

/* For as many processors as there are stacks for. */
static void write_net(struct handover *handover, const struct kernel *kernel)
{
    const struct ldr_plan *plan = &handover->space.plan;
    void *page = (void *)plan->handoff_phys;

    ldr_net_write(page, plan, &kernel->image, handover->answers.machine->framebuffer);
    ldr_net_arm(page, (void *)handover->gdt, plan, plan->more_stacks + 1);
}

/* What can't fail: all memory is there. */
static void write_all(struct handover *handover, const struct kernel *kernel)
{
    const struct ldr_plan *plan = &handover->space.plan;
    struct ldr_tables *tables = &handover->space.tables;
    uint64_t transition_root = tables->transition.root, kernel_root = tables->kernel.root;
    struct ldr_control control;

    ldr_respond(&handover->answers, &handover->arena, (void *)kernel->layout.image_phys,
                &handover->late);
    /* The kernel gets plain tables, free of this library's notes in ignored bits. */
    pgt_disown(&tables->transition);
    pgt_disown(&tables->kernel);
    ldr_control_read(&control);
    ldr_handoff_prepare((void *)kernel->layout.handoff_phys, plan, transition_root, kernel_root,
                        kernel->requests.entry, &control, (void *)handover->gdt,
                        plan->hhdm + handover->gdt);
    processors_prepare(&handover->processors, plan, &handover->late, &control,
                       (void *)handover->gdt);
    if (plan->net_bytes)
        write_net(handover, kernel);
}

static size_t gdt_bytes(const struct processors *processors)
{
    return ldr_handoff_gdt_bytes(processors->told.count ? processors->told.count : 1);
}

/* Pages that are run under firmware's tables: the processor that starts the kernel runs one of
 * them, the others both. */
static enum ldr_status make_executable(struct handover *handover, uint64_t handoff_phys,
                                       EFI_BOOT_SERVICES *services, const struct ldr_log *log,
                                       struct ldr_report *report)
{
    bool several = handover->processors.told.count > 1;
    uint64_t page[2] = {handoff_phys, several ? handover->processors.page : 0};
    enum ldr_status status = LDR_OK;

    for (unsigned i = 0; i < 2 && page[i] && status == LDR_OK; i++) {
        status = page_make_executable(services, page[i], log, report);
        if (status == LDR_OK)
            handover->executable[i] = page[i];
    }
    return status;
}

enum ldr_status handover_prepare(struct handover *handover, const struct kernel *kernel,
                                 const struct ldr_machine *machine, struct memory_map *map,
                                 const struct ldr_log *log, struct ldr_report *report)
{
    enum ldr_status status;

    *handover = (struct handover){0};
    handover->answers = (struct ldr_answers){
        .image = &kernel->image,
        .requests = &kernel->requests,
        .plan = &handover->space.plan,
        .tables = &handover->space.tables,
        .verdict = &handover->space.verdict,
        .machine = machine,
        .kernel = kernel->file,
        .module = kernel->file + 1,
        .module_count = kernel->module_count,
    };
    handover->processors = kernel->processors;
    if (handover->processors.told.count > 0)
        handover->answers.processors = &handover->processors.told;
    status = interrupts_find(&handover->interrupts, machine->rsdp, map->memory, report);
    if (status == LDR_OK)
        status = iommus_find(&handover->iommus, machine->rsdp, kernel->arch.physical_bits,
                             map->memory, report);
    if (status == LDR_OK)
        status = memory_allocate(map->memory, gdt_bytes(&handover->processors),
                                 "the descriptor table", &handover->gdt, report);
    if (status == LDR_OK)
        status = make(handover, kernel, map, log, report);
    if (status != LDR_OK)
        return status;
    write_all(handover, kernel);
    ldr_explain_answers(&handover->answers, (void *)kernel->layout.image_phys, log);
    return make_executable(handover, kernel->layout.handoff_phys, map->memory->services, log,
                           report);
}

void handover_undo(struct handover *handover, EFI_BOOT_SERVICES *services)
{
    for (unsigned i = 0; i < 2; i++) {
        if (handover->executable[i])
            page_make_ordinary(services, handover->executable[i]);
        handover->executable[i] = 0;
    }
}
