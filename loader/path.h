/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a configuration calls a path: a volume, a file on it, and perhaps the file's hash.
 *
 *     boot():/kernel.elf            the volume that the configuration came from
 *     boot(2):/kernel.elf           partition 2 of the same drive
 *     hdd(1:2):/kernel.elf          partition 2 of the first hard disk; hdd(1:): all of it
 *     odd(1:):/kernel.elf           the first optical disk
 *     guid(736b5698-5ae1-4dff-be2c-ef8f44a61c52):/kernel.elf    also uuid(): a GPT partition
 *     fslabel(BOOT):/kernel.elf     a file system's label
 *     boot():/kernel.elf#ca69...    with its BLAKE2b hash, 128 hexadecimal digits
 *     $boot():/kernel.elf.gz        compressed with gzip
 *     boot:///kernel.elf            the older way to write a volume, good for each of them
 *     /kernel.elf                   the same as boot():/kernel.elf
 */
#ifndef LOADER_PATH_H
#define LOADER_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/blake2b.h"
#include "loader/config.h"

/* Drives and partitions that can be named go up to this number. */
#define LDR_VOLUME_MOST 256

enum ldr_volume_kind {
    LDR_VOLUME_BOOT,    /* on the drive that the configuration came from */
    LDR_VOLUME_HARD,    /* hard disks */
    LDR_VOLUME_OPTICAL, /* optical disks */
    LDR_VOLUME_GUID,    /* a GPT partition by its unique GUID */
    LDR_VOLUME_LABEL,   /* a file system by its label, whatever the case of its letters */
};

struct ldr_path {
    enum ldr_volume_kind kind;
    unsigned drive;         /* HARD, OPTICAL: from 1 */
    unsigned partition;     /* BOOT, HARD, OPTICAL: from 1; 0 is the configuration's own
                             * partition (BOOT) or the drive as a whole (HARD, OPTICAL) */
    uint8_t guid[16];       /* GUID: the bytes as UEFI and a GPT hold them */
    struct ldr_text label;  /* LABEL: not empty */
    struct ldr_text file;   /* "/a/b"; without control characters */
    struct ldr_text volume; /* "boot(2)", as written, for messages; empty in "/a/b" */
    bool compressed;        /* "$": shall be a gzip file */
    bool hashed;            /* whether there is a hash: of the file as it is on the volume */
    uint8_t hash[LDR_BLAKE2B_BYTES];
};

/* Takes a path apart.  `file` and `line` say where it is written.  LDR_BAD_CONFIG, with the
 * reason: a volume that is none of the above (tftp() neither: the network is not read), a
 * number that is none or beyond LDR_VOLUME_MOST, a GUID that is none, an empty label, no
 * "/" behind the volume, control characters, and a "#" with anything but 128
 * hexadecimal digits behind it. */
enum ldr_status ldr_path_read(struct ldr_path *ret_path, const char *file, unsigned line,
                              struct ldr_text text, struct ldr_report *report);

#endif
