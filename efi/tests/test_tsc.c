/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The time-stamp counter's frequency: each source alone, their order, sources that say
 * nonsense, a timer that wraps, stands still, or is read while something else had the
 * processor, and the arithmetic at its limits.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/tests/acpi_tables.h"
#include "efi/tests/fake.h"
#include "efi/tsc.h"

#define REAL_HZ UINT64_C(2400000000)

/* A machine: a counter that goes on at REAL_HZ, and what is measured against it. */
static struct {
    uint64_t now;       /* in cycles */
    uint64_t read_cost; /* cycles that reading the timer takes */
    uint32_t timer_start;
    bool timer_stands;
    unsigned slow_every; /* each so many-th reading takes a millisecond before it is made */
    unsigned slow_reads;
    unsigned interruptions; /* so many rounds lose a millisecond between two readings */
    unsigned reads;
    bool hypervisor;
    struct cpuid leaf_0, hypervisor_0, hypervisor_10, leaf_15, leaf_16;
} the;

static struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    assert_int_equal(subleaf, 0);
    switch (leaf) {
    case 0:
        return the.leaf_0;
    case 1:
        return (struct cpuid){.ecx = the.hypervisor ? 1u << 31 : 0};
    case 0x15:
        return the.leaf_15;
    case 0x16:
        return the.leaf_16;
    case 0x40000000:
        return the.hypervisor_0;
    case 0x40000010:
        return the.hypervisor_10;
    default:
        fail_msg("leaf %x", leaf);
        return (struct cpuid){0};
    }
}

static uint64_t counter(void)
{
    the.now += 20;
    return the.now;
}

static uint32_t timer(uint16_t port)
{
    uint64_t ticks;

    assert_int_equal(port, 0x608);
    if (the.slow_every && ++the.slow_reads % the.slow_every == 0)
        the.now += REAL_HZ / 1000;
    ticks = (uint64_t)((unsigned __int128)the.now * 3579545 / REAL_HZ);
    the.now += the.read_cost;
    if (the.interruptions && ++the.reads % 1000 == 0) {
        the.interruptions--;
        the.now += REAL_HZ / 1000;
    }
    /* The upper eight bits are nobody's: they mean nothing. */
    return ((the.timer_stands ? 5 : (uint32_t)ticks + the.timer_start) & 0xffffff) |
           (uint32_t)the.now << 24;
}

