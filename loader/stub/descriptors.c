/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors (SDM volume 3A: 3.4.5 segments, 6.14.1 gates, 7.7 the 64-bit TSS).
 */
#include "loader/stub/descriptors.h"

#include <stdint.h>

#include "loader/fault/descriptors.h"
#include "loader/stub/entry.h"
#include "loader/stub/trap_layout.h"

#define VECTOR_DOUBLE_FAULT 8
#define IST_DOUBLE_FAULT    1

#define STACK_BYTES 16384

extern const char vector_entries[]; /* vectors.S */

/* The processor reads these for as long as it runs, hence statics. */
static uint64_t gdt[SELECTOR_TASK / 8 + 2];
static struct tss tss;
static struct gate idt[TRAP_VECTORS];
static uint8_t double_fault_stack[STACK_BYTES] __attribute__((aligned(16)));

/* Long mode ignores base and limit of these. */
#define CODE_DESCRIPTOR      UINT64_C(0x00af9b000000ffff)
#define DATA_DESCRIPTOR      UINT64_C(0x00cf93000000ffff)
#define USER_CODE_DESCRIPTOR UINT64_C(0x00affb000000ffff)
#define USER_DATA_DESCRIPTOR UINT64_C(0x00cff3000000ffff)

static void fill_gdt(void)
{
    gdt[SELECTOR_CODE / 8] = CODE_DESCRIPTOR;
    gdt[SELECTOR_DATA / 8] = DATA_DESCRIPTOR;
    gdt[SELECTOR_USER_DATA / 8] = USER_DATA_DESCRIPTOR;
    gdt[SELECTOR_USER_CODE / 8] = USER_CODE_DESCRIPTOR;
    tss_describe(&gdt[SELECTOR_TASK / 8], (uint64_t)&tss);
}

/* Page faults nest: the kernel takes one while it copies from a program whose fault it
 * handles.  So they use the stack that is in use.  Where that one is at its end, nothing can be
 * pushed on it, and the double fault that follows needs a stack of its own, or the machine would
 * reset without a word. */
static void fill_tss(void)
{
    tss.ist[IST_DOUBLE_FAULT - 1] = (uint64_t)double_fault_stack + STACK_BYTES;
    tss.io_map = sizeof(tss);
}

static void fill_idt(void)
{
    for (unsigned i = 0; i < TRAP_VECTORS; i++) {
        uint64_t offset = (uint64_t)vector_entries + i * TRAP_ENTRY_BYTES;

        idt[i] = gate_make(offset, SELECTOR_CODE, i == VECTOR_DOUBLE_FAULT ? IST_DOUBLE_FAULT : 0);
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
                     : "i"(SELECTOR_CODE)
                     : "rax", "memory");
    __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%ss; mov %0, %%fs; mov %0, %%gs"
                     :
                     : "r"(SELECTOR_DATA)
                     : "memory");
    __asm__ volatile("lidt %0" : : "m"(idtr));
    __asm__ volatile("ltr %w0" : : "r"(SELECTOR_TASK) : "memory");
}

void descriptors_init(void)
{
    fill_gdt();
    fill_tss();
    fill_idt();
    load();
}

void descriptors_set_kernel_stack(uint64_t rsp)
{
    tss.rsp[0] = rsp;
}

void descriptors_double_fault_stack(uint64_t *ret_lowest, uint64_t *ret_end)
{
    *ret_lowest = (uint64_t)double_fault_stack;
    *ret_end = (uint64_t)double_fault_stack + STACK_BYTES;
}
