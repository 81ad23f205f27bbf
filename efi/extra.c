/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/extra.h"

typedef unsigned long long ull;

_Static_assert(PAGELIFT_WRITE == PGT_WRITE && PAGELIFT_EXECUTE == PGT_EXECUTE, "the same rights");
_Static_assert(PAGELIFT_WRITE_BACK == (int)PGT_WRITE_BACK, "the same memory");
_Static_assert(PAGELIFT_WRITE_THROUGH == (int)PGT_WRITE_THROUGH, "the same memory");
_Static_assert(PAGELIFT_UNCACHEABLE == (int)PGT_UNCACHEABLE, "the same memory");
_Static_assert(PAGELIFT_WRITE_COMBINING == (int)PGT_WRITE_COMBINING, "the same memory");
_Static_assert(PAGELIFT_MAPPINGS == LDR_EXTRAS, "as many as a plan takes");

static bool is_known(const struct pagelift_mapping *wanted)
{
    return !(wanted->rights & ~(PAGELIFT_WRITE | PAGELIFT_EXECUTE)) &&
           (wanted->memory == PAGELIFT_WRITE_BACK || wanted->memory == PAGELIFT_WRITE_THROUGH ||
            wanted->memory == PAGELIFT_UNCACHEABLE || wanted->memory == PAGELIFT_WRITE_COMBINING);
}

static enum ldr_status add(struct kernel *kernel, const struct pagelift_mapping *wanted,
                           struct memory_map *map, struct ldr_report *report)
{
    size_t index = kernel->layout.extra_count;

    if (index == LDR_EXTRAS)
        return ldr_refuse(report, LDR_BAD_CONFIG,
                          "extra mapping %zu: there may be %d at most; the application that asks "
                          "for it has to join some",
                          index, LDR_EXTRAS);
    if (!is_known(wanted))
        return ldr_refuse(report, LDR_BAD_CONFIG,
                          "extra mapping %zu: rights %x and memory %u are not among those of "
                          "pagelift.h; correct the application that asks for it",
                          index, wanted->rights, (unsigned)wanted->memory);
    kernel->extra[index] = (struct pgt_mapping){.virt = wanted->virt,
                                                .phys = wanted->phys,
                                                .bytes = wanted->bytes,
                                                .rights = wanted->rights | PGT_READ,
                                                .memory = (enum pgt_memory)wanted->memory};
    kernel->layout.extra_count++;
    /* What is executable is read-only in the direct map, so the kernel can't have it either. */
    if (!wanted->taken && !(wanted->rights & PAGELIFT_EXECUTE))
        return LDR_OK;
    return memory_map_overlay(map, wanted->phys, wanted->bytes, LDR_EXECUTABLE, report);
}

enum ldr_status extra_collect(struct kernel *kernel, pagelift_next_mapping *next, void *context,
                              struct memory_map *map, const struct ldr_log *log,
                              struct ldr_report *report)
{
    const struct pagelift_place place = {
        .levels = kernel->arch.levels,
        .base_revision = kernel->requests.base_revision,
        .hhdm = kernel->layout.hhdm,
        .image_virt = kernel->image.virt,
        .image_phys = kernel->layout.image_phys,
        .image_bytes = kernel->image.bytes,
    };
    enum ldr_status status = LDR_OK;

    kernel->layout.extra = kernel->extra;
    kernel->layout.extra_count = 0;
    while (status == LDR_OK) {
        struct pagelift_mapping wanted = {0};

        if (!next(context, &place, kernel->layout.extra_count, &wanted))
            break;
        ldr_say(log, "extra mapping: 0x%llx on physical 0x%llx, %llu bytes, r%c%c",
                (ull)wanted.virt, (ull)wanted.phys, (ull)wanted.bytes,
                wanted.rights & PAGELIFT_WRITE ? 'w' : '-',
                wanted.rights & PAGELIFT_EXECUTE ? 'x' : '-');
        status = add(kernel, &wanted, map, report);
    }
    return status;
}
