/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows which processors are told to the kernel and how they are called, and that one which
 * doesn't come is left out, within a limited time.
 */
#include "efi/processors.h"

#include <string.h>

#include "efi/tests/acpi_tables.h"
#include "efi/tests/fake.h"
#include "efi/tests/processors/model.h"
#include "efi/tests/test.h"

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

    processor_model_start(0xfee00900 | X2);
    model.on_command = obey;
    said[0] = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        list[i] = (struct ldr_processor){.uid = i, .apic_id = 0x100 + i};
        info[i] = (struct limine_mp_info){.lapic_id = 0x100 + i, .reserved = i ? 0x5000 : 0};
        pointer[i] = 0x1000 + i * sizeof *info;
    }
    response = (struct limine_mp_response){.cpu_count = COUNT};
    model_root[511] = 0x1234567;
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
    processor_model_start(0xfee00900 | X2);
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

    processor_model_start(0);
    assert_int_equal(find(&found, true, false, &report), LDR_OK);
    assert_int_equal(found.told.count, 0);
    assert_int_equal(said[0], 0);
}

static void a_mode_that_can_not_be_left_is_refused(void **state)
{
    struct processors found = {.page = 77};
    struct ldr_report report;

    (void)state;
    processor_model_start(0xfee00900 | X2);
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
        cmocka_unit_test(those_who_come_are_told_and_the_others_are_not),
        cmocka_unit_test(nobody_is_called_who_is_not_there),
        cmocka_unit_test(only_one_is_used_where_nobody_can_start),
        cmocka_unit_test(a_mode_that_can_not_be_left_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
