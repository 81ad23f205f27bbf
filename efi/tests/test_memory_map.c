/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map: gathered from a firmware whose map grows while we ask, overlaid,
 * and placed in, where somebody else is faster.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/exit.h"
#include "efi/memory_map.h"
#include "efi/tests/fake.h"
#include "loader/plan.h"

#define PAGE EFI_PAGE_SIZE

static const struct ldr_region *region_of(const struct memory_map *map, uint64_t phys)
{
    for (size_t i = 0; i < map->count; i++)
        if (phys >= map->region[i].base && phys - map->region[i].base < map->region[i].bytes)
            return &map->region[i];
    return NULL;
}

static void what_firmware_says(void **state)
{
    static const struct {
        EFI_MEMORY_TYPE type;
        enum ldr_memory kind;
    } told[] = {
        {EfiReservedMemoryType, LDR_RESERVED},
        {EfiLoaderCode, LDR_RECLAIMABLE},
        {EfiLoaderData, LDR_RECLAIMABLE},
        {EfiBootServicesCode, LDR_RECLAIMABLE},
        {EfiBootServicesData, LDR_RECLAIMABLE},
        {EfiRuntimeServicesCode, LDR_RUNTIME},
        {EfiRuntimeServicesData, LDR_RUNTIME},
        {EfiConventionalMemory, LDR_USABLE},
        {EfiUnusableMemory, LDR_BAD},
        {EfiACPIReclaimMemory, LDR_ACPI_RECLAIMABLE},
        {EfiACPIMemoryNVS, LDR_ACPI_NVS},
        {EfiMemoryMappedIO, LDR_RESERVED},
        {EfiMemoryMappedIOPortSpace, LDR_RESERVED},
        {EfiPalCode, LDR_RESERVED},
        {14, LDR_RESERVED}, /* persistent memory */
        {15, LDR_RESERVED}, /* memory that a hypervisor wants to be asked for */
        {200, LDR_RESERVED},
    };
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    struct memory_map map = {.memory = &memory};
    struct ldr_report report;

    (void)state;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        fake->type[2 * i] = (uint8_t)told[i].type;
    assert_int_equal(memory_map_gather(&map, &report), LDR_OK);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        assert_int_equal(region_of(&map, fake->ram + 2 * i * PAGE)->kind, told[i].kind);
    memory_free_all(&memory);
}

/* There is always room for 64 more descriptors, whatever number there is. */
static void room_to_spare(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2000; extra += 97) {
        struct fake *fake = fake_start();
        struct memory memory = fake_memory(fake);
        struct memory_map map = {.memory = &memory};
        struct ldr_report report;

        fake->extra_descriptors = extra;
        assert_int_equal(memory_map_gather(&map, &report), LDR_OK);
        assert_true(map.count > extra);
        assert_true(map.capacity >= map.bytes + 64 * FAKE_DESCRIPTOR_BYTES);
        fake->extra_descriptors += 64;
        size_t before = fake_in_use(fake);

        assert_int_equal(memory_map_ask(&map), EFI_SUCCESS);
        memory_map_resolve(&map);
        assert_true(map.count >= extra + 64);
        assert_true(map.count <= memory_map_most_regions(&map));
        assert_int_equal(fake_in_use(fake), before);
        memory_free_all(&memory);
        assert_int_equal(fake_in_use(fake), 0);
    }
}

/* A map that grew a little has as much to spare as one that is new; so have overlays. */
static void room_is_made_again(void **state)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    struct memory_map map = {.memory = &memory};
    struct ldr_report report;

    (void)state;
    for (size_t i = 0; i < 400; i++) {
        fake->extra_descriptors += i % 2 * 7;
        assert_int_equal(
            memory_map_overlay(&map, fake->ram + i * PAGE, PAGE, LDR_EXECUTABLE, &report), LDR_OK);
        assert_int_equal(memory_map_gather(&map, &report), LDR_OK);
        assert_true(map.capacity >= map.bytes + 64 * FAKE_DESCRIPTOR_BYTES);
        assert_true(map.inputs >= map.capacity / FAKE_DESCRIPTOR_BYTES + map.overlay_count);
    }
    memory_free_all(&memory);
    assert_int_equal(fake_in_use(fake), 0);
}

static void a_map_without_rest_is_refused(void **state)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    struct memory_map map = {.memory = &memory};
    struct ldr_report report;

    (void)state;
    fake->extra_at_each_asking = 300;
    assert_int_equal(memory_map_gather(&map, &report), LDR_BAD_MACHINE);
    assert_non_null(strstr(report.text, "grows"));
    fake->extra_at_each_asking = 20; /* what the spare room takes up */
    assert_int_equal(memory_map_gather(&map, &report), LDR_OK);
    memory_free_all(&memory);
    assert_int_equal(fake_in_use(fake), 0);
}

/* Hundreds of overlays, which outgrow their list several times, all show. */
static void overlays_show(void **state)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    struct memory_map map = {.memory = &memory};
    struct ldr_report report;

    (void)state;
    for (uint64_t i = 0; i < 300; i++)
        assert_int_equal(memory_map_overlay(&map, fake->ram + 2 * i * PAGE, PAGE,
                                            i % 2 ? LDR_EXECUTABLE : LDR_RESERVED_MAPPED, &report),
                         LDR_OK);
    assert_int_equal(memory_map_gather(&map, &report), LDR_OK);
    for (uint64_t i = 0; i < 300; i++) {
        const struct ldr_region *region = region_of(&map, fake->ram + 2 * i * PAGE);

        assert_int_equal(region->kind, i % 2 ? LDR_EXECUTABLE : LDR_RESERVED_MAPPED);
        assert_int_equal(region->bytes, PAGE);
    }
    memory_free_all(&memory);
    assert_int_equal(fake_in_use(fake), 0);
}

