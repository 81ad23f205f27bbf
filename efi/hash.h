/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BLAKE2b (RFC 7693), by which a configuration can say what a file shall contain.
 * The function itself is libb2's.
 */
#ifndef EFI_HASH_H
#define EFI_HASH_H

#include <stdint.h>

#include "loader/report.h"

#define HASH_BYTES 64

/* The hash of bytes in memory, of the full length and without a key. */
void hash_of(uint8_t ret_hash[HASH_BYTES], const void *at, uint64_t bytes);

/* LDR_BAD_CONFIG where the content of the file `name` has another hash than this. */
enum ldr_status hash_check(const uint8_t wanted[HASH_BYTES], const char *name, const void *at,
                           uint64_t bytes, struct ldr_report *report);

#endif
