/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report of an exception, as lines: from registers, page tables and a few bytes of memory
 * that stand in for a machine.  Symptom of a failure: the report names another cause than the one
 * that was arranged, or reads what isn't there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/fault/names.h"
#include "loader/fault/report.h"

#define FRAMES 64
#define PHYS   UINT64_C(0x100000)
#define IMAGE  UINT64_C(0xffffffff80000000)
#define LOADER (IMAGE + 0x8000)
#define STACK  (DIRECT + 0x20000)
#define DIRECT UINT64_C(0xffff800000000000)
#define TOP    (STACK + 0x4000)
#define RIP    (IMAGE + 0x100)
#define CALLER (IMAGE + 0x234)
#define MAIN   (IMAGE + 0x345)
#define NOT_IT UINT64_C(0x4000000000001000)

/* Two pages of memory: the image's text, and the top of the stack. */
static uint8_t text[PGT_PAGE], stack[PGT_PAGE];

struct machine {
    uint8_t *memory; /* of the tables */
    struct pgt_pool pool;
    struct pgt_space space;
    struct fault_places places;
    struct trap_frame frame;
    struct fault_scene scene;
    char lines[8192];
};

static const char strings[] = "\0main\0patch";
static const struct pgt_symbol symbol[] = {
    {.name = 1, .info = 2, .section = 1, .value = 0x300, .size = 0x100},
    {.name = 6, .info = 2, .section = 1, .value = 0x200, .size = 0x100},
};
/* The kernel runs where it isn't linked. */
static const struct pgt_symbols symbols = {.symbol = symbol,
                                           .count = 2,
                                           .strings = strings,
                                           .strings_bytes = sizeof strings,
                                           .slide = IMAGE};

static bool read_byte(void *context, uint64_t virt, uint8_t *ret_byte)
{
    (void)context;
    if (virt - IMAGE < PGT_PAGE)
        *ret_byte = text[virt - IMAGE];
    else if (virt - (TOP - PGT_PAGE) < PGT_PAGE)
        *ret_byte = stack[virt - (TOP - PGT_PAGE)];
    else
        return false;
    return true;
}

static void keep_line(void *context, const char *line)
{
    struct machine *machine = context;
    size_t length = strlen(machine->lines);

    assert_true(strlen(line) < 120);
    assert_true(length + strlen(line) + 2 < sizeof machine->lines);
    strcat(strcat(machine->lines, line), "\n");
}

static void map(struct machine *machine, uint64_t virt, uint64_t phys, uint64_t bytes,
                unsigned rights)
{
    struct pgt_mapping mapping = {.virt = virt, .phys = phys, .bytes = bytes, .rights = rights};
    struct pgt_flush flush = {0};

    assert_int_equal(pgt_map(&machine->space, &mapping, &flush), PGT_OK);
}

static void put_word(uint64_t virt, uint64_t value)
{
    memcpy(&stack[virt - (TOP - PGT_PAGE)], &value, sizeof value);
}

/* A kernel of text and data, a stack between guards, and a little of a direct map; it has called
 * patch() from main(). */
