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

/* Least and most that will do, and who says so. */
struct range {
    unsigned least, most;
    const char *least_from, *most_from;
};

static void narrow(struct range *range, unsigned least, unsigned most, const char *from)
{
    if (least > range->least) {
        range->least = least;
        range->least_from = from;
    }
    if (most && most < range->most) {
        range->most = most;
        range->most_from = from;
    }
}

/* Every processor in long mode has 4 levels, so that nobody need be named who wants as few; and
 * one that has 5 can do with 4.  Who comes later is named only where he allows less. */
enum ldr_status ldr_levels_choose(unsigned *ret_levels, const struct ldr_requests *requests,
                                  const struct ldr_level_limits *limits, bool has_5_levels,
                                  const char *name, struct ldr_report *report)
{
    struct range range = {.least = 4, .most = has_5_levels ? 5 : 4, .most_from = "the processor"};
    unsigned levels = requests->levels;

    narrow(&range, limits->least, limits->most, "the configuration");
    narrow(&range, requests->levels_least, requests->levels_most, "the kernel");
    if (range.least > range.most)
        return ldr_refuse(report, LDR_BAD_MACHINE,
                          "%s: %s wants at least %u levels of page tables, but %s allows %u at "
                          "most: change the paging mode request, the configuration or the "
                          "machine, to one with LA57",
                          name, range.least_from, range.least, range.most_from, range.most);
    if (levels > range.most)
        levels = range.most;
    if (levels < range.least)
        levels = range.least;
    *ret_levels = levels;
    return LDR_OK;
}
