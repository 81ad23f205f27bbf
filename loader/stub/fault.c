/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one handler behind all 32 vectors.
 */
#include "loader/stub/fault.h"

#include "loader/stub/cpu.h"
#include "loader/stub/ending.h"
#include "loader/stub/tap.h"

/* What vectors.S leaves on the stack. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector;
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
};

_Static_assert(sizeof(struct trap_frame) == 22 * 8, "vectors.S");

/* In vectors.S. */
bool fault_call(uint64_t *ret_rsp, void (*f)(uint64_t), uint64_t argument);
extern const char fault_recover[];

void fault_handle(struct trap_frame *frame);

/* A handler has no caller that could pass it a context, hence a static: one
 * processor, and probes don't nest. */
static struct {
    bool armed;
    uint64_t rsp;
    struct fault fault;
} probe;

static uint64_t cr2_read(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static const char *vector_name(uint64_t vector)
{
    static const char *const name[] = {
        "divide error",
        "debug",
        "non-maskable interrupt",
        "breakpoint",
        "overflow",
        "bound range exceeded",
        "invalid opcode",
        "device not available",
        "double fault",
        "coprocessor segment overrun",
        "invalid TSS",
        "segment not present",
        "stack-segment fault",
        "general protection",
        "page fault",
        "reserved",
        "floating-point error",
        "alignment check",
        "machine check",
        "SIMD floating-point",
        "virtualization",
        "control protection",
    };

    return vector < sizeof(name) / sizeof(name[0]) ? name[vector] : "reserved";
}

/* Bit by bit: any combination is legal. */
static void say_page_fault(const struct fault *fault)
{
    tap_note("page fault: %s, %s, %s mode%s, at address %016lx",
             fault->error & FAULT_PRESENT ? "right missing" : "page not present",
             fault->error & FAULT_FETCH   ? "instruction fetch"
             : fault->error & FAULT_WRITE ? "write"
                                          : "read",
             fault->error & FAULT_USER ? "user" : "supervisor",
             fault->error & FAULT_RESERVED ? ", reserved bit set" : "", fault->address);
}

_Noreturn static void give_up(const struct trap_frame *frame, const struct fault *fault)
{
    tap_note("unexpected exception: vector %lu (%s), error code 0x%lx", fault->vector,
             vector_name(fault->vector), fault->error);
    if (fault->vector == FAULT_PAGE)
        say_page_fault(fault);
    tap_note("rip %016lx rsp %016lx rflags %016lx cr2 %016lx", frame->rip, frame->rsp,
             frame->rflags, fault->address);
    tap_note("rax %016lx rbx %016lx rcx %016lx rdx %016lx", frame->rax, frame->rbx, frame->rcx,
             frame->rdx);
    tap_note("rsi %016lx rdi %016lx rbp %016lx cr3 %016lx", frame->rsi, frame->rdi, frame->rbp,
             cr3_read());
    tap_bail("unexpected exception %lu at %016lx", fault->vector, frame->rip);
    ending(false);
}

void fault_handle(struct trap_frame *frame)
{
    struct fault fault = {
        .vector = frame->vector, .error = frame->error, .address = cr2_read(), .rip = frame->rip};
    bool expected = frame->vector == FAULT_PAGE || frame->vector == FAULT_GENERAL_PROTECTION;

    if (!probe.armed || !expected)
        give_up(frame, &fault);
    probe.armed = false;
    probe.fault = fault;
    frame->rip = (uint64_t)fault_recover;
    frame->rsp = probe.rsp;
}

bool fault_probe(void (*f)(uint64_t), uint64_t argument, struct fault *ret_fault)
{
    bool faulted;

    probe.armed = true;
    faulted = fault_call(&probe.rsp, f, argument);
    probe.armed = false;
    if (faulted)
        *ret_fault = probe.fault;
    return faulted;
}

void fault_read(uint64_t address)
{
    uint8_t value;

    __asm__ volatile("movb (%1), %0" : "=q"(value) : "r"(address) : "memory");
}

void fault_write_zero(uint64_t address)
{
    __asm__ volatile("movb $0, (%0)" : : "r"(address) : "memory");
}

void fault_write_same(uint64_t address)
{
    uint8_t value;

    __asm__ volatile("movb (%1), %0\n\t"
                     "movb %0, (%1)"
                     : "=&q"(value)
                     : "r"(address)
                     : "memory");
}

void fault_execute(uint64_t address)
{
    __asm__ volatile("call *%0" : : "r"(address) : "memory", "cc");
}
