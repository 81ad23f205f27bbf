/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First instructions, of the kernel and of each further processor: write down the state of the
 * processor, as it is (struct entry_state, entry.h), then go to C on the loader's stack.
 */
#define MSR_EFER 0xc0000080
#define MSR_PAT  0x277

.section .bss.entry_state, "aw", @nobits
.globl entry_state
.balign 16
entry_state:
    .skip 240

/* Both write to the entry_state at \at(\base).  First the registers but RAX, RBX and RSP, by
   instructions that change neither registers nor flags; then the rest.  The flags go through the
   stack, below the return address, where it is free. */
.macro record_registers at, base
    mov %rcx, \at+16(\base)
    mov %rdx, \at+24(\base)
    mov %rsi, \at+32(\base)
    mov %rdi, \at+40(\base)
    mov %rbp, \at+48(\base)
    mov %r8, \at+56(\base)
    mov %r9, \at+64(\base)
    mov %r10, \at+72(\base)
    mov %r11, \at+80(\base)
    mov %r12, \at+88(\base)
    mov %r13, \at+96(\base)
    mov %r14, \at+104(\base)
    mov %r15, \at+112(\base)
.endm

.macro record_state at, base
    pushfq
    pop \at+128(\base)

    /* All is written down that what follows changes. */
    cld
    rdtsc
    mov %eax, \at+224(\base)
    mov %edx, \at+228(\base)
    mov (%rsp), %rax
    mov %rax, \at+136(\base)
    mov %cr0, %rax
    mov %rax, \at+144(\base)
    mov %cr3, %rax
    mov %rax, \at+152(\base)
    mov %cr4, %rax
    mov %rax, \at+160(\base)
    mov $MSR_EFER, %ecx
    rdmsr
    mov %eax, \at+168(\base)
    mov %edx, \at+172(\base)
    mov $MSR_PAT, %ecx
    rdmsr
    mov %eax, \at+176(\base)
    mov %edx, \at+180(\base)

    mov %cs, \at+184(\base)
    mov %ds, \at+186(\base)
    mov %es, \at+188(\base)
    mov %fs, \at+190(\base)
    mov %gs, \at+192(\base)
    mov %ss, \at+194(\base)
    sldt \at+196(\base)
    str \at+198(\base)
    sgdt \at+200(\base)
    sidt \at+210(\base)
.endm

.section .text.entry, "ax", @progbits

/* The ELF header's entry.  A loader that knows the entry point request
   doesn't come here.  A MOV changes neither registers nor flags. */
.globl elf_entry
.type elf_entry, @function
elf_entry:
    movb $1, entry_state+220(%rip)
.size elf_entry, . - elf_entry

.globl requested_entry
.type requested_entry, @function
requested_entry:
    mov %rax, entry_state+0(%rip)
    mov %rbx, entry_state+8(%rip)
    mov %rsp, entry_state+120(%rip)
    record_registers entry_state, %rip
    record_state entry_state, %rip

    /* A zero frame pointer ends a debugger's backtrace. */
    xor %ebp, %ebp
    and $-16, %rsp
    call stub_main
    ud2
.size requested_entry, . - requested_entry

/* Where the other processors are sent to.  RDI is the loader's info, whose extra_argument, at
   24, is the address of a struct processor, which begins with an entry_state. */
.globl processor_entry
.type processor_entry, @function
processor_entry:
    push %rbx
    mov 24(%rdi), %rbx
    mov %rax, 0(%rbx)
    pop 8(%rbx)
    mov %rsp, 120(%rbx)
    record_registers 0, %rbx
    record_state 0, %rbx

    mov %rbx, %rdi
    xor %ebp, %ebp
    and $-16, %rsp
    call processor_main
    ud2
.size processor_entry, . - processor_entry

.section .note.GNU-stack, "", @progbits
