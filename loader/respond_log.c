/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer that holds the TPM's event log.
 */
#include <string.h>

#include "loader/respond_parts.h"

static size_t log_room(const struct ldr_event_log *log)
{
    return log->bytes + (log->final != NULL ? LDR_EVENTS_LATE_BYTES : 0);
}

uint64_t ldr_answer_event_log(struct ldr_writer *writer)
{
    const struct ldr_event_log *log = &writer->answers->machine->event_log;
    struct ldr_late *late = writer->late;
    uint64_t address;
    if (log->format == LDR_EVENTS_NONE)
        return 0;
    late->event_log = ldr_keep(writer, log_room(log), &late->event_log_virt);
    late->event_log_response = ldr_keep(writer, sizeof *late->event_log_response, &address);
    /* Kept last: where there is memory for it there was for the log. */
    if (late->event_log_response == NULL)
        return address;
    if (log->bytes > 0)
        memcpy(late->event_log, log->at, log->bytes);
    *late->event_log_response = (struct limine_tpm_event_log_response){
        .format = log->format,
        .size = log->bytes,
        .address = log->bytes > 0 ? late->event_log_virt : 0,
    };
    return address;
}

uint64_t ldr_respond_final_events(const struct ldr_answers *answers, const struct ldr_late *late)
{
    const struct ldr_event_log *log = &answers->machine->event_log;
    struct limine_tpm_event_log_response *response = late->event_log_response;
    uint64_t lost;
    if (response == NULL || log->final == NULL)
        return 0;
    response->size +=
        ldr_final_events_copy(log, late->event_log + log->bytes, LDR_EVENTS_LATE_BYTES, &lost);
    response->address = response->size > 0 ? late->event_log_virt : 0;
    return lost;
}
