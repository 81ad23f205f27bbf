/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/hash.h"

#include <string.h>

/* Enough of a hash to tell it from another by eye. */
static uint64_t beginning(const uint8_t hash[LDR_BLAKE2B_BYTES])
{
    uint64_t head;

    memcpy(&head, hash, sizeof head);
    return __builtin_bswap64(head);
}

enum ldr_status hash_check(const uint8_t wanted[LDR_BLAKE2B_BYTES], const char *name,
                           const void *at, uint64_t bytes, struct ldr_report *report)
{
    uint8_t found[LDR_BLAKE2B_BYTES];

    ldr_blake2b(found, at, bytes);
    if (memcmp(found, wanted, sizeof found) == 0)
        return LDR_OK;
    return ldr_refuse(
        report, LDR_BAD_CONFIG,
        "%s: its BLAKE2b hash begins with %016llx, the one behind \"#\" with %016llx; "
        "restore the file, or give the hash that b2sum prints",
        name, (unsigned long long)beginning(found), (unsigned long long)beginning(wanted));
}
