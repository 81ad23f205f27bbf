/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports about the interrupted code: registers, instruction bytes, backtrace.
 */
#include "pagetables/explain.h"
#include "pagetables/text.h"

_Static_assert(sizeof(struct pgt_symbol) == 24, "as the ELF specification lays it out");
_Static_assert(offsetof(struct pgt_symbol, info) == 4, "");
_Static_assert(offsetof(struct pgt_symbol, section) == 6, "");
_Static_assert(offsetof(struct pgt_symbol, value) == 8, "");
_Static_assert(offsetof(struct pgt_symbol, size) == 16, "");

/* ---- registers ----------------------------------------------------------- */

#define REGISTERS_IN_A_LINE 4

struct register_name {
    char name[4];
    uint8_t offset;
};

#define REGISTER(name_, member_)                                                                   \
    {                                                                                              \
        name_, offsetof(struct pgt_registers, member_)                                             \
    }

static __attribute__((noinline)) void print_registers(const struct pgt_registers *registers,
                                                      const struct register_name *name,
                                                      pgt_line_fn *print, void *context)
{
    struct pgt_line line = {.length = 0};
    for (unsigned i = 0; i < REGISTERS_IN_A_LINE; i++) {
        const void *member = (const char *)registers + name[i].offset;
        pgt_put(&line, i ? "  " : "");
        pgt_put(&line, name[i].name);
        pgt_put(&line, " ");
        pgt_put_number(&line, *(const uint64_t *)member, 16, 16);
    }
    print(context, line.text);
}

/* RFLAGS in words, and the ring. */
static __attribute__((noinline)) void print_flags(const struct pgt_registers *registers,
                                                  pgt_line_fn *print, void *context)
{
    static const struct {
        uint8_t bit;
        char name[4];
    } flag[] = {
        {0, "CF"},  {2, "PF"},  {4, "AF"},  {6, "ZF"},  {7, "SF"},  {8, "TF"},  {9, "IF"},
        {10, "DF"}, {11, "OF"}, {14, "NT"}, {16, "RF"}, {17, "VM"}, {18, "AC"}, {21, "ID"},
    };
    struct pgt_line line = {.length = 0};
    pgt_put(&line, "ring ");
    pgt_put_number(&line, registers->cs & 3, 10, 1);
    pgt_put(&line, ", IOPL ");
    pgt_put_number(&line, registers->rflags >> 12 & 3, 10, 1);
    pgt_put(&line, ", flags");
    for (unsigned i = 0; i < sizeof(flag) / sizeof(flag[0]); i++) {
        if (!(registers->rflags >> flag[i].bit & 1))
            continue;
        pgt_put(&line, " ");
        pgt_put(&line, flag[i].name);
    }
    print(context, line.text);
}

void pgt_explain_registers(const struct pgt_registers *registers, pgt_line_fn *line, void *context)
{
    static const struct register_name name[] = {
        REGISTER("rax", rax), REGISTER("rbx", rbx),    REGISTER("rcx", rcx), REGISTER("rdx", rdx),
        REGISTER("rsi", rsi), REGISTER("rdi", rdi),    REGISTER("rbp", rbp), REGISTER("rsp", rsp),
        REGISTER("r8 ", r8),  REGISTER("r9 ", r9),     REGISTER("r10", r10), REGISTER("r11", r11),
        REGISTER("r12", r12), REGISTER("r13", r13),    REGISTER("r14", r14), REGISTER("r15", r15),
        REGISTER("rip", rip), REGISTER("flg", rflags), REGISTER("cs ", cs),  REGISTER("ss ", ss),
        REGISTER("cr0", cr0), REGISTER("cr2", cr2),    REGISTER("cr3", cr3), REGISTER("cr4", cr4),
    };
    for (unsigned i = 0; i < sizeof(name) / sizeof(name[0]); i += REGISTERS_IN_A_LINE)
        print_registers(registers, &name[i], line, context);
    print_flags(registers, line, context);
}

/* Bit 0: the event came from outside; bits 1 and 2: which table; the rest an index. */
void pgt_explain_selector(uint64_t error_code, pgt_line_fn *print, void *context)
{
    static const char *const table[] = {"the GDT", "the IDT", "the LDT", "the IDT"};
    struct pgt_line line = {.length = 0};
    pgt_put(&line, "error code ");
    pgt_put_hex(&line, error_code, 1);
    if (error_code == 0) {
        pgt_put(&line, ": no selector was wrong");
    } else {
        pgt_put(&line, ": entry ");
        pgt_put_number(&line, error_code >> 3 & 0x1fff, 10, 1);
        pgt_put(&line, " of ");
        pgt_put(&line, table[error_code >> 1 & 3]);
        if (error_code & 1)
            pgt_put(&line, ", while an event from outside was delivered");
    }
    print(context, line.text);
}

/* ---- code ---------------------------------------------------------------- */

#define CODE_IN_A_LINE 16

