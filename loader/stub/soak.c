/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The soak's operations.  Every write and read is a real access, by a program in ring 3 or by the
 * kernel on purpose, with all faults that come of it.
 */
#include "loader/stub/soak.h"

#include "loader/stub/fault.h"
#include "loader/stub/mem.h"
#include "pagetables/directory.h"

/* Of SOAK_WEIGHTS operations so many. */
static const unsigned weight[SOAK_OPERATIONS] = {
    [SOAK_WRITE] = 30, [SOAK_READ] = 25, [SOAK_KERNEL_WRITE] = 12, [SOAK_KERNEL_READ] = 12,
    [SOAK_UNMAP] = 9,  [SOAK_CRIME] = 6, [SOAK_FORK] = 3,          [SOAK_EXIT] = 3,
};
#define SOAK_WEIGHTS 100

#define UNMAP_PAGES 8

/* Where a page's word is: in each page at another place. */
static uint64_t address_of(unsigned page)
{
    uint64_t base = page < PROCESS_HEAP_PAGES ? PROCESS_HEAP + page * PGT_PAGE : PROCESS_DATA;

    return base + page * 56 % (PGT_PAGE - sizeof(uint64_t));
}

static bool right(const char *what, uint64_t virt, uint64_t got, uint64_t wanted)
{
    if (got == wanted)
        return true;
    tap_note("soak: %s at %016lx: got %lx, wanted %lx", what, virt, got, wanted);
    return false;
}

static bool happened(const char *what, bool done)
{
    if (!done)
        tap_note("soak: %s failed", what);
    return done;
}

/* Operations, each on a program that is alive. */

static bool write_word(struct soak *soak, struct soak_program *program)
{
    unsigned page = random_below(&soak->random, SOAK_PAGES);

    program->word[page] = random_next(&soak->random);
    process_begin(&program->process, program_write, address_of(page), program->word[page], 0);
    return happened("a write in ring 3", process_run(&program->process) == PROCESS_EXITED) &&
           right("written", address_of(page), process_result(&program->process),
                 program->word[page]);
}

static bool read_page(struct soak_program *program, unsigned page)
{
    process_begin(&program->process, program_read, address_of(page), 0, 0);
    return happened("a read in ring 3", process_run(&program->process) == PROCESS_EXITED) &&
           right("read", address_of(page), process_result(&program->process), program->word[page]);
}

static bool read_word(struct soak *soak, struct soak_program *program)
{
    return read_page(program, random_below(&soak->random, SOAK_PAGES));
}

static bool kernel_write(struct soak *soak, struct soak_program *program)
{
    unsigned page = random_below(&soak->random, SOAK_PAGES);

    program->word[page] = random_next(&soak->random);
    return happened("a write of the kernel",
                    process_poke(&program->process, address_of(page), program->word[page]));
}

static bool kernel_read(struct soak *soak, struct soak_program *program)
{
    unsigned page = random_below(&soak->random, SOAK_PAGES);
    uint64_t seen = 0;

    return happened("a read of the kernel",
                    process_peek(&program->process, address_of(page), &seen)) &&
           right("read by the kernel", address_of(page), seen, program->word[page]);
}

static bool unmap(struct soak *soak, struct soak_program *program)
{
    unsigned first = random_below(&soak->random, PROCESS_HEAP_PAGES);
    unsigned count = 1 + random_below(&soak->random, UNMAP_PAGES);

    if (count > PROCESS_HEAP_PAGES - first)
        count = PROCESS_HEAP_PAGES - first;
    memset(&program->word[first], 0, count * sizeof(program->word[0]));
    return happened("unmapping", process_unmap(&program->process, PROCESS_HEAP + first * PGT_PAGE,
                                               count * PGT_PAGE));
}

/* Stopped by a fault, the program lives on in the model: its next operation starts it over. */
static bool commit_crime(struct soak *soak, struct soak_program *program)
{
    static const uint64_t forbidden[] = {PROCESS_TEXT, PROCESS_RODATA, PROCESS_GUARD, 0};
    unsigned which = random_below(&soak->random, sizeof(forbidden) / sizeof(forbidden[0]));

    process_begin(&program->process, program_write, forbidden[which], 1, 0);
    return happened("stopping a program", process_run(&program->process) == PROCESS_KILLED &&
                                              program->process.user.frame.vector == FAULT_PAGE &&
                                              program->process.user.address == forbidden[which]);
}

