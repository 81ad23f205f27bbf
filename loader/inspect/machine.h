/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A modelled machine: what firmware would tell the loader about one with so much memory.
 *
 * The memory map has the shape that was recorded under OVMF (Debian's 2022.11, QEMU's q35) with
 * 128 MiB, 512 MiB, 3 GiB and 8 GiB, when the loader had just started.  In all of them the
 * same regions lay at the same distance from 0, or from the end of the memory below 4 GiB.
 */
#ifndef LOADER_INSPECT_MACHINE_H
#define LOADER_INSPECT_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/memmap.h"
#include "loader/respond.h"

/* OVMF itself needs about this much. */
#define MACHINE_LEAST (UINT64_C(128) << 20)
/* What 46 bits of physical address leave room for, with the hole below 4 GiB. */
#define MACHINE_MOST (UINT64_C(32) << 40)

/* The levels of firmware's own page tables, whatever the processor has. */
#define MACHINE_LEVELS 4

/* What a machine may lack. */
enum part { PART_DISPLAY, PART_ACPI, PART_SMBIOS, PART_CLOCK, PART_ENTROPY, PART_TSC, PARTS };

struct machine {
    uint64_t ram;    /* bytes, whole pages, MACHINE_LEAST to MACHINE_MOST */
    unsigned levels; /* that the processor has: 4 or 5 */
    bool pages_1g;
    unsigned processors; /* at least 1 */
    bool without[PARTS];
};

#define MACHINE_REGIONS 32

/* Fills in firmware's map, as yet without anything of the loader's; returns how many regions. */
size_t machine_regions(const struct machine *machine, struct ldr_region region[MACHINE_REGIONS]);

/* The display, for the framebuffer request. */
struct ldr_framebuffer machine_framebuffer(void);

/* What firmware tells of itself.  `framebuffer` is what machine_framebuffer() gave. */
struct ldr_machine machine_facts(const struct machine *machine,
                                 const struct ldr_framebuffer *framebuffer);

/* The page tables that its processor can have, in so many levels. */
struct pgt_arch machine_arch(const struct machine *machine, unsigned levels);

#endif
