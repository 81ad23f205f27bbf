/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer of our own extension: the page tables that the kernel runs on.
 */
#include "loader/pagetables_request.h"
#include "loader/respond_parts.h"

/* The first address of a root slot of the higher half, in canonical form. */
static uint64_t slot_start(unsigned slot, unsigned levels)
{
    unsigned shift = 12 + 9 * (levels - 1);
    uint64_t sign = UINT64_C(1) << (shift + 8);
    uint64_t start = (uint64_t)slot << shift;
    return (start ^ sign) - sign;
}

uint64_t ldr_answer_pagetables(struct ldr_writer *writer)
{
    const struct ldr_answers *answers = writer->answers;
    const struct ldr_plan *plan = answers->plan;
    const struct pgt_space *kernel = &answers->tables->kernel;
    struct limine_pagetables_response response = {
        .root = kernel->root,
        .levels = plan->arch.levels,
        .hhdm_offset = plan->hhdm,
        .upper_start = slot_start(kernel->upper_slot, plan->arch.levels),
        .largest_leaf = plan->arch.pages_1g ? PGT_PAGE_1G : PGT_PAGE_2M,
        .physical_bits = plan->arch.physical_bits,
        .pat = plan->arch.pat,
        .table_count = pgt_tables(kernel, NULL, 0),
        .stack_base = plan->guard_below + PGT_PAGE,
        .stack_size = plan->guard_above - (plan->guard_below + PGT_PAGE),
        .handoff_base = plan->handoff_virt,
        .transition_root = answers->tables->transition.root,
        .leaves_4k = answers->verdict->leaves_4k,
        .leaves_2m = answers->verdict->leaves_2m,
        .leaves_1g = answers->verdict->leaves_1g,
        .writable_executable_bytes = answers->verdict->writable_executable_bytes,
    };
    uint64_t *frame = ldr_keep(writer, response.table_count * sizeof *frame, &response.tables);
    if (frame != NULL)
        pgt_tables(kernel, frame, response.table_count);
    return ldr_put(writer, &response, sizeof response);
}
