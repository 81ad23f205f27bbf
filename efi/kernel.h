/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel: its files, its image, its stack.
 */
#ifndef EFI_KERNEL_H
#define EFI_KERNEL_H

#include "efi/memory_map.h"
#include "efi/processor.h"
#include "efi/processors.h"
#include "efi/source.h"
#include "loader/config.h"
#include "loader/image.h"
#include "loader/kaslr.h"
#include "loader/plan.h"
#include "loader/requests.h"
#include "loader/respond.h"

struct kernel {
    struct ldr_file *file; /* the kernel's, and its modules' behind it */
    size_t module_count;
    struct ldr_level_limits limits;    /* from its owner, */
    enum ldr_option early_faults;      /* as this, */
    struct ldr_kaslr kaslr;            /* this, */
    const struct ldr_entropy *entropy; /* and this; all others are filled in here */
    struct ldr_image image;
    struct ldr_requests requests;
    struct ldr_layout layout;
    struct pgt_arch arch;                 /* what its page tables shall be */
    bool changes_levels;                  /* they have other levels than firmware's */
    struct processors processors;         /* that it is told of */
    struct pgt_mapping extra[LDR_EXTRAS]; /* what the layout's extra mappings refer to */
};

/* Reads the files, of which the first is the kernel's, and checks that. */
enum ldr_status kernel_read(struct kernel *ret_kernel, const struct source *source,
                            const struct pagelift_file *file, size_t file_count,
                            struct ldr_report *report);

/* Finds memory for the image, loads it, reads what it asks for, and chooses the levels of its
 * page tables; before and after, where image and direct map are going to be. */
enum ldr_status kernel_load(struct kernel *kernel, const struct processor *processor,
                            struct memory_map *map, const struct ldr_log *log,
                            struct ldr_report *report);

/* Finds memory for handoff page and stacks: that of the processor that runs the kernel, and one
 * for each of kernel->processors, which are found in between (efi/processors.h).  Where there
 * is too little the others stay unused. */
enum ldr_status kernel_place_stacks(struct kernel *kernel, struct memory_map *map,
                                    const struct ldr_log *log, struct ldr_report *report);

#endif
