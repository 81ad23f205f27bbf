/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/relr.h"

#include <string.h>

#define WORD sizeof(uint64_t)

bool ldr_relr_next(struct ldr_relr *relr, uint64_t *ret_place)
{
    for (;;) {
        for (; relr->bits != 0; relr->bits >>= 1, relr->word += WORD) {
            if (!(relr->bits & 1))
                continue;
            *ret_place = relr->word;
            relr->bits >>= 1;
            relr->word += WORD;
            return true;
        }
        if (relr->next == relr->count)
            return false;
        uint64_t entry;
        memcpy(&entry, relr->table + relr->next++ * WORD, WORD);
        /* A place of its own is read as a bitmap of that place alone. */
        bool bitmap = entry & 1;
        relr->word = bitmap ? relr->base : entry;
        relr->bits = bitmap ? entry >> 1 : 1;
        relr->base = bitmap ? relr->base + 63 * WORD : entry + WORD;
    }
}
