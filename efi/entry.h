/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that an entry of the configuration names, as a file source of the library.
 */
#ifndef EFI_ENTRY_H
#define EFI_ENTRY_H

#include "efi/pagelift.h"
#include "efi/volumes.h"
#include "loader/config.h"

/* Shall stay where it is: the library keeps pointers to it. */
struct entry_files {
    const struct ldr_config *config;
    struct volumes *volumes;
    struct pagelift_file *file; /* the kernel, its modules behind it */
    struct ldr_path *path;      /* of each of them, taken apart; .file is terminated */
    size_t count;
    char *text;                             /* where the next terminated copy goes */
    const struct volumes_item *kernel_from; /* once the kernel was read */
    struct ldr_report report;
};

/* Lists the files of the entry, and reads none yet.  LDR_BAD_CONFIG for what is no path,
 * LDR_NO_MEMORY.  Memory, here and later, is the volumes' ledger's. */
enum ldr_status entry_open(struct entry_files *ret_files, const struct ldr_config *config,
                           const struct ldr_entry *entry, struct volumes *volumes,
                           struct ldr_report *report);

/* The source that reads them; `files` is its context. */
struct pagelift_source entry_source(struct entry_files *files);

#endif
