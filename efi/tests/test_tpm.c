/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking firmware for the TPM's event log: every answer that leads to none, both formats, and the
 * table of final events.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/tests/fake.h"
#include "efi/tests/tcg2.h"
#include "efi/tpm.h"

static struct {
    EFI_STATUS capability_status, log_status;
    struct tcg2_capability capability;
    uint32_t asked_format;
    uint64_t first, last;
    bool truncated;
    uint8_t log[128];
    uint64_t final[4]; /* version, number of events */
} the;

static EFI_STATUS EFIAPI get_capability(struct tcg2 *protocol, struct tcg2_capability *capability)
{
    (void)protocol;
    /* As EDK2 has it. */
    if (capability->size < sizeof *capability)
        return EFI_BUFFER_TOO_SMALL;
    memcpy(capability, &the.capability, capability->size);
    return the.capability_status;
}

static EFI_STATUS EFIAPI get_event_log(struct tcg2 *protocol, uint32_t format,
                                       EFI_PHYSICAL_ADDRESS *first, EFI_PHYSICAL_ADDRESS *last,
                                       BOOLEAN *truncated)
{
    (void)protocol;
    the.asked_format = format;
    *first = the.first;
    *last = the.last;
    *truncated = the.truncated;
    return the.log_status;
}

static struct tcg2 protocol = {get_capability, get_event_log};
static EFI_CONFIGURATION_TABLE table = {
    .VendorGuid = {0x1e2ed096, 0x30e2, 0x4254, {0xbd, 0x89, 0x86, 0x3b, 0xbe, 0xf8, 0x23, 0x25}},
    .VendorTable = the.final,
};

/* A log of one old event with three bytes of data, and two final events. */
static struct fake *start(void)
{
    struct fake *fake = fake_start();

    memset(&the, 0, sizeof the);
    the.capability.present = 1;
    the.capability.logs = 3;
    the.log[28] = 3;
    the.first = the.last = (uint64_t)the.log;
    the.final[0] = 1;
    the.final[1] = 2;
    fake->protocol = &protocol;
    fake->system.ConfigurationTable = &table;
    fake->system.NumberOfTableEntries = 1;
    return fake;
}

static struct ldr_event_log find(struct fake *fake)
{
    struct ldr_event_log log;

    memset(&log, 0xa5, sizeof log);
    tpm_event_log_find(&log, &fake->system);
    return log;
}

static void assert_none(struct fake *fake)
{
    assert_int_equal(find(fake).format, LDR_EVENTS_NONE);
}

static void the_newer_format(void **state)
{
    struct fake *fake = start();
    struct ldr_event_log log = find(fake);

    (void)state;
    assert_int_equal(the.asked_format, 2);
    assert_int_equal(log.format, LDR_EVENTS_TCG_2);
    assert_ptr_equal(log.at, the.log);
    assert_int_equal(log.bytes, 35);
    assert_ptr_equal(log.final, the.final);
    assert_int_equal(log.final_known, 2); /* both are in the log */
    fake->system.NumberOfTableEntries = 0;
    log = find(fake);
    assert_int_equal(log.format, LDR_EVENTS_TCG_2);
    assert_null(log.final);
    assert_int_equal(log.final_known, 0);
}

static void the_older_format(void **state)
{
    struct fake *fake = start();
    struct ldr_event_log log;

    (void)state;
    the.capability.logs = 1;
    log = find(fake);
    assert_int_equal(the.asked_format, 1);
    assert_int_equal(log.format, LDR_EVENTS_TCG_1_2);
    assert_int_equal(log.bytes, 35);
    assert_null(log.final); /* whose events are of the other format */
}

static void an_empty_log(void **state)
{
    struct fake *fake = start();
    struct ldr_event_log log;

    (void)state;
    the.last = 0;
    log = find(fake);
    assert_int_equal(log.format, LDR_EVENTS_TCG_2);
    assert_int_equal(log.bytes, 0);
}

static void no_log(void **state)
{
    struct fake *fake = start();

    (void)state;
    fake->protocol = NULL;
    assert_none(fake);
    fake = start();
    the.capability_status = EFI_DEVICE_ERROR;
    assert_none(fake);
    fake = start();
    the.capability.present = 0;
    assert_none(fake);
    fake = start();
    the.capability.logs = 4; /* a format of the future */
    assert_none(fake);
    fake = start();
    the.log_status = EFI_INVALID_PARAMETER;
    assert_none(fake);
    fake = start();
    the.truncated = true;
    assert_none(fake);
    fake = start();
    the.last = the.first - 1;
    assert_none(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newer_format),
        cmocka_unit_test(the_older_format),
        cmocka_unit_test(an_empty_log),
        cmocka_unit_test(no_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
