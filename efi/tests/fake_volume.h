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
    uint64_t told_bytes; /* what firmware says of its size, if not 0 */
    uint64_t piece;      /* most bytes that one read gives, if not 0 */
    uint64_t fails_at;   /* reads from there on fail, if not 0 */
    bool folder;
};

/* Lets the fake's HandleProtocol() find the volume, and opens it.  `file` ends with a
 * path that is null. */
void fake_volume_open(struct fake *fake, struct memory *memory, const struct fake_file *file,
                      struct volume *ret_volume);

/* Files that are open, the volume's root included. */
int fake_volume_open_files(void);

#endif
