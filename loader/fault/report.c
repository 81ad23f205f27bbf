/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/fault/report.h"

#include "loader/fault/names.h"
#include "pagetables/text.h"

#define CODE_BEFORE 16
#define CODE_BYTES  32

bool fault_can_read(const struct pgt_space *space, uint64_t virt)
{
    struct pgt_state state = {.efer = PGT_STATE_EFER_NXE};
    struct pgt_verdict verdict;

    pgt_judge(space, virt, 0, &state, &verdict);
    return !(verdict.broken & (PGT_BROKE_CANONICAL | PGT_BROKE_PRESENT | PGT_BROKE_RESERVED));
}

/* For the backtrace. */
static bool read_word(void *context, uint64_t virt, uint64_t *ret_value)
{
    const struct fault_scene *scene = context;
    uint64_t value = 0;

    for (unsigned i = 0; i < sizeof(value); i++) {
        uint8_t byte;

        if (!scene->read(scene->context, virt + i, &byte))
            return false;
        value |= (uint64_t)byte << 8 * i;
    }
    *ret_value = value;
    return true;
}

static void explain_registers(const struct fault_scene *scene, pgt_line_fn *line, void *context)
{
    const struct trap_frame *f = scene->frame;
    struct pgt_registers registers = {
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
        .cr0 = scene->cr0,
        .cr2 = scene->cr2,
        .cr3 = scene->space->root,
        .cr4 = scene->cr4,
    };

    pgt_explain_registers(&registers, line, context);
}

/* ---- the cause ------------------------------------------------------------- */

/* A general-protection or stack fault doesn't say which address it is about.  A register
 * that holds none is the likely one. */
static bool suspect(const struct fault_scene *scene, uint64_t *ret_address)
{
    const struct trap_frame *f = scene->frame;
    const uint64_t held[] = {f->rax, f->rbx, f->rcx, f->rdx, f->rsi, f->rdi, f->r8,  f->r9, f->r10,
                             f->r11, f->r12, f->r13, f->r14, f->r15, f->rip, f->rbp, f->rsp};
    unsigned unused = scene->space->arch.levels == 5 ? 7 : 16;

    for (unsigned i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
        uint64_t extended = (uint64_t)((int64_t)(held[i] << unused) >> unused);

        if (extended != held[i]) {
            *ret_address = held[i];
            return true;
        }
    }
    return false;
}

static void explain_place(const struct fault_scene *scene, uint64_t address, pgt_line_fn *line,
                          void *context)
{
    if (scene->places)
        fault_place_line(scene->places, address, fault_can_read(scene->space, address), line,
                         context);
}

/* An access to memory, of which `code` is what the processor tells. */
static void explain_access(const struct fault_scene *scene, uint64_t address, uint64_t code,
                           pgt_line_fn *line, void *context)
{
    struct pgt_state state = {
        .cr0 = scene->cr0,
        .cr4 = scene->cr4,
        .efer = scene->efer,
        .rflags = scene->frame->rflags,
        .pkru = scene->pkru,
        .ring = (unsigned)scene->frame->cs & 3,
    };

    pgt_explain(scene->space, address, code, &state, line, context);
}

/* Of what the processor pushed itself, nothing but the address is known: it was a write. */
static void explain_double(const struct fault_scene *scene, pgt_line_fn *line, void *context)
{
    explain_place(scene, scene->cr2, line, context);
    line(context, "the address may be that of a push that found no stack");
    explain_access(scene, scene->cr2, PGT_ERROR_WRITE, line, context);
}

static void print_two(const char *begin, const char *rest, pgt_line_fn *print, void *context)
{
    struct pgt_line line = {.length = 0};

    pgt_put(&line, begin);
    pgt_put(&line, rest);
    print(context, line.text);
}

