/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs and their address spaces, on the library's areas.
 */
#include "loader/stub/process.h"

#include "loader/stub/cpu.h"
#include "loader/stub/fault.h"
#include "loader/stub/features.h"
#include "loader/stub/mem.h"
#include "loader/stub/system_calls.h"
#include "loader/stub/user_memory.h"
#include "pagetables/flags.h"
#include "pagetables/live.h"

/* The vm's means to make this processor, the only one, forget. */
static void forget(void *context, struct pgt_flush *flush)
{
    (void)context;
    pgt_finish(flush, 0, 0);
}

static void finish(struct process *process, struct pgt_flush *flush)
{
    pgt_finish(flush, 0, 0);
    pgt_ram_recycle(&process->stub->frames->ram);
}

/* An address space without areas. */
static bool prepare(struct process *process, struct stub *stub)
{
    struct frames *ram = stub->frames;
    struct pgt_frames frames = pgt_ram_frames(&ram->ram, stub->hhdm);

    *process = (struct process){.stub = stub};
    if (pgt_init_on(&process->space, &stub->space, &frames) != PGT_OK)
        return false;
    process->vm = (struct pgt_vm){
        .space = &process->space,
        .source = pgt_ram_counted(&ram->ram),
        .zero_frame = ram->zero,
        .copy_on_write = PGT_SOFTWARE_COPY_ON_WRITE,
        .areas = process->area,
        .capacity = PROCESS_AREAS,
        .forget = forget,
    };
    process->user.call = system_call;
    process->user.context = process;
    return true;
}

static bool add_areas(struct process *process)
{
    static const struct pgt_area wanted[] = {
        {.virt = PROCESS_TEXT, .bytes = 3 * PGT_PAGE, .kind = PGT_AREA_PLAIN},
        {.virt = PROCESS_HEAP,
         .bytes = PROCESS_HEAP_PAGES * PGT_PAGE,
         .kind = PGT_AREA_DEMAND_ZERO,
         .rights = PGT_READ | PGT_WRITE | PGT_USER},
        {.virt = PROCESS_GUARD, .bytes = PGT_PAGE, .kind = PGT_AREA_GUARD},
        {.virt = PROCESS_STACK,
         .bytes = PROCESS_STACK_PAGES * PGT_PAGE,
         .kind = PGT_AREA_DEMAND_ZERO,
         .rights = PGT_READ | PGT_WRITE | PGT_USER},
    };

    for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (pgt_vm_add(&process->vm, &wanted[i]) != PGT_OK)
            return false;
    }
    return true;
}

/* A copy of one page of the kernel's image, with rights of its own. */
static bool load_page(struct process *process, uint64_t virt, const void *content, unsigned rights)
{
    struct pgt_mapping mapping = {.virt = virt, .bytes = PGT_PAGE, .rights = rights | PGT_USER};
    struct pgt_ram *ram = &process->stub->frames->ram;

    if (pgt_ram_take(ram, &mapping.phys) != PGT_RAM_OK)
        return false;
    memcpy(stub_direct(process->stub, mapping.phys), content, PGT_PAGE);
    return pgt_vm_map(&process->vm, &mapping) == PGT_OK ||
           pgt_ram_free(ram, mapping.phys, 1) != PGT_RAM_OK;
}

static bool load(struct process *process)
{
    return load_page(process, PROCESS_TEXT, programs_text, PGT_READ | PGT_EXECUTE) &&
           load_page(process, PROCESS_RODATA, programs_rodata, PGT_READ) &&
           load_page(process, PROCESS_DATA, programs_data, PGT_READ | PGT_WRITE);
}

bool process_open(struct process *process, struct stub *stub)
{
    if (!prepare(process, stub)) {
        tap_note("no frame for a program's root");
        return false;
    }
    if (add_areas(process) && load(process))
        return true;
    tap_note("no frames for a program's pages");
    (void)process_close(process);
    return false;
}

bool process_fork(struct process *child, struct process *parent)
{
    struct pgt_flush flush = {0};
    enum pgt_status status;

    if (!prepare(child, parent->stub))
        return false;
    status = pgt_vm_fork(&child->vm, &parent->vm, &flush);
    finish(parent, &flush);
    if (status != PGT_OK) {
        tap_note("fork: %s", pgt_status_text(status));
        (void)process_close(child);
        return false;
    }
    child->user.frame = parent->user.frame;
    return true;
}

bool process_close(struct process *process)
{
    bool closed = pgt_vm_destroy(&process->vm) == PGT_OK;

    pgt_ram_recycle(&process->stub->frames->ram);
    return closed;
}

uint64_t process_address(const char *entry)
{
    return PROCESS_TEXT + (uint64_t)(entry - programs_text);
}

void process_begin(struct process *process, const char *entry, uint64_t first, uint64_t second,
                   uint64_t third)
{
    user_prepare(&process->user, process_address(entry), PROCESS_STACK_END);
    process->user.frame.rdi = first;
    process->user.frame.rsi = second;
    process->user.frame.rdx = third;
}

/* A fault of the program, or of the kernel amid a deliberate access to its memory.  Any other
 * access of the kernel is a mistake, whatever the page. */
static bool resolve(void *context, const struct trap_frame *frame, uint64_t address)
{
    struct process *process = context;
    struct pgt_flush flush = {0};
    bool resolved;

    if (!trap_from_user(frame) && features_smap_on() && !(frame->rflags & RFLAGS_AC)) {
        process->outcome = PGT_FAULT_SUPERVISOR;
        return false;
    }
    resolved = pgt_resolve(&process->vm, address, frame->error, &flush, &process->outcome);
    finish(process, &flush);
    process->resolved += resolved;
    return resolved;
}

static uint64_t enter(struct process *process)
{
    uint64_t home = cr3_read();

    fault_set_resolver(&(struct fault_resolver){.resolve = resolve, .context = process});
    cr3_write(process->space.root);
    return home;
}

static void leave(uint64_t home)
{
    cr3_write(home);
    fault_set_resolver(0);
}

enum process_end process_run(struct process *process)
{
    const struct trap_frame *frame = &process->user.frame;
    uint64_t home = enter(process);

    user_run(&process->user);
    leave(home);
    if (frame->vector != TRAP_SYSTEM_CALL)
        return PROCESS_KILLED;
    return frame->rax == PROGRAM_CALL_FORK ? PROCESS_FORKED : PROCESS_EXITED;
}

uint64_t process_result(const struct process *process)
{
    return process->user.frame.rdi;
}

bool process_peek(struct process *process, uint64_t virt, uint64_t *ret_word)
{
    uint64_t home = enter(process);
    bool read = user_memory_read(ret_word, virt, sizeof(*ret_word));

    leave(home);
    return read;
}

bool process_poke(struct process *process, uint64_t virt, uint64_t word)
{
    uint64_t home = enter(process);
    bool written = user_memory_write(virt, &word, sizeof(word));

    leave(home);
    return written;
}

bool process_stray_read(struct process *process, uint64_t virt)
{
    uint64_t home = enter(process);
    struct fault fault;
    bool faulted = fault_probe(fault_read, virt, &fault);

    leave(home);
    return faulted;
}

bool process_unmap(struct process *process, uint64_t virt, uint64_t bytes)
{
    struct pgt_flush flush = {0};
    enum pgt_status status = pgt_vm_unmap(&process->vm, virt, bytes, &flush);

    finish(process, &flush);
    return status == PGT_OK;
}
