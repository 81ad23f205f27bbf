/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TPM's event log: read from its first event to its last, as a verifier does that computes
 * the registers anew.  (TCG PC Client Platform Firmware Profile, section 10.)
 */
#include "loader/stub/checks.h"
#include "loader/stub/mem.h"
#include "loader/stub/requests.h"

#define EV_NO_ACTION     3
#define EV_EFI_ACTION    UINT32_C(0x80000007)
#define OLD_EVENT_BYTES  32 /* and its data: register, type, SHA-1 digest, length */
#define SPECIFICATION_ID "Spec ID Event03"
#define ALGORITHM_COUNT_AT                                                                         \
    24 /* in the data of the first event: how many, then id and size of each */
#define ALGORITHMS 8
#define EXITED     "Exit Boot Services Returned with Success"

struct algorithm {
    uint16_t id;
    uint16_t bytes;
};

struct log {
    const uint8_t *at;
    uint64_t left;
    struct algorithm algorithm[ALGORITHMS];
    uint32_t algorithms;
    uint64_t events;
    bool exited; /* the end of boot services was measured */
};

static uint32_t word(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static void advance(struct log *log, uint64_t bytes)
{
    log->at += bytes;
    log->left -= bytes;
}

/* The first event says which digests all others have, and how long each is. */
static bool read_head(struct log *log)
{
    uint32_t data = log->left < OLD_EVENT_BYTES ? 0 : word(log->at + 28);
    const uint8_t *id = log->at + OLD_EVENT_BYTES;

    if (data < ALGORITHM_COUNT_AT + 4 || data > log->left - OLD_EVENT_BYTES ||
        word(log->at + 4) != EV_NO_ACTION || memcmp(id, SPECIFICATION_ID, 16) != 0)
        return false;
    log->algorithms = word(id + ALGORITHM_COUNT_AT);
    if (log->algorithms > ALGORITHMS || data < ALGORITHM_COUNT_AT + 4 + 4 * log->algorithms)
        return false;
    memcpy(log->algorithm, id + ALGORITHM_COUNT_AT + 4, 4 * log->algorithms);
    advance(log, OLD_EVENT_BYTES + data);
    return true;
}

/* Passes over the digests of an event, which come in any order. */
static bool read_digests(struct log *log, uint32_t count)
{
    for (; count > 0; count--) {
        uint32_t i = 0;

        while (i < log->algorithms &&
               (log->left < 2 || memcmp(&log->algorithm[i].id, log->at, 2) != 0))
            i++;
        if (i == log->algorithms || log->left - 2 < log->algorithm[i].bytes)
            return false;
        advance(log, 2 + log->algorithm[i].bytes);
    }
    return true;
}

static bool read_event(struct log *log)
{
    uint32_t type, data;

    if (log->left < 12)
        return false;
    type = word(log->at + 4);
    data = word(log->at + 8);
    advance(log, 12);
    if (!read_digests(log, data) || log->left < 4)
        return false;
    data = word(log->at);
    advance(log, 4);
    if (data > log->left)
        return false;
    if (type == EV_EFI_ACTION && data == sizeof(EXITED) - 1 && memcmp(log->at, EXITED, data) == 0)
        log->exited = true;
    advance(log, data);
    log->events++;
    return true;
}

static void check_events(struct tap *tap, const struct limine_tpm_event_log_response *response)
{
    struct log log = {.at = request_pointer(response->address), .left = response->size};

    if (!tap_ok(tap, read_head(&log), "the TPM event log begins with its specification's name"))
        return;
    while (log.left > 0 && read_event(&log))
        ;
    tap_equal(tap, log.left, 0, "its %lu events fill it to the last byte", log.events);
    tap_ok(tap, log.exited, "the last things in it are of the end of boot services");
}

void check_event_log(struct stub *stub)
{
    const struct limine_tpm_event_log_response *response = request_answer(&requests.tpm_event_log);

    if (response == 0) {
        tap_skip(&stub->tap, "the machine has no TPM", "the TPM event log");
        return;
    }
    tap_note("TPM event log: format %lu, %lu bytes", response->format, response->size);
    if (response->size == 0)
        tap_equal(&stub->tap, response->address, 0, "an empty TPM event log has no address");
    else if (response->format == LIMINE_TPM_EVENT_LOG_FORMAT_TCG_2)
        check_events(&stub->tap, response);
    else
        tap_skip(&stub->tap, "it is of the older format", "the TPM event log's events");
}
