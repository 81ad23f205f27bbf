/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a local APIC changes its mode, gets the state that the protocol defines and calls others,
 * and how MTRRs become those of another processor.
 */
#include "efi/local_apic.h"

#include <string.h>

#include "efi/mtrr.h"
#include "efi/tests/processors/model.h"
#include "efi/tests/test.h"

/* ---- modes ----------------------------------------------------------------------------- */

static void modes_change_the_only_way_there_is(void **state)
{
    static const uint64_t base[] = {0xfee00100, 0xfee00100 | ON, 0xfee00100 | ON | X2};

    (void)state;
    for (unsigned from = 0; from < 3; from++) {
        for (unsigned x2 = 0; x2 < 2; x2++) {
            processor_model_start(base[from]);
            local_apic_set_mode(x2);
            assert_int_equal(model.msr[MSR_APIC_BASE], 0xfee00100 | ON | (x2 ? X2 : 0));
            assert_int_equal(local_apic_in_x2(), x2);
            if (from == x2 + 1)
                assert_int_equal(model.writes, 0);
        }
    }
    processor_model_start(0);
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
    processor_model_start(0xfee00900 | X2);
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
        processor_model_start(0xfee00900 | X2);
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
    processor_model_start(0xfee00900 | X2);
    local_apic_send_init(0x12345);
    local_apic_send_start(0x12345, 0x9f000);
    assert_int_equal(model.command[0], UINT64_C(0x1234500004500));
    assert_int_equal(model.command[1], UINT64_C(0x123450000469f));

    processor_model_start((uint64_t)registers | ON);
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
    processor_model_start(0);
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
    processor_model_start(0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_change_the_only_way_there_is),
        cmocka_unit_test(knows_a_lock),
        cmocka_unit_test(defines_the_state),
        cmocka_unit_test(commands_in_both_modes),
        cmocka_unit_test(mtrrs_are_left_alone_where_they_are_right),
        cmocka_unit_test(mtrrs_become_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
