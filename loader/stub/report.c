/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathers what the library's reports want to know.  Everything in memory is read through the
 * direct map, where the tables say that it is: a report must not fault.
 */
#include "loader/stub/report.h"

#include "loader/report.h"
#include "loader/stub/cpu.h"
#include "loader/stub/fault.h"
#include "loader/stub/features.h"
#include "loader/stub/kernel_file.h"
#include "loader/stub/mem.h"
#include "pagetables/directory.h"

#define CODE_BEFORE 16
#define CODE_BYTES  32

#define LINE_BYTES 128

/* Reading only, so that no more than the root counts. */
static struct pgt_space view_of(const struct report *report)
{
    struct pgt_space view = report->stub->space;

    view.root = report->root;
    return view;
}

static bool read_byte(const struct report *report, const struct pgt_space *view, uint64_t virt,
                      uint8_t *ret_byte)
{
    uint64_t phys;

    if (!pgt_translate(view, virt, &phys))
        return false;
    *ret_byte = *(const uint8_t *)stub_direct(report->stub, phys);
    return true;
}

/* For the backtrace: a word of the stack, which lies in one page. */
static bool read_word(void *context, uint64_t virt, uint64_t *ret_value)
{
    const struct report *report = context;
    struct pgt_space view = view_of(report);
    uint64_t phys;

    if (virt % sizeof(uint64_t) != 0 || !pgt_translate(&view, virt, &phys))
        return false;
    *ret_value = *(const uint64_t *)stub_direct(report->stub, phys);
    return true;
}

static struct pgt_state state_of(const struct report *report)
{
    struct pgt_state state = {
        .cr0 = cr0_read(),
        .cr4 = cr4_read(),
        .efer = msr_read(MSR_EFER),
        .rflags = report->frame->rflags,
        .ring = (unsigned)report->frame->cs & 3,
    };

    if (state.cr4 & CR4_PKE)
        state.pkru = features_pkru_read();
    return state;
}

static struct pgt_registers registers_of(const struct report *report)
{
    const struct trap_frame *f = report->frame;

    return (struct pgt_registers){
        .rax = f->rax,
        .rbx = f->rbx,
        .rcx = f->rcx,
        .rdx = f->rdx,
        .rsi = f->rsi,
        .rdi = f->rdi,
        .rbp = f->rbp,
        .rsp = f->rsp,
        .r8 = f->r8,
        .r9 = f->r9,
        .r10 = f->r10,
        .r11 = f->r11,
        .r12 = f->r12,
        .r13 = f->r13,
        .r14 = f->r14,
        .r15 = f->r15,
        .rip = f->rip,
        .cs = f->cs,
        .ss = f->ss,
        .rflags = f->rflags,
        .cr0 = cr0_read(),
        .cr2 = report->address,
        .cr3 = report->root,
        .cr4 = cr4_read(),
    };
}

/* A general-protection fault doesn't say which address it is about.  A register that
 * holds none is the likely one. */
static bool suspect(const struct report *report, uint64_t *ret_address)
{
    const struct trap_frame *f = report->frame;
    const uint64_t held[] = {f->rax, f->rbx, f->rcx, f->rdx, f->rsi, f->rdi, f->r8, f->r9,
                             f->r10, f->r11, f->r12, f->r13, f->r14, f->r15, f->rip};
    unsigned unused = report->stub->space.arch.levels == 5 ? 7 : 16;

    for (unsigned i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
        uint64_t extended = (uint64_t)((int64_t)(held[i] << unused) >> unused);

        if (extended != held[i]) {
            *ret_address = held[i];
            return true;
        }
    }
    return false;
}

static void explain_cause(const struct report *report, pgt_line_fn *line, void *context)
{
    const struct trap_frame *frame = report->frame;
    struct pgt_space view = view_of(report);
    struct pgt_state state = state_of(report);
    uint64_t address = report->address;

    if (frame->vector == FAULT_GENERAL_PROTECTION) {
        pgt_explain_selector(frame->error, line, context);
        if (frame->error != 0 || !suspect(report, &address))
            return;
    }
    if (frame->vector == FAULT_DOUBLE)
        line(context, "the address may be that of a push that found no stack");
    /* Of what the processor pushed itself, nothing but the address is known: it was a write. */
    pgt_explain(&view, address,
                frame->vector == FAULT_PAGE     ? frame->error
                : frame->vector == FAULT_DOUBLE ? FAULT_WRITE
                                                : 0,
                &state, line, context);
}

static void explain_code(const struct report *report, pgt_line_fn *line, void *context)
{
    uint64_t first = report->frame->rip - CODE_BEFORE;
    struct pgt_space view = view_of(report);
    uint8_t bytes[CODE_BYTES];
    size_t count = 0;

    /* Where the page before isn't mapped, begin with this one. */
    while (first < report->frame->rip && !read_byte(report, &view, first, bytes))
        first++;
    while (count < CODE_BYTES && read_byte(report, &view, first + count, &bytes[count]))
        count++;
    pgt_explain_code(first, bytes, count, report->frame->rip, line, context);
}

void report_lines(const struct report *report, pgt_line_fn *line, void *context)
{
    struct pgt_reader reader = {.read = read_word, .context = (void *)report};
    struct pgt_registers registers = registers_of(report);
    struct pgt_symbols symbols;
    char title[LINE_BYTES];

    ldr_format(title, sizeof(title), "exception %lu: %s, in %s", report->frame->vector,
               fault_name(report->frame->vector),
               trap_from_user(report->frame) ? "a program" : "the kernel");
    line(context, title);
    explain_cause(report, line, context);
    pgt_explain_registers(&registers, line, context);
    explain_code(report, line, context);
    (void)kernel_file_symbols(&symbols);
    symbols.slide = report->slide;
    pgt_explain_backtrace(report->frame->rip, report->frame->rbp, &reader, &symbols, line, context);
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