static int setup(void **state)
{
    static const struct pgt_arch arch = {
        .levels = 4, .physical_bits = 40, .no_execute = true, .pat = PGT_PAT_LIMINE};
    struct machine *machine = calloc(1, sizeof *machine);
    struct pgt_frames frames;

    machine->memory = aligned_alloc(PGT_PAGE, FRAMES * PGT_PAGE);
    pgt_pool_init(&machine->pool, (uint64_t)machine->memory - PHYS);
    assert_true(pgt_pool_add(&machine->pool, PHYS, FRAMES));
    frames = pgt_pool_frames(&machine->pool);
    assert_int_equal(pgt_init(&machine->space, &arch, &frames), PGT_OK);
    map(machine, IMAGE, 0x10000, 0x1000, PGT_READ | PGT_EXECUTE);
    map(machine, IMAGE + 0x2000, 0x12000, 0x1000, PGT_READ | PGT_WRITE);
    map(machine, STACK, 0x20000, 0x4000, PGT_READ | PGT_WRITE);
    machine->places = (struct fault_places){
        .base_revision = 4,
        .direct_map = DIRECT,
        .guard_below = STACK - PGT_PAGE,
        .guard_above = TOP,
        .image = IMAGE,
        .image_bytes = 0x3000,
        .loader = LOADER,
        .loader_bytes = 0x1000,
        .segment_count = 2,
        .segment = {
            {.virt = IMAGE, .bytes = 0x800, .rights = PGT_READ | PGT_EXECUTE, .index = 1},
            {.virt = IMAGE + 0x2000, .bytes = 0x1000, .rights = PGT_READ | PGT_WRITE, .index = 3}}};
    machine->frame = (struct trap_frame){.vector = FAULT_PAGE,
                                         .rip = RIP,
                                         .cs = 0x28,
                                         .ss = 0x30,
                                         .rsp = TOP - 0x80,
                                         .rbp = TOP - 0x40};
    machine->scene = (struct fault_scene){.frame = &machine->frame,
                                          .who = "the kernel",
                                          .space = &machine->space,
                                          .cr0 = PGT_STATE_CR0_WP,
                                          .efer = PGT_STATE_EFER_NXE,
                                          .symbols = &symbols,
                                          .places = &machine->places,
                                          .read = read_byte};
    memset(text, 0x90, sizeof text);
    memset(stack, 0, sizeof stack);
    put_word(TOP - 0x40 + 8, MAIN);
    *state = machine;
    return 0;
}

static int teardown(void **state)
{
    struct machine *machine = *state;

    free(machine->memory);
    free(machine);
    return 0;
}

static void report(struct machine *machine)
{
    machine->lines[0] = 0;
    fault_report(&machine->scene, keep_line, machine);
}

static void page_fault(struct machine *machine, uint64_t address, uint64_t error)
{
    machine->scene.cr2 = address;
    machine->frame.vector = FAULT_PAGE;
    machine->frame.error = error;
    report(machine);
}

/* A whole line of the report. */
static void has(const struct machine *machine, const char *line)
{
    char whole[160];

    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (!strstr(machine->lines, whole) && strncmp(machine->lines, whole + 1, strlen(line) + 1))
        fail_msg("no line \"%s\" in:\n%s", line, machine->lines);
}

static void lacks(const struct machine *machine, const char *words)
{
    if (strstr(machine->lines, words))
        fail_msg("\"%s\" in:\n%s", words, machine->lines);
}

static void write_to_text(void **state)
{
    struct machine *machine = *state;

    page_fault(machine, IMAGE + 0x10, PGT_ERROR_PRESENT | PGT_ERROR_WRITE);
    has(machine, "exception 14: page fault, in the kernel");
    has(machine, "place: 0x10 bytes into the kernel's segment 1, r-x--");
    has(machine, "a write by ring 0 to 0xffffffff80000010");
    has(machine, "broken: a write to a page that is read-only because of PT[0]");
    has(machine, "code 0xffffffff80000100: <90> 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90");
    has(machine, "#0  0xffffffff80000100");
    has(machine, "#1  0xffffffff80000345 main+0x45");
    lacks(machine, "called");
}

static void execution_of_data(void **state)
{
    struct machine *machine = *state;

    machine->frame.rip = IMAGE + 0x2008;
    page_fault(machine, IMAGE + 0x2008, PGT_ERROR_PRESENT | PGT_ERROR_FETCH);
    has(machine, "place: 0x8 bytes into the kernel's segment 3, rw---");
    has(machine, "broken: an instruction fetch from a page that is no-execute because of PT[2]");
}

