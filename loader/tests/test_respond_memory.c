/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that the memory map which the kernel is told equals, entry by entry, what a
 * page-by-page oracle makes of the same regions and the same direct map, at every
 * base revision; and that its worst case fits in the room that was kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "loader/tests/respond_machine.h"

static void add_run(struct respond_machine *machine, uint64_t phys, uint64_t bytes,
                    enum ldr_purpose purpose)
{
    assert_true(machine->plan.count < RESPOND_RUNS);
    machine->run[machine->plan.count++] =
        (struct ldr_run){.map = {.virt = phys, .phys = phys, .bytes = bytes, .rights = PGT_READ},
                         .purpose = purpose};
}

/* Asks for the memory map and tells it; the room kept is for exactly these regions. */
static uint64_t tell(struct respond_machine *machine, const struct ldr_region *region, size_t count)
{
    machine->answers.memmap_capacity = count;
    respond_ask(machine, LDR_MEMMAP, true);
    respond_now(machine);
    return ldr_respond_memory(&machine->answers, &machine->late, region, count, "", 0, 48, 1);
}

/* What was told, read the way a kernel reads it. */
static void assert_told(const struct respond_machine *machine,
                        const struct limine_memmap_entry *want, size_t count)
{
    const struct limine_memmap_response *response = respond_to(machine, LDR_MEMMAP);
    assert_int_equal(response->revision, 0);
    assert_int_equal(response->entry_count, count);
    const uint64_t *pointer = respond_at(response->entries);
    for (size_t i = 0; i < count; i++) {
        const struct limine_memmap_entry *entry = respond_at(pointer[i]);
        assert_int_equal(pointer[i] % 8, 0);
        assert_int_equal(entry->base, want[i].base);
        assert_int_equal(entry->length, want[i].length);
        assert_int_equal(entry->type, want[i].type);
    }
}

static void every_kind_at_every_revision(void **state)
{
    struct respond_machine *machine = *state;
    /* One page of each kind, a page between: nothing merges.  The types by revision. */
    static const char *const types[LDR_MEMORY_KINDS] = {
        [LDR_USABLE] = "0000000",
        [LDR_RECLAIMABLE] = "5555555",
        [LDR_ACPI_RECLAIMABLE] = "2222222",
        [LDR_RUNTIME] = "1111188",
        [LDR_ACPI_NVS] = "3333333",
        [LDR_RESERVED_MAPPED] = "1111888",
        [LDR_RESERVED] = "1111111",
        [LDR_BAD] = "4444444",
        [LDR_EXECUTABLE] = "6666666",
        [LDR_FRAMEBUFFER_MEMORY] = "7777777",
        [LDR_GUARD] = "1111111",
    };
    struct ldr_region region[LDR_MEMORY_KINDS];
    struct limine_memmap_entry want[LDR_MEMORY_KINDS];
    add_run(machine, 0, 0x100000, LDR_DIRECT_MAP);
    for (unsigned revision = 0; revision <= 6; revision++) {
        respond_set_revision(machine, revision);
        for (unsigned i = 0; i < LDR_MEMORY_KINDS; i++) {
            uint64_t base = 0x1000 + 0x2000 * i;
            region[i] = (struct ldr_region){base, 0x1000, (enum ldr_memory)i};
            want[i] =
                (struct limine_memmap_entry){base, 0x1000, (uint64_t)(types[i][revision] - '0')};
        }
        assert_int_equal(tell(machine, region, LDR_MEMORY_KINDS), 0);
        assert_told(machine, want, LDR_MEMORY_KINDS);
    }
}

static void neighbours_of_one_type_are_one_entry(void **state)
{
    struct respond_machine *machine = *state;
    const struct ldr_region region[] = {
        {0x1000, 0x1000, LDR_RESERVED}, {0x2000, 0x1000, LDR_RUNTIME}, {0x3000, 0x1000, LDR_GUARD}};
    respond_set_revision(machine, 4);
    tell(machine, region, 3);
    assert_told(machine, (const struct limine_memmap_entry[]){{0x1000, 0x3000, 1}}, 1);
    respond_set_revision(machine, 5);
    tell(machine, region, 3);
    assert_told(machine,
                (const struct limine_memmap_entry[]){
                    {0x1000, 0x1000, 1}, {0x2000, 0x1000, 8}, {0x3000, 0x1000, 1}},
                3);
}

