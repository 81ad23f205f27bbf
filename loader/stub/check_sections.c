/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of the kernel's own, made from the sections of its file and from what the loader's tables
 * map besides; entered, and left again.
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/expect.h"
#include "loader/stub/fault.h"
#include "loader/stub/frames.h"
#include "loader/stub/kernel_file.h"
#include "pagetables/directory.h"

#define SECTIONS 16
#define CARRIED  96

struct plan {
    struct pgt_section section[SECTIONS];
    struct pgt_carried carried[CARRIED];
    struct pgt_sections sections;
    struct pgt_sections_report report;
};

/* To where the kernel runs; and what only relocations write, which by now are applied, is
 * read-only, as PT_GNU_RELRO wants it. */
static void after_relocation(struct pgt_section *section, size_t count, uint64_t slide)
{
    for (size_t i = 0; i < count; i++) {
        section[i].virt += slide;
        if (section[i].virt >= (uint64_t)relro_start && section[i].virt < (uint64_t)relro_end)
            section[i].rights &= ~(unsigned)PGT_WRITE;
    }
}

static bool read_sections(const struct stub *stub, struct plan *plan)
{
    struct pgt_elf_sections elf;
    uint64_t slide = 0;
    size_t count = 0;

    if (!kernel_file_sections(&elf, &slide) ||
        pgt_sections_from_elf(&elf, plan->section, SECTIONS, &count, &plan->report) !=
            PGT_SECTIONS_OK)
        return false;
    after_relocation(plan->section, count, slide);
    plan->sections = (struct pgt_sections){.section = plan->section,
                                           .section_count = count,
                                           .offset = stub->image_virt - stub->image_phys,
                                           .carried = plan->carried};
    return count > 0;
}

static bool in_image(uint64_t virt)
{
    return virt >= (uint64_t)text_start && virt < (uint64_t)data_end;
}

/* All runs of the upper half but those of the image, which the sections stand for. */
static bool carry_over(const struct stub *stub, struct plan *plan)
{
    uint64_t virt = stub->tables->upper_start;
    struct pgt_run run;

    for (bool first = true; first || virt != 0; first = false) {
        if (!pgt_next_run(&stub->space, virt, &run))
            return true;
        virt = run.virt + run.bytes;
        if (in_image(run.virt))
            continue;
        if (plan->sections.carried_count == CARRIED)
            return false;
        plan->carried[plan->sections.carried_count++] =
            (struct pgt_carried){.virt = run.virt,
                                 .phys = run.phys,
                                 .bytes = run.bytes,
                                 .rights = run.rights & ~(unsigned)PGT_GLOBAL,
                                 .memory = run.memory};
    }
    return true;
}

/* The loader works by segments, the library here by sections: both shall come to the same. */
static void check_rights(struct stub *stub, const struct pgt_space *own)
{
    uint64_t different = 0, pages = 0;
    struct pgt_leaf ours, theirs;

    for (uint64_t virt = (uint64_t)text_start; virt < (uint64_t)data_end; virt += PGT_PAGE) {
        bool here = pgt_lookup(own, virt, &ours);
        bool there = pgt_lookup(&stub->space, virt, &theirs);
        unsigned mask = PGT_READ | PGT_WRITE | PGT_EXECUTE | PGT_USER;

        pages++;
        different += !here || !there || (ours.rights & mask) != (theirs.rights & mask) ||
                     pgt_leaf_translate(&ours, virt) != pgt_leaf_translate(&theirs, virt);
    }
    tap_equal(&stub->tap, different, 0, "its %lu pages have the frames and rights of the loader's",
              pages);
}

