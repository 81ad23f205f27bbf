/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two programs for ring 3.  They are one page of code and constants, which runs at any
 * address; they have no variables, but on their stack.
 */
#include "loader/first/program.h"

#include <stdbool.h>
#include <stdint.h>

#define KERNEL UINT64_C(0xffffffff80000000)

static uint64_t call(uint64_t number, uint64_t first, uint64_t second)
{
    __asm__ volatile("int %1"
                     : "+a"(number)
                     : "i"(CALL_VECTOR), "D"(first), "S"(second)
                     : "memory");
    return number;
}

_Noreturn static void leave(uint64_t status)
{
    for (;;)
        (void)call(CALL_EXIT, status, 0);
}

/* The stack's lowest word, which nobody has touched, reads 0 and can be written; and nobody is
 * told what is in the kernel. */
_Noreturn void program_hello(void)
{
    static const char text[] = "a program in ring 3 says hello\n";
    volatile uint64_t *deep = (volatile uint64_t *)PROGRAM_STACK;
    bool zero = *deep == 0;

    *deep = sizeof(text) - 1;
    if (!zero || call(CALL_SAY, (uint64_t)text, *deep) != *deep)
        leave(1);
    if (call(CALL_SAY, KERNEL, 1) != 0)
        leave(2);
    leave(0);
}

/* Its text is nothing to write to. */
_Noreturn void program_stray(void)
{
    *(volatile char *)PROGRAM_TEXT = 0;
    leave(0);
}
