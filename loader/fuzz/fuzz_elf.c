/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel file of any bytes: read, and loaded if it is not refused.  Memory is exactly as large
 * as the contracts say, so that the sanitizers see each byte too many.
 */
#include <stdlib.h>
#include <string.h>

#include "loader/explain.h"
#include "loader/fuzz/fuzz.h"
#include "loader/image.h"
#include "loader/requests.h"
#include "pagetables/pagetables.h"

/* Larger images are right, but take all the time. */
#define MOST_MEMORY (UINT64_C(4) << 20)

static void check_segments(const struct ldr_image *image)
{
    uint64_t end = image->virt;

    fuzz_expect(image->segment_count > 0 && image->segment_count <= LDR_SEGMENTS);
    fuzz_expect(image->virt >= LDR_IMAGE_LOWEST && image->virt % PGT_PAGE == 0);
    fuzz_expect(image->bytes > 0 && image->bytes % PGT_PAGE == 0);
    fuzz_expect(image->bytes - 1 <= UINT64_MAX - image->virt);
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *segment = &image->segment[i];

        fuzz_expect(segment->virt >= end && segment->bytes > 0);
        fuzz_expect(segment->bytes <= image->bytes - (segment->virt - image->virt));
        fuzz_expect(segment->file_bytes <= segment->bytes);
        fuzz_expect(segment->file_offset <= image->file_bytes);
        fuzz_expect(segment->file_bytes <= image->file_bytes - segment->file_offset);
        fuzz_expect(!(segment->rights & PGT_WRITE) || !(segment->rights & PGT_EXECUTE));
        end = segment->virt + (segment->bytes - 1);
    }
}

static void load(const struct ldr_image *image)
{
    uint8_t *memory = aligned_alloc(PGT_PAGE, image->bytes);
    struct ldr_log log = fuzz_log();
    struct ldr_requests requests;
    struct ldr_report report;

    if (memory == NULL)
        return;
    ldr_image_load(image, memory);
    ldr_explain_requests(image, memory, &log);
    if (ldr_requests_find(&requests, image, memory, &log, &report) != LDR_OK)
        fuzz_expect_line(report.text);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = fuzz_copy(data, size);
    struct ldr_image image;
    struct ldr_report report;

    if (ldr_image_read(&image, "kernel.elf", file, size, &report) != LDR_OK) {
        fuzz_expect_line(report.text);
    } else {
        check_segments(&image);
        if (image.bytes <= MOST_MEMORY)
            load(&image);
    }
    free(file);
    return 0;
}