void pgt_explain_code(uint64_t first, const uint8_t *bytes, size_t count, uint64_t rip,
                      pgt_line_fn *print, void *context)
{
    for (size_t start = 0; start < count; start += CODE_IN_A_LINE) {
        struct pgt_line line = {.length = 0};
        pgt_put(&line, "code ");
        pgt_put_hex(&line, first + start, 16);
        pgt_put(&line, ":");
        for (size_t i = start; i < count && i - start < CODE_IN_A_LINE; i++) {
            bool here = first + i == rip;
            pgt_put(&line, here ? " <" : " ");
            pgt_put_number(&line, bytes[i], 16, 2);
            pgt_put(&line, here ? ">" : "");
        }
        print(context, line.text);
    }
}

/* ---- symbols ------------------------------------------------------------- */

#define SYMBOL_NO_TYPE  0
#define SYMBOL_FUNCTION 2

/* Sections from here on are none: an absolute symbol, for instance, is a number and no place. */
#define SECTION_RESERVED 0xff00

/* A function that is defined, or a label of assembly code, which has no type. */
static bool is_code(const struct pgt_symbol *symbol)
{
    unsigned type = symbol->info & 15;
    return symbol->section != 0 && symbol->section < SECTION_RESERVED &&
           (type == SYMBOL_FUNCTION || type == SYMBOL_NO_TYPE);
}

/* Its name, if it has one that ends inside of the strings. */
static size_t name_length(const struct pgt_symbols *symbols, const struct pgt_symbol *symbol)
{
    size_t length = 0;
    if (symbol->name >= symbols->strings_bytes)
        return 0;
    size_t left = symbols->strings_bytes - symbol->name;
    while (length < left && symbols->strings[symbol->name + length])
        length++;
    return length < left ? length : 0;
}

bool pgt_symbol_of(const struct pgt_symbols *symbols, uint64_t address, const char **ret_name,
                   size_t *ret_length, uint64_t *ret_offset)
{
    const struct pgt_symbol *best = NULL;
    if (!symbols)
        return false;
    address -= symbols->slide;
    for (size_t i = 0; i < symbols->count; i++) {
        const struct pgt_symbol *symbol = &symbols->symbol[i];
        uint64_t offset = address - symbol->value;
        if (!is_code(symbol) || symbol->value > address ||
            (symbol->size && offset >= symbol->size) || (best && symbol->value < best->value) ||
            (best && symbol->value == best->value && best->size) || !name_length(symbols, symbol))
            continue;
        best = symbol;
    }
    if (!best)
        return false;
    *ret_name = &symbols->strings[best->name];
    *ret_length = name_length(symbols, best);
    *ret_offset = address - best->value;
    return true;
}

/* ---- backtrace ----------------------------------------------------------- */

/* Names are cut here, so that a line keeps its width. */
#define NAME_BYTES 48

static void put_name(struct pgt_line *line, const char *name, size_t length)
{
    for (size_t i = 0; i < length && i < NAME_BYTES; i++) {
        /* A file's names may hold anything: only what prints goes through. */
        const char text[2] = {name[i] > ' ' && name[i] < 127 ? name[i] : '?', 0};
        pgt_put(line, text);
    }
    if (length > NAME_BYTES)
        pgt_put(line, "...");
}

/* A return address is behind its call, and that may be a function's last instruction. */
static __attribute__((noinline)) void print_frame(unsigned number, uint64_t rip,
                                                  const struct pgt_symbols *symbols,
                                                  pgt_line_fn *print, void *context)
{
    struct pgt_line line = {.length = 0};
    uint64_t back = number > 0;
    const char *name;
    size_t length;
    uint64_t offset;
    pgt_put(&line, "#");
    pgt_put_number(&line, number, 10, 1);
    pgt_put_column(&line, 4);
    pgt_put_hex(&line, rip, 16);
    if (pgt_symbol_of(symbols, rip - back, &name, &length, &offset)) {
        pgt_put(&line, " ");
        put_name(&line, name, length);
        pgt_put(&line, "+");
        pgt_put_hex(&line, offset + back, 1);
    }
    print(context, line.text);
}

/* The caller's frame: where its address and its frame pointer are, or why there is none. */
static const char *step_out(const struct pgt_reader *reader, uint64_t *rbp, uint64_t *ret_rip)
{
    uint64_t above, rip;
    if (*rbp == 0)
        return "end: the frame pointer is 0";
    if (*rbp & 7)
        return "end: the frame pointer is not aligned";
    if (*rbp > UINT64_MAX - 16 || !reader->read(reader->context, *rbp, &above) ||
        !reader->read(reader->context, *rbp + 8, &rip))
        return "end: the frame pointer leads to what can't be read";
    if (rip == 0)
        return "end: the return address is 0";
    if (above != 0 && above <= *rbp)
        return "end: the next frame is not above this one";
    *rbp = above;
    *ret_rip = rip;
    return NULL;
}

void pgt_explain_backtrace(uint64_t rip, uint64_t rbp, const struct pgt_reader *reader,
                           const struct pgt_symbols *symbols, pgt_line_fn *line, void *context)
{
    for (unsigned i = 0; i < PGT_BACKTRACE_FRAMES; i++) {
        print_frame(i, rip, symbols, line, context);
        const char *end = step_out(reader, &rbp, &rip);
        if (end) {
            line(context, end);
            return;
        }
    }
    line(context, "end: no more frames are listed");
}