/* The one who called isn't in the chain of frames, since the called function made none. */
static void call_of_a_null_pointer_names_the_caller(void **state)
{
    struct machine *machine = *state;

    machine->frame.rip = 0;
    put_word(TOP - 0x80, CALLER);
    page_fault(machine, 0, PGT_ERROR_FETCH);
    has(machine, "place: the lower half, where the loader maps nothing");
    has(machine, "advice: a null pointer, or a member or an element of one");
    has(machine, "called, it seems, from 0xffffffff80000234 in patch");
    has(machine, "#0  0x0000000000000000");
    lacks(machine, "\ncode ");
}

/* The stack pointer may be what is wrong. */
static void call_without_a_stack_names_nobody(void **state)
{
    struct machine *machine = *state;

    machine->frame.rip = 0;
    machine->frame.rsp = NOT_IT;
    page_fault(machine, 0, PGT_ERROR_FETCH);
    lacks(machine, "called");
}

static void guards_of_the_stack(void **state)
{
    struct machine *machine = *state;

    page_fault(machine, STACK - 8, PGT_ERROR_WRITE);
    has(machine, "place: the guard page below the kernel's stack, which overflowed its 16K");
    page_fault(machine, TOP, 0);
    has(machine, "place: the guard page above the kernel's stack");
    page_fault(machine, TOP - 1, PGT_ERROR_PRESENT | PGT_ERROR_FETCH);
    has(machine, "place: the kernel's stack");
}

static void places_that_are_not_mapped(void **state)
{
    struct machine *machine = *state;

    page_fault(machine, DIRECT + 0xfec00000, 0);
    has(machine, "place: the direct map, physical 0xfec00000, which base revision 4 doesn't map");
    page_fault(machine, IMAGE + 0x1000, 0);
    has(machine, "place: between segments of the kernel");
    page_fault(machine, LOADER + 0xfff, 0);
    has(machine, "place: the loader's own pages beside the kernel");
    /* Of what is left there is nothing to say. */
    page_fault(machine, LOADER + 0x1000, 0);
    lacks(machine, "place:");
    machine->places.base_revision = 0;
    page_fault(machine, 0x5000, 0);
    lacks(machine, "place:");
}

static void mapped_part_of_the_direct_map(void **state)
{
    struct machine *machine = *state;

    map(machine, DIRECT + 0x100000, 0x100000, 0x1000, PGT_READ);
    page_fault(machine, DIRECT + 0x100008, PGT_ERROR_PRESENT | PGT_ERROR_WRITE);
    has(machine, "place: the direct map, physical 0x100008");
}

static void exceptions_without_an_address(void **state)
{
    struct machine *machine = *state;

    /* Whatever the last page fault left there. */
    machine->scene.cr2 = IMAGE;
    machine->frame.vector = 0;
    report(machine);
    has(machine, "exception 0: divide error, in the kernel");
    has(machine, "broken: a division by 0, or a quotient that has no room in its register");
    lacks(machine, "place:");
    lacks(machine, "PML4");
    machine->frame.vector = 6;
    report(machine);
    has(machine, "exception 6: invalid opcode, in the kernel");
    has(machine, "broken: the processor has no such instruction, or it is switched off");
    machine->frame.vector = 31;
    report(machine);
    has(machine, "exception 31: reserved, in the kernel");
    lacks(machine, "broken:");
}

static void protection_faults(void **state)
{
    struct machine *machine = *state;

    machine->frame.vector = FAULT_GENERAL_PROTECTION;
    machine->frame.rdx = NOT_IT;
    report(machine);
    has(machine, "error code 0x0: no selector was wrong");
    has(machine, "an access to 0x4000000000001000");
    has(machine,
        "broken: not canonical, bits 63 to 47 differ: general protection, not a page fault");
    /* With a selector no register is suspected. */
    machine->frame.error = 0x18;
    report(machine);
    has(machine, "error code 0x18: entry 3 of the GDT");
    lacks(machine, "canonical");
    lacks(machine, "broken:");
    machine->frame.error = 0;
    machine->frame.rdx = 0;
    report(machine);
    has(machine, "broken: none that registers show");
    /* A stack fault's address is likely the stack pointer itself. */
    machine->frame.vector = FAULT_STACK;
    machine->frame.rsp = NOT_IT;
    report(machine);
    has(machine, "an access to 0x4000000000001000");
}

