/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ring 3: a program runs in its own address space, and calls the system.
 */
#include "loader/stub/checks.h"
#include "loader/stub/mem.h"
#include "loader/stub/process.h"

#define GREETING "a program in ring 3 says hello"

static void check_sum(struct process *process)
{
    struct tap *tap = &process->stub->tap;
    struct trap_frame *frame = &process->user.frame;

    process_begin(process, program_sum, 1, 20, 300);
    frame->r10 = 4000;
    frame->r8 = 50000;
    frame->r9 = 600000;
    tap_ok(tap, process_run(process) == PROCESS_EXITED, "a program in ring 3 runs, and exits");
    tap_equal(tap, process_result(process),
              1 + 2 * 20 + 3 * 300 + 4 * 4000 + 5 * 50000 + 6 * 600000,
              "its system call took six arguments, returned a result and lost no register");
    tap_ok(tap, trap_from_user(frame) && frame->rsp == PROCESS_STACK_END,
           "it was in ring 3, on its own stack");
}

static void check_segments(struct process *process)
{
    process_begin(process, program_segments, 0, 0, 0);
    tap_ok(&process->stub->tap,
           process_run(process) == PROCESS_EXITED &&
               process_result(process) == PROGRAM_CONSTANT + PROGRAM_COUNTER + 1,
           "another uses its read-only data, its data and its stack");
}

static void check_say(struct process *process)
{
    struct tap *tap = &process->stub->tap;

    process_begin(process, program_say, 0, 0, 0);
    if (!tap_ok(tap,
                process_run(process) == PROCESS_EXITED &&
                    process_result(process) == sizeof(GREETING) - 1 &&
                    memcmp(process->said, GREETING, sizeof(GREETING)) == 0,
                "the kernel reads a text of the program's, on purpose"))
        tap_note("result %lx, said: %s", process_result(process), process->said);
}

/* Arguments of a system call that would have the kernel fault, or tell what it shouldn't. */
static void check_bad_arguments(struct process *process)
{
    static const struct {
        const char *what;
        uint64_t text;
    } bad[] = {
        {"in the kernel", (uint64_t)programs_text},
        {"that runs into the hole", UINT64_C(0x00007ffffffffff0)},
        {"that is not canonical", UINT64_C(1) << 63},
        {"at address 0", 0},
        {"in a guard", PROCESS_GUARD},
    };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        process_begin(process, program_say_given, bad[i].text, 32, 0);
        tap_ok(&process->stub->tap,
               process_run(process) == PROCESS_EXITED && process_result(process) == UINT64_MAX,
               "a text %s is refused", bad[i].what);
    }
}

void check_user(struct stub *stub)
{
    static struct process process;
    struct tap *tap = &stub->tap;
    size_t before;

    if (stub->frames == 0) {
        tap_skip(tap, STUB_NO_TABLES, "a program in ring 3");
        return;
    }
    user_init();
    before = stub->frames->ram.free_count;
    if (!tap_ok(tap, process_open(&process, stub), "an address space with a program in it"))
        return;
    check_sum(&process);
    check_segments(&process);
    check_say(&process);
    check_bad_arguments(&process);
    tap_ok(tap, process_close(&process) && stub->frames->ram.free_count == before,
           "it ends, and gives back every frame");
}
