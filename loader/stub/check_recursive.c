/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables without a direct map: edited through a recursive slot of the root that is in use, and,
 * for a root that is not, through a second one.
 */
#include "loader/stub/bare.h"
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/expect.h"
#include "loader/stub/fault.h"
#include "loader/stub/lower.h"
#include "loader/stub/walk.h"

#define PATTERN UINT64_C(0x7265637572736521)

static volatile uint64_t *word_at(uint64_t virt)
{
    return (volatile uint64_t *)virt;
}

static struct pgt_mapping page_of(const struct bare *bare, unsigned rights)
{
    return (struct pgt_mapping){
        .virt = LOWER_PAGE, .phys = bare->stub->frame, .bytes = PGT_PAGE, .rights = rights};
}

/* Every entry that leads to the page, once at its recursive address and once through the
 * direct map. */
static void check_entries(struct bare *bare)
{
    const struct pgt_arch *arch = &bare->stub->space.arch;
    uint64_t table = bare->root;
    unsigned equal = 0;

    for (unsigned level = arch->levels; level > 0; level--) {
        unsigned index = LOWER_PAGE >> (3 + 9 * level) & (PGT_ENTRIES - 1);
        uint64_t direct = ((const uint64_t *)stub_direct(bare->stub, table))[index];

        equal += *word_at(pgt_recursive_entry(arch, BARE_SLOT, LOWER_PAGE, level)) == direct;
        table = direct & WALK_ADDRESS;
    }
    tap_equal(&bare->stub->tap, equal, arch->levels,
              "the entries of all levels are at their recursive addresses");
}

static void check_page(struct bare *bare)
{
    struct pgt_mapping mapping = page_of(bare, PGT_READ | PGT_WRITE);
    struct tap *tap = &bare->stub->tap;
    struct pgt_flush flush = {0};
    uint64_t phys = 0;

    if (!tap_ok(tap, pgt_recursive_map(&bare->recursive, &mapping, &flush) == PGT_OK,
                "a page is mapped through it"))
        return;
    bare_finish(bare, &flush);
    *word_at(LOWER_PAGE) = PATTERN;
    tap_equal(tap, *(uint64_t *)stub_direct(bare->stub, bare->stub->frame), PATTERN,
              "what is written there is in its frame");
    tap_ok(tap,
           pgt_recursive_translate(&bare->recursive, LOWER_PAGE + 8, &phys) &&
               phys == bare->stub->frame + 8,
           "it is translated");
    check_entries(bare);
    tap_ok(tap,
           pgt_recursive_protect(&bare->recursive, LOWER_PAGE, PGT_PAGE, PGT_READ, &flush) ==
               PGT_OK,
           "its right to write is taken");
    bare_finish(bare, &flush);
    expect_fault(tap, "writing it", fault_write_zero, LOWER_PAGE, FAULT_PRESENT | FAULT_WRITE);
    tap_ok(tap, pgt_recursive_unmap(&bare->recursive, LOWER_PAGE, PGT_PAGE, &flush) == PGT_OK,
           "it is unmapped");
    bare_finish(bare, &flush);
    expect_fault(tap, "reading it", fault_read, LOWER_PAGE, 0);
}

static void check_refusals(struct bare *bare)
{
    struct pgt_mapping mapping = page_of(bare, PGT_READ | PGT_WRITE);
    struct tap *tap = &bare->stub->tap;
    struct pgt_flush flush = {0};

    tap_ok(tap,
           pgt_recursive_unmap(&bare->recursive, LOWER_PAGE, PGT_PAGE, &flush) == PGT_BAD_RANGE,
           "unmapped again, it is refused");
    mapping.phys = bare->stub->frames->zero;
    tap_ok(tap, pgt_recursive_map(&bare->recursive, &mapping, &flush) == PGT_BAD_RIGHTS,
           "the frame of zeros is not mapped writable");
}

/* Mapped while it is inactive; seen when it is in use. */
static void check_other(struct bare *bare, uint64_t root)
{
    struct pgt_mapping mapping = page_of(bare, PGT_READ);
    struct tap *tap = &bare->stub->tap;
    struct pgt_recursive other;
    struct pgt_flush flush = {0};
    uint64_t seen;

    if (!tap_ok(tap,
                pgt_recursive_open(&other, &bare->recursive, root) == PGT_OK &&
                    pgt_recursive_map(&other, &mapping, &flush) == PGT_OK,
                "a page is mapped in it through the second slot"))
        return;
    expect_fault(tap, "reading it from outside", fault_read, LOWER_PAGE, 0);
    pgt_recursive_close(&other);
    bare_finish(bare, &flush);
    *(uint64_t *)stub_direct(bare->stub, bare->stub->frame) = ~PATTERN;
    cr3_write(root);
    seen = *word_at(LOWER_PAGE);
    cr3_write(bare->root);
    tap_equal(tap, seen, ~PATTERN, "in use, it shows the page");
    tap_equal(tap, ((uint64_t *)stub_direct(bare->stub, bare->root))[BARE_SECOND] & WALK_PRESENT, 0,
              "the second slot is empty again");
}

static void check_inactive(struct bare *bare)
{
    struct tap *tap = &bare->stub->tap;
    uint64_t root;

    if (!tap_ok(tap, pgt_recursive_create(&bare->recursive, &root) == PGT_OK,
                "another root is made"))
        return;
    check_other(bare, root);
    tap_ok(tap, pgt_recursive_destroy(&bare->recursive, root) == PGT_OK, "and destroyed");
}

void check_recursive(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    struct bare bare;
    size_t before;

    if (stub->frames == 0) {
        tap_skip(tap, STUB_NO_TABLES, "recursive mapping");
        return;
    }
    before = stub->frames->ram.free_count;
    if (!tap_ok(tap, bare_open(&bare, stub), "a root that leads to itself in slot %u", BARE_SLOT))
        return;
    check_page(&bare);
    check_refusals(&bare);
    check_inactive(&bare);
    tap_ok(tap, bare_close(&bare) && stub->frames->ram.free_count == before,
           "it is left, and every frame has come back");
}
