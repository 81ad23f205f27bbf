/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ends a program: each does one thing that it may not, is stopped at that instruction
 * with a report, and the kernel goes on.
 */
#include "loader/stub/checks.h"
#include "loader/stub/fault.h"
#include "loader/stub/features.h"
#include "loader/stub/process.h"
#include "loader/stub/report.h"
#include "pagetables/directory.h"
#include "pagetables/live.h"

#define WORD UINT64_C(0x6e6f742079657421)

/* Of the processor's error codes, what a program's page faults have in common. */
#define USER_READ    FAULT_USER
#define USER_WRITE   (FAULT_USER | FAULT_WRITE)
#define USER_EXECUTE (FAULT_USER | FAULT_FETCH)

struct crime {
    const char *what;
    const char *entry;
    uint64_t address; /* argument, and where it faults */
    uint64_t error;
    enum pgt_outcome outcome;
    bool reported; /* at length */
};

static void explain(struct process *process, const struct crime *crime)
{
    struct report_count count;

    if (!crime->reported)
        return;
    count = report_program(process);
    tap_ok(&process->stub->tap, count.broken && count.frames > 0,
           "its report names the broken rule, and where it was");
}

static void commit(struct process *process, const struct crime *crime)
{
    const struct trap_frame *frame = &process->user.frame;
    bool right;

    process_begin(process, crime->entry, crime->address, WORD, 0);
    right = process_run(process) == PROCESS_KILLED && frame->vector == FAULT_PAGE &&
            frame->error == crime->error && process->user.address == crime->address &&
            process->outcome == crime->outcome;
    if (!tap_ok(&process->stub->tap, right, "a program is killed for %s: %s", crime->what,
                pgt_outcome_text(crime->outcome)))
        tap_note("vector %lu, error code %lx, address %016lx, outcome %s", frame->vector,
                 frame->error, process->user.address, pgt_outcome_text(process->outcome));
    explain(process, crime);
}

static void check_pages(struct process *process)
{
    uint64_t direct = process->stub->hhdm + process->stub->frame;
    const struct crime crimes[] = {
        {"writing its text", program_write, PROCESS_TEXT, FAULT_PRESENT | USER_WRITE,
         PGT_FAULT_WRITE, true},
        {"writing its read-only data", program_write, PROCESS_RODATA, FAULT_PRESENT | USER_WRITE,
         PGT_FAULT_WRITE, false},
        {"executing its stack", program_execute, PROCESS_STACK_END - 64,
         FAULT_PRESENT | USER_EXECUTE, PGT_FAULT_EXECUTE, true},
        {"executing its data", program_execute, PROCESS_DATA, FAULT_PRESENT | USER_EXECUTE,
         PGT_FAULT_EXECUTE, false},
        {"reading the kernel", program_read, (uint64_t)text_start, FAULT_PRESENT | USER_READ,
         PGT_FAULT_USER, true},
        {"writing the direct map", program_write, direct, FAULT_PRESENT | USER_WRITE,
         PGT_FAULT_USER, false},
        {"reading a guard", program_read, PROCESS_GUARD, USER_READ, PGT_FAULT_GUARD, true},
        {"writing a guard", program_write, PROCESS_GUARD + 8, USER_WRITE, PGT_FAULT_GUARD, false},
        {"reading address 0", program_read, 0, USER_READ, PGT_FAULT_NOT_MAPPED, false},
    };

    for (unsigned i = 0; i < sizeof(crimes) / sizeof(crimes[0]); i++)
        commit(process, &crimes[i]);
}

/* Its recursion uses up the stack's demand-zero pages first. */
static void check_stack_end(struct process *process)
{
    struct tap *tap = &process->stub->tap;
    uint64_t resolved;

    if (!tap_ok(tap, process_unmap(process, PROCESS_STACK, PROCESS_STACK_PAGES * PGT_PAGE),
                "a program gets an empty stack"))
        return;
    resolved = process->resolved;
    process_begin(process, program_overflow, 0, 0, 0);
    tap_ok(tap,
           process_run(process) == PROCESS_KILLED && process->outcome == PGT_FAULT_GUARD &&
               process->user.address == PROCESS_STACK - 8,
           "it overflows its stack, and is killed at the guard");
    tap_equal(tap, process->resolved - resolved, PROCESS_STACK_PAGES,
              "after each page of the stack was filled on its first touch");
}

