/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the file that a path of the configuration means: from its volume, checked against
 * its hash, and decompressed.
 */
#ifndef EFI_PATH_READ_H
#define EFI_PATH_READ_H

#include <stdbool.h>

#include "efi/volumes.h"

struct path_file {
    struct contents contents;
    const struct volumes_item *from;
};

/* What volumes_find() and volume_read() refuse; LDR_BAD_CONFIG for a hash that doesn't fit,
 * which only warns where `strict` is false; LDR_BAD_KERNEL for damaged gzip.  Memory is the
 * volumes' ledger's; on failure nothing is kept. */
enum ldr_status path_read(struct volumes *volumes, const struct ldr_path *path, bool strict,
                          struct path_file *ret_file, struct ldr_report *report);

#endif
