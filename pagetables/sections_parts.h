/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sections and mappings from before are parts alike: bytes, and pages with rights.
 */
#ifndef PAGETABLES_SECTIONS_PARTS_H
#define PAGETABLES_SECTIONS_PARTS_H

#include "pagetables/sections.h"

#include "pagetables/space.h"

/* A section or a carried mapping: the bytes that it claims, and what is to be mapped for them. */
struct part {
    struct range bytes;
    uint64_t delta; /* physical minus virtual, modulo 2^64 */
    unsigned rights;
    enum pgt_memory memory;
};

static inline size_t part_count(const struct pgt_sections *sections)
{
    return sections->section_count + sections->carried_count;
}

/* Is there nothing to map?  A carried mapping is always meant. */
static inline bool is_skipped(const struct pgt_sections *sections, size_t i)
{
    if (i >= sections->section_count)
        return false;
    return sections->section[i].virt == 0 || sections->section[i].bytes == 0;
}

/* Part i: the sections first, then what is carried.  What wraps is found in judge_part(). */
static inline struct part part_at(const struct pgt_sections *sections, size_t i)
{
    struct part part;
    uint64_t bytes;
    if (i < sections->section_count) {
        const struct pgt_section *section = &sections->section[i];
        part = (struct part){.bytes.first = section->virt, .rights = section->rights};
        part.delta = -sections->offset;
        bytes = section->bytes;
    } else {
        const struct pgt_carried *carried = &sections->carried[i - sections->section_count];
        part = (struct part){.bytes.first = carried->virt, .rights = carried->rights};
        part.delta = carried->phys - carried->virt;
        part.memory = carried->memory;
        bytes = carried->bytes;
    }
    part.rights |= PGT_READ; /* whatever is mapped can be read */
    part.bytes.last = part.bytes.first + (bytes - 1);
    return part;
}

/* The pages that hold any byte of a part. */
static inline struct range pages_of(const struct part *part)
{
    return (struct range){part->bytes.first & ~(PGT_PAGE - 1), part->bytes.last | (PGT_PAGE - 1)};
}

static inline bool is_like(const struct part *a, const struct part *b)
{
    return a->rights == b->rights && a->memory == b->memory && a->delta == b->delta;
}

/* Judges every part, then every pair of them. */
enum pgt_sections_status pgt_sections_judge(const struct pgt_sections *sections,
                                            const struct pgt_arch *arch,
                                            struct pgt_sections_report *report);

#endif
