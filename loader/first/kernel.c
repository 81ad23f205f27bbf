/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the handoff to the last line.
 */
#include "loader/first/first.h"
#include "loader/first/program.h"

_Noreturn void kernel_entry(void);

/* What this kernel asks of its loader.  Volatile, since the loader answers behind the compiler's
 * back; one struct, so that the markers stay around the rest. */
static volatile struct {
    uint64_t start[4];
    uint64_t revision[3];
    struct limine_request memmap;
    struct limine_pagetables_request pagetables;
    uint64_t end[2];
} asked = {
    .start = LIMINE_START_MARKER,
    .revision = {LIMINE_BASE_TAG_0, LIMINE_BASE_TAG_1, 3},
    .memmap = {.id = LIMINE_MEMMAP},
    .pagetables = {.head = {.id = LIMINE_PAGETABLES}},
    .end = LIMINE_END_MARKER,
};

/* The ELF header's entry.  A stack is there, of 64 KiB and with guards; interrupts are off. */
_Noreturn void kernel_entry(void)
{
    static struct memory memory;
    static struct process process;
    size_t frames;
    bool closed;

    console_line(0, "\r\nthe first kernel on Pagelift's parts");
    require(asked.revision[2] == 0 && asked.memmap.response && asked.pagetables.head.response,
            "the loader doesn't know base revision 3, or the page tables feature");
    memory_init(&memory, (const void *)asked.memmap.response,
                (const void *)asked.pagetables.head.response);
    processor_use(&memory.kernel);
    processor_init();
    console_point(true, "the loader's tables are this kernel's");

    frames = memory.ram.free_count;
    require(process_open(&process, &memory), "no frames for a process");
    process_run(&process, program_hello);
    console_point(process.exited && process.status == 0 && process.resolved >= 2,
                  "a program ran, on a stack that came as it was touched");
    closed = process_close(&process);

    require(process_open(&process, &memory), "no frames for a second process");
    process_run(&process, program_stray);
    console_point(!process.exited && process.outcome == PGT_FAULT_WRITE,
                  "another wrote to its text, and was stopped");
    closed = process_close(&process) && closed;
    console_point(closed && memory.ram.free_count == frames, "every frame is back");
    console_end();
}
