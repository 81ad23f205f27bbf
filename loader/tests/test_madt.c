/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows which processors and pins the MADT is understood to name, and that a damaged table is
 * read up to its damage and never beyond its end.
 *
 * Entries are written as ACPI 6.5, section 5.2.12, gives them, byte by byte.
 */
#include "loader/madt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 1024

struct table {
    uint8_t byte[MOST];
    uint32_t used;
};

static void add(struct table *table, const uint8_t *entry, uint8_t bytes)
{
    if (table->used == 0)
        table->used = 44;
    memcpy(table->byte + table->used, entry, bytes);
    table->used += bytes;
}

static void add_apic(struct table *table, uint8_t uid, uint8_t id, uint8_t flags)
{
    add(table, (const uint8_t[]){0, 8, uid, id, flags, 0, 0, 0}, 8);
}

static void add_x2apic(struct table *table, uint32_t uid, uint32_t id, uint8_t flags)
{
    uint8_t entry[16] = {9, 16, 0, 0, 0, 0, 0, 0, flags, 0, 0, 0, 0, 0, 0, 0};

    for (unsigned i = 0; i < 4; i++) {
        entry[4 + i] = (uint8_t)(id >> 8 * i);
        entry[12 + i] = (uint8_t)(uid >> 8 * i);
    }
    add(table, entry, sizeof entry);
}

static void add_nmi(struct table *table, uint8_t uid, uint8_t flags, uint8_t pin)
{
    add(table, (const uint8_t[]){4, 6, uid, flags, 0, pin}, 6);
}

static void add_x2nmi(struct table *table, uint32_t uid, uint8_t flags, uint8_t pin)
{
    add(table,
        (const uint8_t[]){10, 12, flags, 0, (uint8_t)uid, (uint8_t)(uid >> 8), (uint8_t)(uid >> 16),
                          (uint8_t)(uid >> 24), pin, 0, 0, 0},
        12);
}

/* A copy of exactly that length, so that AddressSanitizer sees a read beyond it. */
static struct ldr_madt copy(const struct table *table, uint32_t bytes)
{
    uint8_t *memory = malloc(bytes ? bytes : 1);

    memcpy(memory, table->byte, bytes);
    return (struct ldr_madt){memory, bytes};
}

static void discard(struct ldr_madt madt)
{
    free((void *)(uintptr_t)madt.table);
}

static size_t list(const struct table *table, uint32_t own, uint32_t highest,
                   struct ldr_processor *found, size_t room)
{
    struct ldr_madt madt = copy(table, table->used);
    size_t count = ldr_madt_processors(&madt, own, highest, found, room);

    assert_int_equal(ldr_madt_processors(&madt, own, highest, NULL, 0), count);
    discard(madt);
    return count;
}

static void assert_is(const struct ldr_processor *processor, uint32_t uid, uint32_t id)
{
    assert_int_equal(processor->uid, uid);
    assert_int_equal(processor->apic_id, id);
}

static void lists_its_own_first_and_each_once(void **state)
{
    struct ldr_processor found[8] = {0};
    struct table table = {0};

    (void)state;
    add_apic(&table, 1, 0, 1);
    add(&table, (const uint8_t[]){1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0}, 12);
    add_apic(&table, 2, 2, 1);
    add_apic(&table, 3, 4, 1);
    add_x2apic(&table, 2, 2, 1); /* the same once more, as some firmware has it */
    add_x2apic(&table, 400, 300, 1);
    add_apic(&table, 9, 4, 1);
    assert_int_equal(list(&table, 2, UINT32_MAX, found, 8), 4);
    assert_is(&found[0], 2, 2);
    assert_is(&found[1], 1, 0);
    assert_is(&found[2], 3, 4);
    assert_is(&found[3], 400, 300);
    assert_int_equal(list(&table, 2, 254, found, 8), 3);
}

/* Bit 0 is "enabled"; bit 1, "online capable", says that it could be. */
static void lists_none_that_is_not_ready(void **state)
{
    struct ldr_processor found[8] = {0};
    struct table table = {0};

    (void)state;
    for (uint8_t flags = 0; flags < 4; flags++) {
        add_apic(&table, 10 + flags, 20 + flags, flags);
        add_x2apic(&table, 300 + flags, 400 + flags, flags);
    }
    add_apic(&table, 77, 0xff, 1);
    add_x2apic(&table, 78, UINT32_MAX, 1);
    assert_int_equal(list(&table, 21, UINT32_MAX, found, 8), 4);
    assert_is(&found[0], 11, 21);
    assert_is(&found[1], 301, 401);
    assert_is(&found[2], 13, 23);
    assert_is(&found[3], 303, 403);

    /* One that is not ready is no double of one that is. */
    memset(&table, 0, sizeof table);
    add_apic(&table, 0, 0, 1);
    add_apic(&table, 1, 5, 0);
    add_x2apic(&table, 1, 5, 1);
    assert_int_equal(list(&table, 0, UINT32_MAX, found, 8), 2);
}

/* The processor that asks runs, whatever the table says of it. */
static void its_own_is_always_there(void **state)
{
    struct ldr_madt none = {0};
    struct ldr_processor found[2];
    struct table table = {0};

    (void)state;
    assert_int_equal(ldr_madt_processors(&none, 7, UINT32_MAX, found, 2), 1);
    assert_is(&found[0], 0, 7);
    assert_false(ldr_madt_find(&none, 7, &found[0]));
    add_apic(&table, 3, 7, 0);
    add_apic(&table, 4, 8, 1);
    assert_int_equal(list(&table, 7, UINT32_MAX, found, 2), 2);
    assert_is(&found[0], 3, 7);
    assert_is(&found[1], 4, 8);
    assert_int_equal(list(&table, 99, 7, found, 2), 1);
    assert_is(&found[0], 0, 99);
}

