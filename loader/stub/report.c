/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathers what the report wants to know.  Everything in memory is read through the
 * direct map, where the tables say that it is: a report must not fault.
 */
#include "loader/stub/report.h"

#include "loader/fault/report.h"
#include "loader/stub/cpu.h"
#include "loader/stub/features.h"
#include "loader/stub/kernel_file.h"
#include "loader/stub/mem.h"
#include "pagetables/directory.h"

#define LINE_BYTES 128

/* Reading only, so that no more than the root counts. */
static struct pgt_space view_of(const struct report *report)
{
    struct pgt_space view = report->stub->space;

    view.root = report->root;
    return view;
}

static bool read_byte(void *context, uint64_t virt, uint8_t *ret_byte)
{
    const struct report *report = context;
    struct pgt_space view = view_of(report);
    uint64_t phys;

    if (!pgt_translate(&view, virt, &phys))
        return false;
    *ret_byte = *(const uint8_t *)stub_direct(report->stub, phys);
    return true;
}

void report_lines(const struct report *report, pgt_line_fn *line, void *context)
{
    struct pgt_space view = view_of(report);
    struct pgt_symbols symbols;
    struct fault_scene scene = {
        .frame = report->frame,
        .who = trap_from_user(report->frame) ? "a program" : "the kernel",
        .space = &view,
        .cr0 = cr0_read(),
        .cr2 = report->address,
        .cr4 = cr4_read(),
        .efer = msr_read(MSR_EFER),
        .symbols = &symbols,
        .read = read_byte,
        .context = (void *)report,
    };

    if (scene.cr4 & CR4_PKE)
        scene.pkru = features_pkru_read();
    (void)kernel_file_symbols(&symbols);
    symbols.slide = report->slide;
    fault_report(&scene, line, context);
}

static bool begins(const char *text, const char *with)
{
    size_t length = text_length(with, LINE_BYTES);

    while (*text == ' ')
        text++;
    return text_length(text, length) == length && memcmp(text, with, length) == 0;
}

static bool contains(const char *text, char wanted)
{
    for (; *text != '\0'; text++) {
        if (*text == wanted)
            return true;
    }
    return false;
}

static void note_line(void *context, const char *text)
{
    struct report_count *count = context;
    bool frame = begins(text, "#");

    count->lines++;
    count->frames += frame;
    count->symbols += frame && contains(text, '+');
    count->broken = count->broken || begins(text, "broken: ");
    tap_note("  %s", text);
}

struct report_count report_notes(const struct report *report)
{
    struct report_count count = {0};

    report_lines(report, note_line, &count);
    return count;
}

struct report_count report_program(const struct process *process)
{
    struct report report = {.stub = process->stub,
                            .frame = &process->user.frame,
                            .address = process->user.address,
                            .root = process->space.root,
                            .slide = PROCESS_TEXT - (uint64_t)programs_text};

    return report_notes(&report);
}

struct report report_of_kernel(const struct stub *stub, const struct trap_frame *frame,
                               uint64_t address)
{
    return (struct report){
        .stub = stub, .frame = frame, .address = address, .root = cr3_read() & CR3_ROOT};
}
