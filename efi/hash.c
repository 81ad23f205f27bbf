/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/hash.h"

#include <string.h>

#include <blake2.h>

#include "efi/foreign.h"

/* libb2's blake2b() chooses among implementations for newer processors, and so would link
 * all of them: 140 KiB.  This one is its portable implementation; the prototype is the same. */
extern __typeof__(blake2b) blake2b_ref;

void hash_of(uint8_t ret_hash[HASH_BYTES], const void *at, uint64_t bytes)
{
    struct foreign before;

    foreign_begin(&before);
    blake2b_ref(ret_hash, at, NULL, HASH_BYTES, bytes, 0);
    foreign_end(&before);
}

/* Enough of a hash to tell it from another by eye. */
static uint64_t beginning(const uint8_t hash[HASH_BYTES])
{
    uint64_t head;

    memcpy(&head, hash, sizeof head);
    return __builtin_bswap64(head);
}

enum ldr_status hash_check(const uint8_t wanted[HASH_BYTES], const char *name, const void *at,
                           uint64_t bytes, struct ldr_report *report)
{
    uint8_t found[HASH_BYTES];

    hash_of(found, at, bytes);
    if (memcmp(found, wanted, sizeof found) == 0)
        return LDR_OK;
    return ldr_refuse(
        report, LDR_BAD_CONFIG,
        "%s: its BLAKE2b hash begins with %016llx, the one behind \"#\" with %016llx; "
        "restore the file, or give the hash that b2sum prints",
        name, (unsigned long long)beginning(found), (unsigned long long)beginning(wanted));
}