/* What needs no address. */
static void explain_other(const struct fault_scene *scene, pgt_line_fn *line, void *context)
{
    const struct fault_meaning *meaning = fault_meaning(scene->frame->vector);

    if (!meaning)
        return;
    print_two("broken: ", meaning->broken, line, context);
    print_two("advice: ", meaning->advice, line, context);
}

/* Faults of segments: with a selector, or with an address that isn't told. */
static void explain_protection(const struct fault_scene *scene, pgt_line_fn *line, void *context)
{
    uint64_t address;

    pgt_explain_selector(scene->frame->error, line, context);
    if (scene->frame->error == 0 && suspect(scene, &address))
        explain_access(scene, address, 0, line, context);
    else if (scene->frame->error == 0)
        explain_other(scene, line, context);
}

static void explain_cause(const struct fault_scene *scene, pgt_line_fn *line, void *context)
{
    switch (scene->frame->vector) {
    case FAULT_PAGE:
        explain_place(scene, scene->cr2, line, context);
        explain_access(scene, scene->cr2, scene->frame->error, line, context);
        break;
    case FAULT_DOUBLE:
        explain_double(scene, line, context);
        break;
    case FAULT_INVALID_TSS:
    case FAULT_NOT_PRESENT:
    case FAULT_STACK:
    case FAULT_GENERAL_PROTECTION:
        explain_protection(scene, line, context);
        break;
    default:
        explain_other(scene, line, context);
    }
}

/* ---- the code, and how it came to it ---------------------------------------- */

static void explain_code(const struct fault_scene *scene, pgt_line_fn *line, void *context)
{
    uint64_t rip = scene->frame->rip;
    uint64_t first = rip > CODE_BEFORE ? rip - CODE_BEFORE : rip;
    uint8_t bytes[CODE_BYTES];
    size_t count = 0;

    /* Where the page before isn't mapped, begin with this one. */
    while (first < rip && !scene->read(scene->context, first, bytes))
        first++;
    while (count < CODE_BYTES && scene->read(scene->context, first + count, &bytes[count]))
        count++;
    pgt_explain_code(first, bytes, count, rip, line, context);
}

/* After a call through a bad pointer no frame has been made: the caller is known by the
 * return address alone, which is the last word pushed. */
static void explain_caller(const struct fault_scene *scene, pgt_line_fn *print, void *context)
{
    const struct trap_frame *frame = scene->frame;
    bool fetch = frame->vector == FAULT_PAGE && scene->cr2 == frame->rip;
    struct pgt_line line = {.length = 0};
    const char *name;
    size_t length;
    uint64_t back, offset;

    if (!fetch || !read_word((void *)scene, frame->rsp, &back))
        return;
    pgt_put(&line, "called, it seems, from ");
    pgt_put_hex(&line, back, 16);
    if (pgt_symbol_of(scene->symbols, back - 1, &name, &length, &offset)) {
        pgt_put(&line, " in ");
        pgt_put(&line, name);
    }
    print(context, line.text);
}

static void print_title(const struct fault_scene *scene, pgt_line_fn *print, void *context)
{
    struct pgt_line line = {.length = 0};

    pgt_put(&line, "exception ");
    pgt_put_number(&line, scene->frame->vector, 10, 1);
    pgt_put(&line, ": ");
    pgt_put(&line, fault_name(scene->frame->vector));
    pgt_put(&line, ", in ");
    pgt_put(&line, scene->who);
    if (scene->processor) {
        pgt_put(&line, " on processor ");
        pgt_put_number(&line, scene->processor, 10, 1);
    }
    print(context, line.text);
}

void fault_report(const struct fault_scene *scene, pgt_line_fn *line, void *context)
{
    struct pgt_reader reader = {.read = read_word, .context = (void *)scene};

    print_title(scene, line, context);
    explain_cause(scene, line, context);
    explain_registers(scene, line, context);
    explain_code(scene, line, context);
    explain_caller(scene, line, context);
    pgt_explain_backtrace(scene->frame->rip, scene->frame->rbp, &reader, scene->symbols, line,
                          context);
}
