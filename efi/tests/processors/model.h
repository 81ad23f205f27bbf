/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of one processor's registers, which knows what the SDM forbids; in place of
 * efi/ports.c (the linker's --wrap).
 */
#ifndef EFI_TESTS_PROCESSORS_MODEL_H
#define EFI_TESTS_PROCESSORS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MSR_APIC_BASE   0x1b
#define MSR_DISABLED    0xbd
#define MSR_MTRR_CAP    0xfe
#define MSR_CAPABILITY  0x10a
#define MSR_DEFAULT     0x2ff
#define MSR_X2APIC      0x800
#define MSR_X2APIC_LAST 0x83f
#define MSR_COMMAND     0x830

#define ON UINT64_C(0x800)
#define X2 UINT64_C(0x400)

#define MSRS 0x900

/* The one processor, and what it is asked to do. */
struct processor_model {
    uint64_t msr[MSRS];
    bool has_apic, has_x2, has_mtrrs, locked;
    uint64_t cr0;
    uint64_t time;
    uint64_t written[256]; /* model-specific registers, in order */
    size_t writes;
    uint64_t command[64]; /* of the local APIC */
    size_t commands;
    unsigned flushes;
    void (*on_command)(uint64_t command);
};
extern struct processor_model model;

/* Its page tables' root. */
extern uint64_t model_root[512];

/* A processor as new, with all that the model knows. */
void processor_model_start(uint64_t apic_base);

#endif
