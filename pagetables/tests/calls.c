/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/calls.h"

#include <string.h>

enum pgt_status call_run(struct pgt_space *space, const struct call *call, struct pgt_flush *flush)
{
    switch (call->kind) {
    case CALL_MAP:
        return pgt_map(space, &call->mapping, flush);
    case CALL_UNMAP:
        return pgt_unmap(space, call->virt, call->bytes, flush);
    case CALL_PROTECT:
        return pgt_protect(space, call->virt, call->bytes, &call->protection, flush);
    case CALL_PROMOTE:
        return pgt_promote(space, call->virt, call->bytes, flush);
    case CALL_SPLIT:
        return pgt_split(space, call->virt, call->bytes, call->largest);
    case CALL_CLONE:
        return pgt_clone(call->to, space, call->virt, call->bytes, call->how, call->software,
                         flush);
    }
    fail_msg("no such call");
    return PGT_OK;
}

static enum pgt_status clone_cost(const struct pgt_space *space, const struct call *call,
                                  size_t *ret_frames)
{
    size_t to, from;
    enum pgt_status status =
        pgt_clone_cost(call->to, space, call->virt, call->bytes, call->how, &to, &from);
    if (!status)
        *ret_frames = to + from;
    return status;
}

enum pgt_status call_cost(const struct pgt_space *space, const struct call *call,
                          size_t *ret_frames)
{
    switch (call->kind) {
    case CALL_MAP:
        return pgt_map_cost(space, &call->mapping, ret_frames);
    case CALL_UNMAP:
        return pgt_unmap_cost(space, call->virt, call->bytes, ret_frames);
    case CALL_PROTECT:
        return pgt_protect_cost(space, call->virt, call->bytes, &call->protection, ret_frames);
    case CALL_SPLIT:
        return pgt_split_cost(space, call->virt, call->bytes, call->largest, ret_frames);
    case CALL_CLONE:
        return clone_cost(space, call, ret_frames);
    case CALL_PROMOTE:
        break;
    }
    *ret_frames = 0;
    return PGT_OK;
}

struct pgt_flush call_do(struct arena *arena, struct pgt_space *space, const struct call *call)
{
    struct pgt_flush flush = {0};
    size_t cost;

    assert_int_equal(call_cost(space, call, &cost), PGT_OK);
    size_t takes = arena->takes, reserves = arena->reserves;
    assert_int_equal(call_run(space, call, &flush), PGT_OK);
    arena_assert_settled(arena);
    assert_int_equal(arena->takes - takes, cost);
    /* Asked once, and not at all for nothing. */
    assert_int_equal(arena->reserves - reserves, cost > 0);
    suite_check(space);
    if (call->to != NULL)
        suite_check(call->to);
    return flush;
}

/* Outputs start as rubbish, so that a store of anything shows. */
static void assert_filled(const void *object, size_t bytes)
{
    const uint8_t *byte = object;
    for (size_t i = 0; i < bytes; i++)
        if (byte[i] != 0x5a)
            fail_msg("a refused call wrote into its output");
}

void call_refuse(struct arena *arena, struct pgt_space *space, const struct call *call,
                 enum pgt_status status)
{
    struct arena_snapshot snapshot = arena_snapshot(arena);
    struct pgt_space before = *space, to_before = {.root = 0};
    struct pgt_flush flush;
    size_t cost;

    if (call->to != NULL)
        to_before = *call->to;
    memset(&flush, 0x5a, sizeof(flush));
    memset(&cost, 0x5a, sizeof(cost));
    assert_int_equal(call_run(space, call, &flush), status);
    assert_filled(&flush, sizeof(flush));
    if (status == PGT_NO_FRAMES) {
        assert_int_equal(call_cost(space, call, &cost), PGT_OK);
    } else if (call->kind != CALL_PROMOTE) {
        assert_int_equal(call_cost(space, call, &cost), status);
        assert_filled(&cost, sizeof(cost));
    }
    assert_memory_equal(space, &before, sizeof(before));
    if (call->to != NULL)
        assert_memory_equal(call->to, &to_before, sizeof(to_before));
    arena_assert_unchanged(arena, &snapshot);
}

