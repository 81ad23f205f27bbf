/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/basin.h"

#include <stdlib.h>
#include <string.h>

void basin_start(struct basin *basin, uint64_t base)
{
    basin->bytes = aligned_alloc(4096, BASIN_FRAMES * 4096);
    assert_non_null(basin->bytes);
    memset(basin->bytes, 0xa5, BASIN_FRAMES * 4096);
    pgt_pool_init(&basin->pool, (uint64_t)(uintptr_t)basin->bytes - base);
    basin->frames = pgt_pool_frames(&basin->pool);
}

bool basin_reserve(struct basin *basin, size_t count)
{
    return basin->frames.reserve(basin->frames.context, count);
}

uint64_t basin_take(struct basin *basin)
{
    assert_true(basin_reserve(basin, 1));
    return basin->frames.take(basin->frames.context);
}

void basin_give(struct basin *basin, uint64_t frame)
{
    basin->frames.give(basin->frames.context, frame);
}

void basin_expect(const struct basin *basin, size_t free_, size_t quarantine)
{
    assert_int_equal(basin->pool.free_count, free_);
    assert_int_equal(basin->pool.quarantine_count, quarantine);
}

void basin_take_all(struct basin *basin, uint64_t base, size_t count, uint64_t *frame)
{
    bool seen[BASIN_FRAMES] = {false};

    assert_true(basin_reserve(basin, count));
    assert_false(basin_reserve(basin, count + 1));
    for (size_t i = 0; i < count; i++) {
        frame[i] = basin_take(basin);
        uint64_t index = (frame[i] - base) / 4096;
        assert_int_equal(frame[i] % 4096, 0);
        assert_true(index < BASIN_FRAMES && !seen[index]);
        seen[index] = true;
        memset(basin->bytes + index * 4096, 0xff, 4096);
    }
    assert_false(basin_reserve(basin, 1));
}

void basin_expect_refusals(const struct basin *basin, size_t twice, size_t foreign)
{
    assert_int_equal(basin->pool.double_gives, twice);
    assert_int_equal(basin->pool.foreign_gives, foreign);
}
