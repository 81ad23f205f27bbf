/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The screen's mode that an entry asks for.
 */
#ifndef EFI_RESOLUTION_H
#define EFI_RESOLUTION_H

#include <stdbool.h>

#include "efi/uefi.h"
#include "loader/config.h"

/* What there was before; all zero: nothing was changed. */
struct resolution {
    EFI_GRAPHICS_OUTPUT_PROTOCOL *output;
    UINT32 before;
};

/* Sets the mode; false if nothing was changed.  Where the screen has none of that size, or there is
 * no screen, a warning names those that there are, and nothing changes: a kernel would rather have
 * another screen than none. */
bool resolution_set(struct resolution *ret_before, EFI_SYSTEM_TABLE *system,
                    const struct ldr_resolution *wanted, const struct ldr_log *log);

/* Sets the mode that was, and clears the screen, which firmware leaves undefined; does nothing
 * where nothing was changed. */
void resolution_restore(const struct resolution *before, EFI_SYSTEM_TABLE *system);

#endif