struct pgt_flush call_exhaust(struct arena *arena, struct pgt_space *space, const struct call *call)
{
    size_t cost;

    assert_int_equal(call_cost(space, call, &cost), PGT_OK);
    for (size_t frames = 0; frames < cost; frames++) {
        arena->limit = arena->outstanding + frames;
        call_refuse(arena, space, call, PGT_NO_FRAMES);
        suite_check(space);
    }
    arena->limit = arena->count;
    if (cost > 0) {
        arena->refuse_in = 1;
        call_refuse(arena, space, call, PGT_NO_FRAMES);
    }
    arena->limit = arena->outstanding + cost;
    struct pgt_flush flush = call_do(arena, space, call);
    arena->limit = arena->count;
    return flush;
}

static void refuse_range(struct arena *arena, struct pgt_space *space, struct call call,
                         uint64_t virt, uint64_t bytes, enum pgt_status status)
{
    call.virt = call.mapping.virt = virt;
    call.bytes = call.mapping.bytes = bytes;
    call_refuse(arena, space, &call, status);
}

void call_refuse_bad_ranges(struct arena *arena, struct pgt_space *space, struct call call)
{
    uint64_t upper = space->arch.levels == 5 ? UPPER_5 : UPPER_4;

    for (uint64_t off = 1; off < 0x1000; off = off * 2 + 1) {
        refuse_range(arena, space, call, GIB + off, 0x1000, PGT_MISALIGNED);
        refuse_range(arena, space, call, GIB, 0x1000 + off, PGT_MISALIGNED);
        refuse_range(arena, space, call, GIB, off, PGT_MISALIGNED);
    }
    refuse_range(arena, space, call, GIB, 0, PGT_BAD_RANGE);
    refuse_range(arena, space, call, TOP_PAGE, 0x2000, PGT_BAD_RANGE);
    refuse_range(arena, space, call, 0, -PGT_PAGE, PGT_BAD_RANGE);
    refuse_range(arena, space, call, -upper, 0x1000, PGT_BAD_RANGE);
    refuse_range(arena, space, call, -upper - 0x1000, 0x2000, PGT_BAD_RANGE);
    refuse_range(arena, space, call, upper - 0x1000, 0x1000, PGT_BAD_RANGE);
    refuse_range(arena, space, call, upper - 0x1000, 0x2000, PGT_BAD_RANGE);
    refuse_range(arena, space, call, -upper - 0x1000, upper - -upper + 0x2000, PGT_BAD_RANGE);
}

static void print_flush(const char *who, const struct pgt_flush *flush)
{
    print_error("%s:%s%s%s%s%s", who, flush->needed ? " needed" : "",
                flush->widened ? " widened" : "", flush->everything ? " everything" : "",
                flush->global ? " global" : "", flush->upper ? " upper" : "");
    for (unsigned i = 0; i < flush->count && i < PGT_FLUSH_RANGES; i++)
        print_error(" %#lx-%#lx", (unsigned long)flush->range[i].first,
                    (unsigned long)flush->range[i].last);
    print_error("\n");
}

void call_expect_flush(struct pgt_flush flush, struct pgt_flush expected)
{
    bool same = flush.needed == expected.needed && flush.widened == expected.widened &&
                flush.everything == expected.everything && flush.global == expected.global &&
                flush.upper == expected.upper && flush.count == expected.count;

    for (unsigned i = 0; same && i < expected.count; i++)
        same = flush.range[i].first == expected.range[i].first &&
               flush.range[i].last == expected.range[i].last;
    if (same)
        return;
    print_flush("expected", &expected);
    print_flush("gathered", &flush);
    fail_msg("another flush than expected");
}
