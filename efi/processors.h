/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's other processors, for a kernel that asks for them (the MP request): found and
 * given stacks while boot services run, started after these have ended, and parked on the
 * kernel's tables until the kernel sends each to an address.
 *
 *     processors_find()      before the stacks are placed
 *     processors_prepare()   when answers and handoff page are written
 *     processors_set_mode()  boot services have ended; before interrupts_silence()
 *     processors_start()     after that; then the answer says who came
 *
 * What can't be had costs processors, never the boot: then the kernel is told of fewer, in the
 * worst case of its own alone, and a line says why.
 */
#ifndef EFI_PROCESSORS_H
#define EFI_PROCESSORS_H

#include "efi/memory_map.h"
#include "efi/mtrr.h"
#include "loader/handoff.h"
#include "loader/respond.h"

/* Shall stay where it is from processors_prepare() on: the processors read it as they come. */
struct processors {
    struct ldr_processors told; /* a count of 0: the kernel doesn't ask */
    struct ldr_madt madt;
    uint64_t hz;   /* of the time-stamp counter; all below only if there is more than one: */
    uint64_t page; /* where they start */
    uint64_t root; /* below 4 GiB, for a copy of the root of firmware's page tables */
    uint64_t base_revision;
    uint64_t handoff_phys;
    struct mtrrs mtrrs; /* of the processor that runs the loader */
};

/* Lists those that the kernel shall be told of, and gets what it takes to start them.
 * LDR_BAD_MACHINE: the protocol forbids to start a kernel that doesn't ask for x2APIC mode
 * where the processor can't leave it. */
enum ldr_status processors_find(struct processors *ret_processors,
                                const struct ldr_requests *requests, uint64_t rsdp,
                                struct memory_map *map, const struct ldr_log *log,
                                struct ldr_report *report);

/* Tells the kernel of one processor alone, and a person why. */
void processors_give_up(struct processors *processors, const char *reason,
                        const struct ldr_log *log);

/* Writes the starting page, and completes handoff page and descriptors (`gdt`, of
 * ldr_handoff_gdt_bytes(told.count)) for all. */
void processors_prepare(struct processors *processors, const struct ldr_plan *plan,
                        const struct ldr_late *late, const struct ldr_control *firmware, void *gdt);

/* Brings this processor's local APIC to the mode that was asked for. */
void processors_set_mode(const struct processors *processors);

/* Starts the others, waits until they have parked, for a second or two at most, and takes
 * those out of the answer that don't come. */
void processors_start(const struct processors *processors, const struct ldr_late *late,
                      const struct ldr_log *log);

#endif