/* Symptom that this guards against: a table in memory that firmware calls reserved
 * stayed unmapped, since reserved won over reserved-but-mapped. */
static void mapped_wins_over_reserved(void **state)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    struct memory_map map = {.memory = &memory};
    struct ldr_report report;

    (void)state;
    memset(fake->type, EfiReservedMemoryType, 8);
    assert_int_equal(
        memory_map_overlay(&map, fake->ram + PAGE + 100, 8, LDR_RESERVED_MAPPED, &report), LDR_OK);
    assert_int_equal(memory_map_gather(&map, &report), LDR_OK);
    assert_int_equal(region_of(&map, fake->ram)->kind, LDR_RESERVED);
    assert_int_equal(region_of(&map, fake->ram + PAGE)->kind, LDR_RESERVED_MAPPED);
    assert_int_equal(region_of(&map, fake->ram + 2 * PAGE)->kind, LDR_RESERVED);
    memory_free_all(&memory);
}

static void placing_goes_on_when_robbed(void **state)
{
    const struct ldr_block block = {.bytes = 5 * PAGE, .modulus = PAGE, .highest = LDR_ANYWHERE};

    (void)state;
    for (size_t thefts = 0; thefts < 20; thefts++) {
        struct fake *fake = fake_start();
        struct memory memory = fake_memory(fake);
        struct memory_map map = {.memory = &memory};
        struct ldr_report report;
        uint64_t phys = 0;
        enum ldr_status status;

        fake->thefts = thefts;
        status = memory_map_place(&map, EfiLoaderCode, LIMINE_BASE_REVISION_LAST, &block, "a test",
                                  &phys, &report);
        if (thefts < 16) {
            assert_int_equal(status, LDR_OK);
            assert_int_equal(fake->type[(phys - fake->ram) / PAGE + 4], EfiLoaderCode);
        } else {
            assert_int_equal(status, LDR_NO_MEMORY);
            assert_non_null(strstr(report.text, "a test"));
        }
        memory_free_all(&memory);
        assert_int_equal(fake_in_use(fake), thefts < 16 ? thefts : 16);
    }
}

static void placing_stays_below(void **state)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    struct memory_map map = {.memory = &memory};
    struct ldr_block block = {
        .bytes = 2 * PAGE, .modulus = PAGE, .highest = fake->ram + 9 * PAGE - 1};
    struct ldr_report report;
    uint64_t phys;

    (void)state;
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(memory_map_place(&map, EfiLoaderCode, LIMINE_BASE_REVISION_LAST, &block,
                                          "a test", &phys, &report),
                         LDR_OK);
        assert_true(phys >= fake->ram && phys + block.bytes <= fake->ram + 9 * PAGE);
    }
    assert_int_equal(memory_map_place(&map, EfiLoaderCode, LIMINE_BASE_REVISION_LAST, &block,
                                      "a test", &phys, &report),
                     LDR_NO_MEMORY);
    assert_null(strstr(report.text, "below 4 GiB"));
    block.highest = LDR_BELOW_4_GIB; /* where this firmware has no memory */
    assert_int_equal(memory_map_place(&map, EfiLoaderCode, LIMINE_BASE_REVISION_LAST, &block,
                                      "a test", &phys, &report),
                     LDR_NO_MEMORY);
    assert_non_null(strstr(report.text, "a test"));
    assert_non_null(strstr(report.text, "below 4 GiB"));
    memory_free_all(&memory);
    assert_int_equal(fake_in_use(fake), 0);
}

static void each_allocation_fails_in_turn(void **state)
{
    enum ldr_status status = LDR_NO_MEMORY;

    (void)state;
    for (size_t allowed = 0; status != LDR_OK; allowed++) {
        struct fake *fake = fake_start();
        struct memory memory = fake_memory(fake);
        struct memory_map map = {.memory = &memory};
        struct ldr_report report;

        fake->allocations_left = allowed;
        status = memory_map_overlay(&map, fake->ram, PAGE, LDR_EXECUTABLE, &report);
        if (status == LDR_OK)
            status = memory_map_gather(&map, &report);
        assert_true(status == LDR_OK || status == LDR_NO_MEMORY);
        assert_true(allowed < 20);
        memory_free_all(&memory);
        assert_int_equal(fake_in_use(fake), 0);
    }
}

/* Boot services end in spite of stale keys, and nothing else is called meanwhile. */
static void boot_services_end(void **state)
{
    (void)state;
    for (size_t failures = 0; failures < 20; failures++) {
        struct fake *fake = fake_start();
        struct memory memory = fake_memory(fake);
        struct memory_map map = {.memory = &memory};
        struct ldr_report report;
        bool begun;

        assert_int_equal(memory_map_gather(&map, &report), LDR_OK);
        fake->exit_failures = failures;
        fake->key++; /* an event since then */
        assert_int_equal(exit_boot_services(&map, NULL, &begun),
                         failures < 16 ? EFI_SUCCESS : EFI_INVALID_PARAMETER);
        assert_true(begun);
        assert_int_equal(fake->exits, failures < 16 ? failures + 1 : 16);
        assert_int_equal(fake->forbidden_calls, 0);
        fake->exits = 0;
        memory_free_all(&memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_firmware_says),
        cmocka_unit_test(room_to_spare),
        cmocka_unit_test(room_is_made_again),
        cmocka_unit_test(a_map_without_rest_is_refused),
        cmocka_unit_test(overlays_show),
        cmocka_unit_test(mapped_wins_over_reserved),
        cmocka_unit_test(placing_goes_on_when_robbed),
        cmocka_unit_test(placing_stays_below),
        cmocka_unit_test(each_allocation_fails_in_turn),
        cmocka_unit_test(boot_services_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
