/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loader takes from <string.h>, and a compiler calls even in freestanding
 * code.  gnu-efi's library has some of it, in one object with state of its own,
 * so that library isn't linked at all.  String instructions, since a loop in C would be
 * turned into a call of the function it stands in.
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    void *start = to;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return start;
}

/* Backwards only where going forwards would overwrite what is still to be read. */
void *memmove(void *to, const void *from, size_t bytes)
{
    uint8_t *last_to = (uint8_t *)to + bytes - 1;
    const uint8_t *last_from = (const uint8_t *)from + bytes - 1;

    if ((uintptr_t)to - (uintptr_t)from >= bytes)
        return memcpy(to, from, bytes);
    __asm__ volatile("std; rep movsb; cld"
                     : "+D"(last_to), "+S"(last_from), "+c"(bytes)
                     :
                     : "memory");
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    void *start = to;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
    return start;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const uint8_t *x = a, *y = b;

    for (size_t i = 0; i < bytes; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

/* The volatile read keeps this loop from becoming a call of strlen(). */
size_t strlen(const char *text)
{
    size_t length = 0;

    while (((const volatile char *)text)[length])
        length++;
    return length;
}
