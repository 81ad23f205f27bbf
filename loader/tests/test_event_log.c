/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TPM's event log: where events and logs end, every length at which one can be cut off, and
 * the joining of firmware's two parts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/event_log.h"

static size_t put(uint8_t *to, size_t at, uint64_t value, size_t bytes)
{
    memcpy(to + at, &value, bytes);
    return at + bytes;
}

/* An event of 1.2 with `data` bytes of data; returns its end. */
static size_t put_old(uint8_t *to, size_t at, uint32_t data)
{
    at = put(to, at, 4, 4);
    at = put(to, at, 3, 4);
    memset(to + at, 0x11, 20);
    at = put(to, at + 20, data, 4);
    memset(to + at, 0x22, data);
    return at + data;
}

/* An event of 2 with a digest of each of these algorithms. */
static size_t put_new(uint8_t *to, size_t at, const uint16_t *algorithm, const uint8_t *digest,
                      uint32_t count, uint32_t data)
{
    at = put(to, at, 4, 4);
    at = put(to, at, 0x80000007, 4);
    at = put(to, at, count, 4);
    for (uint32_t i = 0; i < count; i++) {
        at = put(to, at, algorithm[i], 2);
        memset(to + at, 0x33, digest[i]);
        at += digest[i];
    }
    at = put(to, at, data, 4);
    memset(to + at, 0x44, data);
    return at + data;
}

static size_t put_plain(uint8_t *to, size_t at, uint32_t data)
{
    static const uint16_t sha[] = {4, 0xb};
    static const uint8_t bytes[] = {20, 32};
    return put_new(to, at, sha, bytes, 2, data);
}

/* TCG Algorithm Registry: id and length of the digest. */
static void every_algorithm(void **state)
{
    static const struct {
        uint16_t id;
        uint8_t bytes;
    } known[] = {{0x04, 20}, {0x0b, 32}, {0x0c, 48}, {0x0d, 64},
                 {0x12, 32}, {0x27, 32}, {0x28, 48}, {0x29, 64}};
    uint8_t event[256];
    (void)state;
    for (unsigned id = 0; id < 0x10000; id++) {
        size_t want = 0;
        uint16_t algorithm = (uint16_t)id;
        uint8_t bytes = 32;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (known[i].id == id)
                bytes = known[i].bytes;
        size_t end = put_new(event, 0, &algorithm, &bytes, 1, 9);
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (known[i].id == id)
                want = end;
        assert_int_equal(ldr_event_bytes(LDR_EVENTS_TCG_2, event, sizeof event), want);
    }
}

/* In memory of exactly the bytes that may be read, which AddressSanitizer watches. */
static void cut_off_anywhere(void **state)
{
    uint8_t whole[512];
    size_t old = put_old(whole, 0, 7);
    (void)state;
    for (size_t most = 0; most <= old; most++) {
        uint8_t *cut = malloc(most + 1);
        memcpy(cut + 1, whole, most);
        assert_int_equal(ldr_event_bytes(LDR_EVENTS_TCG_1_2, cut + 1, most), most == old ? old : 0);
        free(cut);
    }
    size_t new = put_plain(whole, 0, 7);
    for (size_t most = 0; most <= new; most++) {
        uint8_t *cut = malloc(most + 1);
        memcpy(cut + 1, whole, most);
        assert_int_equal(ldr_event_bytes(LDR_EVENTS_TCG_2, cut + 1, most), most == new ? new : 0);
        free(cut);
    }
}

static void lengths_that_cannot_be(void **state)
{
    uint8_t event[256] = {0};
    (void)state;
    put_old(event, 0, 4);
    put(event, 28, UINT32_MAX, 4);
    assert_int_equal(ldr_event_bytes(LDR_EVENTS_TCG_1_2, event, sizeof event), 0);
    put_plain(event, 0, 4);
    put(event, 8, UINT32_MAX, 4); /* digests without end */
    assert_int_equal(ldr_event_bytes(LDR_EVENTS_TCG_2, event, sizeof event), 0);
}

static uint64_t address(const uint8_t *at)
{
    return (uint64_t)(uintptr_t)at;
}

