/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moments of the boot: from the time-stamp counter alone, and from ACPI's Firmware Performance
 * Data Table, whole, damaged, and filled with zeros.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/tests/acpi_tables.h"
#include "efi/times.h"

#define HZ UINT64_C(1000000000)

struct machine {
    struct acpi_tables acpi;
    uint8_t fpdt[36 + 20 + 16];
    uint8_t fbpt[8 + 16 + 48];
};

/* A record that isn't the wanted one comes first in both tables. */
static void make(struct machine *m)
{
    memset(m, 0, sizeof *m);
    acpi_tables_start(&m->acpi);
    acpi_tables_add(&m->acpi, m->fpdt, "FPDT", sizeof m->fpdt);
    acpi_put(m->fpdt + 36, 0x1000, 2);
    m->fpdt[38] = 20;
    m->fpdt[58] = 16; /* kind 0 */
    acpi_put(m->fpdt + 64, (uint64_t)m->fbpt, 8);
    memcpy(m->fbpt, "FBPT", 4);
    acpi_put(m->fbpt + 4, sizeof m->fbpt, 4);
    acpi_put(m->fbpt + 8, 0x1001, 2);
    m->fbpt[10] = 16;
    acpi_put(m->fbpt + 24, 2, 2);
    m->fbpt[26] = 48;
    acpi_put(m->fbpt + 32, 5000, 8);                 /* reset */
    acpi_put(m->fbpt + 40, UINT64_C(3000000000), 8); /* load */
    acpi_put(m->fbpt + 48, UINT64_C(3100000000), 8); /* start */
}

static struct ldr_times find(const struct machine *m)
{
    struct ldr_times times = {.init_tsc = 7 * HZ};

    times_find(&times, m ? acpi_tables_rsdp(&m->acpi) : 0, HZ);
    assert_true(times.known);
    assert_int_equal(times.init_tsc, 7 * HZ);
    return times;
}

static void assert_from_counter(const struct machine *m)
{
    struct ldr_times times = find(m);

    assert_int_equal(times.reset_usec, 0);
    assert_int_equal(times.init_usec, 7000000);
    assert_int_equal(times_at(&times, 9 * HZ, HZ), 9000000);
}

static void without_a_table(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    m.fpdt[0] = 'X';
    assert_from_counter(&m);
    assert_from_counter(NULL);
}

static void with_the_table(void **state)
{
    struct machine m;
    struct ldr_times times;

    (void)state;
    make(&m);
    times = find(&m);
    assert_int_equal(times.reset_usec, 5);
    assert_int_equal(times.init_usec, 3100000);
    assert_int_equal(times_at(&times, 9 * HZ, HZ), 5100000);
}

static void moments_that_cannot_be(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    acpi_put(m.fbpt + 40, 0, 8);
    assert_from_counter(&m);
    make(&m);
    acpi_put(m.fbpt + 40, 4999, 8);
    assert_from_counter(&m);
    make(&m);
    acpi_put(m.fbpt + 48, UINT64_C(2999999999), 8);
    assert_from_counter(&m);
}

static void damaged_tables(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    m.fpdt[38] = 3; /* a record that would never end */
    assert_from_counter(&m);
    make(&m);
    m.fpdt[38] = 37; /* or behind its table */
    assert_from_counter(&m);
    make(&m);
    m.fpdt[58] = 15; /* too short for an address */
    assert_from_counter(&m);
    make(&m);
    acpi_put(m.fpdt + 64, 0, 8);
    assert_from_counter(&m);
    make(&m);
    m.fbpt[0] = 'G';
    assert_from_counter(&m);
    make(&m);
    acpi_put(m.fbpt + 4, UINT32_MAX, 4);
    assert_from_counter(&m);
    make(&m);
    acpi_put(m.fbpt + 4, sizeof m.fbpt - 1, 4); /* cuts the record off */
    assert_from_counter(&m);
    make(&m);
    m.fbpt[26] = 47;
    assert_from_counter(&m);
    make(&m);
    m.fbpt[10] = 0;
    assert_from_counter(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_table),
        cmocka_unit_test(with_the_table),
        cmocka_unit_test(moments_that_cannot_be),
        cmocka_unit_test(damaged_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
