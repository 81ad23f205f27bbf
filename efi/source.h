/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel's files come from: the caller's source, or the boot volume.
 */
#ifndef EFI_SOURCE_H
#define EFI_SOURCE_H

#include "efi/memory.h"
#include "efi/pagelift.h"
#include "efi/partition.h"
#include "loader/report.h"
#include "loader/respond.h"

struct source {
    struct pagelift_source from; /* .read is null for the boot volume */
    EFI_HANDLE device;           /* the volume that the application came from */
    struct memory *memory;
    const struct ldr_log *log;
};

/* Notes in a content which partition it came from. */
void source_tell_partition(struct pagelift_content *content, const struct partition *partition);

/* Reads a file, whole, into pages of its own; `what` names it in the log ("kernel", "module").
 * The texts of *ret_file are the caller's.  Refusals name the file. */
enum ldr_status source_read(const struct source *source, const char *what,
                            const struct pagelift_file *file, struct ldr_file *ret_file,
                            struct ldr_report *report);

#endif