static bool fork_program(struct soak *soak, struct soak_program *parent)
{
    struct soak_program *child = soak->program;

    if (soak->alive == SOAK_PROGRAMS)
        return true;
    while (child->alive)
        child++;
    if (!happened("a fork", process_fork(&child->process, &parent->process)))
        return false;
    memcpy(child->word, parent->word, sizeof(child->word));
    child->alive = true;
    soak->alive++;
    return true;
}

static bool exit_program(struct soak *soak, struct soak_program *program)
{
    if (soak->alive == 1)
        return true;
    soak->resolved += program->process.resolved;
    program->alive = false;
    soak->alive--;
    return happened("an exit", process_close(&program->process));
}

static enum soak_operation choose(struct soak *soak)
{
    unsigned left = random_below(&soak->random, SOAK_WEIGHTS);
    enum soak_operation operation = SOAK_WRITE;

    for (; left >= weight[operation]; operation++)
        left -= weight[operation];
    return operation;
}

static struct soak_program *choose_program(struct soak *soak)
{
    unsigned left = random_below(&soak->random, soak->alive);
    struct soak_program *program = soak->program;

    for (;; program++) {
        if (program->alive && left-- == 0)
            return program;
    }
}

bool soak_begin(struct soak *soak, struct stub *stub, uint64_t seed)
{
    *soak = (struct soak){.stub = stub, .random = {.state = seed}, .alive = 1};
    soak->program[0].alive = process_open(&soak->program[0].process, stub);
    return soak->program[0].alive &&
           process_poke(&soak->program[0].process, address_of(PROCESS_HEAP_PAGES), 0);
}

bool soak_step(struct soak *soak)
{
    static bool (*const perform[SOAK_OPERATIONS])(struct soak *, struct soak_program *) = {
        [SOAK_WRITE] = write_word,
        [SOAK_READ] = read_word,
        [SOAK_KERNEL_WRITE] = kernel_write,
        [SOAK_KERNEL_READ] = kernel_read,
        [SOAK_UNMAP] = unmap,
        [SOAK_CRIME] = commit_crime,
        [SOAK_FORK] = fork_program,
        [SOAK_EXIT] = exit_program,
    };
    enum soak_operation operation = choose(soak);

    soak->done[operation]++;
    return perform[operation](soak, choose_program(soak));
}

/* A page that was never touched, or is unmapped, is no page at all. */
static bool page_is_right(const struct soak_program *program, unsigned page)
{
    const struct stub *stub = program->process.stub;
    uint64_t phys, word = 0;

    if (pgt_translate(&program->process.space, address_of(page), &phys))
        word = *(uint64_t *)stub_direct(stub, phys);
    return right("in memory", address_of(page), word, program->word[page]);
}

static bool program_is_right(const struct soak_program *program)
{
    struct pgt_fault fault;

    if (pgt_check(&program->process.space, &fault) != PGT_OK) {
        tap_note("soak: %s: level %u, address %016lx, entry %016lx", fault.rule, fault.level,
                 fault.virt, fault.entry);
        return false;
    }
    for (unsigned page = 0; page < SOAK_PAGES; page++) {
        if (!page_is_right(program, page))
            return false;
    }
    return true;
}

/* Mapped in all programs at once: a write through any of them would show in the others. */
static bool zeros_are_zeros(const struct stub *stub)
{
    const uint64_t *word = stub_direct(stub, stub->frames->zero);

    for (unsigned i = 0; i < PGT_PAGE / sizeof(*word); i++) {
        if (!right("in the frame of zeros", i * sizeof(*word), word[i], 0))
            return false;
    }
    return true;
}

bool soak_is_right(const struct soak *soak)
{
    for (unsigned i = 0; i < SOAK_PROGRAMS; i++) {
        if (soak->program[i].alive && !program_is_right(&soak->program[i]))
            return false;
    }
    return zeros_are_zeros(soak->stub);
}

bool soak_end(struct soak *soak)
{
    bool all = true;

    for (unsigned i = 0; i < SOAK_PROGRAMS; i++) {
        struct soak_program *program = &soak->program[i];

        for (unsigned page = 0; program->alive && page < SOAK_PAGES; page++)
            all = read_page(program, page) && all;
        if (!program->alive)
            continue;
        soak->resolved += program->process.resolved;
        program->alive = false;
        all = process_close(&program->process) && all;
    }
    return all;
}
