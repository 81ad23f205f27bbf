/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reports about the interrupted code: registers, selectors, bytes, symbols, backtrace.
 */
#include "pagetables/tests/report.h"

#include <elf.h>
#include <string.h>

/* ---- registers, code, backtrace ---------------------------------------------- */

static void registers_in_lines(void **state)
{
    struct page page = {.count = 0};
    const struct pgt_registers registers = {
        .rax = 1,
        .rbx = 2,
        .rcx = 3,
        .rdx = 4,
        .rsi = 5,
        .rdi = 6,
        .rbp = 7,
        .rsp = 8,
        .r8 = 9,
        .r9 = 10,
        .r10 = 11,
        .r11 = 12,
        .r12 = 13,
        .r13 = 14,
        .r14 = 15,
        .r15 = 16,
        .rip = UINT64_MAX,
        .rflags = 0x3246 | 1u << 18,
        .cs = 0x2b,
        .ss = 0x23,
        .cr0 = 0x80010033,
        .cr2 = 17,
        .cr3 = 18,
        .cr4 = 19,
    };
    (void)state;

    pgt_explain_registers(&registers, report_line, &page);
    EXPECT_PAGE(
        &page,
        "rax 0000000000000001  rbx 0000000000000002  rcx 0000000000000003  rdx 0000000000000004",
        "rsi 0000000000000005  rdi 0000000000000006  rbp 0000000000000007  rsp 0000000000000008",
        "r8  0000000000000009  r9  000000000000000a  r10 000000000000000b  r11 000000000000000c",
        "r12 000000000000000d  r13 000000000000000e  r14 000000000000000f  r15 0000000000000010",
        "rip ffffffffffffffff  flg 0000000000043246  cs  000000000000002b  ss  0000000000000023",
        "cr0 0000000080010033  cr2 0000000000000011  cr3 0000000000000012  cr4 0000000000000013",
        "ring 3, IOPL 3, flags PF ZF IF AC");
    page.count = 0;
    pgt_explain_registers(&(struct pgt_registers){.rflags = UINT64_MAX}, report_line, &page);
    assert_string_equal(page.line[6],
                        "ring 0, IOPL 3, flags CF PF AF ZF SF TF IF DF OF NT RF VM AC ID");
}

/* SDM volume 1, 3.4.3: each by itself, or two could have changed places. */
static void each_flag_by_its_bit(void **state)
{
    static const struct {
        unsigned bit;
        const char *line;
    } flag[] = {
        {0, "flags CF"},  {2, "flags PF"},  {4, "flags AF"},  {6, "flags ZF"},  {7, "flags SF"},
        {8, "flags TF"},  {9, "flags IF"},  {10, "flags DF"}, {11, "flags OF"}, {14, "flags NT"},
        {16, "flags RF"}, {17, "flags VM"}, {18, "flags AC"}, {21, "flags ID"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(flag) / sizeof(flag[0]); i++) {
        struct page page = {.count = 0};
        const struct pgt_registers registers = {.rflags = UINT64_C(1) << flag[i].bit};
        pgt_explain_registers(&registers, report_line, &page);
        assert_string_equal(strstr(page.line[6], "flags"), flag[i].line);
    }
}

static void selectors_in_words(void **state)
{
    struct page page = {.count = 0};
    (void)state;

    pgt_explain_selector(0, report_line, &page);
    pgt_explain_selector(0x28, report_line, &page);
    pgt_explain_selector(0x2c, report_line, &page);
    pgt_explain_selector(0x172, report_line, &page);
    pgt_explain_selector(0x173, report_line, &page);
    pgt_explain_selector(UINT64_MAX, report_line, &page);
    EXPECT_PAGE(&page, "error code 0x0: no selector was wrong",
                "error code 0x28: entry 5 of the GDT", "error code 0x2c: entry 5 of the LDT",
                "error code 0x172: entry 46 of the IDT",
                "error code 0x173: entry 46 of the IDT, while an event from outside was delivered",
                "error code 0xffffffffffffffff: entry 8191 of the IDT, while an event from outside "
                "was delivered");
}

static void code_in_lines(void **state)
{
    struct page page = {.count = 0};
    uint8_t bytes[33];
    (void)state;

    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 16 + i);
    pgt_explain_code(0x1000, bytes, 33, 0x1010, report_line, &page);
    pgt_explain_code(0x1000, bytes, 2, 0x1002, report_line, &page);
    pgt_explain_code(UINT64_C(0) - 2, bytes, 2, UINT64_MAX, report_line, &page);
    pgt_explain_code(0x1000, bytes, 0, 0x1000, report_line, &page);
    EXPECT_PAGE(&page, "code 0x0000000000001000: 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff",
                "code 0x0000000000001010: <10> 21 32 43 54 65 76 87 98 a9 ba cb dc ed fe 0f",
                "code 0x0000000000001020: 20", "code 0x0000000000001000: 00 11",
                "code 0xfffffffffffffffe: 00 <11>");
}

