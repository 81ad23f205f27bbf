/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI's table of interrupt controllers, the MADT (ACPI 6.5, section 5.2.12), as far as it
 * is about processors.  A damaged table is read up to where it stops making sense.
 */
#ifndef LOADER_MADT_H
#define LOADER_MADT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The table as firmware gives it.  `table` may be null: no table, so it has no entries. */
struct ldr_madt {
    const uint8_t *table;
    uint32_t bytes;
};

/* Kinds of entries, and what of each may be read here. */
enum ldr_madt_kind {
    LDR_MADT_LOCAL_APIC = 0,
    LDR_MADT_IO_APIC = 1,
    LDR_MADT_LOCAL_APIC_NMI = 4,
    LDR_MADT_LOCAL_X2APIC = 9,
    LDR_MADT_LOCAL_X2APIC_NMI = 10,
};

/* The entry behind `entry`, or the first for null; null behind the last, or where one is cut
 * off or too short for its kind.  Its first byte is its kind. */
const uint8_t *ldr_madt_next(const struct ldr_madt *madt, const uint8_t *entry);

/* The physical address of an entry of kind LDR_MADT_IO_APIC. */
uint32_t ldr_madt_io_apic(const uint8_t *entry);

/* A processor, by the two numbers that ACPI gives it. */
struct ldr_processor {
    uint32_t uid;
    uint32_t apic_id;
};

/* The processor with this local APIC, ready for use or not.  False if the table has none. */
bool ldr_madt_find(const struct ldr_madt *madt, uint32_t apic_id,
                   struct ldr_processor *ret_processor);

/* Lists the processors that are ready for use: that of `own_id` first, whether or not the
 * table knows it (its UID is 0 then), the others up to `highest_id` in the table's order, each
 * once.  Those that
 * could be added later ("online capable") are not ready: they have to be switched on through
 * ACPI's methods first.  Returns how many there are; at most `room` of them are written, and
 * `list` may be null for a room of 0. */
size_t ldr_madt_processors(const struct ldr_madt *madt, uint32_t own_id, uint32_t highest_id,
                           struct ldr_processor *list, size_t room);

/* A pin of a local APIC, LINT0 or LINT1, to which NMIs are wired, or not. */
struct ldr_lint {
    bool nmi;
    bool active_low;
    bool level; /* triggered by it, not by an edge */
};

/* What the table says of a processor's two pins.  Null for a processor that it doesn't know: then
 * what is said of all of them counts. */
void ldr_madt_lints(const struct ldr_madt *madt, const struct ldr_processor *processor,
                    struct ldr_lint ret_lint[2]);

#endif
