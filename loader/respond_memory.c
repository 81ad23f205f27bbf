/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two memory maps.  Room for them is kept with the other answers; what they
 * say is known only once boot services have ended.
 */
#include <string.h>

#include "loader/respond_parts.h"

/* A region is cut where a run of the direct map begins or ends, twice a run at most.  The cut
 * behind page 0 costs nothing more: before the first run all is reserved, and
 * a first run that holds page 0 begins with the region. */
static size_t entry_room(const struct ldr_answers *answers)
{
    return answers->memmap_capacity + 2 * answers->plan->count;
}

uint64_t ldr_answer_memmap(struct ldr_writer *writer)
{
    struct ldr_late *late = writer->late;
    size_t room = entry_room(writer->answers);
    struct limine_memmap_response response = {0};
    uint64_t address;
    late->entry = ldr_keep(writer, room * sizeof *late->entry, &late->entry_phys);
    late->entry_phys -= writer->answers->plan->hhdm;
    late->entry_pointer = ldr_keep(writer, room * sizeof(uint64_t), &response.entries);
    late->memmap = ldr_keep(writer, sizeof response, &address);
    /* Kept last: where there is memory for it there was for the others. */
    if (late->memmap != NULL)
        *late->memmap = response;
    else
        late->entry = NULL;
    return address;
}

uint64_t ldr_answer_efi_memmap(struct ldr_writer *writer)
{
    struct ldr_late *late = writer->late;
    struct limine_efi_memmap_response response = {0};
    uint64_t address;
    late->efi_memmap = ldr_keep(writer, writer->answers->efi_memmap_capacity, &response.memmap);
    late->efi_memmap_response = ldr_keep(writer, sizeof response, &address);
    if (late->efi_memmap_response != NULL)
        *late->efi_memmap_response = response;
    return address;
}

struct teller {
    const struct ldr_plan *plan;
    const struct ldr_late *late;
    size_t room;
    size_t count;    /* of entries told */
    size_t run;      /* the first run of the plan that may still matter */
    uint64_t hidden; /* bytes */
};

/* Tells one stretch; the one before it just grows where it is of the same type. */
static void tell(struct teller *teller, uint64_t base, uint64_t bytes, uint64_t type)
{
    struct limine_memmap_entry *entry = teller->late->entry;
    if (entry == NULL)
        return;
    struct limine_memmap_entry *before = teller->count > 0 ? &entry[teller->count - 1] : NULL;
    if (before != NULL && before->type == type && before->base + before->length == base) {
        before->length += bytes;
        return;
    }
    /* A caller that breaks the contract loses entries, never memory. */
    if (teller->count == teller->room)
        return;
    entry[teller->count] =
        (struct limine_memmap_entry){.base = base, .length = bytes, .type = type};
    teller->late->entry_pointer[teller->count] =
        teller->plan->hhdm + teller->late->entry_phys + teller->count * sizeof *entry;
    teller->count++;
}

/* The first direct-map run that ends behind `phys`, or null.  These runs ascend, and
 * so do the questions: all of them together go through the plan once. */
static const struct pgt_mapping *direct_run(struct teller *teller, uint64_t phys)
{
    for (; teller->run < teller->plan->count; teller->run++) {
        const struct ldr_run *run = &teller->plan->run[teller->run];
        if (run->purpose == LDR_DIRECT_MAP && run->map.phys + run->map.bytes > phys)
            return &run->map;
    }
    return NULL;
}

/* Tells memory that the kernel may use, now or later, piece by piece: what isn't in the direct
 * map would fault at its first touch, so it is reserved to the kernel. */
static void tell_ram(struct teller *teller, uint64_t base, uint64_t end, uint64_t type)
{
    while (base < end) {
        const struct pgt_mapping *run = direct_run(teller, base);
        bool mapped = run != NULL && run->phys <= base;
        uint64_t stop = end;
        if (run != NULL)
            stop = mapped ? run->phys + run->bytes : run->phys;
        if (stop > end)
            stop = end;
        tell(teller, base, stop - base, mapped ? type : LIMINE_MEMMAP_RESERVED);
        if (!mapped)
            teller->hidden += stop - base;
        base = stop;
    }
}

static void tell_region(struct teller *teller, const struct ldr_region *region)
{
    uint64_t base = region->base;
    uint64_t end = region->base + region->bytes;
    uint64_t type = ldr_kind_to_limine(region->kind, teller->plan->base_revision);
    if (region->kind != LDR_USABLE && region->kind != LDR_RECLAIMABLE) {
        tell(teller, base, end - base, type);
        return;
    }
    /* Old kernels take address 0 for "no memory", so page 0 is never theirs. */
    if (base == 0 && teller->plan->base_revision <= 2) {
        tell(teller, 0, PGT_PAGE, LIMINE_MEMMAP_RESERVED);
        base = PGT_PAGE;
    }
    tell_ram(teller, base, end, type);
}

static void tell_efi_memmap(const struct ldr_answers *answers, const struct ldr_late *late,
                            const void *efi_memmap, uint64_t bytes, uint64_t descriptor_bytes,
                            uint32_t descriptor_version)
{
    if (late->efi_memmap_response == NULL || bytes > answers->efi_memmap_capacity)
        return;
    memcpy(late->efi_memmap, efi_memmap, bytes);
    late->efi_memmap_response->memmap_size = bytes;
    late->efi_memmap_response->desc_size = descriptor_bytes;
    late->efi_memmap_response->desc_version = descriptor_version;
}

uint64_t ldr_respond_memory(const struct ldr_answers *answers, const struct ldr_late *late,
                            const struct ldr_region *region, size_t region_count,
                            const void *efi_memmap, uint64_t efi_memmap_bytes,
                            uint64_t descriptor_bytes, uint32_t descriptor_version)
{
    struct teller teller = {.plan = answers->plan, .late = late, .room = entry_room(answers)};
    for (size_t i = 0; i < region_count; i++)
        tell_region(&teller, &region[i]);
    if (late->memmap != NULL)
        late->memmap->entry_count = teller.count;
    tell_efi_memmap(answers, late, efi_memmap, efi_memmap_bytes, descriptor_bytes,
                    descriptor_version);
    return teller.hidden;
}
