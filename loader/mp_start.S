/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code of the starting page (loader/mp_start.h).  ldr_mp_start_prepare() copies it there.
 *
 * %ebx is the page's physical address throughout.  No stack is used before the processor
 * has found its own: several are here at the same time.
 */
#include "loader/handoff_layout.h"
#include "loader/mp_start_layout.h"

#define MSR_APIC_BASE 0x1b
#define MSR_X2APIC_ID 0x802
#define MSR_EFER      0xc0000080

#define APIC_BASE_X2   0x400
#define APIC_BASE_PAGE 0xfffff000
#define XAPIC_ID       0x20

#define CR0_PROTECTED 0x00000031 /* PE ET NE; caching on: neither CD nor NW */
#define CR0_PAGED     0x80010031 /* and PG WP */

#define DATA_16(field) LDR_MP_START_DATA + LDR_MP_START_AT_##field
#define DATA_32(field) LDR_MP_START_DATA + LDR_MP_START_AT_##field(%ebx)
#define DATA(field)    LDR_MP_START_DATA + LDR_MP_START_AT_##field(%rbx)

    .section .rodata.ldr_mp_start, "a", @progbits
    .balign 16
    .globl ldr_mp_start_code
    .hidden ldr_mp_start_code
    .globl ldr_mp_start_code_32
    .hidden ldr_mp_start_code_32
    .globl ldr_mp_start_code_64
    .hidden ldr_mp_start_code_64
    .globl ldr_mp_start_code_end
    .hidden ldr_mp_start_code_end

    /* CS is the page's number times 256, IP is 0 (SDM 8.4.3); nothing else is to be relied on. */
    .code16
ldr_mp_start_code:
.Lstart:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    movzwl %ax, %ebx
    shl $4, %ebx
    lgdtl DATA_16(GDT)
    mov $CR0_PROTECTED, %eax
    mov %eax, %cr0
    ljmpl *DATA_16(TO_32)

    /* SDM 9.8.5: PAE, CR3, LME, PG.  The descriptors have their accessed bits. */
    .code32
ldr_mp_start_code_32:
    mov $LDR_DATA_32_SELECTOR, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov DATA_32(CR4), %eax
    mov %eax, %cr4
    mov DATA_32(ROOT), %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    mov DATA_32(EFER), %eax
    xor %edx, %edx
    wrmsr
    mov $CR0_PAGED, %eax
    mov %eax, %cr0
    ljmpl *DATA_32(TO_64)

    /* Which processor is this?  Its local APIC knows the number by which it was called; where
     * that register lies depends on the mode that firmware left the APIC in. */
    .code64
ldr_mp_start_code_64:
    mov %ebx, %ebx
    mov $MSR_APIC_BASE, %ecx
    rdmsr
    test $APIC_BASE_X2, %eax
    jnz 1f
    shl $32, %rdx
    and $APIC_BASE_PAGE, %eax
    or %rdx, %rax
    mov XAPIC_ID(%rax), %eax
    shr $24, %eax
    jmp 2f
1:  mov $MSR_X2APIC_ID, %ecx
    rdmsr
2:  mov DATA(PROCESSORS), %rdi
    mov DATA(COUNT), %ecx
    xor %esi, %esi
3:  inc %esi
    add $1 << LDR_MP_SHIFT, %rdi
    cmp %ecx, %esi
    jae .Lstop
    cmp %eax, LDR_MP_AT_LAPIC_ID(%rdi)
    jne 3b

    mov LDR_MP_AT_RESERVED(%rdi), %rsp
    test %rsp, %rsp
    jz .Lstop
    sub DATA(HHDM), %rsp
    mov DATA(CONTEXT), %rdi
    call *DATA(FUNCTION)

.Lstop:
    cli
    hlt
    jmp .Lstop
ldr_mp_start_code_end:

    .section .note.GNU-stack, "", @progbits
