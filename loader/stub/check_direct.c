/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The direct map: all that it shall hold can be reached, and it holds no more.
 */
#include "loader/stub/checks.h"
#include "loader/stub/fault.h"
#include "loader/stub/mem.h"
#include "loader/stub/memory.h"
#include "loader/stub/requests.h"
#include "loader/stub/stacks.h"
#include "loader/stub/variant.h"

#define FOUR_GIB (UINT64_C(4) * PGT_PAGE_1G)

/* Touches a page; which way is up to the caller. */
typedef void (*touch)(uint64_t virt);

static void touch_read(uint64_t virt)
{
    (void)*(volatile uint64_t *)virt;
}

/* Writes another value, reads it back, and restores the first: memory that
 * silently drops writes counts as a fault, by way of the last line. */
static void touch_write(uint64_t virt)
{
    volatile uint64_t *word = (volatile uint64_t *)virt;
    uint64_t saved = *word;
    uint64_t seen;

    *word = ~saved;
    seen = *word;
    *word = saved;
    if (seen != ~saved)
        __asm__ volatile("movb $0, 0"); /* the null page: a fault that the probe catches */
}

struct extent {
    uint64_t virt;
    uint64_t bytes;
    touch touch;
};

/* First and last word, and one every 2 MiB, so in every page of any size but 4K. */
static void touch_extent(uint64_t address)
{
    const struct extent *extent = (const struct extent *)address;
    uint64_t last = extent->virt + extent->bytes - sizeof(uint64_t);

    for (uint64_t at = extent->virt; at < last; at = (at | (PGT_PAGE_2M - 1)) + 1)
        extent->touch(at);
    extent->touch(last);
}

/* Touches every entry that `wanted` accepts; returns how many faulted. */
static uint64_t touch_entries(const struct stub *stub, bool (*wanted)(uint64_t type), touch how)
{
    uint64_t faulted = 0;

    for (uint64_t i = 0; i < stub->memmap->entry_count; i++) {
        const struct limine_memmap_entry *entry = memory_entry(stub->memmap, i);
        struct extent extent = {entry->base + stub->hhdm, entry->length, how};
        struct fault fault;

        if (!wanted(entry->type) || !fault_probe(touch_extent, (uint64_t)&extent, &fault))
            continue;
        faulted++;
        tap_note("%s %016lx: fault at %016lx, error code %lx", memory_type_name(entry->type),
                 entry->base, fault.address, fault.error);
    }
    return faulted;
}

static bool is_usable(uint64_t type)
{
    return type == LIMINE_MEMMAP_USABLE;
}

static bool is_promised(uint64_t type)
{
    return memory_in_direct_map(type, variant_base_revision) && type != LIMINE_MEMMAP_RESERVED &&
           type != LIMINE_MEMMAP_BAD_MEMORY;
}

/* The same bytes by the kernel's own addresses and by the direct map; in data, what
 * is written by one way is read by the other. */
static void check_same_bytes(struct stub *stub)
{
    static volatile uint64_t word = UINT64_C(0x0123456789abcdef);
    volatile uint64_t *alias = (volatile uint64_t *)stub_alias(stub, (const void *)&word);
    bool before = *alias == word;

    *alias = ~word;
    tap_ok(&stub->tap, before && *alias == word && word == ~UINT64_C(0x0123456789abcdef),
           "the direct map shows the kernel's own data, both ways");
}

static void check_framebuffer(struct stub *stub)
{
    const struct limine_framebuffer_response *response = request_answer(&requests.framebuffer);
    const uint64_t *list;
    const struct limine_framebuffer *fb;
    struct extent extent;
    struct fault fault;

    if (response == 0) {
        tap_skip(&stub->tap, "the machine has none", "the framebuffer can be written");
        return;
    }
    list = request_pointer(response->framebuffers);
    fb = request_pointer(list[0]);
    extent = (struct extent){fb->address, fb->pitch * fb->height, touch_write};
    tap_ok(&stub->tap, !fault_probe(touch_extent, (uint64_t)&extent, &fault),
           "the framebuffer keeps what is written to it");
}

