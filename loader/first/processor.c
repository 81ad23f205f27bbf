/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor (SDM volume 3A: 3.4.5 segments, 6.14.1 gates, 7.7 the 64-bit TSS).
 */
#include <cpuid.h>

#include "loader/first/first.h"
#include "loader/first/program.h"
#include "pagetables/explain.h"

struct __attribute__((packed)) tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map;
};

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct __attribute__((packed)) table_register {
    uint16_t limit;
    uint64_t base;
};

_Static_assert(offsetof(struct tss, rsp) == TSS_RSP0 && sizeof(struct tss) == 104, "TSS");
_Static_assert(sizeof(struct gate) == 16, "gate");

extern const char trap_entry[]; /* trap.S */
extern struct tss tss;          /* trap.S keeps the kernel's stack in it */

/* The processor reads these for as long as it runs, hence no locals. */
struct tss tss = {.io_map = sizeof(tss)};
static struct gate idt[CALL_VECTOR + 1];
static uint8_t double_fault_stack[8192] __attribute__((aligned(16)));
static uint64_t gdt[] = {
    [SELECTOR_CODE / 8] = UINT64_C(0x00af9b000000ffff),
    [SELECTOR_DATA / 8] = UINT64_C(0x00cf93000000ffff),
    [SELECTOR_USER_DATA / 8] = UINT64_C(0x00cff3000000ffff),
    [SELECTOR_USER_CODE / 8] = UINT64_C(0x00affb000000ffff),
    [SELECTOR_TASK / 8 + 1] = 0, /* twice as large as the others */
};

static const struct pgt_space *used; /* the one in CR3 */

/* The base is spread over the descriptor. */
static void fill_tss(void)
{
    uint64_t base = (uint64_t)&tss;

    gdt[SELECTOR_TASK / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | UINT64_C(0x89) << 40 |
                             (base >> 24 & 0xff) << 56;
    gdt[SELECTOR_TASK / 8 + 1] = base >> 32;
    tss.ist[0] = (uint64_t)double_fault_stack + sizeof(double_fault_stack);
}

/* Where the kernel's stack has overflowed nothing can be pushed, so the double fault that
 * follows has a stack of its own.  Programs may call CALL_VECTOR alone. */
static void fill_idt(void)
{
    for (unsigned i = 0; i <= CALL_VECTOR; i++) {
        uint64_t offset = (uint64_t)trap_entry + i * TRAP_ENTRY_BYTES;

        idt[i] = (struct gate){
            .offset_low = (uint16_t)offset,
            .selector = SELECTOR_CODE,
            .ist = i == VECTOR_DOUBLE_FAULT,
            .type = i == CALL_VECTOR ? 0xee : 0x8e, /* interrupt gates, open to ring 3 or not */
            .offset_middle = (uint16_t)(offset >> 16),
            .offset_high = (uint32_t)(offset >> 32),
        };
    }
}

static void load_tables(void)
{
    struct table_register gdtr = {.limit = sizeof(gdt) - 1, .base = (uint64_t)gdt};
    struct table_register idtr = {.limit = sizeof(idt) - 1, .base = (uint64_t)idt};

    /* CS changes by a far return alone. */
    __asm__ volatile("lgdt %0; push %1; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:"
                     :
                     : "m"(gdtr), "i"(SELECTOR_CODE)
                     : "rax", "memory");
    __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs; mov %0, %%ss"
                     :
                     : "r"(SELECTOR_DATA));
    __asm__ volatile("lidt %0; ltr %w1" : : "m"(idtr), "r"(SELECTOR_TASK) : "memory");
}

/* The kernel never runs (SMEP) nor touches (SMAP) what is a program's. */
static void keep_out_of_user_pages(void)
{
    unsigned a, b = 0, c, d;
    uint64_t cr4;

    (void)__get_cpuid_count(7, 0, &a, &b, &c, &d);
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    cr4 |= b & 1u << 7 ? PGT_STATE_CR4_SMEP : 0;
    cr4 |= b & 1u << 20 ? PGT_STATE_CR4_SMAP : 0;
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
}

void processor_init(void)
{
    fill_tss();
    fill_idt();
    load_tables();
    keep_out_of_user_pages();
}

void processor_use(const struct pgt_space *space)
{
    used = space;
    __asm__ volatile("mov %0, %%cr3" : : "r"(space->root) : "memory");
}

static struct pgt_state state_of(const struct frame *frame)
{
    struct pgt_state state = {.rflags = frame->rflags, .ring = frame->cs & 3};
    uint32_t efer;

    __asm__ volatile("mov %%cr0, %0" : "=r"(state.cr0));
    __asm__ volatile("mov %%cr4, %0" : "=r"(state.cr4));
    __asm__ volatile("rdmsr" : "=a"(efer) : "c"(0xc0000080) : "rdx");
    state.efer = efer;
    return state;
}

/* clang-format off */
static struct pgt_registers registers_of(const struct frame *frame, const struct pgt_state *state,
                                         uint64_t address)
{
    return (struct pgt_registers){
        .rax = frame->rax, .rbx = frame->rbx, .rcx = frame->rcx, .rdx = frame->rdx,
        .rsi = frame->rsi, .rdi = frame->rdi, .rbp = frame->rbp, .rsp = frame->rsp,
        .r8 = frame->r8, .r9 = frame->r9, .r10 = frame->r10, .r11 = frame->r11,
        .r12 = frame->r12, .r13 = frame->r13, .r14 = frame->r14, .r15 = frame->r15,
        .rip = frame->rip, .rflags = frame->rflags, .cs = frame->cs, .ss = frame->ss,
        .cr0 = state->cr0, .cr2 = address, .cr3 = used->root, .cr4 = state->cr4,
    };
}
/* clang-format on */

void processor_report(const struct frame *frame, uint64_t address)
{
    struct pgt_state state = state_of(frame);
    struct pgt_registers registers = registers_of(frame, &state, address);
    char title[] = "exception 00";

    title[10] += (char)(frame->vector / 10);
    title[11] += (char)(frame->vector % 10);
    console_line(0, title);
    if (frame->vector == VECTOR_PAGE_FAULT)
        pgt_explain(used, address, frame->error, &state, console_line, 0);
    pgt_explain_registers(&registers, console_line, 0);
}
