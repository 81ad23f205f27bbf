/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows how local APICs change their mode and get the state that the protocol defines, how MTRRs
 * become those of another processor, how processors are called, and that one which doesn't
 * come is left out, within a limited time.
 *
 * A model of one processor's registers stands in place of efi/ports.c (the linker's --wrap);
 * it knows what the SDM forbids.
 */
#include "efi/processors.h"

#include <stdio.h>
#include <string.h>

#include "efi/local_apic.h"
#include "efi/ports.h"
#include "efi/tests/acpi_tables.h"
#include "efi/tests/fake.h"
#include "efi/tests/test.h"
#include "loader/mp_start.h"

#define MSR_APIC_BASE   0x1b
#define MSR_DISABLED    0xbd
#define MSR_MTRR_CAP    0xfe
#define MSR_CAPABILITY  0x10a
#define MSR_DEFAULT     0x2ff
#define MSR_X2APIC      0x800
#define MSR_X2APIC_LAST 0x83f
#define MSR_COMMAND     0x830

#define ON UINT64_C(0x800)
#define X2 UINT64_C(0x400)

#define MSRS 0x900

/* The one processor, and what it is asked to do. */
static struct model {
    uint64_t msr[MSRS];
    bool has_apic, has_x2, has_mtrrs, locked;
    uint64_t cr0;
    uint64_t time;
    uint64_t written[256]; /* model-specific registers, in order */
    size_t writes;
    uint64_t command[64]; /* of the local APIC */
    size_t commands;
    unsigned flushes;
    void (*on_command)(uint64_t command);
    uint32_t parked_as;
    unsigned pauses;
} model;

uint64_t __wrap_msr_read(uint32_t msr);
void __wrap_msr_write(uint32_t msr, uint64_t value);
struct cpuid __wrap_cpuid_read(uint32_t leaf, uint32_t subleaf);
uint64_t __wrap_cr0_read(void);
void __wrap_cr0_write(uint64_t value);
uint64_t __wrap_cr3_read(void);
void __wrap_caches_flush(void);
void __wrap_processor_pause(void);
uint64_t __wrap_tsc_read(void);

uint64_t __wrap_msr_read(uint32_t msr)
{
    assert_true(msr < MSRS);
    if (msr >= MSR_X2APIC && msr <= MSR_X2APIC_LAST)
        assert_int_equal(model.msr[MSR_APIC_BASE] & (ON | X2), ON | X2);
    return model.msr[msr];
}

/* The ways between the modes (SDM figure 11-27): all others are faults. */
static void check_mode(uint64_t before, uint64_t after)
{
    assert_int_not_equal(after & (ON | X2), X2);
    if (after & X2)
        assert_true(model.has_x2 && before & ON);
    if (before & X2 && !(after & X2))
        assert_true(!(after & ON) && !model.locked);
}

void __wrap_msr_write(uint32_t msr, uint64_t value)
{
    assert_true(msr < MSRS && model.writes < 256);
    if (msr == MSR_APIC_BASE)
        check_mode(model.msr[msr], value);
    if (msr >= MSR_X2APIC && msr <= MSR_X2APIC_LAST)
        assert_int_equal(model.msr[MSR_APIC_BASE] & (ON | X2), ON | X2);
    model.written[model.writes++] = msr;
    model.msr[msr] = value;
    if (msr == MSR_COMMAND) {
        assert_true(model.commands < 64);
        model.command[model.commands++] = value;
        if (model.on_command)
            model.on_command(value);
    }
}

struct cpuid __wrap_cpuid_read(uint32_t leaf, uint32_t subleaf)
{
    (void)subleaf;
    if (leaf == 0)
        return (struct cpuid){.eax = 7};
    if (leaf == 1)
        return (struct cpuid){.ebx = 0x09000000,
                              .ecx = model.has_x2 ? 1u << 21 : 0,
                              .edx = (model.has_apic ? 1u << 9 : 0) |
                                     (model.has_mtrrs ? 1u << 12 : 0)};
    return (struct cpuid){.edx = model.locked ? 1u << 29 : 0};
}

