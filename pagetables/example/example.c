/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel's half, and two processes that share it: on a host, so that it runs anywhere. */
#include "pagetables/pagetables.h"

#include <err.h>
#include <stdio.h>

#define UPPER UINT64_C(0xffff800000000000)
#define IMAGE UINT64_C(0xffffffff80000000)
#define RWG   (PGT_READ | PGT_WRITE | PGT_GLOBAL)
#define RXG   (PGT_READ | PGT_EXECUTE | PGT_GLOBAL)
#define RWU   (PGT_READ | PGT_WRITE | PGT_USER)

static void must(enum pgt_status status)
{
    if (status != PGT_OK)
        errx(1, "%s", pgt_status_text(status));
}

static void print_line(void *context, const char *text)
{
    fprintf(context, "%s\n", text);
}

int main(void)
{
    /* In a kernel pgt_detect() fills in arch, and pgt_pool_add() hands on free frames. */
    struct pgt_arch arch = {.levels = 4, .physical_bits = 46, .pat = PGT_PAT_RESET};
    arch.no_execute = true;
    static uint8_t memory[64 * PGT_PAGE];
    struct pgt_pool pool;
    pgt_pool_init_arena(&pool, memory, sizeof(memory), 0x100000);
    struct pgt_frames frames = pgt_pool_frames(&pool);
    struct pgt_flush flush = {0}; /* gathers what to invalidate; it shall start zeroed */
    struct pgt_space kernel, parent, child;

    /* The upper half, to be shared: a direct map, and an image whose frames it leaves out. */
    struct pgt_mapping direct = {.virt = UPPER, .bytes = PGT_PAGE_1G, .rights = RWG};
    struct pgt_mapping image = {.virt = IMAGE, .phys = 0x80009000, .bytes = 0x5000, .rights = RXG};
    must(pgt_init(&kernel, &arch, &frames));
    must(pgt_map(&kernel, &direct, &flush));
    must(pgt_map(&kernel, &image, &flush));
    must(pgt_seal(&kernel, UPPER, 0));

    /* Two processes.  The child has the parent's memory, until one of them writes to it. */
    struct pgt_mapping data = {.virt = 0x400000, .phys = 1 << 30, .bytes = 0x203000, .rights = RWU};
    struct pgt_protection code = {.change = PGT_CHANGE_RIGHTS, .rights = PGT_EXECUTE | PGT_USER};
    must(pgt_init_on(&parent, &kernel, &frames));
    must(pgt_init_on(&child, &kernel, &frames));
    must(pgt_map(&parent, &data, &flush));
    must(pgt_clone(&child, &parent, data.virt, data.bytes, PGT_CLONE_COPY_ON_WRITE, 1, &flush));
    must(pgt_protect(&child, data.virt, PGT_PAGE_2M, &code, &flush));

    /* Flush, then recycle: in a kernel pgt_finish(&flush, &others, &pool) does both. */
    for (unsigned i = 0; flush.needed && i < flush.count; i++)
        printf("invalidate %#lx to %#lx\n", flush.range[i].first, flush.range[i].last);
    pgt_pool_recycle(&pool);
    pgt_dump(&child, print_line, stdout);
}
