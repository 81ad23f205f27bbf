/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ledger: whatever was allocated, in whatever pieces it was given back, and
 * whichever allocation failed, memory_free_all() leaves firmware as it was.
 */
#include "efi/tests/test.h"

#include <stdlib.h>
#include <string.h>

#include "efi/tests/fake.h"

#define PAGE EFI_PAGE_SIZE

static void all_is_given_back(void **state)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    struct ldr_report report;
    uint64_t phys;

    (void)state;
    for (uint64_t bytes = 0; bytes < 5 * PAGE; bytes += 1000)
        assert_int_equal(memory_allocate(&memory, bytes, "a test", &phys, &report), LDR_OK);
    assert_true(memory_allocate_at(&memory, fake->ram, 3 * PAGE, EfiLoaderCode));
    assert_int_equal(fake->type[2], EfiLoaderCode);
    assert_false(memory_allocate_at(&memory, fake->ram, PAGE, EfiLoaderCode));
    memory_free_all(&memory);
    assert_int_equal(fake_in_use(fake), 0);
}

/* An empty file is still given a page, which is its own. */
static void nothing_takes_a_page(void **state)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);
    struct ldr_report report;
    uint64_t a, b;

    (void)state;
    assert_int_equal(memory_allocate(&memory, 0, "a test", &a, &report), LDR_OK);
    assert_int_equal(memory_allocate(&memory, 1, "a test", &b, &report), LDR_OK);
    assert_int_not_equal(a, b);
    memory_free_all(&memory);
}

static void low_is_below_4_gib(void **state)
{
    struct fake *fake = fake_start_low();
    struct memory memory = fake_memory(fake);
    struct ldr_report report;
    uint64_t phys = 1;

    (void)state;
    assert_int_equal(memory_allocate_low(&memory, 3 * PAGE, "a test", &phys, &report), LDR_OK);
    assert_true(phys + 3 * PAGE <= UINT64_C(0x100000000));
    assert_int_equal(fake->type[(phys - fake->ram) / PAGE + 2], EfiLoaderData);
    memory_free_all(&memory);
    assert_int_equal(fake_in_use(fake), 0);

    fake = fake_start(); /* all of it above */
    phys = 1;
    assert_int_equal(memory_allocate_low(&memory, PAGE, "a test", &phys, &report), LDR_NO_MEMORY);
    assert_int_equal(phys, 1);
    assert_non_null(strstr(report.text, "a test"));
    assert_non_null(strstr(report.text, "below 4 GiB"));
    assert_int_equal(fake_in_use(fake), 0);
}

/* Every run of pages in a block of eight: these are free then, the others are not. */
static void parts_are_given_back(void **state)
{
    (void)state;
    for (uint64_t first = 0; first < 8; first++) {
        for (uint64_t pages = 1; first + pages <= 8; pages++) {
            struct fake *fake = fake_start();
            struct memory memory = fake_memory(fake);

            assert_true(memory_allocate_at(&memory, fake->ram, 8 * PAGE, EfiLoaderData));
            memory_free(&memory, fake->ram + first * PAGE, pages * PAGE);
            for (uint64_t i = 0; i < 8; i++)
                assert_int_equal(fake->type[i], i >= first && i < first + pages
                                                    ? EfiConventionalMemory
                                                    : EfiLoaderData);
            memory_free_all(&memory);
            assert_int_equal(fake_in_use(fake), 0);
        }
    }
}

static void single_pages_in_any_order(void **state)
{
    struct fake *fake = fake_start();
    struct memory memory = fake_memory(fake);

    (void)state;
    srand(1);
    assert_true(memory_allocate_at(&memory, fake->ram, 200 * PAGE, EfiLoaderData));
    for (unsigned freed = 0; freed < 200;) {
        size_t page = (size_t)rand() % 200;

        if (fake->type[page] == EfiConventionalMemory)
            continue;
        memory_free(&memory, fake->ram + page * PAGE, PAGE);
        assert_int_equal(fake->type[page], EfiConventionalMemory);
        freed++;
    }
    assert_int_equal(fake_in_use(fake), 0);
    memory_free_all(&memory);
}

/* Each allocation is failed in turn: of pages, and of the ledger's entries. */
static void failures_leave_nothing(void **state)
{
    (void)state;
    for (size_t allowed = 0; allowed < 6; allowed++) {
        struct fake *fake = fake_start();
        struct memory memory = fake_memory(fake);
        struct ldr_report report;
        uint64_t phys = 1;
        unsigned made = 0;

        fake->allocations_left = allowed;
        while (memory_allocate(&memory, 3 * PAGE, "a test", &phys, &report) == LDR_OK)
            made++;
        assert_int_equal(made, allowed / 2);
        assert_int_equal(report.status, LDR_NO_MEMORY);
        assert_non_null(strstr(report.text, "a test"));
        if (made)
            memory_free(&memory, phys + PAGE, PAGE); /* in the middle: needs an entry */
        memory_free_all(&memory);
        assert_int_equal(fake_in_use(fake), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_given_back),      cmocka_unit_test(nothing_takes_a_page),
        cmocka_unit_test(parts_are_given_back),   cmocka_unit_test(single_pages_in_any_order),
        cmocka_unit_test(failures_leave_nothing), cmocka_unit_test(low_is_below_4_gib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
