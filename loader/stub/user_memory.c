/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies between kernel and program.
 */
#include "loader/stub/user_memory.h"

#include "loader/stub/fault.h"
#include "loader/stub/features.h"
#include "loader/stub/mem.h"

#define LOWER_END UINT64_C(0x0000800000000000)

struct copy {
    void *to;
    const void *from;
    size_t bytes;
};

static void copy_bytes(uint64_t argument)
{
    const struct copy *copy = (const struct copy *)argument;

    features_user_access_begin();
    memcpy(copy->to, copy->from, copy->bytes);
    features_user_access_end();
}

/* Else a program could have the kernel read what only the kernel may. */
static bool in_lower_half(uint64_t virt, size_t bytes)
{
    return virt < LOWER_END && bytes <= LOWER_END - virt;
}

static bool copy_carefully(struct copy copy)
{
    struct fault fault;

    return !fault_probe(copy_bytes, (uint64_t)&copy, &fault);
}

bool user_memory_read(void *to, uint64_t from, size_t bytes)
{
    return in_lower_half(from, bytes) &&
           copy_carefully((struct copy){.to = to, .from = (const void *)from, .bytes = bytes});
}

bool user_memory_write(uint64_t to, const void *from, size_t bytes)
{
    return in_lower_half(to, bytes) &&
           copy_carefully((struct copy){.to = (void *)to, .from = from, .bytes = bytes});
}
