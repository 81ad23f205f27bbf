/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes to the adopted tables, while the processor runs on them.
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/fault.h"
#include "loader/stub/mem.h"
#include "loader/stub/memory.h"
#include "pagetables/live.h"

/* Half-way between the kernel's image and the end of the address space: in the
 * root slot that both share, since a sealed root takes no new entry. */
#define HOLE       UINT64_C(0xffffffffc0000000)
#define HOLE_BYTES (2 * PGT_PAGE_2M)
#define TOP_PAGE   UINT64_C(0xfffffffffffff000)

#define PATTERN_A UINT64_C(0x5061676563616c6c)
#define PATTERN_B UINT64_C(0x6c61796572616765)

static volatile uint64_t *word_at(uint64_t virt)
{
    return (volatile uint64_t *)virt;
}

static bool map(struct stub *stub, uint64_t virt, uint64_t phys, uint64_t bytes, unsigned rights)
{
    struct pgt_mapping mapping = {.virt = virt, .phys = phys, .bytes = bytes, .rights = rights};
    struct pgt_flush flush = {0};

    if (pgt_map(&stub->space, &mapping, &flush) != PGT_OK)
        return false;
    pgt_flush_local(&flush);
    pgt_pool_recycle(&stub->pool);
    return true;
}

static bool unmap(struct stub *stub, uint64_t virt, uint64_t bytes)
{
    struct pgt_flush flush = {0};

    if (pgt_unmap(&stub->space, virt, bytes, &flush) != PGT_OK)
        return false;
    pgt_flush_local(&flush);
    /* Only now that the processor has forgotten them may tables be used again. */
    pgt_pool_recycle(&stub->pool);
    return true;
}

static bool faults_with(void (*access)(uint64_t), uint64_t virt, uint64_t error)
{
    struct fault fault;

    return fault_probe(access, virt, &fault) && fault.vector == FAULT_PAGE &&
           fault.error == error && fault.address == virt;
}

static void check_page(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    uint64_t frame = stub->frame, other = stub->frame + PGT_PAGE;

    *word_at(frame + stub->hhdm) = PATTERN_A;
    *word_at(other + stub->hhdm) = PATTERN_B;
    if (!tap_ok(tap, map(stub, HOLE, frame, PGT_PAGE, PGT_READ | PGT_WRITE), "maps a page live"))
        return;
    tap_equal(tap, *word_at(HOLE), PATTERN_A, "what is in its frame can be read there");
    *word_at(HOLE) = ~PATTERN_A;
    tap_equal(tap, *word_at(frame + stub->hhdm), ~PATTERN_A,
              "what is written there is in its frame");
    tap_ok(tap,
           map(stub, HOLE, frame, PGT_PAGE, PGT_READ) &&
               faults_with(fault_write_zero, HOLE, FAULT_PRESENT | FAULT_WRITE),
           "made read-only, it faults on a write at once");
    tap_ok(tap, map(stub, HOLE, other, PGT_PAGE, PGT_READ) && *word_at(HOLE) == PATTERN_B,
           "moved to another frame, it shows that one at once");
    tap_ok(tap, unmap(stub, HOLE, PGT_PAGE) && faults_with(fault_read, HOLE, 0),
           "unmapped, it faults on a read at once");
}

/* The page at whose end addresses wrap to 0. */
static void check_top_page(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    struct pgt_leaf leaf;

    if (stub_mapped(stub, TOP_PAGE)) {
        tap_skip(tap, "the loader uses it", "the last page of the address space");
        return;
    }
    *word_at(stub->frame + stub->hhdm + PGT_PAGE - 8) = PATTERN_B;
    if (!tap_ok(tap, map(stub, TOP_PAGE, stub->frame, PGT_PAGE, PGT_READ | PGT_WRITE),
                "maps the last page of the address space"))
        return;
    tap_equal(tap, *word_at(TOP_PAGE + PGT_PAGE - 8), PATTERN_B, "its last word can be read");
    tap_ok(tap, pgt_lookup(&stub->space, UINT64_MAX, &leaf) && leaf.virt == TOP_PAGE,
           "its last byte can be looked up");
    tap_ok(tap, unmap(stub, TOP_PAGE, PGT_PAGE) && faults_with(fault_read, UINT64_MAX, 0),
           "unmapped, its last byte faults");
}

