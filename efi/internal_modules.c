/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/internal_modules.h"

#include <string.h>

#include "efi/decompress.h"
#include "efi/hash.h"
#include "loader/beside.h"
#include "loader/path.h"

struct reading {
    struct kernel *kernel;
    const struct source *source;
    struct ldr_report *report;
    char *text; /* where the next path goes */
};

static struct ldr_internal_module module_of(const struct kernel *kernel, uint64_t index)
{
    struct ldr_internal_module module;

    ldr_internal_module(&module, &kernel->requests, &kernel->image,
                        (void *)kernel->layout.image_phys, index);
    return module;
}

/* One block for the new list of files, and behind it the new paths. */
static uint64_t block_bytes(const struct kernel *kernel)
{
    uint64_t count = kernel->requests.internal_count;
    uint64_t bytes = (1 + count + kernel->module_count) * sizeof *kernel->file;

    for (uint64_t i = 0; i < count; i++)
        bytes += ldr_beside_room(kernel->file[0].path, module_of(kernel, i).path);
    return bytes;
}

/* A path on the kernel's volume, its hash taken off. */
static enum ldr_status read_path(struct reading *reading, const struct ldr_internal_module *module,
                                 struct ldr_path *ret_path)
{
    const char *kernel = reading->kernel->file[0].path;
    struct ldr_report reason;
    char *text = reading->text;

    ldr_beside(text, kernel, module->path);
    reading->text += strlen(text) + 1;
    if (ldr_path_read(ret_path, kernel, 0, (struct ldr_text){.at = text, .length = strlen(text)},
                      &reason) != LDR_OK)
        return ldr_refuse(reading->report, LDR_BAD_REQUEST,
                          "%s: the internal module \"%s\" has a path that can't be one: give the "
                          "file's path beside the kernel, with nothing but \"#\" and the 128 "
                          "digits of its BLAKE2b hash behind it",
                          kernel, module->path);
    text[ret_path->file.length] = 0;
    return LDR_OK;
}

/* What is asked for beside the bytes of the file: the hash is of these as they are stored. */
static enum ldr_status unpack(const struct reading *reading,
                              const struct ldr_internal_module *module, const struct ldr_path *path,
                              struct ldr_file *file)
{
    struct contents contents = {.phys = file->phys, .bytes = file->bytes};
    enum ldr_status status = LDR_OK;

    if (path->hashed)
        status =
            hash_check(path->hash, file->path, (void *)file->phys, file->bytes, reading->report);
    if (status == LDR_OK && module->compressed)
        status = decompress(reading->source->memory, file->path, &contents, reading->report);
    file->phys = contents.phys;
    file->bytes = contents.bytes;
    return status;
}

/* *ret_there is false for one that may be missing, and is. */
static enum ldr_status read_module(struct reading *reading,
                                   const struct ldr_internal_module *module,
                                   struct ldr_file *ret_file, bool *ret_there)
{
    const char *kernel = reading->kernel->file[0].path;
    struct pagelift_file file = {.cmdline = module->string, .on_kernel_volume = true};
    struct ldr_path path;
    enum ldr_status status = read_path(reading, module, &path);

    if (status != LDR_OK)
        return status;
    file.path = path.file.at;
    status = source_read(reading->source, "internal module", &file, ret_file, reading->report);
    *ret_there = status == LDR_OK;
    if (status == LDR_NOT_FOUND && !module->required) {
        ldr_say(reading->source->log,
                "%s: note: the internal module %s is not there, and not required", kernel,
                file.path);
        return LDR_OK;
    }
    if (status == LDR_NOT_FOUND)
        return ldr_refuse(reading->report, LDR_NOT_FOUND,
                          "%s: it requires the internal module %s, which is not on its volume: "
                          "put that file there",
                          kernel, file.path);
    return status == LDR_OK ? unpack(reading, module, &path, ret_file) : status;
}

/* Reads them to `list`; *ret_count says how many there were. */
static enum ldr_status read_all(struct reading *reading, struct memory_map *map,
                                struct ldr_file *list, size_t *ret_count)
{
    enum ldr_status status = LDR_OK;
    size_t count = 0;

    for (uint64_t i = 0; i < reading->kernel->requests.internal_count && status == LDR_OK; i++) {
        struct ldr_internal_module module = module_of(reading->kernel, i);
        bool there = false;

        status = read_module(reading, &module, &list[count], &there);
        if (status == LDR_OK && there) {
            status = memory_map_overlay(map, list[count].phys, list[count].bytes, LDR_EXECUTABLE,
                                        reading->report);
            count++;
        }
    }
    *ret_count = count;
    return status;
}

enum ldr_status internal_modules_read(struct kernel *kernel, const struct source *source,
                                      struct memory_map *map, struct ldr_report *report)
{
    struct reading reading = {.kernel = kernel, .source = source, .report = report};
    struct ldr_file *list;
    uint64_t phys = 0;
    size_t count;
    enum ldr_status status;

    if (kernel->requests.internal_count == 0)
        return LDR_OK;
    status =
        memory_allocate(source->memory, block_bytes(kernel), "the list of files", &phys, report);
    if (status != LDR_OK)
        return status;
    list = (struct ldr_file *)phys;
    reading.text = (char *)(list + 1 + kernel->requests.internal_count + kernel->module_count);
    status = read_all(&reading, map, list + 1, &count);
    if (status != LDR_OK)
        return status;
    list[0] = kernel->file[0];
    memcpy(list + 1 + count, kernel->file + 1, kernel->module_count * sizeof *list);
    kernel->file = list;
    kernel->module_count += count;
    return LDR_OK;
}
