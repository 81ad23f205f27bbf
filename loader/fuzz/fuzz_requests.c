/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel whose data is any bytes: what it asks for is found or refused, and nothing that
 * begins outside the file-backed data is believed.
 */
#include <stdlib.h>
#include <string.h>

#include "loader/fuzz/fuzz.h"
#include "loader/requests.h"
#include "pagetables/pagetables.h"

#define BASE      UINT64_C(0xffffffff80000000)
#define MOST_DATA 0x8000u

/* A page of text, and data as long as the input, with a page of zeros behind it. */
static struct ldr_image make_image(size_t size)
{
    uint64_t data_bytes = size + PGT_PAGE;

    return (struct ldr_image){
        .name = "kernel.elf",
        .segment = {{.virt = BASE,
                     .bytes = PGT_PAGE,
                     .file_bytes = PGT_PAGE,
                     .rights = PGT_READ | PGT_EXECUTE},
                    {.virt = BASE + PGT_PAGE,
                     .bytes = data_bytes,
                     .file_bytes = size,
                     .rights = PGT_READ | PGT_WRITE,
                     .index = 1}},
        .segment_count = 2,
        .virt = BASE,
        .bytes = PGT_PAGE + (data_bytes + PGT_PAGE - 1) / PGT_PAGE * PGT_PAGE,
        .entry = BASE,
    };
}

/* It begins in what the file holds, and ends in the segment. */
static void expect_inside(uint64_t offset, uint64_t bytes, size_t size)
{
    fuzz_expect(offset >= PGT_PAGE && offset % 8 == 0);
    fuzz_expect(offset - PGT_PAGE < size && bytes <= size + PGT_PAGE - (offset - PGT_PAGE));
}

static void check(const struct ldr_requests *requests, size_t size)
{
    fuzz_expect(requests->base_revision <= LIMINE_BASE_REVISION_LAST);
    fuzz_expect(requests->stack_bytes >= 0x10000 && requests->stack_bytes % PGT_PAGE == 0);
    fuzz_expect(requests->levels >= 4 && requests->levels <= 5);
    fuzz_expect(requests->levels_least <= requests->levels_most);
    fuzz_expect(requests->entry - BASE < PGT_PAGE);
    for (unsigned i = 0; i < LDR_FEATURES; i++)
        if (requests->present[i])
            expect_inside(requests->request[i], sizeof(struct limine_request), size);
    if (requests->tagged)
        expect_inside(requests->tag, 3 * sizeof(uint64_t), size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t used = size < MOST_DATA ? size : MOST_DATA;
    struct ldr_image image = make_image(used);
    uint8_t *memory = calloc(1, image.bytes);
    struct ldr_log log = fuzz_log();
    struct ldr_requests requests;
    struct ldr_report report;

    fuzz_expect(memory != NULL);
    memcpy(memory + PGT_PAGE, data, used);
    if (ldr_requests_find(&requests, &image, memory, &log, &report) == LDR_OK)
        check(&requests, used);
    else
        fuzz_expect_line(report.text);
    free(memory);
    return 0;
}