uint64_t __wrap_cr0_read(void)
{
    return model.cr0;
}

void __wrap_cr0_write(uint64_t value)
{
    model.cr0 = value;
}

static uint64_t root[512] __attribute__((aligned(4096)));

uint64_t __wrap_cr3_read(void)
{
    return (uint64_t)root | 0x18; /* write-through bits of the root */
}

void __wrap_caches_flush(void)
{
    assert_true(model.cr0 & 0x40000000); /* caching is off meanwhile */
    model.flushes++;
}

void __wrap_processor_pause(void)
{
    model.pauses++;
    model.time += 1000;
}

uint64_t __wrap_tsc_read(void)
{
    return model.time += 100;
}

static void start_model(uint64_t apic_base)
{
    model = (struct model){.has_apic = true, .has_x2 = true, .has_mtrrs = true, .cr0 = 0x80010033};
    model.msr[MSR_APIC_BASE] = apic_base;
}

/* ---- modes ----------------------------------------------------------------------------- */

static void modes_change_the_only_way_there_is(void **state)
{
    static const uint64_t base[] = {0xfee00100, 0xfee00100 | ON, 0xfee00100 | ON | X2};

    (void)state;
    for (unsigned from = 0; from < 3; from++) {
        for (unsigned x2 = 0; x2 < 2; x2++) {
            start_model(base[from]);
            local_apic_set_mode(x2);
            assert_int_equal(model.msr[MSR_APIC_BASE], 0xfee00100 | ON | (x2 ? X2 : 0));
            assert_int_equal(local_apic_in_x2(), x2);
            if (from == x2 + 1)
                assert_int_equal(model.writes, 0);
        }
    }
    start_model(0);
    model.has_apic = model.has_x2 = false;
    local_apic_set_mode(false);
    local_apic_define(&(struct ldr_madt){0});
    assert_int_equal(model.writes, 0);
    assert_false(local_apic_has_x2());
    assert_int_equal(local_apic_id(), 9); /* what CPUID says */
}

static void knows_a_lock(void **state)
{
    (void)state;
    start_model(0xfee00900 | X2);
    model.msr[MSR_CAPABILITY] = UINT64_C(1) << 21;
    model.msr[MSR_DISABLED] = 1;
    assert_false(local_apic_locked_in_x2()); /* CPUID doesn't have the register */
    model.locked = true;
    assert_true(local_apic_locked_in_x2());
    model.msr[MSR_DISABLED] = 0;
    assert_false(local_apic_locked_in_x2());
    model.msr[MSR_DISABLED] = 1;
    model.msr[MSR_CAPABILITY] = 0;
    assert_false(local_apic_locked_in_x2());
    model.msr[MSR_CAPABILITY] = UINT64_C(1) << 21;
    model.msr[MSR_APIC_BASE] &= ~X2;
    assert_false(local_apic_locked_in_x2());
}

/* ---- state ------------------------------------------------------------------------------ */

/* NMI at LINT1 of processor 9, active low and by level; LINT0 is nobody's. */
static const uint8_t madt_entries[] = {0, 8, 5, 9, 1, 0, 0, 0, 4, 6, 5, 0xf, 0, 1};

static struct ldr_madt make_madt(uint8_t table[128])
{
    memcpy(table + 44, madt_entries, sizeof madt_entries);
    return (struct ldr_madt){table, 44 + sizeof madt_entries};
}

enum { CMCI = 0x82f, TIMER = 0x832, THERMAL, PERFORMANCE, LINT0, LINT1, ERROR };

