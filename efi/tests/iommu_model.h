/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Models of two IOMMUs, after the specifications and not after the code: registers that change
 * some reads after they were written, and that fail the test when software does what it
 * shall not.
 */
#ifndef EFI_TESTS_IOMMU_MODEL_H
#define EFI_TESTS_IOMMU_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "efi/iommu.h"

#define MODEL_VTD 0xfed90000u
#define MODEL_AMD 0xfeb80000u

struct model {
    /* VT-d */
    uint32_t version, capability;
    uint32_t status;     /* global status */
    uint32_t protect;    /* protected memory enable: bit 31 as asked, bit 0 as it is */
    uint32_t head, tail; /* of the invalidation queue */
    /* AMD-Vi */
    uint32_t control, running;
    uint32_t command_head, command_tail;
    /* Both */
    unsigned delay;    /* reads until something written takes effect */
    uint32_t stubborn; /* bits of status, control or protect that never clear */
    unsigned writes;
    uint64_t reads;
    /* What is on its way. */
    uint32_t next_status, next_protect, next_control, next_running;
    unsigned pending;
};

/* Both off, with nothing pending. */
void model_start(struct model *model);

/* Takes status, protect, control and running as the present state, after a test set them. */
void model_settle(struct model *model);

struct registers model_registers(struct model *model);

#endif
