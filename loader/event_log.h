/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TPM's event log, as firmware hands it over: where it ends, and joining its two parts.
 *
 * Sources: TCG PC Client Platform Firmware Profile 1.05, section 10; TCG EFI Protocol
 * Specification, family 2.0, revision 00.13, sections 6.5 and 7.
 */
#ifndef LOADER_EVENT_LOG_H
#define LOADER_EVENT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The same numbers as LIMINE_TPM_EVENT_LOG_FORMAT_*, and one for none. */
enum ldr_event_format {
    LDR_EVENTS_NONE = 0,
    LDR_EVENTS_TCG_1_2 = 1, /* events with one SHA-1 digest each */
    LDR_EVENTS_TCG_2 = 2,   /* one such event as a head, then events with several digests */
};

/* Room that is kept for events which are measured after the log was asked for: the end of boot
 * services is two or three of them, of about 200 bytes. */
#define LDR_EVENTS_LATE_BYTES 8192

/* A log as it was found, in memory of firmware's that stays untouched until the kernel runs. */
struct ldr_event_log {
    enum ldr_event_format format; /* LDR_EVENTS_NONE: there is none */
    const uint8_t *at;
    size_t bytes;
    /* The table in which firmware notes what it measures since the log was first asked for; null if
     * there is none.  Its first `final_known` events are in the log too. */
    const uint8_t *final;
    uint64_t final_known;
};

/* The length of the event at `at`, of which at most `most` bytes can be read; 0 if it is longer
 * or has a digest of an algorithm that isn't known. */
size_t ldr_event_bytes(enum ldr_event_format format, const uint8_t *at, size_t most);

/* The length of a log from its first byte and its last event's (0: the log is empty);
 * `first` is that of the log.  False if that event can't be one. */
bool ldr_event_log_bytes(enum ldr_event_format format, uint64_t first, uint64_t last,
                         size_t *ret_bytes);

/* How many events firmware's table of final events holds. */
uint64_t ldr_final_events(const uint8_t *final);

/* Copies the log's new final events to `to`, as many as fit whole into `room` bytes.
 * Returns how many bytes these are; *ret_lost says how many events had no room, or
 * followed one that can't be read. */
size_t ldr_final_events_copy(const struct ldr_event_log *log, uint8_t *to, size_t room,
                             uint64_t *ret_lost);

#endif
