/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading section headers.  The structure is that of the ELF specification (gABI, chapter 4,
 * "Section Header"), read byte by byte, for it comes from a file and may lie anywhere:
 *
 *     0 name   4 type   8 flags   16 address   24 offset   32 size   40 and on: not of interest
 *
 * This folder includes no header of a host's, and so doesn't have <elf.h>; the tests compare
 * with that one.
 */
#include "pagetables/sections.h"

#define HEADER_BYTES 64
#define NAME_AT      0
#define TYPE_AT      4
#define FLAGS_AT     8
#define ADDRESS_AT   16
#define SIZE_AT      32
#define TYPE_NOBITS  8
#define FLAG_WRITE   UINT64_C(1)
#define FLAG_ALLOC   UINT64_C(2)
#define FLAG_EXECUTE UINT64_C(4)
#define FLAG_TLS     UINT64_C(0x400)
#define NAME_IF_NONE "(no name)"

static uint64_t load(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* Does the section take part in memory?  The addresses of thread-local data without contents
 * overlap those of what follows: each thread gets its own elsewhere. */
static bool is_mapped(const uint8_t *header)
{
    uint64_t flags = load(header + FLAGS_AT, 8);
    bool tbss = (flags & FLAG_TLS) && load(header + TYPE_AT, 4) == TYPE_NOBITS;
    return (flags & FLAG_ALLOC) && !tbss;
}

/* The name, which ends within the table; null if it doesn't. */
static const char *name_of(const struct pgt_elf_sections *elf, const uint8_t *header)
{
    uint64_t start = load(header + NAME_AT, 4);
    if (!elf->names)
        return NAME_IF_NONE;
    for (uint64_t i = start; i < elf->names_bytes; i++)
        if (elf->names[i] == '\0')
            return elf->names + start;
    return NULL;
}

static unsigned rights_of(const uint8_t *header)
{
    uint64_t flags = load(header + FLAGS_AT, 8);
    return PGT_READ | (flags & FLAG_WRITE ? PGT_WRITE : 0) |
           (flags & FLAG_EXECUTE ? PGT_EXECUTE : 0);
}

static enum pgt_sections_status refuse(struct pgt_sections_report *report, size_t index,
                                       enum pgt_sections_status status)
{
    report->first = (struct pgt_sections_part){.index = index};
    report->second = (struct pgt_sections_part){.index = SIZE_MAX};
    return status;
}

enum pgt_sections_status pgt_sections_from_elf(const struct pgt_elf_sections *elf,
                                               struct pgt_section *section, size_t capacity,
                                               size_t *ret_count,
                                               struct pgt_sections_report *report)
{
    if (elf->entry_bytes < HEADER_BYTES)
        return refuse(report, 0, PGT_SECTIONS_BAD_HEADER);
    size_t count = 0;
    for (size_t i = 0; i < elf->bytes / elf->entry_bytes; i++) {
        const uint8_t *header = (const uint8_t *)elf->headers + i * elf->entry_bytes;
        if (!is_mapped(header))
            continue;
        const char *name = name_of(elf, header);
        if (!name)
            return refuse(report, i, PGT_SECTIONS_BAD_HEADER);
        if (count == capacity)
            return refuse(report, i, PGT_SECTIONS_TOO_MANY);
        section[count++] = (struct pgt_section){
            .name = name,
            .virt = load(header + ADDRESS_AT, 8),
            .bytes = load(header + SIZE_AT, 8),
            .rights = rights_of(header),
        };
    }
    *ret_count = count;
    return PGT_SECTIONS_OK;
}
