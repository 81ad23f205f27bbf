/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file shall contain, as a configuration says it by a BLAKE2b hash.
 */
#ifndef EFI_HASH_H
#define EFI_HASH_H

#include <stdint.h>

#include "loader/blake2b.h"
#include "loader/report.h"

/* LDR_BAD_CONFIG where the content of the file `name` has another hash than this. */
enum ldr_status hash_check(const uint8_t wanted[LDR_BLAKE2B_BYTES], const char *name,
                           const void *at, uint64_t bytes, struct ldr_report *report);

#endif