static EFI_STATUS EFIAPI stall(UINTN us)
{
    the.now += us * (REAL_HZ / 1000000);
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI no_stall(UINTN us)
{
    (void)us;
    return EFI_UNSUPPORTED;
}

static struct tsc_sources start(void)
{
    memset(&the, 0, sizeof the);
    the.read_cost = 2000;
    the.leaf_0.eax = 0x16;
    return (struct tsc_sources){.cpuid = cpuid, .counter = counter, .timer = timer, .stall = stall};
}

static void assert_near(uint64_t hz, uint64_t want, uint64_t part)
{
    uint64_t off = hz > want ? hz - want : want - hz;

    if (off > want / part)
        fail_msg("%lu Hz instead of %lu", hz, want);
}

static void the_hypervisor_knows_best(void **state)
{
    struct tsc_sources sources = start();

    (void)state;
    the.hypervisor = true;
    the.hypervisor_0 = (struct cpuid){.eax = 0x40000010, .ebx = 0x4b4d564b};
    the.hypervisor_10.eax = 2995200;
    the.leaf_15 = (struct cpuid){.eax = 2, .ebx = 200, .ecx = 24000000};
    assert_int_equal(tsc_frequency(&sources), UINT64_C(2995200000));
    the.hypervisor_0.eax = 0x4000000f; /* no such leaf */
    assert_int_equal(tsc_frequency(&sources), UINT64_C(2400000000));
    the.hypervisor_0.eax = 0x40000010;
    the.hypervisor_0.ebx = 0x7263694d; /* Microsoft's leaf of that number is another */
    assert_int_equal(tsc_frequency(&sources), UINT64_C(2400000000));
    the.hypervisor_0 = (struct cpuid){.eax = 0x40000010, .ebx = 0x4b4d564b};
    the.hypervisor_10.eax = 0;
    assert_int_equal(tsc_frequency(&sources), UINT64_C(2400000000));
    the.hypervisor_10.eax = 2995200;
    the.hypervisor = false; /* then the leaf is of a processor's, and means anything */
    assert_int_equal(tsc_frequency(&sources), UINT64_C(2400000000));
}

/* Kaby Lake and Denverton, as Linux prints them; and a ratio without a crystal. */
static void the_processor_knows(void **state)
{
    struct tsc_sources sources = start();

    (void)state;
    the.leaf_15 = (struct cpuid){.eax = 2, .ebx = 284, .ecx = 24000000};
    assert_int_equal(tsc_frequency(&sources), UINT64_C(3408000000));
    the.leaf_15 = (struct cpuid){.eax = 1, .ebx = 88, .ecx = 25000000};
    assert_int_equal(tsc_frequency(&sources), UINT64_C(2200000000));
    the.leaf_15.ecx = 0;
    assert_near(tsc_frequency(&sources), REAL_HZ, 1000);
    the.leaf_15 = (struct cpuid){.eax = 0, .ebx = 88, .ecx = 25000000};
    assert_near(tsc_frequency(&sources), REAL_HZ, 1000);
    the.leaf_15 = (struct cpuid){.eax = 1, .ebx = 88, .ecx = 25000000};
    the.leaf_0.eax = 0x14; /* a processor that is too old for that leaf */
    assert_near(tsc_frequency(&sources), REAL_HZ, 1000);
}

static void measured_by_the_timer(void **state)
{
    struct tsc_sources sources = start();

    (void)state;
    sources.timer_port = 0x608;
    sources.stall = no_stall;
    assert_near(tsc_frequency(&sources), REAL_HZ, 2000);
    for (uint32_t from = 0xffe000; from < 0x1000100; from += 97) {
        the.timer_start = from; /* it wraps within a round */
        assert_near(tsc_frequency(&sources), REAL_HZ, 2000);
    }
}

/* As in an emulator whose other threads hold its lock: it is mostly a slow reading that is the
 * first to see the end of a round, and half of it would be missing from every round. */
static void slow_readings(void **state)
{
    struct tsc_sources sources = start();

    (void)state;
    sources.timer_port = 0x608;
    sources.stall = NULL;
    for (the.slow_every = 2; the.slow_every < 20; the.slow_every++)
        assert_near(tsc_frequency(&sources), REAL_HZ, 1000);
}

/* One round of three that is disturbed has no say, however it is disturbed. */
static void the_middle_round_counts(void **state)
{
    struct tsc_sources sources = start();

    (void)state;
    sources.timer_port = 0x608;
    sources.stall = NULL;
    the.interruptions = 1;
    assert_near(tsc_frequency(&sources), REAL_HZ, 2000);
    assert_int_equal(the.interruptions, 0);
}

static void a_timer_that_stands_still(void **state)
{
    struct tsc_sources sources = start();

    (void)state;
    sources.timer_port = 0x608;
    the.timer_stands = true;
    assert_near(tsc_frequency(&sources), REAL_HZ, 1000); /* by Stall() */
}

static void the_last_resorts(void **state)
{
    struct tsc_sources sources = start();

    (void)state;
    sources.stall = no_stall;
    the.leaf_16.eax = 0xabcd0000 | 3400; /* the upper half is reserved */
    assert_int_equal(tsc_frequency(&sources), UINT64_C(3400000000));
    the.leaf_0.eax = 0x15;
    assert_int_equal(tsc_frequency(&sources), 0);
    the.leaf_0.eax = 0x16;
    the.leaf_16.eax = 5; /* nonsense */
    assert_int_equal(tsc_frequency(&sources), 0);
    sources.stall = NULL;
    assert_int_equal(tsc_frequency(&sources), 0);
}

static uint16_t port_of(struct acpi_tables *tables)
{
    struct tsc_sources sources;
    struct fake *fake = fake_start();

    tsc_sources_find(&sources, acpi_tables_rsdp(tables), &fake->services);
    return sources.timer_port;
}

static void where_the_timer_is(void **state)
{
    uint8_t fadt[276] = {0};
    struct acpi_tables tables;

    (void)state;
    acpi_tables_start(&tables);
    assert_int_equal(port_of(&tables), 0);
    acpi_tables_add(&tables, fadt, "FACP", 244);
    assert_int_equal(port_of(&tables), 0);
    acpi_put(fadt + 76, 0x608, 4);
    assert_int_equal(port_of(&tables), 0x608);
    fadt[208] = 1; /* in ports, at: */
    acpi_put(fadt + 212, 0x1808, 8);
    assert_int_equal(port_of(&tables), 0x1808);
    fadt[208] = 0; /* in memory */
    assert_int_equal(port_of(&tables), 0x608);
    acpi_put(fadt + 76, 0x10608, 4);
    assert_int_equal(port_of(&tables), 0);
    acpi_put(fadt + 76, 0x608, 4);
    acpi_put(fadt + 112, 1u << 20, 4); /* hardware-reduced ACPI */
    assert_int_equal(port_of(&tables), 0);
    acpi_put(fadt + 112, 0, 4);
    acpi_put(fadt + 4, 100, 4); /* cut off before its flags */
    assert_int_equal(port_of(&tables), 0);
}

static void microseconds(void **state)
{
    (void)state;
    assert_int_equal(tsc_microseconds(0, 7), 0);
    assert_int_equal(tsc_microseconds(REAL_HZ, REAL_HZ), 1000000);
    assert_int_equal(tsc_microseconds(REAL_HZ * 3600 + 2400, REAL_HZ), UINT64_C(3600000001));
    assert_int_equal(tsc_microseconds(UINT64_MAX, 1000000), UINT64_MAX);
    /* 10 GHz for 58 years: neither product may wrap. */
    assert_int_equal(tsc_microseconds(UINT64_MAX, UINT64_C(10000000000)),
                     UINT64_C(1844674407370955));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hypervisor_knows_best),
        cmocka_unit_test(the_processor_knows),
        cmocka_unit_test(measured_by_the_timer),
        cmocka_unit_test(slow_readings),
        cmocka_unit_test(the_middle_round_counts),
        cmocka_unit_test(a_timer_that_stands_still),
        cmocka_unit_test(the_last_resorts),
        cmocka_unit_test(where_the_timer_is),
        cmocka_unit_test(microseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
