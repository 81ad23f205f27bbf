/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/kernel.h"

#include "efi/decompress.h"
#include "loader/explain.h"
#include "loader/net.h"
#include "loader/gunzip.h"

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

/* The image may be placed before its base revision is known, so what the newest
 * maps is taken: there its neighbours matter most. */
#define PLACING_REVISION LIMINE_BASE_REVISION_LAST

/* A large image is placed like its addresses, so that it can be mapped by large pages. */
static enum ldr_status place_image(struct kernel *kernel, struct memory_map *map,
                                   struct ldr_report *report)
{
    const struct ldr_image *image = &kernel->image;
    bool large = image->bytes >= PGT_PAGE_2M;
    struct ldr_block block = {.bytes = image->bytes,
                              .modulus = large ? PGT_PAGE_2M : PGT_PAGE,
                              .congruent = large ? image->virt % PGT_PAGE_2M : 0,
                              .highest = LDR_ANYWHERE};
    enum ldr_status status = memory_map_place(map, EfiLoaderData, PLACING_REVISION, &block,
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
                            kernel->image.step != 0, &kernel->kaslr, kernel->entropy, log,
                            report);
}

/* ---- stack ------------------------------------------------------------------- */

/* The guards below, between and above the stacks. */
static enum ldr_status overlay_guards(const struct ldr_layout *layout, struct memory_map *map,
                                      struct ldr_report *report)
{
    enum ldr_status status = LDR_OK;

    for (size_t i = 0; i < layout->more_stacks + 2 && status == LDR_OK; i++)
        status = memory_map_overlay(
            map, layout->stack_phys - PGT_PAGE + i * (layout->stack_bytes + PGT_PAGE), PGT_PAGE,
            LDR_GUARD, report);
    return status;
}

/* Said where the answer isn't the usual one. */
static bool wants_net(const struct kernel *kernel, const struct ldr_log *log)
{
    bool usual = ldr_net_by_default(kernel->requests.base_revision);
    bool wanted = kernel->early_faults == LDR_UNSET ? usual : kernel->early_faults == LDR_YES;

    if (!ldr_net_present()) {
        if (kernel->early_faults == LDR_YES)
            ldr_say(log, "warning: early faults are not reported: this loader was built without");
        return false;
    }
    if (wanted && !usual)
        ldr_say(log,
                "early faults: reported, as asked for, though base revision %llu wants IDT and TSS "
                "to be empty",
                (ull)kernel->requests.base_revision);
    else if (!wanted && usual)
        ldr_say(log, "early faults: not reported, as asked for");
    return wanted;
}

static void measure_net(struct ldr_layout *layout, bool wanted, size_t processors)
{
    layout->net_text_bytes = 0;
    layout->net_bytes = 0;
    if (wanted)
        ldr_net_measure(processors, &layout->net_text_bytes, &layout->net_bytes);
}

/* One block [handoff page][early-fault net][guard][stack][guard], and [stack][guard] for each of `more` further
 * processors: what has rights of its own sits together, so that as little as can be of the
 * direct map is cut into 4K pages.
 * It is loader *code* to firmware, since the handoff page is run under its tables.  Below
 * 4 GiB if the levels change: the page then switches paging off, which takes 32-bit code. */
static enum ldr_status place_block(struct kernel *kernel, struct memory_map *map, size_t more,
                                   bool net, uint64_t *ret_phys, struct ldr_report *report)
{
    uint64_t stack = kernel->requests.stack_bytes;
    measure_net(&kernel->layout, net, more + 1);
    struct ldr_block block = {.bytes = 2 * PGT_PAGE + kernel->layout.net_bytes +
                                       (more + 1) * (stack + PGT_PAGE),
                              .modulus = PGT_PAGE,
                              .highest = kernel->changes_levels ? LDR_BELOW_4_GIB : LDR_ANYWHERE,
                              .image = &kernel->image,
                              .image_phys = kernel->layout.image_phys};

    return memory_map_place(map, EfiLoaderCode, kernel->requests.base_revision, &block,
                            more ? "the processors' stacks" : "the kernel's stack", ret_phys,
                            report);
}

/* Memory that isn't there for all costs processors, not the boot. */
enum ldr_status kernel_place_stacks(struct kernel *kernel, struct memory_map *map,
                                    const struct ldr_log *log, struct ldr_report *report)
{
    struct ldr_layout *layout = &kernel->layout;
    size_t more = kernel->processors.told.count > 1 ? kernel->processors.told.count - 1 : 0;
    uint64_t stack = kernel->requests.stack_bytes, phys;
    bool net = wants_net(kernel, log);
    struct ldr_report reason;
    enum ldr_status status = LDR_OK;

    if (more > 0 && place_block(kernel, map, more, net, &phys, &reason) != LDR_OK) {
        processors_give_up(&kernel->processors, reason.text, log);
        more = 0;
    }
    if (more == 0)
        status = place_block(kernel, map, 0, net, &phys, report);
    if (status != LDR_OK)
        return status;
    layout->handoff_phys = phys;
    layout->stack_phys = phys + 2 * PGT_PAGE + layout->net_bytes;
    layout->stack_bytes = stack;
    layout->more_stacks = more;
    ldr_say(log, "stack: %llu KiB at physical 0x%llx, handoff page at 0x%llx", (ull)stack / 1024,
            (ull)layout->stack_phys, (ull)layout->handoff_phys);
    /* The handoff page and the net's text can't be written through the direct map: so they
     * aren't told as memory that a kernel may simply take. */
    status =
        memory_map_overlay(map, phys, PGT_PAGE + layout->net_text_bytes, LDR_EXECUTABLE, report);
    return status == LDR_OK ? overlay_guards(layout, map, report) : status;
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
