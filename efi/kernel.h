/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel that an entry names: its files, its image, its stack.
 */
#ifndef EFI_KERNEL_H
#define EFI_KERNEL_H

#include "efi/files.h"
#include "efi/memory_map.h"
#include "efi/partition.h"
#include "efi/processor.h"
#include "loader/config.h"
#include "loader/image.h"
#include "loader/plan.h"
#include "loader/requests.h"
#include "loader/respond.h"

struct kernel {
    struct ldr_file *file; /* the kernel's, and its modules' behind it */
    size_t module_count;
    struct ldr_image image;
    struct ldr_requests requests;
    struct ldr_layout layout;
    struct pgt_arch arch; /* what its page tables shall be */
    bool changes_levels;  /* they have other levels than firmware's */
};

/* Reads the files of an entry of the configuration `config_name`, and checks the kernel's. */
enum ldr_status kernel_read(struct kernel *ret_kernel, const char *config_name,
                            const struct ldr_entry *entry, const struct volume *volume,
                            const struct partition *partition, const struct ldr_log *log,
                            struct ldr_report *report);

/* Finds memory for image, handoff page and stack, loads the image, reads what it
 * asks for, chooses the levels of its page tables, and lays all of it over the memory map. */
enum ldr_status kernel_load(struct kernel *kernel, const struct processor *processor,
                            struct memory_map *map, const struct ldr_log *log,
                            struct ldr_report *report);

#endif
