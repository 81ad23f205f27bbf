/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest: goes through a list of probes (struct guest_probe), each one access, and notes
 * what came of it.  Two pages that run wherever they are mapped: ring 0's and ring 3's.
 *
 *   R15 the probe at hand, R14 the end of the list; both ring 3 leaves alone
 *   R13 what PKRU becomes, if R12 is not 0
 *
 * A read leaves what it read in RAX; a write stores the address itself; a fetch calls, and what
 * it calls leaves something in EAX.
 */
#include "pagetables/tests/guest_layout.h"

.section .rodata
.balign 4096
.globl guest_code
guest_code:
    test %r12, %r12
    jz next
    mov %r13d, %eax
    xor %ecx, %ecx
    xor %edx, %edx
    wrpkru
next:
    cmp %r14, %r15
    jae finished
    movabs $GUEST_VIRT + GUEST_STACK + 0x1000, %rsp
    mov PROBE_ADDRESS(%r15), %rbx
    mov PROBE_KIND(%r15), %ecx
    xor %eax, %eax
    mov $2, %edx
    test $PROBE_AC, %cl
    jz 1f
    or $0x40000, %edx
1:  test $PROBE_USER, %cl
    jnz to_ring_3
    push %rdx
    popfq
    and $3, %ecx
    cmp $PROBE_WRITE, %ecx
    je 2f
    ja 3f
    mov (%rbx), %rax
    jmp unharmed
2:  mov %rbx, (%rbx)
    jmp unharmed
3:  call *%rbx
    jmp unharmed

to_ring_3:
    push $GUEST_USER_DS
    movabs $GUEST_VIRT + GUEST_USER_STACK + 0x1000, %rsi
    push %rsi
    push %rdx
    push $GUEST_USER_CS
    movabs $GUEST_VIRT + GUEST_USER_CODE, %rsi
    push %rsi
    and $3, %ecx
    iretq

unharmed:
    movl $PROBE_NO_FAULT, PROBE_VECTOR(%r15)
    mov %rax, PROBE_VALUE(%r15)
onward:
    push $2
    popfq
    add $PROBE_BYTES, %r15
    jmp next

finished:
    hlt
    jmp guest_code

/* Vector and error code are on the stack. */
faulted:
    pop %rax
    mov %eax, PROBE_VECTOR(%r15)
    pop %rax
    mov %rax, PROBE_ERROR(%r15)
    mov %cr2, %rax
    mov %rax, PROBE_CR2(%r15)
    jmp onward

.globl guest_call_entry
guest_call_entry:
    jmp unharmed

.balign GUEST_ENTRY_BYTES
.globl guest_entries
guest_entries:
.set vector, 0
.rept 32
.balign GUEST_ENTRY_BYTES
/* Those that bring an error code (SDM 6.15). */
.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
    push $0
.endif
    push $vector
    jmp faulted
.set vector, vector + 1
.endr

.balign 4096
.globl guest_user_code
guest_user_code:
    cmp $PROBE_WRITE, %ecx
    je 2f
    ja 3f
    mov (%rbx), %rax
    int3
2:  mov %rbx, (%rbx)
    int3
3:  call *%rbx
    int3
.balign 4096

.section .note.GNU-stack, "", @progbits