static const char strings[] = "\0main\0write_text\0data\0outer\0label\0"
                              "a_name_that_is_far_longer_than_a_line_of_a_report_may_ever_be\0"
                              "odd\nname\0unended";
enum { MAIN = 1, WRITE_TEXT = 6, DATA = 17, OUTER = 22, LABEL = 28, LONG = 34, ODD = 96 };

#define TEXT UINT64_C(0xffffffff80000000)

/* In no order, and with all that shall be passed over. */
static const struct pgt_symbol symbol[] = {
    {WRITE_TEXT, STT_FUNC, 0, 1, TEXT + 0x200, 0x20},
    {DATA, STT_OBJECT, 0, 2, TEXT + 0x208, 0x100},
    {MAIN, STB_GLOBAL << 4 | STT_FUNC, 0, 1, TEXT + 0x100, 0x80},
    {OUTER, STT_FUNC, 0, 1, TEXT, 0x1000},
    {LABEL, STT_NOTYPE, 0, 1, TEXT + 0x800, 0},
    {DATA, STT_FUNC, 0, SHN_UNDEF, TEXT + 0x210, 0x100},
    {DATA, STT_FUNC, 0, SHN_LORESERVE, TEXT + 0x210, 0x100},
    {DATA, STT_FUNC, 0, SHN_ABS, TEXT + 0x210, 0x100},
    {0, STT_FUNC, 0, 1, TEXT + 0x218, 8},
    {0xffffff, STT_FUNC, 0, 1, TEXT + 0x218, 8},
    {sizeof(strings) - 4, STT_FUNC, 0, 1, TEXT + 0x218, 8}, /* cut off below, so without an end */
    {DATA, STT_SECTION, 0, 1, TEXT + 0x218, 8},
    {LABEL, STT_NOTYPE, 0, 1, TEXT + 0x100, 0}, /* as main, but doesn't say its size */
    {LONG, STT_FUNC, 0, 1, TEXT + 0x2000, 0x10},
    {ODD, STT_FUNC, 0, SHN_LORESERVE - 1, TEXT + 0x2010, 0x10}, /* a section like any other */
};

static const struct pgt_symbols symbols = {
    .symbol = symbol,
    .count = sizeof(symbol) / sizeof(symbol[0]),
    .strings = strings,
    .strings_bytes = sizeof(strings) - 1,
};

static void expect_symbol(const struct pgt_symbols *from, uint64_t address, const char *name,
                          uint64_t offset)
{
    const char *found;
    size_t length;
    uint64_t at;
    assert_true(pgt_symbol_of(from, address, &found, &length, &at));
    assert_int_equal(length, strlen(name));
    assert_memory_equal(found, name, length);
    assert_int_equal(at, offset);
}

static void symbols_of_addresses(void **state)
{
    const char *name;
    size_t length;
    uint64_t offset;
    (void)state;

    assert_int_equal(sizeof(struct pgt_symbol), sizeof(Elf64_Sym));
    assert_int_equal(offsetof(struct pgt_symbol, info), offsetof(Elf64_Sym, st_info));
    assert_int_equal(offsetof(struct pgt_symbol, section), offsetof(Elf64_Sym, st_shndx));
    assert_int_equal(offsetof(struct pgt_symbol, value), offsetof(Elf64_Sym, st_value));
    assert_int_equal(offsetof(struct pgt_symbol, size), offsetof(Elf64_Sym, st_size));

    expect_symbol(&symbols, TEXT, "outer", 0);
    expect_symbol(&symbols, TEXT + 0x100, "main", 0);
    expect_symbol(&symbols, TEXT + 0x17f, "main", 0x7f);
    /* Behind main the label that shares its start has no known end. */
    expect_symbol(&symbols, TEXT + 0x180, "label", 0x80);
    expect_symbol(&symbols, TEXT + 0x200, "write_text", 0);
    expect_symbol(&symbols, TEXT + 0x21f, "write_text", 0x1f);
    expect_symbol(&symbols, TEXT + 0x220, "label", 0x120);
    expect_symbol(&symbols, TEXT + 0x900, "label", 0x100);
    assert_false(pgt_symbol_of(&symbols, TEXT - 1, &name, &length, &offset));
    assert_false(pgt_symbol_of(&symbols, 0, &name, &length, &offset));
    assert_false(pgt_symbol_of(NULL, TEXT, &name, &length, &offset));
    struct pgt_symbols moved = symbols;
    moved.slide = UINT64_C(0) - 0x40000000;
    expect_symbol(&moved, TEXT - 0x40000000 + 0x201, "write_text", 1);
    moved.count = 0;
    assert_false(pgt_symbol_of(&moved, TEXT, &name, &length, &offset));
}

/* A stack of words at STACK. */
#define STACK UINT64_C(0xffff900000001000)
struct stack {
    uint64_t word[80];
    unsigned reads;
};

