/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many levels of page tables: what the kernel asks for, and what it gets.
 *
 * The protocol counts modes, of which x86-64 has two; everything else in the loader
 * counts levels.
 */
#include "loader/limine.h"
#include "loader/requests_parts.h"

/* One of the request's words, as levels. */
static enum ldr_status read_mode(struct ldr_search *search, size_t offset, const char *word,
                                 unsigned *ret_levels)
{
    uint64_t mode = ldr_request_word(search, LDR_PAGING_MODE, offset);
    if (mode > LIMINE_PAGING_MODE_X86_64_5LVL)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the paging mode request's %s is %lu, which is no paging mode of "
                          "x86-64: give 0 for 4 levels, or 1 for 5",
                          search->image->name, word, mode);
    *ret_levels = mode == LIMINE_PAGING_MODE_X86_64_5LVL ? 5 : 4;
    return LDR_OK;
}

/* A request of revision 0 has a preferred mode alone: no more than that, and 4 levels
 * will always do. */
static enum ldr_status read_request(struct ldr_search *search)
{
    struct ldr_requests *found = &search->found;
    enum ldr_status status = read_mode(search, offsetof(struct limine_paging_mode_request, mode),
                                       "mode", &found->levels);
    found->levels_most = found->levels;
    if (status != LDR_OK ||
        ldr_request_word(search, LDR_PAGING_MODE, offsetof(struct limine_request, revision)) == 0)
        return status;
    status = read_mode(search, offsetof(struct limine_paging_mode_request, max_mode), "max_mode",
                       &found->levels_most);
    if (status == LDR_OK)
        status = read_mode(search, offsetof(struct limine_paging_mode_request, min_mode),
                           "min_mode", &found->levels_least);
    return status;
}

enum ldr_status ldr_request_paging_mode(struct ldr_search *search)
{
    struct ldr_requests *found = &search->found;
    found->levels = found->levels_least = found->levels_most = 4;
    if (!found->present[LDR_PAGING_MODE])
        return LDR_OK;
    enum ldr_status status = read_request(search);
    if (status == LDR_OK && found->levels_least > found->levels_most)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the paging mode request wants at least %u levels and at most %u: "
                          "make its min_mode no larger than its max_mode",
                          search->image->name, found->levels_least, found->levels_most);
    return status;
}

/* Every processor in long mode has 4 levels, and one that has 5 can do with 4. */
enum ldr_status ldr_levels_choose(unsigned *ret_levels, const struct ldr_requests *requests,
                                  bool has_5_levels, const char *name, struct ldr_report *report)
{
    unsigned levels = requests->levels, most = has_5_levels ? 5 : 4;
    if (requests->levels_least > most)
        return ldr_refuse(report, LDR_BAD_MACHINE,
                          "%s: the paging mode request wants at least %u levels, but the processor "
                          "has %u at most: build the kernel so that %u will do, or give the "
                          "machine a processor with 5-level paging (LA57)",
                          name, requests->levels_least, most, most);
    if (levels > requests->levels_most)
        levels = requests->levels_most;
    if (levels > most)
        levels = most;
    if (levels < requests->levels_least)
        levels = requests->levels_least;
    *ret_levels = levels;
    return LDR_OK;
}
