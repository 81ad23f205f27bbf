/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page by page where they are few, all at once where they are many.
 */
#include "loader/stub/flush.h"

#include "loader/stub/cpu.h"

/* About where one load of CR3, and filling the TLB again, is cheaper. */
#define FEW_PAGES 32

void flush_do(const struct pgt_flush *flush)
{
    if (!flush->needed)
        return;
    if ((flush->last - flush->first) / PGT_PAGE >= FEW_PAGES) {
        /* No page is global here, so this forgets all. */
        cr3_write(cr3_read());
        return;
    }
    /* The last page may be the last of the address space: count, don't compare. */
    for (uint64_t i = 0; i <= (flush->last - flush->first) / PGT_PAGE; i++)
        page_invalidate(flush->first + i * PGT_PAGE);
}