/* Whether the protocol has this page of physical memory in the direct map. */
static bool page_belongs(const struct stub *stub, uint64_t phys, uint64_t *ret_end)
{
    const struct limine_memmap_entry *entry = memory_find(stub->memmap, phys);

    if (variant_base_revision <= 2 && phys < FOUR_GIB) {
        *ret_end = FOUR_GIB;
        return true;
    }
    if (entry == 0 || !memory_in_direct_map(entry->type, variant_base_revision))
        return false;
    /* Outward: an entry that is not page aligned is mapped with the pages it touches. */
    *ret_end = (entry->base + entry->length + PGT_PAGE - 1) & ~MEMORY_PAGE_MASK;
    return true;
}

/* Returns false at the first page of the leaf that has no business there. */
static bool leaf_belongs(const struct stub *stub, const struct pgt_leaf *leaf)
{
    uint64_t end = leaf->phys + leaf->bytes;

    for (uint64_t at = leaf->phys; at < end;) {
        uint64_t next;

        if (page_belongs(stub, at, &next)) {
            at = next;
        } else {
            tap_note("%016lx maps %016lx, which it should not", leaf->virt, at);
            return false;
        }
    }
    return true;
}

/* The direct map's end: the image's 2 GiB, or as far as physical addresses go. */
static bool in_direct_map(const struct stub *stub, uint64_t virt)
{
    return virt >= stub->hhdm && virt < UINT64_C(0xffffffff80000000) &&
           (virt - stub->hhdm) >> stub->space.arch.physical_bits == 0;
}

static void check_nothing_else(struct stub *stub)
{
    struct pgt_leaf leaf;
    uint64_t strangers = 0, shifted = 0, executable = 0;

    for (uint64_t at = stub->hhdm; pgt_next(&stub->space, at, &leaf); at = leaf.virt + leaf.bytes) {
        if (!in_direct_map(stub, leaf.virt))
            break;
        shifted += leaf.phys != leaf.virt - stub->hhdm;
        strangers += !leaf_belongs(stub, &leaf);
        executable += leaf.rights & PGT_EXECUTE ? 1 : 0;
    }
    tap_equal(&stub->tap, shifted, 0, "each page of the direct map leads to its physical address");
    tap_equal(&stub->tap, strangers, 0, "the direct map holds nothing but what the protocol lists");
    if (stub->space.arch.no_execute)
        tap_equal(&stub->tap, executable, 0, "none of it is executable");
}

/* Base revisions 0 to 2: all below 4 GiB, whatever the memory map says of it. */
static uint64_t holes_below_4g(const struct stub *stub, uint64_t offset)
{
    struct pgt_leaf leaf;
    uint64_t holes = 0;

    for (uint64_t phys = PGT_PAGE; phys < FOUR_GIB;) {
        if (pgt_lookup(&stub->space, phys + offset, &leaf) && leaf.phys == leaf.virt - offset) {
            phys = leaf.phys + leaf.bytes;
            continue;
        }
        if (!stacks_have_guard(stub, phys) && holes++ == 0)
            tap_note("first hole: %016lx", phys + offset);
        phys += PGT_PAGE;
    }
    return holes;
}

static void check_old_promises(struct stub *stub)
{
    if (variant_base_revision <= 2)
        tap_equal(&stub->tap, holes_below_4g(stub, stub->hhdm), 0,
                  "the direct map holds the lowest 4 GiB without a hole");
    if (variant_base_revision == 0)
        tap_equal(&stub->tap, holes_below_4g(stub, 0), 0,
                  "the identity map holds the lowest 4 GiB but page 0");
}

void check_direct(struct stub *stub)
{
    tap_equal(&stub->tap, touch_entries(stub, is_promised, touch_read), 0,
              "every entry that the protocol promises is readable in the direct map");
    tap_equal(&stub->tap, touch_entries(stub, is_usable, touch_write), 0,
              "every usable entry is writable there");
    check_same_bytes(stub);
    check_framebuffer(stub);
    if (!stub->adopted) {
        tap_skip(&stub->tap, STUB_NO_TABLES, "the direct map holds nothing else");
        return;
    }
    check_nothing_else(stub);
    check_old_promises(stub);
}
