/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting another EFI application.
 */
#ifndef EFI_CHAINLOAD_H
#define EFI_CHAINLOAD_H

#include "efi/path_read.h"
#include "efi/uefi.h"

struct chainload {
    EFI_HANDLE application; /* who starts it */
    EFI_SYSTEM_TABLE *system;
    const struct ldr_log *log;
    struct path_file file;   /* what was read; may be freed once it has come back */
    struct ldr_text path;    /* of the file on its volume */
    struct ldr_text cmdline; /* becomes its load options */
};

/* Loads the file, which gets the device path of its volume as its own, and starts it.  LDR_OK
 * once it has returned, whatever status: then the log says which.  LDR_BAD_CONFIG where path
 * or command line aren't UTF-8, LDR_NO_MEMORY, LDR_BAD_KERNEL where firmware can't load it;
 * then nothing of it stays. */
enum ldr_status chainload_start(const struct chainload *chainload, struct ldr_report *report);

#endif
