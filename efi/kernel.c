/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/kernel.h"

#include "efi/decompress.h"
#include "loader/explain.h"
#include "loader/gunzip.h"
#include "loader/layout.h"

typedef unsigned long long ull;

/* ---- files ------------------------------------------------------------------- */

/* A kernel may lie there compressed, and is recognised by that: no ELF file begins so.  A module
 * is the kernel's to make sense of, so it is decompressed only where its path says so. */
static enum ldr_status decompress_kernel(const struct source *source, struct ldr_file *file,
                                         struct ldr_report *report)
{
    struct contents contents = {.phys = file->phys, .bytes = file->bytes};
    enum ldr_status status;

    if (!ldr_gzip_is((void *)file->phys, file->bytes))
        return LDR_OK;
    status = decompress(source->memory, file->path, &contents, report);
    if (status != LDR_OK)
        return status;
    file->phys = contents.phys;
    file->bytes = contents.bytes;
    ldr_say(source->log, "kernel: decompressed, %llu bytes at 0x%llx", (ull)file->bytes,
            (ull)file->phys);
    return LDR_OK;
}

/* Kernel or module: to the protocol both are files, and are described alike. */
enum ldr_status kernel_read(struct kernel *ret_kernel, const struct source *source,
                            const struct pagelift_file *file, size_t file_count,
                            struct ldr_report *report)
{
    struct ldr_file *list;
    uint64_t phys = 0;
    enum ldr_status status = memory_allocate(source->memory, file_count * sizeof *list,
                                             "the list of files", &phys, report);

    if (status != LDR_OK)
        return status;
    list = (struct ldr_file *)phys;
    status = source_read(source, "kernel", &file[0], &list[0], report);
    if (status == LDR_OK)
        status = decompress_kernel(source, &list[0], report);
    /* The modules may be large: a kernel that is refused spares reading them. */
    if (status == LDR_OK)
        status = ldr_image_read(&ret_kernel->image, list[0].path, (void *)list[0].phys,
                                list[0].bytes, report);
    for (size_t i = 1; i < file_count && status == LDR_OK; i++)
        status = source_read(source, "module", &file[i], &list[i], report);
    ret_kernel->file = list;
    ret_kernel->module_count = file_count - 1;
    return status;
}

/* ---- image ------------------------------------------------------------------- */

static enum ldr_status place_image(struct kernel *kernel, struct memory_map *map,
                                   struct ldr_report *report)
{
    const struct ldr_image *image = &kernel->image;
    struct ldr_block block = ldr_image_block(image);
    enum ldr_status status = memory_map_place(map, EfiLoaderData, LDR_PLACING_REVISION, &block,
                                              "the kernel", &kernel->layout.image_phys, report);

    if (status != LDR_OK)
        return status;
    return memory_map_overlay(map, kernel->layout.image_phys, image->bytes, LDR_EXECUTABLE, report);
}

/* What a person needs to find an address of the kernel in memory, or the reverse. */
static void describe(const struct kernel *kernel, const struct ldr_log *log)
{
    const struct ldr_image *image = &kernel->image;

    ldr_say(log, "image: 0x%llx at physical 0x%llx, %llu KiB, slide 0x%llx", (ull)image->virt,
            (ull)kernel->layout.image_phys, (ull)image->bytes / 1024, (ull)image->slide);
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *s = &image->segment[i];

        ldr_say(log, "segment %u: 0x%llx, %llu bytes, r%c%c", s->index, (ull)s->virt, (ull)s->bytes,
                s->rights & PGT_WRITE ? 'w' : '-', s->rights & PGT_EXECUTE ? 'x' : '-');
    }
    ldr_say(log, "entry: 0x%llx, base revision %llu%s", (ull)kernel->requests.entry,
            (ull)kernel->requests.base_revision,
            kernel->requests.tagged ? "" : " (the kernel names none)");
}

/* ---- levels ------------------------------------------------------------------ */

static enum ldr_status choose_levels(struct kernel *kernel, const struct processor *processor,
                                     const struct ldr_log *log, struct ldr_report *report)
{
    unsigned before = processor->arch.levels, levels;
    enum ldr_status status = ldr_levels_choose(&levels, &kernel->requests, &kernel->limits,
                                               processor->has_5_levels, kernel->image.name, report);

    if (status != LDR_OK)
        return status;
    kernel->arch = processor->arch;
    kernel->arch.levels = (uint8_t)levels;
    kernel->changes_levels = levels != before;
    ldr_say(log, "paging: %u levels, firmware's tables have %u", levels, before);
    return LDR_OK;
}

