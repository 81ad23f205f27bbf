/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's first instructions: write down the state of the processor, as it
 * is (struct entry_state, entry.h), then go to C on the loader's stack.
 */
#define MSR_EFER 0xc0000080
#define MSR_PAT  0x277

.section .bss.entry_state, "aw", @nobits
.globl entry_state
.balign 16
entry_state:
    .skip 224

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
    mov %rcx, entry_state+16(%rip)
    mov %rdx, entry_state+24(%rip)
    mov %rsi, entry_state+32(%rip)
    mov %rdi, entry_state+40(%rip)
    mov %rbp, entry_state+48(%rip)
    mov %r8, entry_state+56(%rip)
    mov %r9, entry_state+64(%rip)
    mov %r10, entry_state+72(%rip)
    mov %r11, entry_state+80(%rip)
    mov %r12, entry_state+88(%rip)
    mov %r13, entry_state+96(%rip)
    mov %r14, entry_state+104(%rip)
    mov %r15, entry_state+112(%rip)
    mov %rsp, entry_state+120(%rip)
    /* This writes below the return address, where the stack is free. */
    pushfq
    pop entry_state+128(%rip)

    /* All is written down that what follows changes. */
    cld
    mov (%rsp), %rax
    mov %rax, entry_state+136(%rip)
    mov %cr0, %rax
    mov %rax, entry_state+144(%rip)
    mov %cr3, %rax
    mov %rax, entry_state+152(%rip)
    mov %cr4, %rax
    mov %rax, entry_state+160(%rip)
    mov $MSR_EFER, %ecx
    rdmsr
    mov %eax, entry_state+168(%rip)
    mov %edx, entry_state+172(%rip)
    mov $MSR_PAT, %ecx
    rdmsr
    mov %eax, entry_state+176(%rip)
    mov %edx, entry_state+180(%rip)

    mov %cs, entry_state+184(%rip)
    mov %ds, entry_state+186(%rip)
    mov %es, entry_state+188(%rip)
    mov %fs, entry_state+190(%rip)
    mov %gs, entry_state+192(%rip)
    mov %ss, entry_state+194(%rip)
    sldt entry_state+196(%rip)
    str entry_state+198(%rip)
    sgdt entry_state+200(%rip)
    sidt entry_state+210(%rip)

    /* A zero frame pointer ends a debugger's backtrace. */
    xor %ebp, %ebp
    and $-16, %rsp
    call stub_main
    ud2
.size requested_entry, . - requested_entry

.section .note.GNU-stack, "", @progbits