static void check_protection(struct process *process)
{
    const struct trap_frame *frame = &process->user.frame;
    struct tap *tap = &process->stub->tap;

    process_begin(process, program_privileged, 0, 0, 0);
    tap_ok(tap,
           process_run(process) == PROCESS_KILLED && frame->vector == FAULT_GENERAL_PROTECTION &&
               frame->rip == process_address(program_privileged),
           "a program is killed for an instruction of ring 0");
    process_begin(process, program_read, UINT64_C(1) << 63, 0, 0);
    tap_ok(tap,
           process_run(process) == PROCESS_KILLED && frame->vector == FAULT_GENERAL_PROTECTION &&
               frame->rip == process_address(program_read),
           "and for an address that is not canonical");
}

/* The program forbids itself to write, in a register that is its own. */
static void check_key(struct process *process)
{
    struct pgt_protection change = {.change = PGT_CHANGE_KEY, .key = 3};
    const struct trap_frame *frame = &process->user.frame;
    struct tap *tap = &process->stub->tap;
    struct pgt_flush flush = {0};

    if (!features_detect().pku) {
        tap_skip(tap, "the processor has no protection keys",
                 "a program is killed for a write that its key forbids");
        return;
    }
    if (!tap_ok(tap,
                pgt_protect(&process->space, PROCESS_DATA, PGT_PAGE, &change, &flush) == PGT_OK,
                "a program's data gets key 3"))
        return;
    process_begin(process, program_key, PROCESS_DATA, WORD, PKRU_WRITE_DISABLE << (2 * 3));
    tap_ok(tap,
           process_run(process) == PROCESS_KILLED &&
               frame->error == (FAULT_PRESENT | USER_WRITE | FAULT_KEY) &&
               process->outcome == PGT_FAULT_KEY,
           "it is killed for a write that the key forbids");
    (void)report_program(process);
    features_pkru_write(0);
}

/* gVisor's EmptyAddressSpace: nothing is mapped for ring 3, not even its first instruction. */
static void check_empty(struct stub *stub)
{
    struct pgt_frames frames = pgt_ram_frames(&stub->frames->ram, stub->hhdm);
    struct tap *tap = &stub->tap;
    struct user user = {.call = 0};
    struct pgt_space empty;

    if (!tap_ok(tap, pgt_init_on(&empty, &stub->space, &frames) == PGT_OK,
                "an address space with nothing in it"))
        return;
    user_prepare(&user, PROCESS_TEXT, PROCESS_STACK_END);
    pgt_activate(&empty);
    user_run(&user);
    pgt_activate(&stub->space);
    tap_ok(tap,
           user.frame.vector == FAULT_PAGE && user.frame.rip == PROCESS_TEXT &&
               user.address == PROCESS_TEXT &&
               (user.frame.error & ~(uint64_t)FAULT_FETCH) == FAULT_USER,
           "ring 3 faults there at its first instruction");
    tap_ok(tap, pgt_destroy(&empty) == PGT_OK, "and it is gone");
    pgt_ram_recycle(&stub->frames->ram);
}

void check_killed(struct stub *stub)
{
    static struct process process;
    struct tap *tap = &stub->tap;
    size_t before;

    if (stub->frames == 0) {
        tap_skip(tap, STUB_NO_TABLES, "faults that end a program");
        return;
    }
    before = stub->frames->ram.free_count;
    check_empty(stub);
    if (!tap_ok(tap, process_open(&process, stub), "an address space for programs that fail"))
        return;
    check_pages(&process);
    check_stack_end(&process);
    check_protection(&process);
    check_key(&process);
    tap_ok(tap, process_close(&process) && stub->frames->ram.free_count == before,
           "the kernel goes on, and every frame has come back");
}