/* ---- addresses ---------------------------------------------------------------- */

/* Once levels, base revision and memory are known. */
static enum ldr_status choose_direct_map(struct kernel *kernel, const struct memory_map *map,
                                         const struct ldr_log *log, struct ldr_report *report)
{
    uint64_t reach = ldr_plan_reach(map->region, map->count, kernel->requests.base_revision);

    return ldr_kaslr_direct(&kernel->layout.hhdm, kernel->arch.levels, reach,
                            kernel->image.step != 0, &kernel->kaslr, kernel->entropy, log, report);
}

/* ---- stacks ------------------------------------------------------------------ */

/* It is loader *code* to firmware, since the handoff page is run under its tables. */
static enum ldr_status place_block(struct kernel *kernel, struct memory_map *map, size_t processors,
                                   bool net, struct ldr_report *report)
{
    struct ldr_layout *layout = &kernel->layout;
    struct ldr_block block;
    uint64_t phys;
    enum ldr_status status;

    ldr_layout_stacks(layout, processors, kernel->requests.stack_bytes, net);
    block = ldr_stacks_block(layout, &kernel->image, kernel->changes_levels);
    status = memory_map_place(map, EfiLoaderCode, kernel->requests.base_revision, &block,
                              processors > 1 ? "the processors' stacks" : "the kernel's stack",
                              &phys, report);
    if (status == LDR_OK)
        ldr_layout_place(layout, phys);
    return status;
}

static enum ldr_status overlay_block(const struct ldr_layout *layout, struct memory_map *map,
                                     struct ldr_report *report)
{
    enum ldr_status status = LDR_OK;
    struct ldr_region region;

    for (size_t i = 0; status == LDR_OK && ldr_layout_region(layout, i, &region); i++)
        status = memory_map_overlay(map, region.base, region.bytes, region.kind, report);
    return status;
}

/* Memory that isn't there for all costs processors, not the boot. */
enum ldr_status kernel_place_stacks(struct kernel *kernel, struct memory_map *map,
                                    const struct ldr_log *log, struct ldr_report *report)
{
    const struct ldr_layout *layout = &kernel->layout;
    size_t processors = kernel->processors.told.count;
    bool net = ldr_net_choose(kernel->early_faults, kernel->requests.base_revision, log);
    struct ldr_report reason;
    enum ldr_status status = LDR_OK;

    if (processors > 1 && place_block(kernel, map, processors, net, &reason) != LDR_OK) {
        processors_give_up(&kernel->processors, reason.text, log);
        processors = 1;
    }
    if (processors <= 1)
        status = place_block(kernel, map, 1, net, report);
    if (status != LDR_OK)
        return status;
    ldr_say(log, "stack: %llu KiB at physical 0x%llx, handoff page at 0x%llx",
            (ull)layout->stack_bytes / 1024, (ull)layout->stack_phys, (ull)layout->handoff_phys);
    return overlay_block(layout, map, report);
}

/* The files come first: their memory may lie where the image would like to be, and the
 * map has to say so. */
enum ldr_status kernel_load(struct kernel *kernel, const struct processor *processor,
                            struct memory_map *map, const struct ldr_log *log,
                            struct ldr_report *report)
{
    enum ldr_status status = LDR_OK;

    for (size_t i = 0; i < kernel->module_count + 1 && status == LDR_OK; i++)
        status = memory_map_overlay(map, kernel->file[i].phys, kernel->file[i].bytes,
                                    LDR_EXECUTABLE, report);
    if (status == LDR_OK)
        status = ldr_kaslr_image(&kernel->image, &kernel->kaslr, kernel->entropy, log, report);
    if (status == LDR_OK)
        status = place_image(kernel, map, report);
    if (status != LDR_OK)
        return status;
    ldr_image_load(&kernel->image, (void *)kernel->layout.image_phys);
    ldr_explain_requests(&kernel->image, (void *)kernel->layout.image_phys, log);
    status = ldr_requests_find(&kernel->requests, &kernel->image, (void *)kernel->layout.image_phys,
                               log, report);
    if (status != LDR_OK)
        return status;
    describe(kernel, log);
    status = choose_levels(kernel, processor, log, report);
    return status == LDR_OK ? choose_direct_map(kernel, map, log, report) : status;
}
