/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second address space on the same upper half: made, entered, left, destroyed.
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/fault.h"
#include "loader/stub/walk.h"
#include "pagetables/live.h"

/* In the lower half, above any identity map, and canonical with 4 levels too. */
#define LOWER UINT64_C(0x0000500000000000)

/* In the upper half, under a root slot that is there: both spaces see it. */
#define UPPER UINT64_C(0xffffffffc0000000)

#define PATTERN UINT64_C(0x7365636f6e642121)

static volatile uint64_t *word_at(uint64_t virt)
{
    return (volatile uint64_t *)virt;
}

static bool sound(const struct pgt_space *space)
{
    struct pgt_fault fault;

    if (pgt_check(space, &fault) == PGT_OK)
        return true;
    tap_note("%s: level %u, address %016lx, entry %016lx", fault.rule, fault.level, fault.virt,
             fault.entry);
    return false;
}

/* The same frames in every upper slot, and nothing below. */
static void check_roots(struct stub *stub, const struct pgt_space *second)
{
    const uint64_t *ours = stub_direct(stub, stub->space.root);
    const uint64_t *theirs = stub_direct(stub, second->root);
    unsigned different = 0, shared = 0, lower = 0;

    for (unsigned i = 0; i < PGT_ENTRIES; i++) {
        if (i < stub->space.upper_slot) {
            lower += theirs[i] & WALK_PRESENT;
            continue;
        }
        different += (ours[i] & (WALK_ADDRESS | WALK_PRESENT)) !=
                     (theirs[i] & (WALK_ADDRESS | WALK_PRESENT));
        shared += ours[i] & WALK_PRESENT;
    }
    tap_ok(&stub->tap, shared > 0 && different == 0,
           "its upper half is physically the same %u tables", shared);
    tap_equal(&stub->tap, lower, 0, "its lower half is empty");
}

struct visit {
    uint64_t cr3; /* after the switch */
    uint64_t seen;
    bool null_faults;
};

/* Enters the other space, reads and writes its page, and comes back.  Text, stack and
 * exception tables are in the shared upper, so all goes on as before. */
static struct visit visit(const struct pgt_space *second)
{
    uint64_t home = cr3_read();
    struct visit result;
    struct fault fault;

    cr3_write(second->root);
    result.cr3 = cr3_read();
    result.seen = *word_at(LOWER);
    *word_at(LOWER) = ~PATTERN;
    result.null_faults = fault_probe(fault_read, 0, &fault) && fault.error == 0;
    cr3_write(home);
    return result;
}

static void check_visit(struct stub *stub, struct pgt_space *second)
{
    struct tap *tap = &stub->tap;
    struct pgt_mapping mapping = {
        .virt = LOWER, .phys = stub->frame, .bytes = PGT_PAGE, .rights = PGT_READ | PGT_WRITE};
    struct pgt_flush flush = {0};
    struct pgt_leaf leaf;
    struct fault fault;
    struct visit result;

    if (!tap_ok(tap, pgt_map(second, &mapping, &flush) == PGT_OK,
                "a page is mapped in its lower half"))
        return;
    *word_at(stub->frame + stub->hhdm) = PATTERN;
    result = visit(second);
    tap_equal(tap, result.cr3, second->root, "the processor was in it and came back");
    tap_equal(tap, result.seen, PATTERN, "it read the page there");
    tap_equal(tap, *word_at(stub->frame + stub->hhdm), ~PATTERN, "and wrote to it");
    tap_ok(tap, result.null_faults, "address 0 faulted there too");
    tap_ok(tap,
           !pgt_lookup(&stub->space, LOWER, &leaf) && fault_probe(fault_read, LOWER, &fault) &&
               fault.error == 0,
           "the page is not mapped in the first space");
}

/* What is mapped below a shared root slot appears in all spaces at once. */
static void check_shared_change(struct stub *stub, const struct pgt_space *second)
{
    struct pgt_mapping mapping = {
        .virt = UPPER, .phys = stub->frame + PGT_PAGE, .bytes = PGT_PAGE, .rights = PGT_READ};
    uint64_t home = cr3_read(), seen;
    struct pgt_flush flush = {0};

    *word_at(mapping.phys + stub->hhdm) = PATTERN;
    if (!tap_ok(&stub->tap, pgt_map(&stub->space, &mapping, &flush) == PGT_OK,
                "a page is mapped in the upper half"))
        return;
    pgt_flush_local(&flush);
    cr3_write(second->root);
    seen = *word_at(UPPER);
    cr3_write(home);
    tap_equal(&stub->tap, seen, PATTERN, "the second space sees it at once");
    tap_ok(&stub->tap, pgt_unmap(&stub->space, UPPER, PGT_PAGE, &flush) == PGT_OK,
           "and it is unmapped for both");
    pgt_flush_local(&flush);
}

/* What belongs to both can't be changed, or taken away, through one. */
static void check_ownership(struct stub *stub, struct pgt_space *second)
{
    struct pgt_mapping mapping = {
        .virt = UPPER, .phys = stub->frame, .bytes = PGT_PAGE, .rights = PGT_READ};
    struct pgt_flush flush = {0};

    tap_ok(&stub->tap, pgt_map(second, &mapping, &flush) == PGT_SEALED,
           "the second space may not change the shared upper half");
    tap_ok(&stub->tap, pgt_destroy(&stub->space) == PGT_BUSY,
           "the first space can't be destroyed while the second lives");
}

void check_spaces(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    struct pgt_frames frames;
    struct pgt_space second;
    size_t before;

    if (!stub->adopted) {
        tap_skip(tap, STUB_NO_TABLES, "a second address space");
        return;
    }
    frames = pgt_pool_frames(&stub->pool);
    before = stub->pool.free_count;
    if (!tap_ok(tap, pgt_init_on(&second, &stub->space, &frames) == PGT_OK,
                "a second address space is made on the sealed upper half"))
        return;
    tap_equal(tap, before - stub->pool.free_count, 1, "it costs one frame");
    check_roots(stub, &second);
    check_visit(stub, &second);
    check_shared_change(stub, &second);
    check_ownership(stub, &second);
    tap_ok(tap, sound(&second) && sound(&stub->space), "pgt_check is content with both");
    tap_ok(tap, pgt_destroy(&second) == PGT_OK, "the second space is destroyed");
    /* No processor is in it: nothing to flush before its frames are used again. */
    pgt_pool_recycle(&stub->pool);
    tap_equal(tap, stub->pool.free_count, before, "every frame that it took was given back");
    tap_ok(tap, sound(&stub->space), "pgt_check is content with the first");
}
