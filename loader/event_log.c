/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/event_log.h"

#include <string.h>

#include "loader/bytes.h"

/* An event of 1.2: register, type, SHA-1 digest, length, then so many bytes. */
#define EVENT_1_LENGTH_AT 28
#define EVENT_1_BYTES     32

/* An event of 2: register, type, number of digests, these, length, then so many bytes. */
#define EVENT_2_COUNT_AT 8
#define EVENT_2_DIGESTS  12

/* Firmware's table of final events: version, number, events. */
#define FINAL_NUMBER_AT 8
#define FINAL_EVENTS_AT 16

/* No log comes near it, so an end this far behind a start is none. */
#define LOG_MOST ((size_t)16 << 20)

/* TCG Algorithm Registry 1.34, table 3: the hashes; 0 for what isn't known. */
static size_t digest_bytes(uint16_t algorithm)
{
    switch (algorithm) {
    case 0x0004: /* SHA-1 */
        return 20;
    case 0x000b: /* SHA-256 */
    case 0x0012: /* SM3-256 */
    case 0x0027: /* SHA3-256 */
        return 32;
    case 0x000c: /* SHA-384 */
    case 0x0028: /* SHA3-384 */
        return 48;
    case 0x000d: /* SHA-512 */
    case 0x0029: /* SHA3-512 */
        return 64;
    default:
        return 0;
    }
}

/* An event's length, if the word that says how long its data is lies at `length_at`. */
static size_t with_data(const uint8_t *at, size_t length_at, size_t most)
{
    if (length_at > most || most - length_at < 4)
        return 0;
    size_t data = ldr_read32(at + length_at);
    size_t left = most - length_at - 4;
    return data > left ? 0 : length_at + 4 + data;
}

/* Where the digests end, which differ in length; 0 if that can't be told. */
static size_t digests_end(const uint8_t *at, size_t most)
{
    if (most < EVENT_2_DIGESTS)
        return 0;
    size_t end = EVENT_2_DIGESTS;
    for (uint32_t left = ldr_read32(at + EVENT_2_COUNT_AT); left > 0; left--) {
        if (most - end < 2)
            return 0;
        size_t digest = digest_bytes(ldr_read16(at + end));
        if (digest == 0 || most - end - 2 < digest)
            return 0;
        end += 2 + digest;
    }
    return end;
}

size_t ldr_event_bytes(enum ldr_event_format format, const uint8_t *at, size_t most)
{
    if (format == LDR_EVENTS_TCG_1_2)
        return with_data(at, EVENT_1_LENGTH_AT, most);
    size_t end = digests_end(at, most);
    return end == 0 ? 0 : with_data(at, end, most);
}

/* The first event of a log in format 2 is of format 1.2, so that old readers can pass it over. */
bool ldr_event_log_bytes(enum ldr_event_format format, uint64_t first, uint64_t last,
                         size_t *ret_bytes)
{
    if (first == 0 || last == 0) {
        *ret_bytes = 0;
        return true;
    }
    if (last < first || last - first > LOG_MOST)
        return false;
    size_t event = ldr_event_bytes(last == first ? LDR_EVENTS_TCG_1_2 : format,
                                   (const uint8_t *)(uintptr_t)last, LOG_MOST);
    if (event == 0)
        return false;
    *ret_bytes = (size_t)(last - first) + event;
    return true;
}

uint64_t ldr_final_events(const uint8_t *final)
{
    uint64_t number = 0;
    if (final != NULL)
        memcpy(&number, final + FINAL_NUMBER_AT, sizeof number);
    return number;
}

/* Only what is new is copied; what the log has already must be walked over all the same. */
size_t ldr_final_events_copy(const struct ldr_event_log *log, uint8_t *to, size_t room,
                             uint64_t *ret_lost)
{
    uint64_t count = ldr_final_events(log->final);
    size_t at = FINAL_EVENTS_AT, copied = 0;
    *ret_lost = 0;
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *event = log->final + at;
        size_t bytes = at < LOG_MOST ? ldr_event_bytes(LDR_EVENTS_TCG_2, event, LOG_MOST - at) : 0;
        bool is_new = i >= log->final_known;
        if (bytes == 0 || (is_new && bytes > room - copied)) {
            *ret_lost = count - (is_new ? i : log->final_known);
            break;
        }
        if (is_new) {
            memcpy(to + copied, event, bytes);
            copied += bytes;
        }
        at += bytes;
    }
    return copied;
}