static void defines_the_state(void **state)
{
    uint8_t table[128] = {0};
    struct ldr_madt madt = make_madt(table);

    (void)state;
    for (unsigned last = 3; last <= 6; last++) {
        start_model(0xfee00900 | X2);
        model.msr[0x802] = 9;
        model.msr[0x803] = 0x14 | last << 16;
        model.msr[0x808] = 0x20;
        model.msr[0x80f] = 0xff;
        model.msr[TIMER] = 0x20030;
        model.msr[LINT0] = 0x700;   /* ExtINT */
        model.msr[LINT1] = 0x10033; /* fixed, masked */
        model.msr[ERROR] = 0x10000;
        model.msr[CMCI] = model.msr[PERFORMANCE] = 0x400; /* NMI */
        model.msr[THERMAL] = 0x200;                       /* SMI: firmware's */
        local_apic_define(&madt);
        assert_int_equal(model.msr[0x808], 0);
        assert_int_equal(model.msr[0x80f], 0x1ff);
        assert_int_equal(model.msr[TIMER], 0x30030);
        assert_int_equal(model.msr[LINT0], 0x10700);
        assert_int_equal(model.msr[LINT1], 0x1a433);
        assert_int_equal(model.msr[ERROR], 0x10000);
        assert_int_equal(model.msr[THERMAL], 0x200);
        assert_int_equal(model.msr[PERFORMANCE], last >= 4 ? 0x10400 : 0x400);
        assert_int_equal(model.msr[CMCI], last >= 6 ? 0x10400 : 0x400);
        /* Switched on first, since its masks are stuck while it is off. */
        assert_int_equal(model.written[0], 0x80f);
    }
}

static void commands_in_both_modes(void **state)
{
    static uint32_t registers[1024] __attribute__((aligned(4096)));

    (void)state;
    start_model(0xfee00900 | X2);
    local_apic_send_init(0x12345);
    local_apic_send_start(0x12345, 0x9f000);
    assert_int_equal(model.command[0], UINT64_C(0x1234500004500));
    assert_int_equal(model.command[1], UINT64_C(0x123450000469f));

    start_model((uint64_t)registers | ON);
    registers[0x20 / 4] = 0x77000000;
    assert_int_equal(local_apic_id(), 0x77);
    local_apic_send_init(3);
    assert_int_equal(registers[0x310 / 4], 0x03000000);
    assert_int_equal(registers[0x300 / 4], 0x4500);
    local_apic_send_start(254, 0x8000);
    assert_int_equal(registers[0x310 / 4], 0xfe000000);
    assert_int_equal(registers[0x300 / 4], 0x4608);
    assert_int_equal(model.commands, 0);
}

/* ---- MTRRs ------------------------------------------------------------------------------- */

static void mtrrs_are_left_alone_where_they_are_right(void **state)
{
    struct mtrrs mtrrs;

    (void)state;
    start_model(0);
    model.msr[MSR_MTRR_CAP] = 0x508;
    mtrrs_read(&mtrrs);
    assert_int_equal(mtrrs.count, 11 + 16 + 1);
    mtrrs_apply(&mtrrs);
    assert_int_equal(model.writes + model.flushes, 0);
    model.msr[MSR_MTRR_CAP] = 0x4ff; /* more than there are numbers for, and no fixed ones */
    mtrrs_read(&mtrrs);
    assert_int_equal(mtrrs.count, 80 + 1);
    model.has_mtrrs = false;
    mtrrs_read(&mtrrs);
    assert_int_equal(mtrrs.count, 0);
    mtrrs_apply(&mtrrs);
    assert_int_equal(model.writes + model.flushes, 0);
}

static void mtrrs_become_the_same(void **state)
{
    struct mtrrs mtrrs;
    uint64_t wanted[MSRS];

    (void)state;
    start_model(0);
    model.msr[MSR_MTRR_CAP] = 0x504;
    for (uint32_t msr = 0x200; msr < 0x208; msr++)
        model.msr[msr] = msr * 0x1001;
    for (uint32_t msr = 0x250; msr < 0x270; msr++)
        model.msr[msr] = msr;
    model.msr[MSR_DEFAULT] = 0xc06;
    memcpy(wanted, model.msr, sizeof wanted);
    mtrrs_read(&mtrrs);
    model.msr[0x203]++;
    model.msr[0x26f] = 0;
    model.msr[MSR_DEFAULT] = 0x800;
    mtrrs_apply(&mtrrs);
    assert_memory_equal(model.msr, wanted, sizeof wanted);
    assert_int_equal(model.flushes, 2);
    assert_int_equal(model.cr0, 0x80010033);
    /* Off first, on last. */
    assert_int_equal(model.written[0], MSR_DEFAULT);
    assert_int_equal(model.written[model.writes - 1], MSR_DEFAULT);
}