/* Text, data, stack, descriptors and the serial port's code: all of that is used at once. */
static void check_run(struct stub *stub, const struct pgt_space *own)
{
    struct tap *tap = &stub->tap;
    uint64_t home = cr3_read();

    pgt_activate(own);
    tap_equal(tap, cr3_read(), own->root, "the kernel runs on them");
    expect_fault(tap, "writing its text there", fault_write_same, (uint64_t)text_start,
                 FAULT_PRESENT | FAULT_WRITE);
    expect_fault(tap, "executing its read-only data there", fault_execute, (uint64_t)rodata_start,
                 FAULT_PRESENT | FAULT_FETCH);
    expect_fault(tap, "writing text through the direct map there", fault_write_same,
                 stub_alias(stub, text_start), FAULT_PRESENT | FAULT_WRITE);
    cr3_write(home);
}

static void check_build(struct stub *stub, struct plan *plan)
{
    struct pgt_frames frames = pgt_ram_frames(&stub->frames->ram, stub->hhdm);
    size_t before = stub->frames->ram.free_count;
    struct tap *tap = &stub->tap;
    enum pgt_sections_status status;
    struct pgt_fault fault;
    struct pgt_space own;

    status = pgt_sections_build(&own, &plan->sections, &stub->space.arch, &frames, &plan->report);
    if (!tap_ok(tap, status == PGT_SECTIONS_OK, "tables are made from them")) {
        tap_note("%s: %s, %s, page %016lx, cause: %s", pgt_sections_text(status),
                 plan->report.first.name != 0 ? plan->report.first.name : "(from before)",
                 plan->report.second.name != 0 ? plan->report.second.name : "(from before)",
                 plan->report.page, pgt_status_text(plan->report.cause));
        return;
    }
    tap_ok(tap, pgt_check(&own, &fault) == PGT_OK, "pgt_check is content with %zu tables",
           pgt_tables(&own, NULL, 0));
    check_rights(stub, &own);
    check_run(stub, &own);
    tap_ok(tap, pgt_destroy(&own) == PGT_OK, "back on the old ones, they are destroyed");
    pgt_ram_recycle(&stub->frames->ram);
    tap_equal(tap, stub->frames->ram.free_count, before, "and every frame has come back");
}

static bool is_text(const struct pgt_section *section)
{
    return section->virt == (uint64_t)text_start;
}

/* As a linker script gone wrong would have it. */
static void check_refusals(struct stub *stub, struct plan *plan)
{
    struct pgt_section *text = plan->section;
    struct pgt_sections_report *report = &plan->report;
    struct tap *tap = &stub->tap;
    struct pgt_section saved;
    size_t frames;

    while (text < plan->section + plan->sections.section_count && !is_text(text))
        text++;
    if (!tap_ok(tap, text < plan->section + plan->sections.section_count,
                "one of them is the text"))
        return;
    saved = *text;
    text->rights |= PGT_WRITE;
    tap_ok(tap,
           pgt_sections_cost(&plan->sections, &stub->space.arch, &frames, report) ==
                   PGT_SECTIONS_WRITABLE_CODE &&
               report->first.name == text->name,
           "made writable, %s is refused by its name", text->name);
    *text = saved;
    text->bytes = (uint64_t)rodata_start - text->virt + 1;
    tap_ok(tap,
           pgt_sections_cost(&plan->sections, &stub->space.arch, &frames, report) ==
                   PGT_SECTIONS_OVERLAP &&
               report->first.name != 0 && report->second.name != 0,
           "made longer, it is refused with the name of the other");
    *text = saved;
}

void check_sections(struct stub *stub)
{
    static struct plan plan; /* too large for a stack */
    struct tap *tap = &stub->tap;
    bool done;

    if (stub->frames == 0) {
        tap_skip(tap, STUB_NO_TABLES, "tables of the kernel's own");
        return;
    }
    done = read_sections(stub, &plan);
    if (!tap_ok(tap, done, "the kernel's file has %zu sections in memory",
                plan.sections.section_count))
        return;
    done = carry_over(stub, &plan);
    if (!tap_ok(tap, done, "what else is mapped is carried over: %zu runs",
                plan.sections.carried_count))
        return;
    check_refusals(stub, &plan);
    check_build(stub, &plan);
}
