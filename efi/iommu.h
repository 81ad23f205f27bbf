/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IOMMUs: units between devices and memory, which firmware may have left on.  From base
 * revision 5 on the protocol wants them off unless the kernel asks to keep them.
 *
 * Found in ACPI's tables while boot services run, turned off after these have ended: before
 * that firmware's drivers may still need them.
 */
#ifndef EFI_IOMMU_H
#define EFI_IOMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "efi/memory.h"

enum iommu_kind {
    IOMMU_VTD, /* Intel's: the DMAR's DRHD structures (VT-d 4.1, section 8.3) */
    IOMMU_AMD, /* AMD's: the IVRS's IVHD blocks (AMD I/O Virtualization 3.08, section 5.2) */
};

struct iommu {
    enum iommu_kind kind;
    uint64_t phys; /* of its registers */
};

struct iommus {
    struct iommu *unit;
    size_t count;
};

/* Registers by physical address: the machine's, or a test's model of them. */
struct registers {
    uint32_t (*read)(void *context, uint64_t phys);
    void (*write)(void *context, uint64_t phys, uint32_t value);
    void *context;
};

extern const struct registers registers_of_machine; /* in memory, identity mapped */

/* Reads both tables, and touches no unit.  Each unit comes once, however often a table
 * names it.  An entry that is cut off, or whose length can't be, ends its table; one whose
 * registers can't be where it says is passed over.  rsdp may be 0. */
enum ldr_status iommus_find(struct iommus *ret_iommus, uint64_t rsdp, unsigned physical_bits,
                            struct memory *memory, struct ldr_report *report);

/* Turns all of them off: of VT-d translation, interrupt remapping, queued invalidation and
 * protected memory regions, of AMD's all.  A unit that is off isn't written to.  What
 * doesn't answer is given a limited number of reads, far more than any unit needs.
 * Returns how many are still on. */
size_t iommus_turn_off(const struct iommus *iommus, const struct registers *registers);

/* One unit.  False if it is still on. */
bool iommu_turn_off_vtd(const struct registers *registers, uint64_t phys);
bool iommu_turn_off_amd(const struct registers *registers, uint64_t phys);

#endif