/* ---- calling ------------------------------------------------------------------------------ */

#define COUNT 5

static struct limine_mp_info info[COUNT];
static uint64_t pointer[COUNT];
static struct limine_mp_response response;
static const struct ldr_late late = {
    .mp = &response, .processor = info, .processors_virt = 0x1000, .processor_pointer = pointer};

static unsigned come; /* bit n: processor n comes at its first start-up message */

static void obey(uint64_t command)
{
    for (unsigned i = 1; i < COUNT; i++)
        if ((command & 0x700) == 0x600 && command >> 32 == info[i].lapic_id && come >> i & 1)
            info[i].reserved = 0;
}

static char said[2048];

static void note(void *context, const char *text)
{
    (void)context;
    strncat(said, text, sizeof said - strlen(said) - 1);
}

static const struct ldr_log notes = {.line = note};

static void start_crowd(struct processors *processors)
{
    static struct ldr_processor list[COUNT];
    static uint64_t copy[512];

    start_model(0xfee00900 | X2);
    model.on_command = obey;
    said[0] = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        list[i] = (struct ldr_processor){.uid = i, .apic_id = 0x100 + i};
        info[i] = (struct limine_mp_info){.lapic_id = 0x100 + i, .reserved = i ? 0x5000 : 0};
        pointer[i] = 0x1000 + i * sizeof *info;
    }
    response = (struct limine_mp_response){.cpu_count = COUNT};
    root[511] = 0x1234567;
    *processors = (struct processors){.told = {.list = list, .count = COUNT, .x2apic = true},
                                      .hz = 1000000000,
                                      .page = 0x9f000,
                                      .root = (uint64_t)copy};
}

static void those_who_come_are_told_and_the_others_are_not(void **state)
{
    struct processors processors;

    (void)state;
    for (come = 0; come < 1 << COUNT; come += 2) {
        unsigned here = (unsigned)__builtin_popcount(come);
        unsigned init = 0, start = 0;

        start_crowd(&processors);
        processors_start(&processors, &late, &notes);
        assert_int_equal(response.cpu_count, here + 1);
        assert_int_equal(((uint64_t *)processors.root)[511], 0x1234567);
        for (size_t i = 0; i < model.commands; i++) {
            init += (model.command[i] & 0x700) == 0x500;
            start += (uint32_t)model.command[i] == 0x469f;
        }
        /* Those who don't come are put to sleep again. */
        assert_int_equal(init, 2 * (COUNT - 1) - here);
        assert_int_equal(start, 2 * (COUNT - 1));
        assert_int_equal(!strstr(said, "doesn't start"), here == COUNT - 1);
        /* At 1 GHz: 10.4 ms, and two seconds only if somebody is missing. */
        assert_in_range(model.time, here == COUNT - 1 ? 10000000 : 2000000000,
                        here == COUNT - 1 ? 20000000 : 2100000000);
    }
}

static void nobody_is_called_who_is_not_there(void **state)
{
    struct processors processors;

    (void)state;
    start_crowd(&processors);
    processors.told.count = 1;
    processors_start(&processors, &late, &notes);
    assert_int_equal(model.commands, 0);
    assert_non_null(strstr(said, "processors: 1, "));
    start_crowd(&processors);
    processors_start(&processors, &(struct ldr_late){0}, &notes);
    assert_int_equal(model.commands, 0);
    processors.told.count = 0; /* the kernel doesn't ask */
    processors_set_mode(&processors);
    assert_int_equal(model.writes, 0);
}

/* ---- finding ------------------------------------------------------------------------------ */

