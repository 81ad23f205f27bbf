/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware's tables: a machine of our own with an XSDT, an RSDT, a FADT with DSDT
 * and FACS, and a MADT.  What is found in them, what is kept reachable at which base
 * revision, and that damaged ones are passed over.
 */
#include "efi/tests/test.h"

#include <string.h>
#include <sys/mman.h>

#include "efi/acpi.h"
#include "efi/firmware_tables.h"
#include "efi/interrupts.h"
#include "efi/ports.h"
#include "efi/tests/fake.h"

#define PAGE EFI_PAGE_SIZE

/* Tables lie below 4 GiB, each in a page of its own, since the RSDT has 32-bit addresses. */
enum page { RSDP, RSDT, XSDT, FADT, FACS, DSDT, MADT, SSDT, SMBIOS, STRUCTURES, PAGES };

struct tables {
    uint8_t *page;
};

static uint8_t *at(const struct tables *t, enum page page)
{
    return t->page + page * PAGE;
}

static void put(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static void put_header(const struct tables *t, enum page page, const char *signature,
                       uint32_t bytes)
{
    memcpy(at(t, page), signature, 4);
    put(at(t, page) + 4, bytes, 4);
}

static const uint8_t madt_entries[] = {
    0,  8,  3, 0xfe, 1,    0,    0,    0,                 /* local APIC fe, uid 3 */
    1,  12, 0, 0,    0,    0,    0xc0, 0xfe, 0,  0, 0, 0, /* I/O APIC at fec00000 */
    4,  6,  3, 0x0f, 0,    1,                             /* NMI of uid 3 at LINT1 */
    4,  6,  9, 0x05, 0,    0,                             /* of somebody else */
    77, 3,  1,                                            /* of a kind unknown */
    1,  12, 1, 0,    0,    0,    0xc1, 0xfe, 24, 0, 0, 0, /* I/O APIC at fec10000 */
    10, 12, 5, 0,    0xff, 0xff, 0xff, 0xff, 0,  0, 0, 0, /* NMI of all, LINT0 */
};

/* Who runs this test is processor fe, or rather: that is who the MADT takes it for. */
static void make_tables(struct tables *t)
{
    uint32_t id = cpuid_read(0, 0).eax >= 11 && cpuid_read(11, 0).ebx ? cpuid_read(11, 0).edx
                                                                      : cpuid_read(1, 0).ebx >> 24;

    t->page = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    assert_true(t->page != MAP_FAILED);
    memcpy(at(t, RSDP), "RSD PTR ", 8);
    at(t, RSDP)[15] = 2;
    put(at(t, RSDP) + 16, (uint64_t)at(t, RSDT), 4);
    put(at(t, RSDP) + 24, (uint64_t)at(t, XSDT), 8);
    put_header(t, RSDT, "RSDT", 36 + 4);
    put(at(t, RSDT) + 36, (uint64_t)at(t, MADT), 4);
    put_header(t, XSDT, "XSDT", 36 + 3 * 8);
    put(at(t, XSDT) + 36, (uint64_t)at(t, FADT), 8);
    put(at(t, XSDT) + 44, 0, 8);
    put(at(t, XSDT) + 52, (uint64_t)at(t, SSDT), 8);
    put_header(t, FADT, "FACP", 244);
    put(at(t, FADT) + 36, (uint64_t)at(t, FACS), 4);
    put(at(t, FADT) + 140, (uint64_t)at(t, DSDT), 8);
    put_header(t, FACS, "FACS", 64);
    put_header(t, DSDT, "DSDT", 100);
    put_header(t, SSDT, "SSDT", 100);
    put_header(t, MADT, "APIC", 44 + sizeof madt_entries);
    memcpy(at(t, MADT) + 44, madt_entries, sizeof madt_entries);
    at(t, MADT)[44 + 3] = (uint8_t)id;
    memcpy(at(t, SMBIOS), "_SM3_", 5);
    at(t, SMBIOS)[6] = 24;
    put(at(t, SMBIOS) + 12, 300, 4);
    put(at(t, SMBIOS) + 16, (uint64_t)at(t, STRUCTURES), 8);
}

static uint64_t rsdp(const struct tables *t)
{
    return (uint64_t)at(t, RSDP);
}

struct seen {
    const struct tables *t;
    unsigned times[PAGES];
    uint32_t bytes[PAGES];
    unsigned left; /* then the visit ends the walk */
};

static bool see(void *context, const uint8_t *table, uint32_t bytes)
{
    struct seen *seen = context;
    size_t page = (size_t)(table - seen->t->page) / PAGE;

    assert_true(page < PAGES);
    seen->times[page]++;
    seen->bytes[page] = bytes;
    return --seen->left > 0;
}

static void every_table_is_visited(void **state)
{
    static const uint32_t bytes[PAGES] = {36, 40, 60, 244, 64, 100, 44 + sizeof madt_entries, 100};
    struct tables t;
    struct seen seen = {.t = &t, .left = 100};

    (void)state;
    make_tables(&t);
    assert_true(acpi_walk(rsdp(&t), see, &seen));
    for (unsigned page = RSDP; page <= SSDT; page++) {
        assert_int_equal(seen.times[page], 1);
        assert_int_equal(seen.bytes[page], bytes[page]);
    }
    for (unsigned some = 1; some < 8; some++) {
        seen = (struct seen){.t = &t, .left = some};
        assert_false(acpi_walk(rsdp(&t), see, &seen));
    }
    at(&t, RSDP)[15] = 0; /* ACPI 1.0 has no XSDT */
    seen = (struct seen){.t = &t, .left = 100};
    assert_true(acpi_walk(rsdp(&t), see, &seen));
    assert_int_equal(seen.times[XSDT], 0);
    assert_int_equal(seen.bytes[RSDP], 20);
    assert_true(acpi_walk(0, see, &seen));
    munmap(t.page, PAGES * PAGE);
}

static void damage_is_passed_over(void **state)
{
    static const uint32_t lengths[] = {0, 1, 35, 0x80000000, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (unsigned page = RSDT; page <= SSDT; page++) {
            struct tables t;
            struct seen seen = {.t = &t, .left = 100};

            make_tables(&t);
            put(at(&t, page) + 4, lengths[i], 4);
            assert_true(acpi_walk(rsdp(&t), see, &seen));
            assert_int_equal(seen.times[page], 0);
            munmap(t.page, PAGES * PAGE);
        }
    }
}

static void the_madt_says_it(void **state)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    struct interrupts found;
    struct ldr_report report;
    struct tables t;

    (void)state;
    make_tables(&t);
    assert_int_equal(interrupts_find(&found, rsdp(&t), &memory, &report), LDR_OK);
    assert_int_equal(found.io_apic_count, 2);
    assert_int_equal(found.io_apic[0], 0xfec00000);
    assert_int_equal(found.io_apic[1], 0xfec10000);
    assert_ptr_equal(found.madt.table, at(&t, MADT));
    assert_int_equal(found.madt.bytes, 44 + sizeof madt_entries);

    /* Cut off at every length: never a byte behind the end, which has no page. */
    for (uint32_t cut = 0; cut < sizeof madt_entries; cut++) {
        memmove(at(&t, STRUCTURES) - 44 - cut, at(&t, MADT), 44 + cut);
        mprotect(at(&t, STRUCTURES), PAGE, PROT_NONE);
        uint8_t *madt = at(&t, STRUCTURES) - 44 - cut;

        put(madt + 4, 44 + cut, 4);
        put(at(&t, RSDT) + 36, (uint64_t)madt, 4);
        assert_int_equal(interrupts_find(&found, rsdp(&t), &memory, &report), LDR_OK);
        assert_int_equal(found.io_apic_count, (cut >= 20) + (cut >= 47));
    }
    memory_free_all(&memory);
    assert_int_equal(interrupts_find(&found, 0, &memory, &report), LDR_OK);
    assert_int_equal(found.io_apic_count, 0);
    munmap(t.page, PAGES * PAGE);
}

