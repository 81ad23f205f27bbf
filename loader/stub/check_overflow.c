/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel stack that overflows into its guard page.  The page fault that follows can't push
 * anything there, so the processor raises a double fault, which arrives on a stack of its own.
 * The kernel tells of it and goes on.
 */
#include "loader/stub/checks.h"
#include "loader/stub/descriptors.h"
#include "loader/stub/fault.h"
#include "loader/stub/report.h"
#include "pagetables/live.h"

/* Under the root slot of the kernel's image, where it has free room. */
#define STACK       UINT64_C(0xffffffffc0800000)
#define STACK_BYTES (2 * PGT_PAGE)

/* Deep enough for any stack. */
#define DEPTH 100000

struct sight {
    struct stub *stub;
    uint64_t stack_pointer; /* of the handler */
    uint64_t saved;         /* of the one who overflowed */
    struct report_count report;
};

/* Each call takes a little, as in a real recursion. */
__attribute__((noinline)) static unsigned descend(unsigned depth)
{
    volatile unsigned here = depth;

    if (depth == 0)
        return 0;
    return descend(depth - 1) + here;
}

__attribute__((used)) static unsigned overflow(void)
{
    return descend(DEPTH);
}

/* The small stack has no room for what it is called for. */
static void run_on(uint64_t stack_end)
{
    __asm__ volatile("mov %%rsp, %%rbx\n\t"
                     "mov %0, %%rsp\n\t"
                     "call overflow\n\t"
                     "mov %%rbx, %%rsp"
                     :
                     : "r"(stack_end)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory",
                       "cc");
}

static void look(void *context, const struct trap_frame *frame, uint64_t address)
{
    struct sight *sight = context;
    struct report report;

    sight->stack_pointer = (uint64_t)__builtin_frame_address(0);
    sight->saved = frame->rsp;
    report = report_of_kernel(sight->stub, frame, address);
    sight->report = report_notes(&report);
}

static void check_overflow_at(struct stub *stub)
{
    struct sight sight = {.stub = stub};
    struct tap *tap = &stub->tap;
    uint64_t lowest, end;
    struct fault fault = {0};

    descriptors_double_fault_stack(&lowest, &end);
    if (!tap_ok(tap, fault_probe_seen(run_on, STACK + STACK_BYTES, &fault, look, &sight),
                "a recursion without an end leaves its stack"))
        return;
    tap_equal(tap, fault.vector, FAULT_DOUBLE, "that is a double fault");
    tap_ok(tap, sight.stack_pointer >= lowest && sight.stack_pointer < end,
           "it arrives on a stack of its own");
    tap_ok(tap, fault.address >= STACK - PGT_PAGE && fault.address < STACK,
           "the address is in the guard page");
    tap_ok(tap, sight.saved >= STACK - PGT_PAGE && sight.saved <= STACK + STACK_BYTES,
           "the stack pointer is where the stack ends");
    tap_ok(tap, sight.report.broken && sight.report.symbols > 2,
           "its report names the broken rule, and %u callers", sight.report.symbols);
}

static bool map_stack(struct stub *stub)
{
    struct pgt_mapping mapping = {
        .virt = STACK, .phys = stub->frame, .bytes = STACK_BYTES, .rights = PGT_READ | PGT_WRITE};
    struct pgt_flush flush = {0};
    enum pgt_status status = pgt_map(&stub->space, &mapping, &flush);

    pgt_finish(&flush, 0, &stub->pool);
    return status == PGT_OK;
}

void check_overflow(struct stub *stub)
{
    struct pgt_flush flush = {0};
    struct tap *tap = &stub->tap;

    if (!stub->adopted) {
        tap_skip(tap, STUB_NO_TABLES, "an overflow of a kernel stack");
        return;
    }
    if (!tap_ok(tap,
                pgt_is_empty(&stub->space, STACK - PGT_PAGE, STACK_BYTES + 2 * PGT_PAGE) &&
                    map_stack(stub),
                "a small kernel stack between two guard pages"))
        return;
    check_overflow_at(stub);
    tap_ok(tap, pgt_unmap(&stub->space, STACK, STACK_BYTES, &flush) == PGT_OK,
           "the kernel goes on, and unmaps that stack");
    pgt_finish(&flush, 0, &stub->pool);
}
