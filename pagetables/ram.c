/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator that knows every frame.  Frames have an index, counted over the extents,
 * so that holes in memory take no room:
 *
 *     frames   0x1 ... 0x9f     (hole)     0x100 ... 0x7fdf
 *     index    0   ... 0x9e                 0x9f ... 0x7f7e
 *
 * A frame is free (in `free`), or has owners, or waits (in `waiting`): never two of these.
 */
#include "pagetables/entry.h"
#include "pagetables/ram_map.h"

const char *pgt_ram_text(enum pgt_ram_status status)
{
    switch (status) {
    case PGT_RAM_OK:
        return "done";
    case PGT_RAM_NONE_LEFT:
        return "no free frames are left that fit";
    case PGT_RAM_MISALIGNED:
        return "a frame or an alignment is not a multiple of a page, or is no power of two";
    case PGT_RAM_BAD_RANGE:
        return "the range is empty, wraps, or is beyond all physical memory";
    case PGT_RAM_FOREIGN:
        return "the frame is not managed by this allocator";
    case PGT_RAM_NOT_TAKEN:
        return "the frame is free already";
    case PGT_RAM_SHARED:
        return "the frame has other owners";
    case PGT_RAM_LIMIT:
        return "the frame has as many owners as can be counted";
    }
    return "an unknown status";
}

static size_t count_extents(const struct pgt_ram_boot *boot)
{
    struct pgt_ram_open run;
    size_t count = 0;
    for (uint64_t from = 0; pgt_ram_next_usable(boot, from, &run); from = run.end)
        count++;
    return count;
}

size_t pgt_ram_bytes(const struct pgt_ram_boot *boot)
{
    return count_extents(boot) * sizeof(struct pgt_ram_extent) + 2 * pgt_bits_bytes(boot->frames) +
           boot->frames * sizeof(uint16_t);
}

/* The extents follow each other in the memory and in the indices. */
static void list_extents(struct pgt_ram *ram, const struct pgt_ram_boot *boot)
{
    struct pgt_ram_open run;
    size_t index = 0;
    for (uint64_t from = 0; pgt_ram_next_usable(boot, from, &run); from = run.end) {
        size_t count = (size_t)(run.end - run.first);
        ram->extent[ram->extent_count++] = (struct pgt_ram_extent){run.first, count, index};
        index += count;
    }
}

/* Frees the frames of an extent that lie in an interval which was open. */
static void open_extent(struct pgt_ram *ram, const struct pgt_ram_extent *extent,
                        struct pgt_ram_open open)
{
    uint64_t first = open.first > extent->first ? open.first : extent->first;
    uint64_t end = extent->first + extent->count;
    if (open.end < end)
        end = open.end;
    if (first >= end)
        return;
    size_t index = extent->index + (size_t)(first - extent->first);
    size_t count = (size_t)(end - first);
    pgt_bits_add(&ram->free, index, count);
    ram->free_count += count;
    for (size_t i = 0; i < count; i++)
        ram->owners[index + i] = 0;
}

void pgt_ram_init(struct pgt_ram *ram, struct pgt_ram_boot *boot, void *memory)
{
    pgt_assert(((uintptr_t)memory & 7) == 0);
    *ram = (struct pgt_ram){.extent = memory, .frames = boot->frames};
    list_extents(ram, boot);
    uint8_t *rest = (uint8_t *)(ram->extent + ram->extent_count);
    pgt_bits_init(&ram->free, rest, ram->frames);
    rest += pgt_bits_bytes(ram->frames);
    pgt_bits_init(&ram->waiting, rest, ram->frames);
    rest += pgt_bits_bytes(ram->frames);
    ram->owners = (uint16_t *)(void *)rest;
    for (size_t i = 0; i < ram->frames; i++)
        ram->owners[i] = 1;
    for (unsigned i = 0; i < boot->open_count; i++)
        for (size_t k = 0; k < ram->extent_count; k++)
            open_extent(ram, &ram->extent[k], boot->open[i]);
    boot->open_count = 0;
}

