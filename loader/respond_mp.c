/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer about processors.  All that the machine is said to have are in it at first; one that
 * doesn't come when it is called is taken out again before the kernel is started.
 */
#include "loader/respond_parts.h"

/* One processor, its stack in `reserved` until it takes it. */
static void fill(struct limine_mp_info *info, const struct ldr_answers *answers, size_t index)
{
    const struct ldr_processor *processor = &answers->processors->list[index];

    *info = (struct limine_mp_info){
        .processor_id = processor->uid,
        .lapic_id = processor->apic_id,
        .reserved = index > 0 ? ldr_plan_stack_top(answers->plan, index) : 0,
    };
}

uint64_t ldr_answer_mp(struct ldr_writer *writer)
{
    const struct ldr_processors *processors = writer->answers->processors;
    struct ldr_late *late = writer->late;
    struct limine_mp_response response = {0};
    uint64_t address;

    if (!processors)
        return 0;
    response.flags = processors->x2apic ? LIMINE_MP_X2APIC : 0;
    response.bsp_lapic_id = processors->list[0].apic_id;
    response.cpu_count = processors->count;
    late->processor =
        ldr_keep(writer, processors->count * sizeof *late->processor, &late->processors_virt);
    late->processor_pointer =
        ldr_keep(writer, processors->count * sizeof(uint64_t), &response.cpus);
    late->mp = ldr_keep(writer, sizeof response, &address);
    /* Kept last: where there is memory for it there was for the others. */
    if (!late->mp)
        return address;
    for (size_t i = 0; i < processors->count; i++) {
        fill(&late->processor[i], writer->answers, i);
        late->processor_pointer[i] = late->processors_virt + i * sizeof *late->processor;
    }
    *late->mp = response;
    return address;
}

bool ldr_mp_parked(const struct ldr_late *late, size_t index)
{
    return __atomic_load_n(&late->processor[index].reserved, __ATOMIC_ACQUIRE) == 0;
}

bool ldr_mp_leave_out(const struct ldr_late *late, size_t index)
{
    uint64_t address = late->processors_virt + index * sizeof *late->processor;
    uint64_t kept = 0;

    /* Either it takes its stack or we do; so it can't come once it has been left out. */
    if (__atomic_exchange_n(&late->processor[index].reserved, 0, __ATOMIC_ACQ_REL) == 0)
        return false;
    for (uint64_t i = 0; i < late->mp->cpu_count; i++)
        if (late->processor_pointer[i] != address)
            late->processor_pointer[kept++] = late->processor_pointer[i];
    late->mp->cpu_count = kept;
    return true;
}