static void tells_where_an_io_apic_is(void **state)
{
    static const uint8_t entry[] = {1, 12, 7, 0, 0x00, 0x10, 0xc0, 0xfe, 24, 0, 0, 0};

    (void)state;
    assert_int_equal(ldr_madt_io_apic(entry), 0xfec01000);
}

static void writes_no_more_than_there_is_room_for(void **state)
{
    struct ldr_processor found[3];
    struct table table = {0};

    (void)state;
    for (uint8_t i = 0; i < 20; i++)
        add_apic(&table, i, i, 1);
    memset(found, 0xa5, sizeof found);
    assert_int_equal(list(&table, 0, UINT32_MAX, found, 2), 20);
    assert_is(&found[1], 1, 1);
    assert_is(&found[2], 0xa5a5a5a5, 0xa5a5a5a5);
}

/* Polarity in bits 0 and 1, trigger in 2 and 3: 1 is active high or edge, 3 low or level. */
static void finds_the_pins_of_a_processor(void **state)
{
    static const struct ldr_processor five = {.uid = 5}, big = {.uid = 1000};
    struct table table = {0};
    struct ldr_lint lint[2];
    struct ldr_madt madt;

    (void)state;
    add_nmi(&table, 4, 0xf, 0);
    add_nmi(&table, 5, 0x3, 0);
    add_nmi(&table, 0xff, 0xc, 1);
    add_nmi(&table, 5, 0xf, 2); /* no such pin */
    madt = copy(&table, table.used);
    ldr_madt_lints(&madt, &five, lint);
    assert_true(lint[0].nmi && lint[0].active_low && !lint[0].level);
    assert_true(lint[1].nmi && !lint[1].active_low && lint[1].level);
    ldr_madt_lints(&madt, NULL, lint);
    assert_true(!lint[0].nmi && lint[1].nmi);
    discard(madt);

    memset(&table, 0, sizeof table);
    add_x2nmi(&table, 1000, 0x5, 1);
    add_x2nmi(&table, UINT32_MAX, 0, 0);
    madt = copy(&table, table.used);
    ldr_madt_lints(&madt, &big, lint);
    assert_true(lint[0].nmi && !lint[0].active_low && !lint[0].level);
    assert_true(lint[1].nmi && !lint[1].active_low && !lint[1].level);
    ldr_madt_lints(&madt, &five, lint);
    assert_true(lint[0].nmi && !lint[1].nmi);
    discard(madt);
}

static void make_long(struct table *table)
{
    add_apic(table, 0, 0, 1);
    add_x2apic(table, 1, 1, 1);
    add_nmi(table, 0xff, 5, 1);
    add(table, (const uint8_t[]){1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0}, 12);
    add(table, (const uint8_t[]){0x7f, 2}, 2); /* a kind of the future */
    add_x2nmi(table, 1, 5, 0);
    add_apic(table, 2, 2, 1);
}

/* Does all that can be done with a table, wherever it ends; returns how many it lists. */
static size_t read_all(const struct ldr_madt *madt)
{
    struct ldr_processor found[8];
    struct ldr_lint lint[2];

    ldr_madt_lints(madt, &(struct ldr_processor){.uid = 1}, lint);
    for (const uint8_t *e = ldr_madt_next(madt, NULL); e; e = ldr_madt_next(madt, e))
        if (e[0] == LDR_MADT_IO_APIC)
            ldr_madt_io_apic(e);
    return ldr_madt_processors(madt, 0, UINT32_MAX, found, 8);
}

static void is_read_up_to_where_it_is_cut_off(void **state)
{
    struct table table = {0};

    (void)state;
    make_long(&table);
    for (uint32_t bytes = 0; bytes <= table.used; bytes++) {
        struct ldr_madt madt = copy(&table, bytes);

        assert_int_equal(read_all(&madt), 1 + (bytes >= 68) + (bytes == table.used));
        discard(madt);
    }
}

static void is_read_up_to_a_length_that_can_not_be(void **state)
{
    struct table table = {0};

    (void)state;
    make_long(&table);
    for (uint32_t at = 44; at < table.used; at += table.byte[at + 1]) {
        static const uint8_t wrong[] = {0, 1, 0xff};
        uint8_t right = table.byte[at + 1];

        for (unsigned i = 0; i < sizeof wrong; i++) {
            table.byte[at + 1] = wrong[i];
            struct ldr_madt madt = copy(&table, table.used);

            assert_int_equal(read_all(&madt), at <= 52 ? 1 : 2);
            discard(madt);
        }
        table.byte[at + 1] = right;
    }
}

static void survives_every_byte_being_anything(void **state)
{
    struct table table = {0};

    (void)state;
    make_long(&table);
    for (uint32_t at = 44; at < table.used; at++) {
        for (unsigned value = 0; value < 256; value++) {
            uint8_t right = table.byte[at];

            table.byte[at] = (uint8_t)value;
            struct ldr_madt madt = copy(&table, table.used);

            assert_in_range(read_all(&madt), 1, 8);
            discard(madt);
            table.byte[at] = right;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_its_own_first_and_each_once),
        cmocka_unit_test(lists_none_that_is_not_ready),
        cmocka_unit_test(its_own_is_always_there),
        cmocka_unit_test(tells_where_an_io_apic_is),
        cmocka_unit_test(writes_no_more_than_there_is_room_for),
        cmocka_unit_test(finds_the_pins_of_a_processor),
        cmocka_unit_test(is_read_up_to_where_it_is_cut_off),
        cmocka_unit_test(is_read_up_to_a_length_that_can_not_be),
        cmocka_unit_test(survives_every_byte_being_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
