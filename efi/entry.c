/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/entry.h"

#include <string.h>

#include "efi/path_read.h"
#include "efi/source.h"
#include "efi/uefi.h"

/* ---- the list --------------------------------------------------------------------- */

/* A terminated copy: slices of a configuration aren't. */
static const char *keep_text(struct entry_files *files, struct ldr_text text)
{
    char *copy = files->text;

    if (text.length)
        memcpy(copy, text.at, text.length);
    copy[text.length] = 0;
    files->text += text.length + 1;
    return copy;
}

/* A path that can't be one is refused before anything is read. */
static enum ldr_status list(struct entry_files *files, const struct ldr_module_line *line,
                            struct ldr_report *report)
{
    struct ldr_path *path = &files->path[files->count];
    struct pagelift_file *file = &files->file[files->count];
    enum ldr_status status =
        ldr_path_read(path, files->config->file, line->line, line->path, report);

    if (status != LDR_OK)
        return status;
    path->file.at = keep_text(files, path->file);
    *file =
        (struct pagelift_file){.path = path->file.at, .cmdline = keep_text(files, line->cmdline)};
    files->count++;
    return LDR_OK;
}

/* The kernel's line and, from 1 on, the modules'. */
static struct ldr_module_line line_of(const struct ldr_entry *entry, size_t index)
{
    struct ldr_module_line line = {
        .path = entry->path, .line = entry->path_line, .cmdline = entry->cmdline};

    if (index)
        ldr_entry_module(entry, index - 1, &line);
    return line;
}

/* The lists, and behind them the texts.  A command line may come out of the menu's editor, so
 * that the texts are measured rather than taken for as long as the entry. */
static uint64_t list_bytes(const struct ldr_entry *entry)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < entry->module_count + 1; i++) {
        struct ldr_module_line line = line_of(entry, i);

        bytes += sizeof(struct pagelift_file) + sizeof(struct ldr_path) + line.path.length + 1 +
                 line.cmdline.length + 1;
    }
    return bytes;
}

enum ldr_status entry_open(struct entry_files *ret_files, const struct ldr_config *config,
                           const struct ldr_entry *entry, struct volumes *volumes,
                           struct ldr_report *report)
{
    size_t count = entry->module_count + 1;
    uint64_t phys = 0;
    enum ldr_status status =
        memory_allocate(volumes->memory, list_bytes(entry), "the list of files", &phys, report);

    if (status != LDR_OK)
        return status;
    *ret_files = (struct entry_files){
        .config = config, .volumes = volumes, .file = (struct pagelift_file *)phys};
    ret_files->path = (struct ldr_path *)(ret_files->file + count);
    ret_files->text = (char *)(ret_files->path + count);
    for (size_t i = 0; i < count && status == LDR_OK; i++) {
        struct ldr_module_line line = line_of(entry, i);

        status = list(ret_files, &line, report);
    }
    return status;
}

/* ---- the source ------------------------------------------------------------------- */

/* What the kernel itself names is on its own volume. */
static enum ldr_status read_beside_kernel(struct entry_files *files,
                                          const struct pagelift_file *file,
                                          struct path_file *ret_file)
{
    ret_file->from = files->kernel_from;
    return volume_read(&files->kernel_from->volume,
                       (struct ldr_text){.at = file->path, .length = strlen(file->path)},
                       &ret_file->contents, &files->report);
}

/* The list's files are told from the kernel's own by where they are. */
static enum ldr_status read_listed(struct entry_files *files, const struct pagelift_file *file,
                                   struct path_file *ret_file)
{
    const struct ldr_path *path = &files->path[file - files->file];
    enum ldr_status status = path_read(files->volumes, path, files->config->hash_mismatch_refused,
                                       ret_file, &files->report);

    if (status == LDR_OK && file == files->file)
        files->kernel_from = ret_file->from;
    return status;
}

static EFI_STATUS read_file(void *context, const struct pagelift_file *file,
                            struct pagelift_content *ret_content)
{
    struct entry_files *files = context;
    struct path_file got = {0};
    enum ldr_status status = file->on_kernel_volume ? read_beside_kernel(files, file, &got)
                                                    : read_listed(files, file, &got);

    if (status != LDR_OK) {
        ret_content->reason = files->report.text;
        return uefi_status_of(status);
    }
    *ret_content = (struct pagelift_content){
        .at = (void *)got.contents.phys,
        .bytes = got.contents.bytes,
        .in_place = true,
    };
    source_tell_partition(ret_content, &got.from->partition);
    return EFI_SUCCESS;
}

struct pagelift_source entry_source(struct entry_files *files)
{
    return (struct pagelift_source){.read = read_file, .context = files};
}
