/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds after any run of the firmware in firmware.h, whatever failed: either the kernel was
 * started in the state that it expects, or all was given back and one line said why.
 */
#ifndef EFI_TESTS_BOOT_SOUND_H
#define EFI_TESTS_BOOT_SOUND_H

#include "efi/tests/boot/firmware.h"

/* Fails the test where it doesn't hold, after telling what failed and what was said. */
void expect(bool holds, const struct firmware *f, const char *what);
void expect_sound(const struct firmware *f);

/* Runs a machine; the run shall be sound, and the kernel started. */
const struct firmware *boots(const struct machine *machine);

/* The run shall be sound and return that status, with `reason` in what it said. */
const struct firmware *is_refused(const struct machine *machine, EFI_STATUS status,
                                  const char *reason);

#endif
