/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel's own page tables, made from the sections of its ELF file: each section gets exactly
 * its rights, what contradicts that is refused with the names of both sides, and what was mapped
 * before (the direct map, devices, stacks) is carried over.
 *
 *     status = pgt_sections_from_elf(&elf, section, 64, &count, &report);
 *     struct pgt_sections kernel = {.section = section, .section_count = count,
 *             .offset = virtual_base - physical_base, .carried = early, .carried_count = n};
 *     status = pgt_sections_build(&space, &kernel, &arch, &frames, &report);
 *     if (status)  print(report.first.name, report.second.name, pgt_sections_text(status));
 *
 * Conventions are those of pagetables/pagetables.h, but that addresses and lengths of sections
 * are any number of bytes: a page is mapped if any byte of it belongs to one.
 */
#ifndef PAGETABLES_SECTIONS_H
#define PAGETABLES_SECTIONS_H

#include "pagetables/pagetables.h"

/* Bytes of a kernel and what may be done with them.  Passed over, as they are nothing to map: a
 * section at virtual address 0, which is how a linker marks what isn't loaded, and one of no
 * bytes. */
struct pgt_section {
    const char *name; /* for reports */
    uint64_t virt;
    uint64_t bytes;
    unsigned rights;
};

/* A mapping from before: virt and phys differ by whole pages. */
struct pgt_carried {
    uint64_t virt;
    uint64_t phys;
    uint64_t bytes;
    unsigned rights;
    enum pgt_memory memory;
};

/* What the tables are made from, in any order. */
struct pgt_sections {
    const struct pgt_section *section;
    size_t section_count;
    uint64_t offset; /* of the kernel: virtual minus physical address, modulo 2^64 */
    const struct pgt_carried *carried;
    size_t carried_count;
};

enum pgt_sections_status {
    PGT_SECTIONS_OK = 0,
    PGT_SECTIONS_NO_FRAMES,     /* the allocator can't supply the tables */
    PGT_SECTIONS_BAD_PART,      /* pgt_map() would refuse this part: report->cause says why */
    PGT_SECTIONS_WRITABLE_CODE, /* a part is writable and executable */
    PGT_SECTIONS_OVERLAP,       /* two parts claim the same byte */
    PGT_SECTIONS_SHARED_PAGE,   /* two share a page, and differ in rights, memory or frames */
    PGT_SECTIONS_ALIAS,         /* one may write to frames that the other may execute */
    PGT_SECTIONS_BAD_HEADER,    /* a section header is too short, or its name isn't in the table */
    PGT_SECTIONS_TOO_MANY,      /* more sections than the array has place for */
};

/* A phrase for a status that says what to do about it, for messages.  Never null. */
const char *pgt_sections_text(enum pgt_sections_status status);

/* One part: a section, by its name and its place in the array, or a mapping from before. */
struct pgt_sections_part {
    const char *name; /* of the section; null for a mapping from before, and for no part */
    size_t index;     /* SIZE_MAX for no part */
    bool carried;
};

/* What a refusal is about.  Written in any case. */
struct pgt_sections_report {
    struct pgt_sections_part first;
    struct pgt_sections_part second; /* where the refusal is about two */
    uint64_t page;                   /* first page of the first that is concerned */
    enum pgt_status cause;           /* for PGT_SECTIONS_BAD_PART */
    /* For the library's use: there isn't stack enough for them where pgt_map() is called. */
    struct pgt_mapping mapping;
    struct pgt_flush flush;
};

/* Makes a new space that maps the sections and what is carried over, with the largest leaves that
 * fit, and nothing else.  Neighbouring parts with the same rights, memory type and offset
 * are mapped as one.  Every part is judged by itself and against every other before the first
 * frame is taken; ret_space, and the allocator, are left alone by a refusal.  The cost
 * is quadratic in the number of parts. */
enum pgt_sections_status pgt_sections_build(struct pgt_space *ret_space,
                                            const struct pgt_sections *sections,
                                            const struct pgt_arch *arch,
                                            const struct pgt_frames *frames,
                                            struct pgt_sections_report *report) PGT_MUST_USE;

/* A dry run: how many frames that takes.  The same statuses, without PGT_SECTIONS_NO_FRAMES. */
enum pgt_sections_status pgt_sections_cost(const struct pgt_sections *sections,
                                           const struct pgt_arch *arch, size_t *ret_frames,
                                           struct pgt_sections_report *report) PGT_MUST_USE;

/* The section headers of an ELF file for x86-64, as a boot loader hands them over or as they lie
 * in the file; aligned to nothing. */
struct pgt_elf_sections {
    const void *headers; /* Elf64_Shdr */
    size_t bytes;        /* of all of them: e_shnum times e_shentsize */
    size_t entry_bytes;  /* e_shentsize: at least 64 */
    const char *names;   /* the section that e_shstrndx names; null if there is none */
    size_t names_bytes;
};

/* The sections that take part in memory: those marked SHF_ALLOC, but for thread-local ones without
 * contents, whose addresses are not theirs (.tbss).  All may be read; SHF_WRITE and
 * SHF_EXECINSTR say the rest.  Names point into elf->names, or to "(no name)".
 * PGT_SECTIONS_BAD_HEADER, PGT_SECTIONS_TOO_MANY (more than `capacity`), with the header's number
 * in report->first. */
enum pgt_sections_status pgt_sections_from_elf(const struct pgt_elf_sections *elf,
                                               struct pgt_section *section, size_t capacity,
                                               size_t *ret_count,
                                               struct pgt_sections_report *report) PGT_MUST_USE;

#endif
