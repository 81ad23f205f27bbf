/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address space that is reserved, mapped and freed again: in the kernel's half, and at the
 * addresses that the frames have.
 */
#include "loader/stub/checks.h"
#include "loader/stub/expect.h"
#include "loader/stub/fault.h"
#include "loader/stub/lower.h"
#include "pagetables/live.h"
#include "pagetables/regions.h"

/* Under the root slot of the kernel's image, where it has free room. */
#define WINDOW       UINT64_C(0xffffffffd0000000)
#define WINDOW_BYTES (UINT64_C(16) * 1024 * 1024)

#define NODES   8
#define PATTERN UINT64_C(0x726567696f6e2121)

static volatile uint64_t *word_at(uint64_t virt)
{
    return (volatile uint64_t *)virt;
}

static void check_map(struct stub *stub, struct pgt_regions *regions)
{
    struct pgt_mapping mapping = {
        .phys = stub->frame, .bytes = PGT_PAGE + 1, .rights = PGT_READ | PGT_WRITE};
    struct pgt_region_place high = {.side = PGT_REGION_HIGH};
    struct pgt_flush flush = {0};
    struct tap *tap = &stub->tap;

    if (!tap_ok(tap,
                pgt_region_map(regions, &stub->space, &high, &mapping, &flush) == PGT_REGION_OK &&
                    mapping.bytes == 2 * PGT_PAGE &&
                    mapping.virt == WINDOW + WINDOW_BYTES - mapping.bytes,
                "4097 bytes are mapped as two pages, as high as they can lie"))
        return;
    pgt_finish(&flush, 0, &stub->pool);
    *word_at(mapping.virt + PGT_PAGE) = PATTERN;
    tap_equal(tap, *(uint64_t *)stub_direct(stub, stub->frame + PGT_PAGE), PATTERN,
              "what is written in the second is in its frame");
    tap_ok(tap,
           pgt_region_unmap(regions, &stub->space, mapping.virt, &flush) == PGT_REGION_OK &&
               flush.needed,
           "they are unmapped and freed");
    pgt_finish(&flush, 0, &stub->pool);
    expect_fault(tap, "reading them", fault_read, mapping.virt, 0);
    tap_ok(tap,
           pgt_region_unmap(regions, &stub->space, mapping.virt, &flush) == PGT_REGION_NOT_TAKEN,
           "freed again, they are refused");
}

/* Nothing may be left of an attempt that fails. */
static void check_refusal(struct stub *stub, struct pgt_regions *regions)
{
    struct pgt_mapping mapping = {.phys = UINT64_C(1) << stub->space.arch.physical_bits,
                                  .bytes = 2 * PGT_PAGE,
                                  .rights = PGT_READ};
    struct pgt_flush flush = {0};
    struct pgt_region region;

    tap_ok(&stub->tap,
           pgt_region_map(regions, &stub->space, &(struct pgt_region_place){0}, &mapping, &flush) ==
                   PGT_REGION_BAD_PHYSICAL &&
               regions->reserved == 0 && pgt_is_empty(&stub->space, WINDOW, WINDOW_BYTES),
           "frames beyond the processor's addresses are refused, and no address is lost");
    tap_ok(&stub->tap,
           pgt_region_reserve(regions, UINT64_MAX, &(struct pgt_region_place){0}, &region) ==
               PGT_REGION_BAD_RANGE,
           "so are 2^64 - 1 bytes");
}

static void check_identity(struct stub *stub)
{
    struct pgt_mapping mapping = {
        .phys = stub->frame, .bytes = PGT_PAGE, .rights = PGT_READ | PGT_WRITE};
    struct pgt_region node[NODES];
    struct pgt_flush flush = {0};
    struct pgt_regions regions;
    struct tap *tap = &stub->tap;
    struct lower lower;

    if (!lower_open(&lower, stub, "frames at their own addresses"))
        return;
    if (tap_ok(tap,
               pgt_regions_init(&regions, PGT_PAGE, LOWER_PAGE - 1, node, NODES) == PGT_REGION_OK &&
                   pgt_region_map_identity(&regions, &lower.space, &mapping, &flush) ==
                       PGT_REGION_OK,
               "a frame is mapped at its own address")) {
        *(uint64_t *)stub_direct(stub, stub->frame) = ~PATTERN;
        lower_enter(&lower);
        tap_equal(tap, *word_at(stub->frame), ~PATTERN, "it can be read there");
        tap_ok(tap, pgt_region_unmap(&regions, &lower.space, stub->frame, &flush) == PGT_REGION_OK,
               "it is unmapped there");
        pgt_finish(&flush, 0, &stub->pool);
        expect_fault(tap, "reading it", fault_read, stub->frame, 0);
        lower_leave(&lower);
    }
    lower_close(&lower);
}

void check_regions(struct stub *stub)
{
    struct pgt_region node[NODES];
    struct pgt_regions regions;
    struct tap *tap = &stub->tap;
    size_t before;

    if (!stub->adopted) {
        tap_skip(tap, STUB_NO_TABLES, "regions of address space");
        return;
    }
    before = stub->pool.free_count;
    if (!tap_ok(tap,
                pgt_is_empty(&stub->space, WINDOW, WINDOW_BYTES) &&
                    pgt_regions_init(&regions, WINDOW, WINDOW + WINDOW_BYTES - 1, node, NODES) ==
                        PGT_REGION_OK,
                "16 MiB of address space to reserve from"))
        return;
    check_map(stub, &regions);
    check_refusal(stub, &regions);
    tap_equal(tap, stub->pool.free_count, before, "every table that this took was given back");
    /* Revision 0 has frames at their own addresses already, but in another space. */
    check_identity(stub);
}
