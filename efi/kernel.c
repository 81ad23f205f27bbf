/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/kernel.h"

#include <string.h>

typedef unsigned long long ull;

/* ---- files ------------------------------------------------------------------- */

/* What reading the files of one entry needs. */
struct reading {
    const char *config_name;
    const struct volume *volume;
    const struct partition *partition;
    const struct ldr_log *log;
    struct ldr_report *report;
    char *text; /* where the next terminated copy goes */
};

/* A terminated copy: slices of a configuration aren't. */
static const char *keep_text(struct reading *reading, struct ldr_text text)
{
    char *copy = reading->text;

    if (text.length)
        memcpy(copy, text.at, text.length);
    copy[text.length] = 0;
    reading->text += text.length + 1;
    return copy;
}

/* Kernel or module: to the protocol both are files, and are described alike. */
static enum ldr_status read_file(struct reading *reading, const char *what, struct ldr_text path,
                                 struct ldr_text cmdline, struct ldr_file *ret_file)
{
    struct ldr_text inner;
    struct contents contents;
    enum ldr_status status = ldr_config_path(reading->config_name, path, &inner, reading->report);

    if (status == LDR_OK)
        status = volume_read(reading->volume, inner, &contents, reading->report);
    if (status != LDR_OK)
        return status;
    *ret_file = (struct ldr_file){
        .phys = contents.phys,
        .bytes = contents.bytes,
        .path = keep_text(reading, inner),
        .cmdline = keep_text(reading, cmdline),
        .partition_index = reading->partition->index,
        .mbr_disk_id = reading->partition->mbr_disk_id,
        .gpt_disk_uuid = reading->partition->gpt_disk,
        .gpt_part_uuid = reading->partition->gpt_partition,
    };
    ldr_say(reading->log, "%s: %s, %llu bytes at 0x%llx", what, ret_file->path, (ull)contents.bytes,
            (ull)contents.phys);
    return LDR_OK;
}

static enum ldr_status read_modules(struct reading *reading, const struct ldr_entry *entry,
                                    struct ldr_file *module)
{
    enum ldr_status status = LDR_OK;

    for (size_t i = 0; i < entry->module_count && status == LDR_OK; i++) {
        struct ldr_module_line line;

        ldr_entry_module(entry, i, &line);
        status = read_file(reading, "module", line.path, line.cmdline, &module[i]);
    }
    return status;
}

/* One block for the list of files, and behind it the texts.  These are slices of
 * the entry's lines, each once, so they are no longer than it, but for a zero each. */
static uint64_t list_bytes(const struct ldr_entry *entry)
{
    uint64_t files = entry->module_count + 1;

    return files * (sizeof(struct ldr_file) + 2) + entry->body.length;
}

enum ldr_status kernel_read(struct kernel *ret_kernel, const char *config_name,
                            const struct ldr_entry *entry, const struct volume *volume,
                            const struct partition *partition, const struct ldr_log *log,
                            struct ldr_report *report)
{
    struct reading reading = {.config_name = config_name,
                              .volume = volume,
                              .partition = partition,
                              .log = log,
                              .report = report};
    struct ldr_file *file;
    uint64_t phys;
    enum ldr_status status =
        memory_allocate(volume->memory, list_bytes(entry), "the list of files", &phys, report);

    if (status != LDR_OK)
        return status;
    file = (struct ldr_file *)phys;
    reading.text = (char *)(file + entry->module_count + 1);
    status = read_file(&reading, "kernel", entry->path, entry->cmdline, &file[0]);
    if (status == LDR_OK)
        status = ldr_image_read(&ret_kernel->image, file[0].path, (void *)file[0].phys,
                                file[0].bytes, report);
    if (status == LDR_OK)
        status = read_modules(&reading, entry, file + 1);
    ret_kernel->file = file;
    ret_kernel->module_count = entry->module_count;
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
    enum ldr_status status = ldr_levels_choose(&levels, &kernel->requests, processor->has_5_levels,
                                               kernel->image.name, report);

    if (status != LDR_OK)
        return status;
    kernel->arch = processor->arch;
    kernel->arch.levels = (uint8_t)levels;
    kernel->changes_levels = levels != before;
    ldr_say(log, "paging: %u levels, firmware's tables have %u", levels, before);
    return LDR_OK;
}

/* ---- stack ------------------------------------------------------------------- */

/* One block [handoff page][guard][stack][guard]: what has rights of its own
 * sits together, so that as little as can be of the direct map is cut into 4K pages.
 * It is loader *code* to firmware, since the handoff page is run under its tables.  Below
 * 4 GiB if the levels change: the page then switches paging off, which takes 32-bit code. */
static enum ldr_status place_stack(struct kernel *kernel, struct memory_map *map,
                                   const struct ldr_log *log, struct ldr_report *report)
{
    struct ldr_layout *layout = &kernel->layout;
    uint64_t stack = kernel->requests.stack_bytes, phys;
    struct ldr_block block = {.bytes = stack + 3 * PGT_PAGE,
                              .modulus = PGT_PAGE,
                              .highest = kernel->changes_levels ? LDR_BELOW_4_GIB : LDR_ANYWHERE};
    enum ldr_status status = memory_map_place(map, EfiLoaderCode, kernel->requests.base_revision,
                                              &block, "the kernel's stack", &phys, report);

    if (status != LDR_OK)
        return status;
    layout->handoff_phys = phys;
    layout->stack_phys = phys + 2 * PGT_PAGE;
    layout->stack_bytes = stack;
    ldr_say(log, "stack: %llu KiB at physical 0x%llx, handoff page at 0x%llx", (ull)stack / 1024,
            (ull)layout->stack_phys, (ull)layout->handoff_phys);
    /* The handoff page can't be written through the direct map: so it isn't told as memory
     * that a kernel may simply take. */
    status = memory_map_overlay(map, phys, PGT_PAGE, LDR_EXECUTABLE, report);
    if (status == LDR_OK)
        status =
            memory_map_overlay(map, layout->stack_phys - PGT_PAGE, PGT_PAGE, LDR_GUARD, report);
    if (status == LDR_OK)
        status = memory_map_overlay(map, layout->stack_phys + stack, PGT_PAGE, LDR_GUARD, report);
    return status;
}

/* The files come first: their memory may lie where the image would like to be, and the
 * map has to say so.  The stack comes last, since its size is one of the requests. */
enum ldr_status kernel_load(struct kernel *kernel, const struct processor *processor,
                            struct memory_map *map, const struct ldr_log *log,
                            struct ldr_report *report)
{
    enum ldr_status status = LDR_OK;

    for (size_t i = 0; i < kernel->module_count + 1 && status == LDR_OK; i++)
        status = memory_map_overlay(map, kernel->file[i].phys, kernel->file[i].bytes,
                                    LDR_EXECUTABLE, report);
    if (status == LDR_OK)
        status = place_image(kernel, map, report);
    if (status != LDR_OK)
        return status;
    ldr_image_load(&kernel->image, (void *)kernel->layout.image_phys);
    status = ldr_requests_find(&kernel->requests, &kernel->image, (void *)kernel->layout.image_phys,
                               log, report);
    if (status != LDR_OK)
        return status;
    describe(kernel, log);
    status = choose_levels(kernel, processor, log, report);
    return status == LDR_OK ? place_stack(kernel, map, log, report) : status;
}
