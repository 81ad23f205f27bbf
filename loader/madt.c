/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the MADT.  Nothing is copied out of it: it is short, and read again for each
 * question.
 */
#include "loader/madt.h"

#include "loader/bytes.h"

#define ENTRIES_AT 44

#define READY UINT32_C(1) /* "enabled", in a processor's flags */

/* How many bytes of each kind of entry are read here. */
static uint8_t entry_least(uint8_t kind)
{
    switch (kind) {
    case LDR_MADT_LOCAL_APIC:
    case LDR_MADT_IO_APIC:
        return 8;
    case LDR_MADT_LOCAL_APIC_NMI:
        return 6;
    case LDR_MADT_LOCAL_X2APIC:
        return 16;
    case LDR_MADT_LOCAL_X2APIC_NMI:
        return 12;
    default:
        return 2;
    }
}

const uint8_t *ldr_madt_next(const struct ldr_madt *madt, const uint8_t *entry)
{
    size_t at;

    if (!madt->table || madt->bytes < ENTRIES_AT)
        return NULL;
    at = entry ? (size_t)(entry - madt->table) + entry[1] : ENTRIES_AT;
    if (madt->bytes - at < 2)
        return NULL;
    entry = madt->table + at;
    return entry[1] <= madt->bytes - at && entry[1] >= entry_least(entry[0]) ? entry : NULL;
}

uint32_t ldr_madt_io_apic(const uint8_t *entry)
{
    return ldr_read32(entry + 4);
}

/* All ones is no local APIC's number, but "all of them", wherever such a number stands. */
static bool read_processor(const uint8_t *entry, struct ldr_processor *ret_processor,
                           bool *ret_ready)
{
    if (entry[0] == LDR_MADT_LOCAL_APIC && entry[3] != UINT8_MAX) {
        *ret_processor = (struct ldr_processor){.uid = entry[2], .apic_id = entry[3]};
        *ret_ready = ldr_read32(entry + 4) & READY;
        return true;
    }
    if (entry[0] == LDR_MADT_LOCAL_X2APIC && ldr_read32(entry + 4) != UINT32_MAX) {
        *ret_processor =
            (struct ldr_processor){.uid = ldr_read32(entry + 12), .apic_id = ldr_read32(entry + 4)};
        *ret_ready = ldr_read32(entry + 8) & READY;
        return true;
    }
    return false;
}

bool ldr_madt_find(const struct ldr_madt *madt, uint32_t apic_id,
                   struct ldr_processor *ret_processor)
{
    for (const uint8_t *e = ldr_madt_next(madt, NULL); e; e = ldr_madt_next(madt, e)) {
        struct ldr_processor processor;
        bool ready;

        if (read_processor(e, &processor, &ready) && processor.apic_id == apic_id) {
            *ret_processor = processor;
            return true;
        }
    }
    return false;
}

/* Was this number there before, in an entry that counts?  Some firmware lists processors in
 * both kinds of entries. */
static bool listed_before(const struct ldr_madt *madt, const uint8_t *entry, uint32_t apic_id)
{
    for (const uint8_t *e = ldr_madt_next(madt, NULL); e != entry; e = ldr_madt_next(madt, e)) {
        struct ldr_processor processor;
        bool ready;

        if (read_processor(e, &processor, &ready) && ready && processor.apic_id == apic_id)
            return true;
    }
    return false;
}

size_t ldr_madt_processors(const struct ldr_madt *madt, uint32_t own_id, uint32_t highest_id,
                           struct ldr_processor *list, size_t room)
{
    struct ldr_processor processor = {.apic_id = own_id};
    size_t count = 1;

    ldr_madt_find(madt, own_id, &processor);
    if (room > 0)
        list[0] = processor;
    for (const uint8_t *e = ldr_madt_next(madt, NULL); e; e = ldr_madt_next(madt, e)) {
        bool ready;

        if (!read_processor(e, &processor, &ready) || !ready || processor.apic_id == own_id ||
            processor.apic_id > highest_id || listed_before(madt, e, processor.apic_id))
            continue;
        if (count < room)
            list[count] = processor;
        count++;
    }
    return count;
}

/* "As the bus does", in the MPS INTI flags, means active high and edge for an NMI (tables 5.26
 * and MPS 1.4, 4.3.4). */
static struct ldr_lint lint_of(uint16_t flags)
{
    return (struct ldr_lint){
        .nmi = true, .active_low = (flags & 3) == 3, .level = (flags >> 2 & 3) == 3};
}

/* All ones in the processor's place means every processor. */
void ldr_madt_lints(const struct ldr_madt *madt, const struct ldr_processor *processor,
                    struct ldr_lint ret_lint[2])
{
    ret_lint[0] = ret_lint[1] = (struct ldr_lint){0};
    for (const uint8_t *e = ldr_madt_next(madt, NULL); e; e = ldr_madt_next(madt, e)) {
        bool wide = e[0] == LDR_MADT_LOCAL_X2APIC_NMI;
        uint32_t whose, all = wide ? UINT32_MAX : UINT8_MAX;
        uint8_t pin;

        if (!wide && e[0] != LDR_MADT_LOCAL_APIC_NMI)
            continue;
        whose = wide ? ldr_read32(e + 4) : e[2];
        pin = wide ? e[8] : e[5];
        if (pin < 2 && (whose == all || (processor && whose == processor->uid)))
            ret_lint[pin] = lint_of(wide ? ldr_read16(e + 2) : ldr_read16(e + 3));
    }
}
