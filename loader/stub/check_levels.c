/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many levels the page tables have: what was asked for, as far as the processor has it.
 */
#include <cpuid.h>

#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/entry.h"
#include "loader/stub/requests.h"
#include "loader/stub/variant.h"

#define LEAF_7_ECX_LA57 (1u << 16)

static bool cpu_has_5_levels(void)
{
    unsigned a, b, c, d;

    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & LEAF_7_ECX_LA57);
}

/* The upper half of 5 levels begins below that of 4. */
static bool canonical_with_4_levels(uint64_t virt)
{
    return (uint64_t)((int64_t)(virt << 16) >> 16) == virt;
}

static void check_mode(struct tap *tap, unsigned levels)
{
    const volatile struct limine_paging_mode_request *request = variant_paging_mode();
    const struct limine_paging_mode_response *response;

    if (request == 0) {
        tap_skip(tap, "this kernel doesn't ask for one", "the paging mode is told");
        return;
    }
    response = request_answer(&request->head);
    if (tap_ok(tap, response != 0, "the paging mode is told"))
        tap_equal(tap, response->mode,
                  levels == 5 ? LIMINE_PAGING_MODE_X86_64_5LVL : LIMINE_PAGING_MODE_X86_64_4LVL,
                  "it is the one of %u levels", levels);
}

void check_levels(struct stub *stub)
{
    const volatile struct limine_paging_mode_request *request = variant_paging_mode();
    bool wanted = request != 0 && request->mode == LIMINE_PAGING_MODE_X86_64_5LVL;
    unsigned levels = wanted && cpu_has_5_levels() ? 5 : 4;
    struct tap *tap = &stub->tap;

    tap_note("%u levels wanted, the processor has up to %u", wanted ? 5 : 4,
             cpu_has_5_levels() ? 5 : 4);
    tap_equal(tap, entry_state.cr4 & CR4_LA57, levels == 5 ? CR4_LA57 : 0,
              "CR4.LA57 is as %u levels want it", levels);
    check_mode(tap, levels);
    tap_equal(tap, canonical_with_4_levels(stub->hhdm), levels == 4,
              "the direct map is where the higher half of %u levels begins", levels);
    if (stub->tables == 0)
        tap_skip(tap, STUB_NO_TABLES, "the page tables response has as many levels");
    else
        tap_equal(tap, stub->tables->levels, levels, "the page tables response has as many levels");
}
