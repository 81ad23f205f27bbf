/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding the configuration on the boot volume.
 */
#ifndef EFI_CONFIGURATION_H
#define EFI_CONFIGURATION_H

#include "efi/files.h"
#include "efi/uefi.h"
#include "loader/config.h"

#define CONFIGURATION_PATH_BYTES 300

struct configuration {
    char path[CONFIGURATION_PATH_BYTES]; /* also the file's name in messages */
    struct ldr_config config;
};

/* Looks in the customary places, then beside the application; reads what it finds
 * first.  LDR_NOT_FOUND where there is none, LDR_NO_MEMORY, and what volume_read() and
 * ldr_config_read() refuse.  Text and entries are memory of the volume's ledger.  `configuration`
 * shall stay where it is as long as it is used. */
enum ldr_status configuration_read(struct configuration *configuration, const struct volume *volume,
                                   const EFI_LOADED_IMAGE *loaded, const struct ldr_log *log,
                                   struct ldr_report *report);

#endif