static void double_fault(void **state)
{
    struct machine *machine = *state;

    machine->frame.vector = FAULT_DOUBLE;
    machine->scene.cr2 = STACK - 8;
    report(machine);
    has(machine, "exception 8: double fault, in the kernel");
    has(machine, "the address may be that of a push that found no stack");
    has(machine, "place: the guard page below the kernel's stack, which overflowed its 16K");
    has(machine, "a write by ring 0 to 0xffff80000001fff8");
}

static void processor_is_named(void **state)
{
    struct machine *machine = *state;

    machine->scene.processor = 3;
    page_fault(machine, 0, 0);
    has(machine, "exception 14: page fault, in the kernel on processor 3");
}

/* Without symbols and places it is shorter, and nothing else. */
static void works_with_nothing_known(void **state)
{
    struct machine *machine = *state;

    machine->scene.symbols = NULL;
    machine->scene.places = NULL;
    machine->frame.rbp = 0;
    page_fault(machine, IMAGE + 0x10, PGT_ERROR_PRESENT | PGT_ERROR_WRITE);
    lacks(machine, "place:");
    has(machine, "#0  0xffffffff80000100");
    has(machine, "end: the frame pointer is 0");
}

/* Code at the very start of memory that can be read, and at its end. */
static void code_is_cut_where_memory_ends(void **state)
{
    struct machine *machine = *state;

    machine->frame.rip = IMAGE + 2;
    page_fault(machine, IMAGE + 0x10, PGT_ERROR_PRESENT | PGT_ERROR_WRITE);
    has(machine, "code 0xffffffff80000000: 90 90 <90> 90 90 90 90 90 90 90 90 90 90 90 90 90");
    machine->frame.rip = IMAGE + PGT_PAGE - 2;
    page_fault(machine, IMAGE + 0x10, PGT_ERROR_PRESENT | PGT_ERROR_WRITE);
    has(machine, "code 0xffffffff80000ffe: <90> 90");
}

static void mapped_means_readable(void **state)
{
    struct machine *machine = *state;

    assert_true(fault_can_read(&machine->space, IMAGE));
    assert_true(fault_can_read(&machine->space, IMAGE + 0x2fff));
    assert_false(fault_can_read(&machine->space, IMAGE + 0x1000));
    assert_false(fault_can_read(&machine->space, 0));
    assert_false(fault_can_read(&machine->space, NOT_IT));
}

static void every_vector_has_a_name(void **state)
{
    (void)state;
    for (uint64_t vector = 0; vector < TRAP_VECTORS; vector++)
        assert_non_null(fault_name(vector));
    assert_string_equal(fault_name(21), "control protection");
    assert_string_equal(fault_name(UINT64_MAX), "reserved");
    assert_null(fault_meaning(FAULT_PAGE));
    assert_null(fault_meaning(22));
    assert_null(fault_meaning(UINT64_MAX));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(write_to_text),
        TEST(execution_of_data),
        TEST(call_of_a_null_pointer_names_the_caller),
        TEST(call_without_a_stack_names_nobody),
        TEST(guards_of_the_stack),
        TEST(places_that_are_not_mapped),
        TEST(mapped_part_of_the_direct_map),
        TEST(exceptions_without_an_address),
        TEST(protection_faults),
        TEST(double_fault),
        TEST(processor_is_named),
        TEST(works_with_nothing_known),
        TEST(code_is_cut_where_memory_ends),
        TEST(mapped_means_readable),
        TEST(every_vector_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
