/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Temporary mappings: frames that nothing else maps, reached for a moment.
 */
#include "loader/stub/bare.h"
#include "loader/stub/checks.h"
#include "loader/stub/mem.h"

#define PATTERN UINT64_C(0x77696e646f772121)

static volatile uint64_t *word_at(uint64_t virt)
{
    return (volatile uint64_t *)virt;
}

/* As an interrupt does that comes while a slot is held. */
static void check_nesting(struct bare *bare)
{
    uint64_t *frame = stub_direct(bare->stub, bare->stub->frame);
    uint64_t *next = stub_direct(bare->stub, bare->stub->frame + PGT_PAGE);
    struct tap *tap = &bare->stub->tap;
    uint64_t outer = 0, inner = 0;

    *frame = PATTERN;
    *next = ~PATTERN;
    if (!tap_ok(tap, pgt_window_map(&bare->window, bare->stub->frame, &outer) == PGT_OK,
                "a frame is reached through the window"))
        return;
    tap_ok(tap, outer == bare->window.place.last && *word_at(outer) == PATTERN,
           "at the address below the recursive slot's reach, and shows its content");
    if (!tap_ok(tap, pgt_window_map(&bare->window, bare->stub->frame + PGT_PAGE, &inner) == PGT_OK,
                "another is, while the first is held"))
        return;
    *word_at(inner) = PATTERN + 1;
    tap_ok(tap, *word_at(outer) == PATTERN && *next == PATTERN + 1, "neither disturbs the other");
    pgt_window_release(&bare->window, inner);
    tap_ok(tap,
           pgt_window_map(&bare->window, bare->stub->frame, &inner) == PGT_OK &&
               *word_at(inner) == PATTERN,
           "a slot that is used again shows the new frame at once");
    pgt_window_release(&bare->window, inner);
    pgt_window_release(&bare->window, outer);
}

static void check_exhaustion(struct bare *bare)
{
    struct tap *tap = &bare->stub->tap;
    uint64_t virt[BARE_WINDOW_SLOTS], more;
    unsigned taken = 0;

    while (taken < BARE_WINDOW_SLOTS && pgt_window_take(&bare->window, &virt[taken]) == PGT_OK)
        taken++;
    tap_ok(tap, taken == BARE_WINDOW_SLOTS && pgt_window_take(&bare->window, &more) == PGT_BUSY,
           "when all %u slots are held, one more is refused", taken);
    while (taken > 0)
        pgt_window_release(&bare->window, virt[--taken]);
}

static void check_contents(struct bare *bare)
{
    uint8_t *from = stub_direct(bare->stub, bare->stub->frame);
    uint8_t *to = stub_direct(bare->stub, bare->stub->frame + PGT_PAGE);
    uint64_t zero = bare->stub->frames->zero, more;
    struct tap *tap = &bare->stub->tap;

    for (unsigned i = 0; i < PGT_PAGE; i++)
        from[i] = (uint8_t)(i * 7 + 1);
    tap_ok(tap,
           pgt_window_copy(&bare->window, bare->stub->frame + PGT_PAGE, bare->stub->frame) ==
                   PGT_OK &&
               memcmp(from, to, PGT_PAGE) == 0,
           "a frame is copied through it");
    tap_ok(tap,
           pgt_window_zero(&bare->window, bare->stub->frame) == PGT_OK &&
               memcmp(from, stub_direct(bare->stub, zero), PGT_PAGE) == 0,
           "a frame is cleared through it");
    tap_ok(tap,
           pgt_window_map(&bare->window, zero, &more) == PGT_BAD_RIGHTS &&
               pgt_window_zero(&bare->window, zero) == PGT_BAD_RIGHTS,
           "the frame of zeros is not made writable through it");
}

void check_window(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    struct bare bare;
    size_t before;

    if (stub->frames == 0) {
        tap_skip(tap, STUB_NO_TABLES, "temporary mappings");
        return;
    }
    before = stub->frames->ram.free_count;
    if (!tap_ok(tap, bare_open(&bare, stub), "a window of %u slots", BARE_WINDOW_SLOTS))
        return;
    check_nesting(&bare);
    check_exhaustion(&bare);
    check_contents(&bare);
    tap_ok(tap, bare_close(&bare) && stub->frames->ram.free_count == before,
           "it is left, and every frame has come back");
}
