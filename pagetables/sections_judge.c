/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What contradicts itself in a kernel's sections: each part by itself, then each against each.
 */
#include "pagetables/sections_parts.h"

const char *pgt_sections_text(enum pgt_sections_status status)
{
    switch (status) {
    case PGT_SECTIONS_OK:
        return "done";
    case PGT_SECTIONS_NO_FRAMES:
        return "out of frames for page tables: add memory";
    case PGT_SECTIONS_BAD_PART:
        return "it can't be mapped: correct its address, size or rights";
    case PGT_SECTIONS_WRITABLE_CODE:
        return "it is writable and executable: split it in the linker script";
    case PGT_SECTIONS_OVERLAP:
        return "both claim the same bytes: move one in the linker script";
    case PGT_SECTIONS_SHARED_PAGE:
        return "both share a page but not their rights: align one to a page in the linker script";
    case PGT_SECTIONS_ALIAS:
        return "one may write the frames that the other executes: take the right from one";
    case PGT_SECTIONS_BAD_HEADER:
        return "the section header is damaged: link the kernel again";
    case PGT_SECTIONS_TOO_MANY:
        return "there are more sections than the array has place for: give a longer one";
    }
    return "an unknown status";
}

static struct pgt_sections_part name_part(const struct pgt_sections *sections, size_t i)
{
    if (i < sections->section_count)
        return (struct pgt_sections_part){sections->section[i].name, i, false};
    return (struct pgt_sections_part){NULL, i - sections->section_count, true};
}

static const struct pgt_sections_part no_part = {NULL, SIZE_MAX, false};

static bool meet(struct range a, struct range b)
{
    return a.first <= b.last && b.first <= a.last;
}

/* Rights of a part as the caller gave them: "none" is refused, where PGT_READ would hide it. */
static unsigned rights_given(const struct pgt_sections *sections, size_t i)
{
    return i < sections->section_count ? sections->section[i].rights
                                       : sections->carried[i - sections->section_count].rights;
}

/* What pgt_map() would say of one part. */
static enum pgt_status judge_part(const struct pgt_sections *sections, const struct pgt_arch *arch,
                                  size_t i)
{
    struct part part = part_at(sections, i);
    struct range pages = pages_of(&part);
    uint64_t attributes;
    uint64_t bytes = pages.last - pages.first + 1;
    if (part.bytes.last < part.bytes.first)
        return PGT_BAD_RANGE;
    enum pgt_status status = pgt_range(arch, pages.first, bytes, &pages);
    if (status)
        return status;
    uint64_t phys = pages.first + part.delta;
    uint64_t highest = (UINT64_C(1) << arch->physical_bits) - 1;
    if (phys & (PGT_PAGE - 1))
        return PGT_MISALIGNED;
    if (phys > highest || bytes - 1 > highest - phys)
        return PGT_BAD_PHYSICAL;
    if (!attributes_of_rights(arch, rights_given(sections, i), &attributes) ||
        !attributes_of_memory(arch, part.memory, &attributes))
        return PGT_BAD_RIGHTS;
    return PGT_OK;
}

static bool may(const struct part *part, unsigned right)
{
    return part->rights & right;
}

/* The pages as frames. */
static struct range frames_of(const struct part *part)
{
    struct range pages = pages_of(part);
    return (struct range){pages.first + part->delta, pages.last + part->delta};
}

/* Two parts that are sound in themselves. */
static enum pgt_sections_status judge_pair(const struct part *a, const struct part *b)
{
    if (meet(a->bytes, b->bytes))
        return PGT_SECTIONS_OVERLAP;
    if (meet(pages_of(a), pages_of(b)) && !is_like(a, b))
        return PGT_SECTIONS_SHARED_PAGE;
    if (meet(frames_of(a), frames_of(b)) &&
        ((may(a, PGT_WRITE) && may(b, PGT_EXECUTE)) || (may(a, PGT_EXECUTE) && may(b, PGT_WRITE))))
        return PGT_SECTIONS_ALIAS;
    return PGT_SECTIONS_OK;
}

static enum pgt_sections_status judge_alone(const struct pgt_sections *sections,
                                            const struct pgt_arch *arch, size_t i,
                                            struct pgt_sections_report *report)
{
    struct part part = part_at(sections, i);
    report->first = name_part(sections, i);
    report->page = pages_of(&part).first;
    report->cause = judge_part(sections, arch, i);
    if (report->cause)
        return PGT_SECTIONS_BAD_PART;
    return may(&part, PGT_WRITE) && may(&part, PGT_EXECUTE) ? PGT_SECTIONS_WRITABLE_CODE
                                                            : PGT_SECTIONS_OK;
}

/* The first page of `part` that is concerned when it and `other` don't go together. */
static uint64_t page_of_both(const struct part *part, const struct part *other,
                             enum pgt_sections_status status)
{
    struct range pages = pages_of(part);
    uint64_t start = pages_of(other).first;
    if (status == PGT_SECTIONS_ALIAS)
        start = frames_of(other).first - part->delta;
    return start - pages.first <= pages.last - pages.first ? start : pages.first;
}

/* Part i against those behind it. */
static enum pgt_sections_status judge_others(const struct pgt_sections *sections, size_t i,
                                             struct pgt_sections_report *report)
{
    struct part part = part_at(sections, i);
    for (size_t k = i + 1; k < part_count(sections); k++) {
        if (is_skipped(sections, k))
            continue;
        struct part other = part_at(sections, k);
        enum pgt_sections_status status = judge_pair(&part, &other);
        if (!status)
            continue;
        report->first = name_part(sections, i);
        report->second = name_part(sections, k);
        report->page = page_of_both(&part, &other, status);
        return status;
    }
    return PGT_SECTIONS_OK;
}

enum pgt_sections_status pgt_sections_judge(const struct pgt_sections *sections,
                                            const struct pgt_arch *arch,
                                            struct pgt_sections_report *report)
{
    enum pgt_sections_status status = PGT_SECTIONS_OK;
    *report = (struct pgt_sections_report){.second = no_part};
    for (size_t i = 0; i < part_count(sections) && !status; i++)
        if (!is_skipped(sections, i))
            status = judge_alone(sections, arch, i, report);
    for (size_t i = 0; i < part_count(sections) && !status; i++)
        if (!is_skipped(sections, i))
            status = judge_others(sections, i, report);
    if (!status)
        report->first = no_part;
    return status;
}
