/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A volume of our own, for tests: a list of files.
 */
#ifndef EFI_TESTS_FAKE_VOLUME_H
#define EFI_TESTS_FAKE_VOLUME_H

#include <stdbool.h>

#include "efi/files.h"
#include "efi/tests/fake.h"

struct fake_file {
    const char *path; /* as firmware is asked for it, with '\' */
    const char *content;
    uint64_t bytes;      /* of the content, if not 0; or else up to its zero */
    uint64_t told_bytes; /* what firmware says of its size, if not 0 */
    uint64_t piece;      /* most bytes that one read gives, if not 0 */
    uint64_t fails_at;   /* reads from there on fail, if not 0 */
    bool folder;
};

/* One of several volumes; .protocol is its SimpleFileSystem. */
struct fake_volume {
    EFI_FILE_IO_INTERFACE protocol; /* first, so that firmware's pointer is ours */
    const struct fake_file *file;   /* ends with a path that is null */
    const char *label;              /* null: it can't be opened */
    int opened;                     /* how often */
};

void fake_volume_make(struct fake_volume *ret_volume, const struct fake_file *file,
                      const char *label);

/* Lets the fake's HandleProtocol() find the volume, and opens it.  `file` ends with a
 * path that is null. */
void fake_volume_open(struct fake *fake, struct memory *memory, const struct fake_file *file,
                      struct volume *ret_volume);

/* Files that are open, the volume's root included. */
int fake_volume_open_files(void);

#endif
