/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor reads when an exception arrives (SDM volume 3A: 6.14.1 gates, 7.7 the
 * 64-bit task-state segment, 7.2.3 its descriptor).
 */
#ifndef LOADER_FAULT_DESCRIPTORS_H
#define LOADER_FAULT_DESCRIPTORS_H

#include <stdint.h>

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* ist[0] is number 1 */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map;
} __attribute__((packed));

_Static_assert(sizeof(struct gate) == 16, "gate");
_Static_assert(sizeof(struct tss) == 104, "TSS");

/* Present, ring 0, interrupts off behind it.  ist: the number of a stack, or 0 for the one in use.
 */
static inline struct gate gate_make(uint64_t offset, uint16_t selector, unsigned ist)
{
    return (struct gate){
        .offset_low = (uint16_t)offset,
        .selector = selector,
        .ist = (uint8_t)ist,
        .type = 0x8e,
        .offset_middle = (uint16_t)(offset >> 16),
        .offset_high = (uint32_t)(offset >> 32),
    };
}

/* An available 64-bit task-state segment takes two descriptors, over which its base is spread. */
static inline void tss_describe(uint64_t ret_descriptor[2], uint64_t base)
{
    ret_descriptor[0] = (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 | UINT64_C(0x89) << 40 |
                        (base >> 24 & 0xff) << 56;
    ret_descriptor[1] = base >> 32;
}

#endif
