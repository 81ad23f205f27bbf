/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/times.h"

#include "efi/acpi.h"
#include "efi/tsc.h"
#include "loader/bytes.h"

/* The FPDT is a list of records that point to tables of their own; these, like the one that
 * is wanted, are a head of 8 bytes, or of 36 for the FPDT, with records behind. */
#define FPDT_RECORDS_AT 36
#define FBPT_RECORDS_AT 8
#define FBPT_MOST       0x10000 /* no such table comes near it */

/* A record: kind in 16 bits, its length, its revision, then what it holds. */
#define POINTER       0 /* in the FPDT: to the basic boot performance table */
#define POINTER_AT    8
#define POINTER_LEAST 16
#define BASIC_BOOT    2 /* in that table: nanoseconds since some moment, each in 8 bytes */
#define RESET_AT      8
#define LOAD_AT       16
#define START_AT      24
#define BASIC_LEAST   48

/* The first record of a kind that is at least so long, or null. */
static const uint8_t *find_record(const uint8_t *table, uint32_t at, uint32_t bytes, uint16_t kind,
                                  uint8_t least)
{
    while (at < bytes && bytes - at >= 4) {
        const uint8_t *record = table + at;

        if (record[2] < 4 || record[2] > bytes - at)
            return NULL;
        if (ldr_read16(record) == kind && record[2] >= least)
            return record;
        at += record[2];
    }
    return NULL;
}

static const uint8_t *basic_boot_record(uint64_t rsdp)
{
    uint32_t bytes = 0;
    const uint8_t *fpdt = acpi_find(rsdp, "FPDT", &bytes), *record, *table;

    record = fpdt ? find_record(fpdt, FPDT_RECORDS_AT, bytes, POINTER, POINTER_LEAST) : NULL;
    table = record ? (const uint8_t *)ldr_read64(record + POINTER_AT) : NULL;
    if (!table || !acpi_is(table, "FBPT") || ldr_read32(table + 4) > FBPT_MOST)
        return NULL;
    return find_record(table, FBPT_RECORDS_AT, ldr_read32(table + 4), BASIC_BOOT, BASIC_LEAST);
}

/* Firmware that notes nothing leaves zeros. */
static bool from_firmware(struct ldr_times *times, uint64_t rsdp)
{
    const uint8_t *record = basic_boot_record(rsdp);
    uint64_t reset, load, start;

    if (!record)
        return false;
    reset = ldr_read64(record + RESET_AT);
    load = ldr_read64(record + LOAD_AT);
    start = ldr_read64(record + START_AT);
    if (load == 0 || reset > load || load > start)
        return false;
    times->reset_usec = reset / 1000;
    times->init_usec = start / 1000;
    return true;
}

void times_find(struct ldr_times *times, uint64_t rsdp, uint64_t hz)
{
    if (!from_firmware(times, rsdp)) {
        times->reset_usec = 0;
        times->init_usec = tsc_microseconds(times->init_tsc, hz);
    }
    times->known = true;
}

uint64_t times_at(const struct ldr_times *times, uint64_t tsc, uint64_t hz)
{
    return times->init_usec + tsc_microseconds(tsc - times->init_tsc, hz);
}
