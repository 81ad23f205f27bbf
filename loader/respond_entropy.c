/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer that holds random numbers.
 */
#include "loader/respond_parts.h"

/* Drawn straight into the answer, so that no other copy is left behind.  The counting run draws
 * nothing: if there turns out to be no entropy the answer's place stays empty. */
uint64_t ldr_answer_entropy(struct ldr_writer *writer)
{
    const struct ldr_entropy *entropy = writer->answers->machine->entropy;
    struct limine_entropy_response response = {
        .value_count = writer->answers->requests->entropy_values,
    };
    bool drawn = true;
    if (entropy == NULL)
        return 0;
    if (response.value_count > LDR_ENTROPY_MOST)
        response.value_count = LDR_ENTROPY_MOST;
    if (response.value_count > 0) {
        size_t bytes = response.value_count * sizeof(uint64_t);
        void *values = ldr_keep(writer, bytes, &response.values);
        drawn = values == NULL || ldr_entropy_fill(entropy, values, bytes);
    }
    uint64_t address = ldr_put(writer, &response, sizeof response);
    return drawn ? address : 0;
}
