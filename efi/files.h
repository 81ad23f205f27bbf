/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A volume, and reading files of it.
 */
#ifndef EFI_FILES_H
#define EFI_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "efi/memory.h"
#include "efi/uefi.h"
#include "loader/config.h"
#include "loader/report.h"

/* Longest path, in UTF-16 units, its end included; FAT knows none above 260. */
#define FILES_PATH_UNITS 512

#define VOLUME_NAME_BYTES  64
#define VOLUME_LABEL_BYTES 32

struct volume {
    struct memory *memory;
    EFI_FILE_HANDLE root;
    char label[VOLUME_LABEL_BYTES]; /* of the file system; what isn't ASCII is '?' */
    char name[VOLUME_NAME_BYTES];   /* for messages: "the boot volume (label X)" */
};

/* A whole file in memory: its own pages, the last one filled up with zeros. */
struct contents {
    uint64_t phys;
    uint64_t bytes;
};

/* Opens the volume on `device` and reads its label.  LDR_NOT_FOUND where there is none,
 * LDR_BAD_MACHINE where firmware can't open it; then nothing is open. */
enum ldr_status volume_open(struct volume *ret_volume, EFI_BOOT_SERVICES *services,
                            EFI_HANDLE device, struct memory *memory, struct ldr_report *report);

/* The same for a volume that messages shall name otherwise. */
enum ldr_status volume_open_as(struct volume *ret_volume, EFI_BOOT_SERVICES *services,
                               EFI_HANDLE device, const char *name, struct memory *memory,
                               struct ldr_report *report);
void volume_close(struct volume *volume);

/* Is there a file (or folder) of that name? */
bool volume_has(const struct volume *volume, struct ldr_text path);

/* Reads a file of any size.  LDR_NOT_FOUND, LDR_NO_MEMORY; LDR_BAD_CONFIG for a path
 * that can't be one, or that leads to a folder; LDR_BAD_MACHINE where reading fails. */
enum ldr_status volume_read(const struct volume *volume, struct ldr_text path,
                            struct contents *ret_contents, struct ldr_report *report);

#endif