static uint8_t madt[256];

static enum ldr_status find(struct processors *ret_processors, bool x2apic, bool asks,
                            struct ldr_report *report)
{
    static const uint8_t entries[] = {
        0, 8,  1, 9, 1, 0, 0, 0, 0, 8, 2, 8, 1, 0, 0, 0, /* 9 and 8 */
        9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, /* 256 */
        0, 8,  4, 7, 2, 0, 0, 0,                         /* 7 could be added */
    };
    struct fake *fake = fake_start_low();
    struct memory memory = fake_memory(fake);
    struct memory_map map = {.memory = &memory};
    struct ldr_requests requests = {.x2apic = x2apic, .base_revision = 6};
    struct acpi_tables tables;
    enum ldr_status status;

    said[0] = 0;
    requests.present[LDR_MP] = asks;
    memcpy(madt + 44, entries, sizeof entries);
    acpi_tables_start(&tables);
    acpi_tables_add(&tables, madt, "APIC", 44 + sizeof entries);
    status =
        processors_find(ret_processors, &requests, acpi_tables_rsdp(&tables), &map, &notes, report);
    memory_free_all(&memory);
    return status;
}

/* The fake firmware has no memory below 1 MiB. */
static void only_one_is_used_where_nobody_can_start(void **state)
{
    struct processors found;
    struct ldr_report report = {0};

    (void)state;
    start_model(0xfee00900 | X2);
    model.msr[0x802] = 9;
    assert_int_equal(find(&found, true, true, &report), LDR_OK);
    assert_int_equal(found.told.count, 1);
    assert_true(found.told.x2apic);
    assert_int_equal(report.text[0], 0); /* it is no failure of the boot */
    assert_non_null(strstr(said, "of 3 processors only one is used"));
    assert_non_null(strstr(said, "below 1 MiB"));

    assert_int_equal(find(&found, false, true, &report), LDR_OK);
    assert_false(found.told.x2apic);
    assert_non_null(strstr(said, "1 of 3 processors can't be started"));
    assert_non_null(strstr(said, "of 2 processors only one is used"));

    model.has_x2 = false;
    model.msr[MSR_APIC_BASE] = 0;
    assert_int_equal(find(&found, true, true, &report), LDR_OK);
    assert_false(found.told.x2apic);

    start_model(0);
    assert_int_equal(find(&found, true, false, &report), LDR_OK);
    assert_int_equal(found.told.count, 0);
    assert_int_equal(said[0], 0);
}

static void a_mode_that_can_not_be_left_is_refused(void **state)
{
    struct processors found = {.page = 77};
    struct ldr_report report;

    (void)state;
    start_model(0xfee00900 | X2);
    model.msr[0x802] = 255; /* no number of xAPIC mode */
    assert_int_equal(find(&found, false, true, &report), LDR_BAD_MACHINE);
    assert_non_null(strstr(report.text, "MP request"));
    assert_int_equal(found.page, 77);
    model.msr[0x802] = 9;
    model.locked = true;
    model.msr[MSR_CAPABILITY] = UINT64_C(1) << 21;
    model.msr[MSR_DISABLED] = 1;
    assert_int_equal(find(&found, false, true, &report), LDR_BAD_MACHINE);
    assert_int_equal(find(&found, true, true, &report), LDR_OK);
    assert_int_equal(find(&found, false, false, &report), LDR_OK); /* nobody asks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_change_the_only_way_there_is),
        cmocka_unit_test(knows_a_lock),
        cmocka_unit_test(defines_the_state),
        cmocka_unit_test(commands_in_both_modes),
        cmocka_unit_test(mtrrs_are_left_alone_where_they_are_right),
        cmocka_unit_test(mtrrs_become_the_same),
        cmocka_unit_test(those_who_come_are_told_and_the_others_are_not),
        cmocka_unit_test(nobody_is_called_who_is_not_there),
        cmocka_unit_test(only_one_is_used_where_nobody_can_start),
        cmocka_unit_test(a_mode_that_can_not_be_left_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