/* One page of firmware's: which kind it is in the end, at a base revision. */
static enum ldr_memory kept_as(const struct memory_map *map, const void *page)
{
    for (size_t i = 0; i < map->count; i++)
        if ((uint64_t)page - map->region[i].base < map->region[i].bytes)
            return map->region[i].kind;
    return LDR_MEMORY_KINDS;
}

static void keep(const struct tables *t, struct memory_map *map, struct fake *fake,
                 uint64_t base_revision)
{
    struct ldr_machine machine = {.rsdp = rsdp(t), .smbios_64 = (uint64_t)at(t, SMBIOS)};
    struct ldr_report report;

    /* DSDT and FACS are where firmware should put them, the SSDT is in reserved memory,
     * the SMBIOS entry among runtime data; the others are in no region at all. */
    memory_map_overlay(map, (uint64_t)at(t, DSDT), PAGE, LDR_ACPI_RECLAIMABLE, &report);
    memory_map_overlay(map, (uint64_t)at(t, FACS), PAGE, LDR_ACPI_NVS, &report);
    memory_map_overlay(map, (uint64_t)at(t, SSDT), PAGE, LDR_RESERVED, &report);
    memory_map_overlay(map, (uint64_t)at(t, SMBIOS), PAGE, LDR_RUNTIME, &report);
    assert_int_equal(memory_map_gather(map, &report), LDR_OK);
    assert_int_equal(firmware_tables_keep(map, &machine, &fake->system, base_revision, &report),
                     LDR_OK);
    assert_int_equal(memory_map_gather(map, &report), LDR_OK);
}

