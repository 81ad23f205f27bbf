/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/decompress.h"

#include <string.h>

#include "loader/gunzip.h"

/* As much of a name as a refusal for want of memory has room for. */
#define WHAT_BYTES 160

/* What is behind the contents is not to show what the pages held before. */
static enum ldr_status inflate(const struct ldr_gzip *gzip, struct memory *memory,
                               struct contents *ret_contents, struct ldr_report *report)
{
    char what[WHAT_BYTES];
    uint64_t phys = 0, used = gzip->bytes % EFI_PAGE_SIZE;
    enum ldr_status status;

    ldr_format(what, sizeof what, "what is in %s", gzip->name);
    status = memory_allocate(memory, gzip->bytes, what, &phys, report);
    if (status != LDR_OK)
        return status;
    status = ldr_gzip_inflate(gzip, (void *)phys, report);
    if (status != LDR_OK) {
        memory_free(memory, phys, gzip->bytes);
        return status;
    }
    if (used || gzip->bytes == 0)
        memset((void *)(phys + gzip->bytes), 0, EFI_PAGE_SIZE - used);
    *ret_contents = (struct contents){.phys = phys, .bytes = gzip->bytes};
    return LDR_OK;
}

enum ldr_status decompress(struct memory *memory, const char *name, struct contents *contents,
                           struct ldr_report *report)
{
    struct contents inside;
    struct ldr_gzip gzip;
    enum ldr_status status =
        ldr_gzip_read(&gzip, name, (void *)contents->phys, contents->bytes, report);

    if (status == LDR_OK)
        status = inflate(&gzip, memory, &inside, report);
    if (status != LDR_OK)
        return status;
    memory_free(memory, contents->phys, contents->bytes);
    *contents = inside;
    return LDR_OK;
}
