/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one handler behind all 32 vectors.
 */
#include "loader/stub/fault.h"

#include "loader/stub/cpu.h"
#include "loader/stub/ending.h"
#include "loader/stub/features.h"
#include "loader/stub/tap.h"
#include "loader/stub/user.h"

/* In vectors.S. */
bool fault_call(uint64_t *ret_rsp, void (*f)(uint64_t), uint64_t argument);
extern const char fault_recover[];

void fault_handle(struct trap_frame *frame);

/* A handler has no caller that could pass it a context, hence statics: one
 * processor, and probes don't nest. */
static struct {
    bool armed;
    uint64_t rsp;
    struct fault fault;
    void (*see)(void *context, const struct trap_frame *frame, uint64_t address);
    void *context;
} probe;

static struct fault_resolver resolver;

static struct {
    void (*report)(void *context, const struct trap_frame *frame, uint64_t address);
    void *context;
} reporter;

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

static void say_registers(const struct trap_frame *frame, const struct fault *fault)
{
    tap_note("unexpected exception: vector %lu (%s), error code 0x%lx", fault->vector,
             fault_name(fault->vector), fault->error);
    if (fault->vector == FAULT_PAGE)
        say_page_fault(fault);
    tap_note("rip %016lx rsp %016lx rflags %016lx cr2 %016lx", frame->rip, frame->rsp,
             frame->rflags, fault->address);
    tap_note("rax %016lx rbx %016lx rcx %016lx rdx %016lx", frame->rax, frame->rbx, frame->rcx,
             frame->rdx);
    tap_note("rsi %016lx rdi %016lx rbp %016lx cr3 %016lx", frame->rsi, frame->rdi, frame->rbp,
             cr3_read());
}

_Noreturn static void give_up(const struct trap_frame *frame, const struct fault *fault)
{
    void (*report)(void *, const struct trap_frame *, uint64_t) = reporter.report;

    /* A report that faults itself gets the few lines. */
    reporter.report = 0;
    if (report != 0)
        report(reporter.context, frame, fault->address);
    else
        say_registers(frame, fault);
    tap_bail("unexpected exception %lu at %016lx", fault->vector, frame->rip);
    ending(false);
}

/* Out of f, to where fault_probe() goes on. */
static void recover(struct trap_frame *frame, const struct fault *fault)
{
    probe.armed = false;
    probe.fault = *fault;
    if (probe.see != 0)
        probe.see(probe.context, frame, fault->address);
    frame->rip = (uint64_t)fault_recover;
    frame->rsp = probe.rsp;
    /* f may have been amid a deliberate access to a program's memory. */
    frame->rflags &= ~RFLAGS_AC;
}

static bool expected(uint64_t vector)
{
    return vector == FAULT_PAGE || vector == FAULT_GENERAL_PROTECTION || vector == FAULT_DOUBLE;
}

void fault_handle(struct trap_frame *frame)
{
    struct fault fault = {
        .vector = frame->vector, .error = frame->error, .address = cr2_read(), .rip = frame->rip};

    /* The program or the copy that faulted may have AC set; the handler is neither. */
    features_user_access_end();
    if (frame->vector == FAULT_PAGE && resolver.resolve != 0 &&
        resolver.resolve(resolver.context, frame, fault.address))
        return;
    if (trap_from_user(frame))
        user_stopped(frame, fault.address);
    else if (probe.armed && expected(frame->vector))
        recover(frame, &fault);
    else
        give_up(frame, &fault);
}

bool fault_probe_seen(void (*f)(uint64_t), uint64_t argument, struct fault *ret_fault,
                      void (*see)(void *context, const struct trap_frame *frame, uint64_t address),
                      void *context)
{
    bool faulted;

    probe.see = see;
    probe.context = context;
    probe.armed = true;
    faulted = fault_call(&probe.rsp, f, argument);
    probe.armed = false;
    if (faulted)
        *ret_fault = probe.fault;
    return faulted;
}

bool fault_probe(void (*f)(uint64_t), uint64_t argument, struct fault *ret_fault)
{
    return fault_probe_seen(f, argument, ret_fault, 0, 0);
}

void fault_set_resolver(const struct fault_resolver *wanted)
{
    resolver = wanted != 0 ? *wanted : (struct fault_resolver){0};
}

void fault_set_reporter(void (*report)(void *context, const struct trap_frame *frame,
                                       uint64_t address),
                        void *context)
{
    reporter.report = report;
    reporter.context = context;
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