static void a_log_by_its_last_event(void **state)
{
    static uint8_t log[(size_t)17 << 20];
    size_t bytes = 99;
    (void)state;
    assert_true(ldr_event_log_bytes(LDR_EVENTS_TCG_2, 0, 0, &bytes));
    assert_int_equal(bytes, 0);
    assert_true(ldr_event_log_bytes(LDR_EVENTS_TCG_2, address(log), 0, &bytes));
    assert_int_equal(bytes, 0);

    size_t head = put_old(log, 0, 37); /* alone, it is of the old form in either format */
    assert_true(ldr_event_log_bytes(LDR_EVENTS_TCG_2, address(log), address(log), &bytes));
    assert_int_equal(bytes, head);
    size_t end = put_plain(log, head, 5);
    assert_true(ldr_event_log_bytes(LDR_EVENTS_TCG_2, address(log), address(log + head), &bytes));
    assert_int_equal(bytes, end);
    end = put_old(log, head, 5);
    assert_true(ldr_event_log_bytes(LDR_EVENTS_TCG_1_2, address(log), address(log + head), &bytes));
    assert_int_equal(bytes, end);

    bytes = 99;
    assert_false(ldr_event_log_bytes(LDR_EVENTS_TCG_2, address(log), address(log) - 1, &bytes));
    assert_false(ldr_event_log_bytes(LDR_EVENTS_TCG_2, address(log),
                                     address(log) + ((size_t)16 << 20) + 1, &bytes));
    put(log, head + 28, UINT32_MAX, 4);
    assert_false(
        ldr_event_log_bytes(LDR_EVENTS_TCG_1_2, address(log), address(log + head), &bytes));
    assert_int_equal(bytes, 99);
}

/* Firmware's table: version 1, three events of different lengths. */
struct final {
    uint8_t bytes[1024];
    size_t event[4]; /* where each begins, and the last ends */
};

static void make_final(struct final *final)
{
    memset(final, 0, sizeof *final);
    put(final->bytes, 0, 1, 8);
    put(final->bytes, 8, 3, 8);
    final->event[0] = 16;
    for (unsigned i = 0; i < 3; i++)
        final->event[i + 1] = put_plain(final->bytes, final->event[i], 10 + 7 * i);
}

static void what_is_new_is_copied(void **state)
{
    struct final final;
    uint8_t to[1024];
    uint64_t lost;
    (void)state;
    make_final(&final);
    assert_int_equal(ldr_final_events(NULL), 0);
    assert_int_equal(ldr_final_events(final.bytes), 3);
    for (uint64_t known = 0; known <= 3; known++) {
        struct ldr_event_log log = {.final = final.bytes, .final_known = known};
        size_t want = final.event[3] - final.event[known];
        memset(to, 0xee, sizeof to);
        assert_int_equal(ldr_final_events_copy(&log, to, sizeof to, &lost), want);
        assert_int_equal(lost, 0);
        assert_memory_equal(to, final.bytes + final.event[known], want);
        assert_int_equal(to[want], 0xee);
    }
}

/* Whole events, or none: half of one would make all that follows unreadable. */
static void without_room(void **state)
{
    struct final final;
    (void)state;
    make_final(&final);
    for (size_t room = 0; room <= final.event[3] - 16; room++) {
        struct ldr_event_log log = {.final = final.bytes};
        uint8_t *to = malloc(room + 1);
        uint64_t lost, fit = 0;
        while (fit < 3 && final.event[fit + 1] - 16 <= room)
            fit++;
        assert_int_equal(ldr_final_events_copy(&log, to + 1, room, &lost), final.event[fit] - 16);
        assert_int_equal(lost, 3 - fit);
        free(to);
    }
}

static void damaged_tables(void **state)
{
    struct final final;
    struct ldr_event_log log = {.final = final.bytes, .final_known = 2};
    uint8_t to[1024];
    uint64_t lost;
    (void)state;
    make_final(&final);
    put(final.bytes, final.event[1] + 12, 0x7777, 2); /* an algorithm that nobody knows */
    assert_int_equal(ldr_final_events_copy(&log, to, sizeof to, &lost), 0);
    assert_int_equal(lost, 1);
    log.final_known = 0;
    assert_int_equal(ldr_final_events_copy(&log, to, sizeof to, &lost),
                     final.event[1] - final.event[0]);
    assert_int_equal(lost, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm),        cmocka_unit_test(cut_off_anywhere),
        cmocka_unit_test(lengths_that_cannot_be), cmocka_unit_test(a_log_by_its_last_event),
        cmocka_unit_test(what_is_new_is_copied),  cmocka_unit_test(without_room),
        cmocka_unit_test(damaged_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