/* Up to base revision 2, page 0 is nobody's; it isn't counted as hidden. */
static void page_0(void **state)
{
    struct respond_machine *machine = *state;
    const enum ldr_memory kind[] = {LDR_USABLE, LDR_RECLAIMABLE, LDR_ACPI_NVS};
    const uint64_t type[] = {0, 5, 3};
    add_run(machine, 0, 0x10000, LDR_DIRECT_MAP);
    for (unsigned revision = 0; revision <= 6; revision++) {
        respond_set_revision(machine, revision);
        for (unsigned i = 0; i < 3; i++) {
            const struct ldr_region region = {0, 0x3000, kind[i]};
            const struct ldr_region alone = {0, 0x1000, kind[i]};
            const struct limine_memmap_entry cut[] = {{0, 0x1000, 1}, {0x1000, 0x2000, type[i]}};
            const struct limine_memmap_entry whole = {0, 0x3000, type[i]};
            assert_int_equal(tell(machine, &region, 1), 0);
            if (revision <= 2 && kind[i] != LDR_ACPI_NVS)
                assert_told(machine, cut, 2);
            else
                assert_told(machine, &whole, 1);
            assert_int_equal(tell(machine, &alone, 1), 0);
            if (revision <= 2 && kind[i] != LDR_ACPI_NVS)
                assert_told(machine, cut, 1);
        }
    }
}

/* Each run cuts the region twice: the room kept is just enough. */
static void the_worst_case_fits(void **state)
{
    struct respond_machine *machine = *state;
    const struct ldr_region region = {0, 0x1000 + 0x2000 * RESPOND_RUNS, LDR_USABLE};
    respond_set_revision(machine, 2);
    for (unsigned i = 0; i < RESPOND_RUNS; i++)
        add_run(machine, 0x1000 + 0x2000 * i, 0x1000, LDR_DIRECT_MAP);
    assert_int_equal(tell(machine, &region, 1), 0x1000 * RESPOND_RUNS);
    struct limine_memmap_entry want[2 * RESPOND_RUNS + 1];
    for (unsigned i = 0; i < 2 * RESPOND_RUNS + 1; i++)
        want[i] = (struct limine_memmap_entry){0x1000 * i, 0x1000, i % 2 == 0};
    assert_told(machine, want, 2 * RESPOND_RUNS + 1);
}

static void without_a_request_only_the_hidden_bytes_count(void **state)
{
    struct respond_machine *machine = *state;
    const struct ldr_region region = {0x1000, 0x4000, LDR_USABLE};
    add_run(machine, 0x2000, 0x1000, LDR_DIRECT_MAP);
    respond_now(machine);
    assert_int_equal(
        ldr_respond_memory(&machine->answers, &machine->late, &region, 1, "", 0, 48, 1), 0x3000);
    assert_int_equal(machine->arena.used, 0);
}

static void the_efi_memory_map(void **state)
{
    struct respond_machine *machine = *state;
    char map[100];
    memset(map, 'm', sizeof map);
    for (uint64_t bytes = 0; bytes <= 100; bytes += 50) {
        respond_ask(machine, LDR_EFI_MEMMAP, true);
        respond_now(machine);
        ldr_respond_memory(&machine->answers, &machine->late, NULL, 0, map, bytes, 48, 1);
        const struct limine_efi_memmap_response *response = respond_to(machine, LDR_EFI_MEMMAP);
        assert_int_equal(response->revision, 0);
        assert_int_equal(response->memmap_size, bytes);
        assert_int_equal(response->desc_size, 48);
        assert_int_equal(response->desc_version, 1);
        assert_memory_equal(respond_at(response->memmap), map, bytes);
    }
    respond_now(machine);
    ldr_respond_memory(&machine->answers, &machine->late, NULL, 0, map, 101, 48, 1);
    const struct limine_efi_memmap_response *response = respond_to(machine, LDR_EFI_MEMMAP);
    assert_int_equal(response->memmap_size, 0); /* more than was kept room for: none */
}

