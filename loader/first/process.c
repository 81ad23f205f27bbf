/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process: an address space on the kernel's upper half, with areas, and what is done about
 * its calls and faults.
 */
#include "loader/first/first.h"
#include "loader/first/program.h"
#include "pagetables/flags.h"
#include "pagetables/live.h"

void trap(struct frame *frame);

/* A trap has no caller that could pass it on, hence a static: one processor. */
static struct process *running;

/* Text, a stack that gets frames as it is touched, and a guard below it. */
static bool add_areas(struct pgt_vm *vm)
{
    static const struct pgt_area wanted[] = {
        {.virt = PROGRAM_TEXT, .bytes = PGT_PAGE, .kind = PGT_AREA_PLAIN},
        {.virt = PROGRAM_STACK - PGT_PAGE, .bytes = PGT_PAGE, .kind = PGT_AREA_GUARD},
        {.virt = PROGRAM_STACK,
         .bytes = PROGRAM_STACK_BYTES,
         .kind = PGT_AREA_DEMAND_ZERO,
         .rights = PGT_READ | PGT_WRITE | PGT_USER},
    };

    for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (pgt_vm_add(vm, &wanted[i]) != PGT_OK)
            return false;
    }
    return true;
}

/* The page of the kernel's image that holds the programs, as it is.  The allocator doesn't count
 * its frame, so no process owns it; and it is writable nowhere. */
static bool map_text(struct process *process)
{
    uint64_t start = (uint64_t)program_start;
    struct pgt_mapping text = {
        .virt = PROGRAM_TEXT,
        .bytes = PGT_PAGE,
        .rights = PGT_READ | PGT_EXECUTE | PGT_USER,
    };
    struct pgt_leaf image;

    if (!pgt_lookup(&process->memory->kernel, start, &image))
        return false;
    text.phys = image.phys + (start - image.virt);
    return pgt_vm_map(&process->vm, &text) == PGT_OK;
}

bool process_open(struct process *process, struct memory *memory)
{
    struct pgt_frames frames = pgt_ram_frames(&memory->ram, memory->offset);

    *process = (struct process){.memory = memory};
    if (pgt_init_on(&process->space, &memory->kernel, &frames) != PGT_OK)
        return false;
    process->vm = (struct pgt_vm){
        .space = &process->space,
        .source = pgt_ram_counted(&memory->ram),
        .zero_frame = memory->zero_frame,
        .copy_on_write = PGT_SOFTWARE_COPY_ON_WRITE,
        .areas = process->area,
        .capacity = sizeof(process->area) / sizeof(process->area[0]),
    };
    if (add_areas(&process->vm) && map_text(process))
        return true;
    (void)process_close(process);
    return false;
}

void process_run(struct process *process, void (*entry)(void))
{
    running = process;
    processor_use(&process->space);
    /* A function finds a return address on its stack, below 16-byte alignment. */
    ring3_enter(PROGRAM_TEXT + ((uint64_t)entry - (uint64_t)program_start),
                PROGRAM_STACK + PROGRAM_STACK_BYTES - 8);
    processor_use(&process->memory->kernel);
    running = 0;
}

/* Loading CR3 has flushed what the frames were mapped at. */
bool process_close(struct process *process)
{
    bool closed = pgt_vm_destroy(&process->vm) == PGT_OK;

    pgt_ram_recycle(&process->memory->ram);
    return closed;
}

/* True if the program can go on as if nothing had been. */
static bool resolve(struct process *process, uint64_t address, uint64_t error)
{
    struct pgt_flush flush = {0};
    bool resolved = pgt_resolve(&process->vm, address, error, &flush, &process->outcome);

    pgt_finish(&flush, 0, 0);
    pgt_ram_recycle(&process->memory->ram);
    process->resolved += resolved;
    return resolved || process->outcome == PGT_FAULT_ALLOWED;
}

/* The program's word for an address is worth nothing: its tables are asked, byte by byte, and
 * the text read through the direct map.  So the kernel never touches an address of a program's,
 * and no fault can come of one.  Returns how much could be said. */
static uint64_t say(const struct process *process, uint64_t text, uint64_t bytes)
{
    struct pgt_leaf leaf;
    uint64_t i;

    for (i = 0; i < bytes; i++) {
        if (!pgt_lookup(&process->space, text + i, &leaf) || !(leaf.rights & PGT_USER))
            break;
        console_put(*(const char *)(leaf.phys + (text + i - leaf.virt) + process->memory->offset));
    }
    return i;
}

static void system_call(struct process *process, struct frame *frame)
{
    switch (frame->rax) {
    case CALL_SAY:
        frame->rax = say(process, frame->rdi, frame->rsi);
        break;
    case CALL_EXIT:
        process->exited = true;
        process->status = frame->rdi;
        ring3_leave();
    default:
        frame->rax = UINT64_MAX;
    }
}

/* trap.S calls it for everything; when it returns, what was interrupted goes on. */
void trap(struct frame *frame)
{
    bool user = (frame->cs & 3) == 3;
    uint64_t address;

    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    if (user && frame->vector == CALL_VECTOR) {
        system_call(running, frame);
        return;
    }
    if (user && frame->vector == VECTOR_PAGE_FAULT && resolve(running, address, frame->error))
        return;
    processor_report(frame, address);
    require(user, "an exception in the kernel");
    ring3_leave();
}
