/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/foreign.h"

#include <stddef.h>
#include <string.h>

#include "efi/ports.h"

#define MSR_FS_BASE 0xc0000100u

/* The stack protector's value is at offset 0x28 of it (System V ABI, AMD64 supplement,
 * as GCC has it).  Which value doesn't matter: nobody hostile overflows a stack here. */
static const uint64_t thread_block[6];

void foreign_begin(struct foreign *ret_before)
{
    ret_before->fs_base = msr_read(MSR_FS_BASE);
    msr_write(MSR_FS_BASE, (uint64_t)thread_block);
}

void foreign_end(const struct foreign *before)
{
    msr_write(MSR_FS_BASE, before->fs_base);
}

/* ---- what such objects call by name ------------------------------------------- */

_Noreturn void __stack_chk_fail(void);
void *__memcpy_chk(void *restrict to, const void *restrict from, size_t bytes, size_t room);
void __explicit_bzero_chk(void *at, size_t bytes, size_t room);

/* The return address is gone.  An invalid instruction makes firmware say where it was. */
_Noreturn void __stack_chk_fail(void)
{
    __builtin_trap();
}

void *__memcpy_chk(void *restrict to, const void *restrict from, size_t bytes, size_t room)
{
    if (bytes > room)
        __builtin_trap();
    return memcpy(to, from, bytes);
}

void __explicit_bzero_chk(void *at, size_t bytes, size_t room)
{
    if (bytes > room)
        __builtin_trap();
    memset(at, 0, bytes);
}
