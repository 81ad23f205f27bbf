/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors (SDM volume 3A: 3.4.5 segments, 6.14.1 gates, 7.7 the 64-bit TSS).
 */
#include "loader/stub/descriptors.h"

#include <stdint.h>

#include "loader/stub/entry.h"

/* Other selectors than the loader's, so that a stale one shows. */
enum { CODE = 0x08, DATA = 0x10, TASK = 0x18 };

enum { IST_DOUBLE_FAULT = 1, IST_PAGE_FAULT, IST_GENERAL_PROTECTION, IST_COUNT };

#define STACK_BYTES 16384
#define VECTORS     32

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* ist[0] is number 1 */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map;
} __attribute__((packed));

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

_Static_assert(sizeof(struct tss) == 104, "TSS");
_Static_assert(sizeof(struct gate) == 16, "gate");

extern const uint64_t vector_entry[VECTORS]; /* vectors.S */

/* The processor reads these for as long as it runs, hence statics. */
static uint64_t gdt[5];
static struct tss tss;
static struct gate idt[VECTORS];
static uint8_t stack[IST_COUNT - 1][STACK_BYTES] __attribute__((aligned(16)));

/* Long mode ignores base and limit of these two. */
#define CODE_DESCRIPTOR UINT64_C(0x00af9b000000ffff)
#define DATA_DESCRIPTOR UINT64_C(0x00cf93000000ffff)

static void fill_gdt(void)
{
    uint64_t base = (uint64_t)&tss;

    gdt[CODE / 8] = CODE_DESCRIPTOR;
    gdt[DATA / 8] = DATA_DESCRIPTOR;
    /* An available 64-bit TSS, whose base is spread over the descriptor. */
    gdt[TASK / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | UINT64_C(0x89) << 40 |
                    (base >> 24 & 0xff) << 56;
    gdt[TASK / 8 + 1] = base >> 32;
}

/* A fault on a bad stack could push nothing there, and would end in a silent
 * reset; so the three vectors that tests provoke, or that follow, have their own. */
static void fill_tss(void)
{
    for (unsigned i = 0; i < IST_COUNT - 1; i++)
        tss.ist[i] = (uint64_t)&stack[i + 1];
    tss.io_map = sizeof(tss);
}

static uint8_t stack_of_vector(unsigned vector)
{
    switch (vector) {
    case 8:
        return IST_DOUBLE_FAULT;
    case 13:
        return IST_GENERAL_PROTECTION;
    case 14:
        return IST_PAGE_FAULT;
    default:
        return 0; /* the stack that is in use */
    }
}

static void fill_idt(void)
{
    for (unsigned i = 0; i < VECTORS; i++) {
        uint64_t offset = vector_entry[i];

        idt[i] = (struct gate){
            .offset_low = (uint16_t)offset,
            .selector = CODE,
            .ist = stack_of_vector(i),
            .type = 0x8e, /* present, ring 0, interrupt gate */
            .offset_middle = (uint16_t)(offset >> 16),
            .offset_high = (uint32_t)(offset >> 32),
        };
    }
}

static void load(void)
{
    struct table_register gdtr = {.limit = sizeof(gdt) - 1, .base = (uint64_t)gdt};
    struct table_register idtr = {.limit = sizeof(idt) - 1, .base = (uint64_t)idt};

    __asm__ volatile("lgdt %0" : : "m"(gdtr));
    /* CS changes by a far return alone. */
    __asm__ volatile("push %0\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "push %%rax\n\t"
                     "lretq\n"
                     "1:"
                     :
                     : "i"(CODE)
                     : "rax", "memory");
    __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%ss; mov %0, %%fs; mov %0, %%gs"
                     :
                     : "r"(DATA)
                     : "memory");
    __asm__ volatile("lidt %0" : : "m"(idtr));
    __asm__ volatile("ltr %w0" : : "r"(TASK) : "memory");
}

void descriptors_init(void)
{
    fill_gdt();
    fill_tss();
    fill_idt();
    load();
}
