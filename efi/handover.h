/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that has to be ready before boot services end: address space,
 * answers, handoff page, and room for the memory maps, which are known last.
 */
#ifndef EFI_HANDOVER_H
#define EFI_HANDOVER_H

#include "efi/address_space.h"
#include "efi/interrupts.h"
#include "efi/iommu.h"
#include "efi/kernel.h"
#include "efi/memory_map.h"
#include "loader/respond.h"

/* Shall stay where it is: its parts refer to each other. */
struct handover {
    struct address_space space;
    struct interrupts interrupts;
    struct iommus iommus;
    struct ldr_answers answers;
    struct ldr_arena arena;
    struct ldr_late late;
    uint64_t gdt;                 /* physical */
    uint64_t executable[2];       /* handoff and starting page, once firmware lets them be executed;
                                     else 0 */
    struct processors processors; /* as the kernel has them; read while they start */
};

/* The memory map goes on changing while memory is taken from it; so plan, tables and
 * room for the answers are made, checked against the map as it is then, and
 * made again if they don't fit it.  Only then the answers and the handoff page are written. */
enum ldr_status handover_prepare(struct handover *handover, const struct kernel *kernel,
                                 const struct ldr_machine *machine, struct memory_map *map,
                                 const struct ldr_log *log, struct ldr_report *report);

/* Undoes what giving its memory back would leave: the rights of two pages.  All zero,
 * or prepared, or anything between. */
void handover_undo(struct handover *handover, EFI_BOOT_SERVICES *services);

#endif
