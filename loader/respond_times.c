/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers about time: how fast the time-stamp counter counts, and when what happened.
 */
#include "loader/respond_parts.h"

uint64_t ldr_answer_tsc_frequency(struct ldr_writer *writer)
{
    struct limine_tsc_frequency_response response = {
        .frequency = writer->answers->machine->tsc_hz,
    };
    return response.frequency == 0 ? 0 : ldr_put(writer, &response, sizeof response);
}

/* The moment at which the kernel starts is filled in when it comes. */
uint64_t ldr_answer_performance(struct ldr_writer *writer)
{
    const struct ldr_times *times = &writer->answers->machine->times;
    uint64_t address;
    if (!times->known)
        return 0;
    writer->late->performance = ldr_keep(writer, sizeof *writer->late->performance, &address);
    if (writer->late->performance != NULL)
        *writer->late->performance = (struct limine_bootloader_performance_response){
            .reset_usec = times->reset_usec,
            .init_usec = times->init_usec,
        };
    return address;
}

void ldr_respond_start(const struct ldr_late *late, uint64_t usec)
{
    if (late->performance != NULL)
        late->performance->exec_usec = usec;
}
