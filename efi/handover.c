/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/handover.h"

#include "efi/page_rights.h"
#include "loader/handoff.h"

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
    status = interrupts_find(&handover->interrupts, machine->rsdp, map->memory, report);
    if (status == LDR_OK)
        status = memory_allocate(map->memory, LDR_GDT_BYTES, "the descriptor table", &handover->gdt,
                                 report);
    if (status == LDR_OK)
        status = make(handover, kernel, map, log, report);
    if (status != LDR_OK)
        return status;
    write_all(handover, kernel);
    return page_make_executable(map->memory->services, kernel->layout.handoff_phys, log, report);
}
