/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An address space for one test.
 */
#include "loader/stub/lower.h"

#include "loader/stub/cpu.h"
#include "pagetables/live.h"

bool lower_open(struct lower *lower, struct stub *stub, const char *what)
{
    struct pgt_frames frames = pgt_pool_frames(&stub->pool);

    *lower = (struct lower){.stub = stub, .home = cr3_read()};
    return tap_ok(&stub->tap, pgt_init_on(&lower->space, &stub->space, &frames) == PGT_OK,
                  "an address space for %s", what);
}

bool lower_map(struct lower *lower, const struct pgt_mapping *mapping)
{
    struct pgt_flush flush = {0};
    enum pgt_status status = pgt_map(&lower->space, mapping, &flush);

    if (status != PGT_OK)
        tap_note("mapping %016lx: %s", mapping->virt, pgt_status_text(status));
    pgt_finish(&flush, 0, &lower->stub->pool);
    return status == PGT_OK;
}

void lower_enter(struct lower *lower)
{
    cr3_write(lower->space.root);
}

void lower_leave(const struct lower *lower)
{
    cr3_write(lower->home);
}

void lower_close(struct lower *lower)
{
    struct pgt_pool *pool = &lower->stub->pool;
    size_t wanted = pool->free_count + pool->quarantine_count + pgt_tables(&lower->space, NULL, 0);
    struct pgt_fault fault;
    bool sound = pgt_check(&lower->space, &fault) == PGT_OK;
    bool destroyed = pgt_destroy(&lower->space) == PGT_OK;

    pgt_pool_recycle(pool);
    if (!tap_ok(&lower->stub->tap, sound && destroyed && pool->free_count == wanted,
                "pgt_check is content with it, and all its frames come back"))
        tap_note("%s, %zu frames free of %zu", sound ? "sound" : fault.rule, pool->free_count,
                 wanted);
}