/* 2 MiB of usable memory, 2 MiB aligned. */
static bool find_2m(const struct stub *stub, uint64_t *ret_phys)
{
    for (uint64_t i = 0; i < stub->memmap->entry_count; i++) {
        const struct limine_memmap_entry *entry = memory_entry(stub->memmap, i);
        uint64_t phys = (entry->base + PGT_PAGE_2M - 1) & ~(PGT_PAGE_2M - 1);

        if (entry->type != LIMINE_MEMMAP_USABLE || phys - entry->base >= entry->length ||
            entry->length - (phys - entry->base) < PGT_PAGE_2M)
            continue;
        *ret_phys = phys;
        return true;
    }
    return false;
}

/* A hole of one page in the middle of a large one: the rest stays as it was. */
static void check_split(struct stub *stub, uint64_t phys)
{
    struct tap *tap = &stub->tap;
    uint64_t middle = HOLE + PGT_PAGE_2M / 2;
    struct pgt_leaf leaf;

    if (!tap_ok(tap, map(stub, HOLE, phys, PGT_PAGE_2M, PGT_READ), "maps 2 MiB live"))
        return;
    tap_ok(tap, pgt_lookup(&stub->space, middle, &leaf) && leaf.bytes == PGT_PAGE_2M,
           "one large page does it");
    tap_ok(tap, unmap(stub, middle, PGT_PAGE) && faults_with(fault_read, middle, 0),
           "a page in the middle of it can be unmapped");
    tap_ok(tap,
           *word_at(middle - 8) == *word_at(phys + PGT_PAGE_2M / 2 - 8 + stub->hhdm) &&
               *word_at(middle + PGT_PAGE) ==
                   *word_at(phys + PGT_PAGE_2M / 2 + PGT_PAGE + stub->hhdm),
           "its neighbours still lead where they did");
    tap_ok(tap, unmap(stub, HOLE, PGT_PAGE_2M) && faults_with(fault_read, HOLE, 0),
           "all of it can be unmapped");
}

/* What is to be refused is, and changes nothing. */
static void check_refusals(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    struct pgt_mapping mapping = {.virt = HOLE, .phys = stub->frame, .bytes = PGT_PAGE};
    struct pgt_flush flush = {0};
    size_t before = stub->pool.free_count;

    tap_ok(tap, pgt_map(&stub->space, &mapping, &flush) == PGT_BAD_RIGHTS,
           "a mapping without rights is refused");
    mapping.rights = PGT_READ;
    mapping.virt = UINT64_C(1) << 63;
    tap_ok(tap, pgt_map(&stub->space, &mapping, &flush) == PGT_BAD_RANGE,
           "one that is not canonical is refused");
    mapping.virt = HOLE;
    mapping.phys = UINT64_C(1) << stub->space.arch.physical_bits;
    tap_ok(tap, pgt_map(&stub->space, &mapping, &flush) == PGT_BAD_PHYSICAL,
           "one beyond the processor's physical addresses is refused");
    tap_ok(tap, stub->pool.free_count == before && faults_with(fault_read, HOLE, 0),
           "and nothing has changed");
}

static bool hole_is_free(const struct stub *stub)
{
    struct pgt_leaf leaf;

    return !pgt_next(&stub->space, HOLE, &leaf) || leaf.virt >= HOLE + HOLE_BYTES;
}

void check_live(struct stub *stub)
{
    struct tap *tap = &stub->tap;
    struct pgt_fault fault;
    size_t frames;
    uint64_t phys;

    if (!stub->adopted) {
        tap_skip(tap, STUB_NO_TABLES, "changing the tables live");
        return;
    }
    if (!tap_ok(tap, hole_is_free(stub), "there is free room above the image"))
        return;
    frames = stub->pool.free_count;
    check_page(stub);
    check_top_page(stub);
    if (find_2m(stub, &phys))
        check_split(stub, phys);
    else
        tap_skip(tap, "no 2 MiB of usable memory in one piece", "splitting a large page");
    check_refusals(stub);
    tap_equal(tap, stub->pool.free_count, frames, "every table that this took was given back");
    tap_ok(tap, pgt_check(&stub->space, &fault) == PGT_OK,
           "pgt_check is content with what is left");
}