enum pgt_ram_status pgt_ram_init_own(struct pgt_ram *ram, struct pgt_ram_boot *boot,
                                     uint64_t offset)
{
    uint64_t frame;
    size_t pages = (pgt_ram_bytes(boot) + (PGT_PAGE - 1)) / PGT_PAGE;
    if (pages == 0) /* a map without memory */
        return PGT_RAM_NONE_LEFT;
    enum pgt_ram_status status = pgt_ram_boot_take(boot, pages, PGT_PAGE, &frame);
    if (status)
        return status;
    pgt_ram_init(ram, boot, (void *)(uintptr_t)(frame + offset));
    return PGT_RAM_OK;
}

static enum pgt_ram_status refuse(struct pgt_ram *ram, enum pgt_ram_status status)
{
    ram->refused[status]++;
    return status;
}

/* The last extent that starts at or below a frame; null if the frame is below all. */
static const struct pgt_ram_extent *extent_below(const struct pgt_ram *ram, uint64_t number)
{
    size_t low = 0, high = ram->extent_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ram->extent[middle].first <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &ram->extent[low - 1] : NULL;
}

/* The index of a run's first frame, if all of it is managed. */
static enum pgt_ram_status find_run(const struct pgt_ram *ram, uint64_t frame, size_t frames,
                                    size_t *ret_index)
{
    if (frame & (PGT_PAGE - 1))
        return PGT_RAM_MISALIGNED;
    uint64_t number = pgt_ram_frame_number(frame);
    const struct pgt_ram_extent *extent = extent_below(ram, number);
    if (!extent || number - extent->first >= extent->count ||
        frames > extent->count - (size_t)(number - extent->first))
        return PGT_RAM_FOREIGN;
    *ret_index = extent->index + (size_t)(number - extent->first);
    return PGT_RAM_OK;
}

/* The same for one frame that has owners. */
static enum pgt_ram_status find_taken(const struct pgt_ram *ram, uint64_t frame, size_t *ret_index)
{
    size_t index;
    enum pgt_ram_status status = find_run(ram, frame, 1, &index);
    if (status)
        return status;
    if (ram->owners[index] == 0)
        return PGT_RAM_NOT_TAKEN;
    *ret_index = index;
    return PGT_RAM_OK;
}

static void take_at(struct pgt_ram *ram, size_t index, size_t frames)
{
    for (size_t i = index; i < index + frames; i++) {
        pgt_bits_remove(&ram->free, i);
        ram->owners[i] = 1;
    }
    ram->free_count -= frames;
}

/* The lowest fitting run of free frames in an extent: its index, or SIZE_MAX.  Each step passes the
 * first frame that is in the way. */
static size_t fit(const struct pgt_ram *ram, const struct pgt_ram_extent *extent, size_t frames,
                  uint64_t alignment)
{
    size_t end = extent->index + extent->count;
    size_t index = extent->index;
    for (;;) {
        index = pgt_bits_first(&ram->free, index);
        if (index >= end)
            return SIZE_MAX;
        uint64_t number = ram_align(extent->first + (index - extent->index), alignment);
        if (number - extent->first >= extent->count)
            return SIZE_MAX;
        index = extent->index + (size_t)(number - extent->first);
        if (frames > end - index)
            return SIZE_MAX;
        size_t absent = pgt_bits_first_absent(&ram->free, index, index + frames);
        if (absent == index + frames)
            return index;
        index = absent + 1;
    }
}

enum pgt_ram_status pgt_ram_take_run(struct pgt_ram *ram, size_t frames, uint64_t alignment,
                                     uint64_t *ret_frame)
{
    enum pgt_ram_status status = ram_judge_run(frames, alignment);
    if (status)
        return refuse(ram, status);
    for (size_t i = 0; i < ram->extent_count; i++) {
        const struct pgt_ram_extent *extent = &ram->extent[i];
        size_t index = fit(ram, extent, frames, alignment);
        if (index == SIZE_MAX)
            continue;
        take_at(ram, index, frames);
        *ret_frame = (extent->first + (index - extent->index)) * PGT_PAGE;
        return PGT_RAM_OK;
    }
    return refuse(ram, PGT_RAM_NONE_LEFT);
}

/* The extent that holds an index. */
static const struct pgt_ram_extent *extent_of(const struct pgt_ram *ram, size_t index)
{
    size_t low = 0, high = ram->extent_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (ram->extent[middle].index <= index)
            low = middle;
        else
            high = middle;
    }
    return &ram->extent[low];
}

