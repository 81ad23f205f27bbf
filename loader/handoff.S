/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code of the handoff page.  ldr_handoff_prepare() copies it there, so it names
 * no address but its own: whatever else it needs it reads from the data behind it.
 *
 * %rbx is the page throughout: at first where it lies physically, and from the jump on
 * in the shared upper.  %ebp is the processor's number: 0 for the one that goes on to the
 * kernel's entry; the others come the same way at any time, and wait at the end of it.
 * No stack is used before the kernel's is reachable, and nothing but
 * the page itself is touched while paging is off.  An NMI or a fault shuts the processor down
 * until the early-fault net's IDT is loaded, if there is one (loader/net.h), or the kernel's.
 */
#include "loader/handoff_layout.h"

#define MSR_PAT     0x277
#define MSR_EFER    0xc0000080
#define MSR_FS_BASE 0xc0000100 /* GS base and kernel GS base are the next two */

#define CR0_PG 0x80000000

#define DATA(field)    LDR_HANDOFF_DATA + LDR_AT_##field(%rbx)
#define DATA_32(field) LDR_HANDOFF_DATA + LDR_AT_##field(%ebx)

    /* Read-only data as far as the loader goes, whose own copy is never executed. */
    .section .rodata.ldr_handoff, "a", @progbits
    .balign 16
    .globl ldr_handoff_code
    .hidden ldr_handoff_code
    .globl ldr_handoff_code_next
    .hidden ldr_handoff_code_next
    .globl ldr_handoff_code_32
    .hidden ldr_handoff_code_32
    .globl ldr_handoff_code_64
    .hidden ldr_handoff_code_64
    .globl ldr_handoff_code_end
    .hidden ldr_handoff_code_end

ldr_handoff_code:
.Lstart:
    endbr64                     /* entered by an indirect jump, CET or not */
    cli
    cld
    xor %ebp, %ebp
ldr_handoff_code_next:          /* %ebp is set, interrupts and direction flag are off */
    lea .Lstart(%rip), %rbx

    /* Execute-disable on before tables that use it: with EFER.NXE off, bit 63 of an
     * entry is reserved and the first fetch would fault. */
    mov $MSR_EFER, %ecx
    mov DATA(EFER), %eax
    mov 4+DATA(EFER), %edx
    wrmsr

    /* Entries 0 to 3, all that firmware's tables select, stay as they are after reset,
     * so nothing in use changes its type here (SDM 11.12.4). */
    mov $MSR_PAT, %ecx
    mov DATA(PAT), %eax
    mov 4+DATA(PAT), %edx
    wrmsr

    /* CR4 before CR0: with CET gone CR0 is free to change (SDM 2.5).  PGE and PCIDE go
     * off here, so from now on each load of CR3 drops every translation (SDM 4.10.4.1).
     * LA57 can't change yet: in long mode that is a fault (SDM 2.5). */
    mov DATA(CR4_FIRST), %rax
    mov DATA(CR4), %rdx
    mov DATA(CR0), %rsi
    mov DATA(TRANSITION_ROOT), %rdi
    mov %rax, %cr4
    mov %rsi, %cr0
    cmp %rax, %rdx
    jne .Lchange_levels
    mov %rdi, %cr3

    /* There are two mappings of this page now: the one we run on, and the one we go to. */
.Ltransition:
    mov DATA(UPPER), %rbx
    lea .Lupper - .Lstart(%rbx), %rdx
    jmp *%rdx

    /* Paging off, the other LA57, another CR3, paging on (SDM 9.8.5.4 and 9.8.5).  PG can be
     * cleared only by code that isn't 64-bit, and PCIDE is clear already, which clearing it
     * demands (SDM 4.10.1).  All that has to be written is in registers: firmware's data
     * segments, whatever their bases, are not used.  The descriptors have their accessed
     * bits, so the jumps don't write to them. */
.Lchange_levels:
    lgdt DATA(OWN_GDT)
    ljmpl *DATA(TO_32)

    .code32
ldr_handoff_code_32:
    mov %esi, %eax
    and $~CR0_PG, %eax
    mov %eax, %cr0              /* drops every translation, and EFER.LMA; LME stays */
    mov %edx, %cr4
    mov %edi, %cr3
    mov %esi, %cr0              /* with LME set, this is long mode again */
    ljmpl *%cs:DATA_32(TO_64)

    .code64
ldr_handoff_code_64:
    mov %ebx, %ebx              /* the upper halves of registers have not survived */
    jmp .Ltransition

.Lupper:
    lgdt DATA(GDT)
    lidt DATA(IDT)

    /* In the direct map, so in the shared upper too. */
    mov %ebp, %eax
    imul DATA(STACK_APART), %rax
    add DATA(STACK_TOP), %rax
    mov %rax, %rsp
    mov $LDR_DATA_SELECTOR, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    mov %eax, %ss
    pushq $LDR_CODE_SELECTOR    /* a far return: the one way to load CS in all processors */
    lea .Lreloaded(%rip), %rax
    push %rax
    lretq
.Lreloaded:

    /* Firmware's LDT and TSS lie in memory that the kernel may reuse.  A TSS can be loaded
     * once, hence one for each processor, 16 bytes apart. */
    xor %eax, %eax
    lldt %ax
    mov %ebp, %eax
    shl $4, %eax
    add $LDR_TASK_SELECTOR, %eax
    ltr %ax

    /* Loading a selector leaves the bases alone on some processors if it is null, and
     * never touches the kernel GS base; so they are written (SDM 3.4.4). */
    xor %eax, %eax
    xor %edx, %edx
    mov $MSR_FS_BASE, %ecx
    wrmsr
    inc %ecx
    wrmsr
    inc %ecx
    wrmsr

    mov DATA(KERNEL_ROOT), %rax
    mov %rax, %cr3

    /* %rdi is a further processor's info, and 0 for the first. */
    mov DATA(ENTRY), %rdx
    mov %ebp, %edi
    shl $LDR_MP_SHIFT, %rdi
    jz .Lenter
    add DATA(PROCESSORS), %rdi

    /* It takes its stack, which tells the first processor that it has come.  If that has
     * stopped waiting the stack is gone: this one stops, and touches nothing. */
    xor %eax, %eax
    xchg %rax, LDR_MP_AT_RESERVED(%rdi)
    test %rax, %rax
    jz .Lstop
.Lpark:
    pause
    mov LDR_MP_AT_GOTO(%rdi), %rdx
    test %rdx, %rdx
    jz .Lpark

    /* The stack is empty again.  From its top: 0 as the return address that stays, the entry
     * for RET, and RFLAGS, popped last since XOR sets flags. */
.Lenter:
    pushq $0
    push %rdx
    pushq $2
    xor %eax, %eax
    xor %ebx, %ebx
    xor %ecx, %ecx
    xor %edx, %edx
    xor %esi, %esi
    xor %ebp, %ebp
    xor %r8d, %r8d
    xor %r9d, %r9d
    xor %r10d, %r10d
    xor %r11d, %r11d
    xor %r12d, %r12d
    xor %r13d, %r13d
    xor %r14d, %r14d
    xor %r15d, %r15d
    popfq
    ret

.Lstop:
    hlt
    jmp .Lstop
ldr_handoff_code_end:

    .section .note.GNU-stack, "", @progbits
