/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calling objects out of Debian's static libraries.  They are built for Linux: with a
 * stack protector, which reads its value from the thread's block at FS:0x28, and with calls
 * of a few checking variants of <string.h>.  Firmware has no threads: its FS base is
 * usually 0, and reading page 0 may fault.  So FS points at a block of ours around each call.
 */
#ifndef EFI_FOREIGN_H
#define EFI_FOREIGN_H

#include <stdint.h>

/* What begin() found and end() puts back. */
struct foreign {
    uint64_t fs_base;
};

/* Between the two nothing but the library's code shall run: firmware isn't called.
 * Not to be nested.  Boot processor, boot services running. */
void foreign_begin(struct foreign *ret_before);
void foreign_end(const struct foreign *before);

#endif