static bool read_stack(void *context, uint64_t virt, uint64_t *ret_value)
{
    struct stack *stack = context;
    stack->reads++;
    if (virt < STACK || virt - STACK >= sizeof(stack->word) || (virt & 7))
        return false;
    *ret_value = stack->word[(virt - STACK) / 8];
    return true;
}

static struct page backtrace(struct stack *stack, uint64_t rbp, const struct pgt_symbols *from)
{
    struct page page = {.count = 0};
    struct pgt_reader reader = {read_stack, stack};
    pgt_explain_backtrace(TEXT + 0x204, rbp, &reader, from, report_line, &page);
    return page;
}

static void a_backtrace(void **state)
{
    struct stack stack = {{0}, 0};
    (void)state;

    stack.word[0] = STACK + 0x20;
    stack.word[1] = TEXT + 0x110;
    stack.word[4] = STACK + 0x40;
    stack.word[5] = TEXT + 0x180; /* behind a call that never returns: still main's */
    stack.word[8] = 0;
    stack.word[9] = 0x1234;
    struct page page = backtrace(&stack, STACK, &symbols);
    EXPECT_PAGE(&page, "#0  0xffffffff80000204 write_text+0x4", "#1  0xffffffff80000110 main+0x10",
                "#2  0xffffffff80000180 main+0x80", "#3  0x0000000000001234",
                "end: the frame pointer is 0");
    page = backtrace(&stack, STACK, NULL);
    assert_string_equal(page.line[1], "#1  0xffffffff80000110");
    stack.word[1] = TEXT + 0x2004;
    stack.word[5] = TEXT + 0x2014;
    page = backtrace(&stack, STACK, &symbols);
    assert_string_equal(page.line[1], "#1  0xffffffff80002004 a_name_that_is_far_longer_than_a_"
                                      "line_of_a_repor...+0x4");
    assert_string_equal(page.line[2], "#2  0xffffffff80002014 odd?name+0x4");
}

static bool read_high(void *context, uint64_t virt, uint64_t *ret_value)
{
    (void)context;
    assert_true(virt >= UINT64_C(0) - 8);
    *ret_value = 0x1234;
    return true;
}

static void a_backtrace_at_the_end_of_the_address_space(void **state)
{
    struct page page = {.count = 0};
    struct pgt_reader reader = {read_high, NULL};
    (void)state;

    pgt_explain_backtrace(TEXT, UINT64_C(0) - 8, &reader, NULL, report_line, &page);
    EXPECT_PAGE(&page, "#0  0xffffffff80000000",
                "end: the frame pointer leads to what can't be read");
}

static void a_backtrace_that_breaks_off(void **state)
{
    struct stack stack = {{0}, 0};
    (void)state;

    struct page page = backtrace(&stack, 0, &symbols);
    EXPECT_PAGE(&page, "#0  0xffffffff80000204 write_text+0x4", "end: the frame pointer is 0");
    assert_int_equal(stack.reads, 0);
    page = backtrace(&stack, STACK + 4, &symbols);
    assert_string_equal(page.line[1], "end: the frame pointer is not aligned");
    assert_int_equal(stack.reads, 0);
    page = backtrace(&stack, STACK - 8, &symbols);
    assert_string_equal(page.line[1], "end: the frame pointer leads to what can't be read");
    page = backtrace(&stack, STACK + sizeof(stack.word) - 8, &symbols);
    assert_string_equal(page.line[1], "end: the frame pointer leads to what can't be read");
    page = backtrace(&stack, UINT64_C(0) - 8, &symbols); /* the return address would wrap */
    assert_string_equal(page.line[1], "end: the frame pointer leads to what can't be read");
    page = backtrace(&stack, STACK, &symbols);
    assert_string_equal(page.line[1], "end: the return address is 0");
    stack.word[1] = TEXT;
    for (uint64_t down = 0; down <= 8; down += 8) {
        stack.word[2] = STACK + 16 - down; /* a loop, or downwards */
        stack.word[3] = TEXT;
        page = backtrace(&stack, STACK + 16, &symbols);
        assert_string_equal(page.line[1], "end: the next frame is not above this one");
        assert_int_equal(page.count, 2);
    }
    for (unsigned i = 0; i < 80; i += 2) {
        stack.word[i] = STACK + (i + 2) * 8;
        stack.word[i + 1] = TEXT + 0x101;
    }
    page = backtrace(&stack, STACK, &symbols);
    assert_int_equal(page.count, PGT_BACKTRACE_FRAMES + 1);
    assert_string_equal(page.line[10], "#10 0xffffffff80000101 main+0x1");
    assert_string_equal(page.line[PGT_BACKTRACE_FRAMES], "end: no more frames are listed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_in_lines),
        cmocka_unit_test(each_flag_by_its_bit),
        cmocka_unit_test(selectors_in_words),
        cmocka_unit_test(code_in_lines),
        cmocka_unit_test(symbols_of_addresses),
        cmocka_unit_test(a_backtrace),
        cmocka_unit_test(a_backtrace_at_the_end_of_the_address_space),
        cmocka_unit_test(a_backtrace_that_breaks_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
