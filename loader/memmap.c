/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolving the memory map.
 *
 * Every region becomes two events, where it starts and where it ends.  Sorted
 * by address they cut memory into stretches in which nothing changes; a sweep
 * over them keeps a count of the regions of each kind that cover the stretch,
 * and the highest kind with a count above zero names it.
 *
 * An event is one word: a page-aligned address has twelve bits to spare, of
 * which the lowest tells an end from a start and the next ones hold the kind.
 */
#include "loader/memmap.h"

#include "loader/limine.h"

#define PAGE UINT64_C(4096)

/* x86-64 has no physical address of more than 52 bits, so what a region claims
 * beyond doesn't exist. */
#define PHYSICAL_END (UINT64_C(1) << 52)

#define EVENT_END        UINT64_C(1)
#define EVENT_KIND_SHIFT 1

_Static_assert((LDR_MEMORY_KINDS << EVENT_KIND_SHIFT) < 4096, "an event's low bits hold the kind");

/* The kernel may use such memory, so a page belongs to it only as a whole. */
static bool kernel_may_use(enum ldr_memory kind)
{
    return kind == LDR_USABLE || kind == LDR_RECLAIMABLE;
}

/* The whole pages that a region stands for; false if there are none.  An empty
 * region stands for nothing, even where rounding outward would give it a page. */
static bool whole_pages(const struct ldr_region *region, uint64_t *ret_first, uint64_t *ret_end)
{
    if (region->bytes == 0 || region->base >= PHYSICAL_END)
        return false;
    uint64_t room = PHYSICAL_END - region->base;
    uint64_t first = region->base;
    uint64_t end = region->base + (region->bytes < room ? region->bytes : room);
    if (kernel_may_use(region->kind))
        first += PAGE - 1;
    else
        end += PAGE - 1;
    first &= ~(PAGE - 1);
    end &= ~(PAGE - 1);
    if (first >= end)
        return false;
    *ret_first = first;
    *ret_end = end;
    return true;
}

static size_t make_events(const struct ldr_region *region, size_t count, uint64_t *event)
{
    size_t events = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t first, end;
        if (!whole_pages(&region[i], &first, &end))
            continue;
        uint64_t kind = (uint64_t)region[i].kind << EVENT_KIND_SHIFT;
        event[events++] = first | kind;
        event[events++] = end | kind | EVENT_END;
    }
    return events;
}

/* Lets word[root] sink to its place in a heap whose largest word is on top. */
static void sift_down(uint64_t *word, size_t root, size_t count)
{
    uint64_t sinking = word[root];
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= count)
            break;
        if (child + 1 < count && word[child + 1] > word[child])
            child++;
        if (word[child] <= sinking)
            break;
        word[root] = word[child];
        root = child;
    }
    word[root] = sinking;
}

/* Heap sort: no recursion, no memory, and no input that makes it slow. */
static void sort_words(uint64_t *word, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(word, i, count);
    for (size_t last = count; last-- > 1;) {
        uint64_t largest = word[0];
        word[0] = word[last];
        word[last] = largest;
        sift_down(word, 0, last);
    }
}

/* The kind that wins among those that cover a stretch; LDR_MEMORY_KINDS for none. */
static enum ldr_memory winner(const size_t covering[LDR_MEMORY_KINDS])
{
    for (unsigned kind = LDR_MEMORY_KINDS; kind-- > 0;)
        if (covering[kind] > 0)
            return (enum ldr_memory)kind;
    return LDR_MEMORY_KINDS;
}

/* Appends a stretch, or lengthens the region before it where that goes on. */
static size_t append(struct ldr_region *region, size_t count, uint64_t base, uint64_t end,
                     enum ldr_memory kind)
{
    struct ldr_region *before = count > 0 ? &region[count - 1] : NULL;
    if (before != NULL && before->kind == kind && before->base + before->bytes == base) {
        before->bytes += end - base;
        return count;
    }
    region[count] = (struct ldr_region){.base = base, .bytes = end - base, .kind = kind};
    return count + 1;
}

size_t ldr_regions_resolve(struct ldr_region *region, size_t count, uint64_t *scratch)
{
    size_t events = make_events(region, count, scratch);
    sort_words(scratch, events);

    /* All that the regions said is in the events now, so the result can take
     * their place: n events leave at most n - 1 stretches. */
    size_t covering[LDR_MEMORY_KINDS] = {0};
    size_t resolved = 0;
    uint64_t since = 0;
    for (size_t i = 0; i < events; i++) {
        uint64_t at = scratch[i] & ~(PAGE - 1);
        unsigned kind = (unsigned)((scratch[i] & (PAGE - 1)) >> EVENT_KIND_SHIFT);
        enum ldr_memory won = winner(covering);
        if (at > since && won != LDR_MEMORY_KINDS)
            resolved = append(region, resolved, since, at, won);
        since = at;
        /* At one address the starts of a kind sort before its ends, so no count
         * ever falls below zero. */
        if (scratch[i] & EVENT_END)
            covering[kind]--;
        else
            covering[kind]++;
    }
    return resolved;
}

uint64_t ldr_kind_to_limine(enum ldr_memory kind, uint64_t base_revision)
{
    switch (kind) {
    case LDR_USABLE:
        return LIMINE_MEMMAP_USABLE;
    case LDR_RECLAIMABLE:
        return LIMINE_MEMMAP_BOOTLOADER_RECLAIMABLE;
    case LDR_ACPI_RECLAIMABLE:
        return LIMINE_MEMMAP_ACPI_RECLAIMABLE;
    case LDR_ACPI_NVS:
        return LIMINE_MEMMAP_ACPI_NVS;
    case LDR_BAD:
        return LIMINE_MEMMAP_BAD_MEMORY;
    case LDR_EXECUTABLE:
        return LIMINE_MEMMAP_EXECUTABLE_AND_MODULES;
    case LDR_FRAMEBUFFER_MEMORY:
        return LIMINE_MEMMAP_FRAMEBUFFER;
    case LDR_RESERVED_MAPPED:
        return base_revision >= 4 ? LIMINE_MEMMAP_RESERVED_MAPPED : LIMINE_MEMMAP_RESERVED;
    case LDR_RUNTIME:
        return base_revision >= 5 ? LIMINE_MEMMAP_RESERVED_MAPPED : LIMINE_MEMMAP_RESERVED;
    case LDR_RESERVED:
    case LDR_GUARD:
    case LDR_MEMORY_KINDS:
        break;
    }
    return LIMINE_MEMMAP_RESERVED;
}

/* The protocol speaks of the types that the kernel sees, so the answer follows
 * from those; only a guard is more than the reserved memory it looks like. */
bool ldr_kind_in_direct_map(enum ldr_memory kind, uint64_t base_revision)
{
    if (kind == LDR_GUARD)
        return false;
    if (base_revision == 0)
        return true;
    uint64_t type = ldr_kind_to_limine(kind, base_revision);
    if (type == LIMINE_MEMMAP_RESERVED || type == LIMINE_MEMMAP_BAD_MEMORY)
        return false;
    bool tables_or_nvs = type == LIMINE_MEMMAP_ACPI_RECLAIMABLE || type == LIMINE_MEMMAP_ACPI_NVS;
    return !(tables_or_nvs && base_revision == 3);
}
