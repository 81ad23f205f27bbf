/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/stub/early.h"

#include "loader/stub/cpu.h"
#include "loader/stub/requests.h"
#include "loader/stub/stub.h"
#include "loader/stub/variant.h"
#include "loader/stub/words.h"

/* Functions that the report shall name.  (With a local variable, as gcc gives no frame to one
 * that doesn't touch the stack.) */
#define CALLED static __attribute__((noipa))

/* The first I/O interrupt controller's place on every PC: never memory. */
#define NO_MEMORY UINT64_C(0xfec00000)

/* Of an entry that names a table. */
#define PRESENT_WRITABLE UINT64_C(3)

#define NOT_CANONICAL UINT64_C(0x4000000000001000)

/* Deep enough for any stack. */
#define DEPTH 1000000

CALLED void call_null(void)
{
    void (*volatile null)(void) = 0;

    null();
}

CALLED void write_text(void)
{
    volatile uint8_t breakpoint = 0xcc;

    *(volatile uint8_t *)text_start = breakpoint;
}

/* Each call takes a little, as in a real recursion. */
CALLED unsigned descend(unsigned depth)
{
    volatile unsigned here = depth;

    return depth == 0 ? 0 : descend(depth - 1) + here;
}

CALLED void overflow_stack(void)
{
    (void)descend(DEPTH);
}

CALLED void execute_ud2(void)
{
    volatile uint64_t here = 0;

    __asm__ volatile("ud2" : : "r"(here));
}

CALLED void divide_by_zero(void)
{
    volatile uint32_t zero = 0;

    __asm__ volatile("div %0" : : "r"(zero), "a"(1), "d"(0) : "cc");
}

CALLED void read_wild(void)
{
    volatile uint64_t address = NOT_CANONICAL;

    (void)*(volatile uint64_t *)address;
}

CALLED void read_hole(void)
{
    const struct limine_hhdm_response *hhdm = request_answer(&requests.hhdm);

    volatile uint64_t address = hhdm->offset + NO_MEMORY;

    (void)*(volatile uint32_t *)address;
}

CALLED void execute_data(void)
{
    static volatile uint8_t ret = 0xc3;

    __asm__ volatile("call *%0" : : "r"(&ret) : "memory", "cc");
}

CALLED void send_others(void)
{
    const struct limine_mp_response *response = request_answer(&variant_processors()->head);

    for (uint64_t i = 1; response != 0 && i < response->cpu_count; i++) {
        const uint64_t *info = request_pointer(response->cpus);

        __atomic_store_n(&((struct limine_mp_info *)info[i])->goto_address, (uint64_t)execute_ud2,
                         __ATOMIC_RELEASE);
    }
    stop_for_ever();
}

/* The report walks the tables as the processor did, and reads what isn't there. */
CALLED void read_astray(void)
{
    const struct limine_hhdm_response *hhdm = request_answer(&requests.hhdm);
    volatile uint64_t *top = (uint64_t *)(hhdm->offset + (cr3_read() & CR3_ROOT));
    volatile uint64_t address = PGT_PAGE;

    top[0] = NO_MEMORY | PRESENT_WRITABLE;
    (void)*(volatile uint64_t *)address;
}

void early_fault(void)
{
    static const struct {
        const char *word;
        void (*run)(void);
    } fault[] = {
        {"early=null", call_null},        {"early=text", write_text},
        {"early=stack", overflow_stack},  {"early=ud2", execute_ud2},
        {"early=divide", divide_by_zero}, {"early=wild", read_wild},
        {"early=hole", read_hole},        {"early=data", execute_data},
        {"early=others", send_others},    {"early=astray", read_astray},
    };
    const struct limine_executable_cmdline_response *response =
        request_answer(&requests.executable_cmdline);

    for (unsigned i = 0; response != 0 && i < sizeof(fault) / sizeof(fault[0]); i++) {
        if (words_has(request_pointer(response->cmdline), fault[i].word))
            fault[i].run();
    }
}