enum pgt_ram_status pgt_ram_take(struct pgt_ram *ram, uint64_t *ret_frame)
{
    if (ram->free_count == 0)
        return refuse(ram, PGT_RAM_NONE_LEFT);
    size_t index = pgt_bits_first(&ram->free, 0);
    const struct pgt_ram_extent *extent = extent_of(ram, index);
    take_at(ram, index, 1);
    *ret_frame = (extent->first + (index - extent->index)) * PGT_PAGE;
    return PGT_RAM_OK;
}

enum pgt_ram_status pgt_ram_free(struct pgt_ram *ram, uint64_t frame, size_t frames)
{
    size_t index;
    if (frames == 0)
        return refuse(ram, PGT_RAM_BAD_RANGE);
    enum pgt_ram_status status = find_run(ram, frame, frames, &index);
    if (status)
        return refuse(ram, status);
    for (size_t i = index; i < index + frames; i++)
        if (ram->owners[i] != 1)
            return refuse(ram, ram->owners[i] ? PGT_RAM_SHARED : PGT_RAM_NOT_TAKEN);
    for (size_t i = index; i < index + frames; i++)
        ram->owners[i] = 0;
    pgt_bits_add(&ram->free, index, frames);
    ram->free_count += frames;
    return PGT_RAM_OK;
}

enum pgt_ram_status pgt_ram_share(struct pgt_ram *ram, uint64_t frame)
{
    size_t index;
    enum pgt_ram_status status = find_taken(ram, frame, &index);
    if (status)
        return refuse(ram, status);
    if (ram->owners[index] == PGT_RAM_OWNERS_MOST)
        return refuse(ram, PGT_RAM_LIMIT);
    ram->owners[index]++;
    return PGT_RAM_OK;
}

/* One owner less; the last one's frame goes to `to`, and is counted there.  Inline, as page tables
 * give frames back from deep in the stack. */
static inline __attribute__((always_inline)) enum pgt_ram_status
disown(struct pgt_ram *ram, uint64_t frame, struct pgt_bits *to, size_t *to_count, bool *ret_last)
{
    size_t index;
    enum pgt_ram_status status = find_taken(ram, frame, &index);
    if (status)
        return refuse(ram, status);
    bool last = --ram->owners[index] == 0;
    if (last) {
        pgt_bits_add(to, index, 1);
        ++*to_count;
    }
    *ret_last = last;
    return PGT_RAM_OK;
}

enum pgt_ram_status pgt_ram_release(struct pgt_ram *ram, uint64_t frame, bool *ret_freed)
{
    return disown(ram, frame, &ram->free, &ram->free_count, ret_freed);
}

enum pgt_ram_status pgt_ram_retire(struct pgt_ram *ram, uint64_t frame, bool *ret_retired)
{
    return disown(ram, frame, &ram->waiting, &ram->waiting_count, ret_retired);
}

void pgt_ram_recycle(struct pgt_ram *ram)
{
    size_t index = 0;
    for (; ram->waiting_count > 0; ram->waiting_count--) {
        index = pgt_bits_first(&ram->waiting, index);
        pgt_bits_remove(&ram->waiting, index);
        pgt_bits_add(&ram->free, index, 1);
        ram->free_count++;
    }
}

unsigned pgt_ram_owners(const struct pgt_ram *ram, uint64_t frame)
{
    size_t index;
    return find_taken(ram, frame, &index) == PGT_RAM_OK ? ram->owners[index] : 0;
}

static bool ram_reserve(void *context, size_t count)
{
    const struct pgt_ram *ram = context;
    return count <= ram->free_count;
}

static uint64_t ram_take(void *context)
{
    uint64_t frame = 0;
    enum pgt_ram_status status = pgt_ram_take(context, &frame);
    pgt_assert(status == PGT_RAM_OK); /* since it was granted */
    (void)status;
    return frame;
}

/* There is nobody to answer to: what is refused is counted. */
static void ram_give(void *context, uint64_t frame)
{
    bool retired;
    (void)!pgt_ram_retire(context, frame, &retired);
}

struct pgt_frames pgt_ram_frames(struct pgt_ram *ram, uint64_t offset)
{
    return (struct pgt_frames){
        .reserve = ram_reserve,
        .take = ram_take,
        .give = ram_give,
        .context = ram,
        .offset = offset,
    };
}