static void tables_are_kept_reachable(void **state)
{
    (void)state;
    for (uint64_t revision = 0; revision <= 6; revision++) {
        struct fake *fake = fake_start();
        struct memory memory = fake_memory(fake);
        struct memory_map map = {.memory = &memory};
        enum ldr_memory acpi = revision >= 4 ? LDR_RESERVED_MAPPED : LDR_MEMORY_KINDS;
        enum ldr_memory other = revision >= 5 ? LDR_RESERVED_MAPPED : LDR_MEMORY_KINDS;
        struct tables t;

        make_tables(&t);
        fake->system.Hdr.HeaderSize = sizeof fake->system;
        fake->runtime.Hdr.HeaderSize = sizeof fake->runtime;
        keep(&t, &map, fake, revision);
        assert_int_equal(kept_as(&map, at(&t, RSDP)), acpi);
        assert_int_equal(kept_as(&map, at(&t, XSDT)), acpi);
        assert_int_equal(kept_as(&map, at(&t, FADT)), acpi);
        assert_int_equal(kept_as(&map, at(&t, MADT)), acpi);
        assert_int_equal(kept_as(&map, at(&t, FACS)), LDR_ACPI_NVS);
        assert_int_equal(kept_as(&map, at(&t, DSDT)), LDR_ACPI_RECLAIMABLE);
        assert_int_equal(kept_as(&map, at(&t, SSDT)),
                         revision >= 4 ? LDR_RESERVED_MAPPED : LDR_RESERVED);
        assert_int_equal(kept_as(&map, at(&t, SMBIOS)), LDR_RUNTIME);
        assert_int_equal(kept_as(&map, at(&t, STRUCTURES)), other);
        assert_int_equal(kept_as(&map, &fake->system), other);
        assert_int_equal(kept_as(&map, &fake->runtime), other);
        memory_free_all(&memory);
        munmap(t.page, PAGES * PAGE);
    }
}

/* A table that reaches from one region over a hole into the next is cut at each. */
static void a_table_over_several_regions(void **state)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    struct memory_map map = {.memory = &memory};
    struct ldr_report report;
    struct tables t;

    (void)state;
    make_tables(&t);
    put_header(&t, FADT, "FACP", 4 * PAGE); /* over FACS, DSDT and MADT */
    keep(&t, &map, fake, 6);
    assert_int_equal(kept_as(&map, at(&t, FADT)), LDR_RESERVED_MAPPED);
    assert_int_equal(kept_as(&map, at(&t, FACS)), LDR_ACPI_NVS);
    assert_int_equal(kept_as(&map, at(&t, DSDT)), LDR_ACPI_RECLAIMABLE);
    assert_int_equal(kept_as(&map, at(&t, MADT)), LDR_RESERVED_MAPPED);
    (void)report;
    memory_free_all(&memory);
    munmap(t.page, PAGES * PAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_is_visited),
        cmocka_unit_test(damage_is_passed_over),
        cmocka_unit_test(the_madt_says_it),
        cmocka_unit_test(tables_are_kept_reachable),
        cmocka_unit_test(a_table_over_several_regions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