#define PAGES 48

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Random, resolved as the contract wants; returns how many. */
static size_t random_regions(uint64_t *seed, struct ldr_region *region)
{
    uint64_t scratch[20];
    size_t count = 1 + next_random(seed) % 10;
    for (size_t i = 0; i < count; i++) {
        uint64_t first = next_random(seed) % PAGES;
        region[i] = (struct ldr_region){
            first * 4096, next_random(seed) % (PAGES - first + 1) * 4096,
            next_random(seed) % 2 ? (enum ldr_memory)(next_random(seed) % 2)
                                  : (enum ldr_memory)(next_random(seed) % LDR_MEMORY_KINDS)};
    }
    return ldr_regions_resolve(region, count, scratch);
}

/* Ascending direct-map runs with runs of other purposes among them. */
static void random_runs(uint64_t *seed, struct respond_machine *machine, bool *mapped)
{
    memset(mapped, 0, PAGES);
    machine->plan.count = 0;
    for (uint64_t page = next_random(seed) % 4; page < PAGES;) {
        uint64_t pages = 1 + next_random(seed) % 9;
        if (page + pages > PAGES)
            pages = PAGES - page;
        enum ldr_purpose purpose = next_random(seed) % 3 ? LDR_DIRECT_MAP : LDR_IDENTITY_MAP;
        add_run(machine, page * 4096, pages * 4096, purpose);
        for (uint64_t i = 0; purpose == LDR_DIRECT_MAP && i < pages; i++)
            mapped[page + i] = true;
        page += pages + next_random(seed) % 3;
    }
}

/* Types written down from the protocol; usable and reclaimable are the caller's. */
static int oracle_type(enum ldr_memory kind, uint64_t revision)
{
    static const int plain[] = {
        [LDR_USABLE] = 0,     [LDR_RECLAIMABLE] = 5,        [LDR_ACPI_RECLAIMABLE] = 2,
        [LDR_ACPI_NVS] = 3,   [LDR_RESERVED] = 1,           [LDR_BAD] = 4,
        [LDR_EXECUTABLE] = 6, [LDR_FRAMEBUFFER_MEMORY] = 7, [LDR_GUARD] = 1};
    if (kind == LDR_RUNTIME)
        return revision < 5 ? 1 : 8;
    if (kind == LDR_RESERVED_MAPPED)
        return revision < 4 ? 1 : 8;
    return plain[kind];
}

static void random_maps(void **state)
{
    struct respond_machine *machine = *state;
    const char *given = getenv("LDR_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) | 1;
    print_message("LDR_SEED=%#llx\n", (unsigned long long)seed);
    for (unsigned round = 0; round < 20000; round++) {
        struct ldr_region region[20];
        bool mapped[PAGES];
        size_t count = random_regions(&seed, region);
        random_runs(&seed, machine, mapped);
        uint64_t revision = next_random(&seed) % 7;
        respond_set_revision(machine, revision);

        struct limine_memmap_entry want[PAGES];
        size_t entries = 0;
        uint64_t hidden = 0;
        int before = -1;
        for (unsigned page = 0; page < PAGES; page++) {
            int type = -1;
            for (size_t i = 0; i < count; i++) {
                uint64_t at = page * UINT64_C(4096);
                if (at < region[i].base || at - region[i].base >= region[i].bytes)
                    continue;
                type = oracle_type(region[i].kind, revision);
                if ((type == 0 || type == 5) && page == 0 && revision <= 2) {
                    type = 1;
                } else if ((type == 0 || type == 5) && !mapped[page]) {
                    type = 1;
                    hidden += 4096;
                }
            }
            if (type >= 0 && type == before)
                want[entries - 1].length += 4096;
            else if (type >= 0)
                want[entries++] =
                    (struct limine_memmap_entry){page * UINT64_C(4096), 4096, (uint64_t)type};
            before = type;
        }
        assert_int_equal(tell(machine, region, count), hidden);
        assert_told(machine, want, entries);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_MACHINE(every_kind_at_every_revision),
        WITH_MACHINE(neighbours_of_one_type_are_one_entry),
        WITH_MACHINE(page_0),
        WITH_MACHINE(the_worst_case_fits),
        WITH_MACHINE(without_a_request_only_the_hidden_bytes_count),
        WITH_MACHINE(the_efi_memory_map),
        WITH_MACHINE(random_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
