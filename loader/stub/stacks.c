/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/stub/stacks.h"

#include "loader/stub/entry.h"
#include "loader/stub/requests.h"
#include "loader/stub/variant.h"

#define MOST_MISSING 16

bool stacks_have_guard(const struct stub *stub, uint64_t phys)
{
    const struct limine_mp_response *mp = request_answer(&variant_processors()->head);
    uint64_t bytes = stub->tables != 0 ? stub->tables->stack_size : REQUESTED_STACK;
    uint64_t end = entry_state.rsp + sizeof(uint64_t) - stub->hhdm;
    uint64_t lowest = end - bytes - PGT_PAGE, apart = bytes + PGT_PAGE;

    /* A loader that found a processor missing had a stack for it all the same. */
    return phys >= lowest && (phys - lowest) % apart == 0 &&
           (phys - lowest) / apart <= (mp != 0 ? mp->cpu_count + MOST_MISSING : 1);
}
