/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/source.h"

#include <string.h>

#include "efi/files.h"

typedef unsigned long long ull;

void source_tell_partition(struct pagelift_content *content, const struct partition *partition)
{
    content->partition_index = partition->index;
    content->mbr_disk_id = partition->mbr_disk_id;
    memcpy(&content->gpt_disk, &partition->gpt_disk, sizeof content->gpt_disk);
    memcpy(&content->gpt_partition, &partition->gpt_partition, sizeof content->gpt_partition);
}

/* ---- the default ------------------------------------------------------------------ */

/* The volume is opened for each file anew: so nothing is open between two calls. */
static enum ldr_status read_boot_volume(const struct source *source, const char *path,
                                        struct pagelift_content *ret_content,
                                        struct ldr_report *report)
{
    struct partition partition;
    struct contents contents = {0};
    struct volume volume;
    enum ldr_status status =
        volume_open(&volume, source->memory->services, source->device, source->memory, report);

    if (status != LDR_OK)
        return status;
    status = volume_read(&volume, (struct ldr_text){.at = path, .length = strlen(path)}, &contents,
                         report);
    volume_close(&volume);
    if (status != LDR_OK)
        return status;
    *ret_content = (struct pagelift_content){
        .at = (void *)contents.phys, .bytes = contents.bytes, .in_place = true};
    partition_find(&partition, source->memory->services, source->device);
    source_tell_partition(ret_content, &partition);
    return LDR_OK;
}

/* ---- the caller's ------------------------------------------------------------------ */

static enum ldr_status from_firmware(EFI_STATUS status)
{
    switch (status) {
    case EFI_NOT_FOUND:
        return LDR_NOT_FOUND;
    case EFI_OUT_OF_RESOURCES:
        return LDR_NO_MEMORY;
    case EFI_INVALID_PARAMETER:
        return LDR_BAD_CONFIG;
    default:
        return LDR_BAD_MACHINE;
    }
}

static enum ldr_status ask(const struct source *source, const struct pagelift_file *file,
                           struct pagelift_content *ret_content, struct ldr_report *report)
{
    EFI_STATUS status = source->from.read(source->from.context, file, ret_content);

    if (status != EFI_SUCCESS && ret_content->reason)
        return ldr_refuse(report, from_firmware(status), "%s", ret_content->reason);
    if (status != EFI_SUCCESS)
        return ldr_refuse(report, from_firmware(status),
                          "%s: the application can't give this file (%s); see to its file source",
                          file->path, uefi_status_text(status));
    if (!ret_content->at || (ret_content->in_place && (uint64_t)ret_content->at % EFI_PAGE_SIZE))
        return ldr_refuse(report, LDR_BAD_CONFIG,
                          "%s: the application gives its content at 0x%llx, which is null or, for "
                          "content to be used in place, not a page; correct its file source",
                          file->path, (ull)(uint64_t)ret_content->at);
    return LDR_OK;
}

/* Pages of its own for content that lies among other things. */
static enum ldr_status copy(const struct source *source, const struct pagelift_file *file,
                            struct pagelift_content *content, struct ldr_report *report)
{
    char what[128];
    uint64_t phys = 0, used = content->bytes % EFI_PAGE_SIZE;
    enum ldr_status status;

    ldr_format(what, sizeof what, "the file %s", file->path);
    status = memory_allocate(source->memory, content->bytes, what, &phys, report);
    if (status != LDR_OK)
        return status;
    memcpy((void *)phys, content->at, content->bytes);
    /* Whole pages: none of them shows what lay there before. */
    if (used || content->bytes == 0)
        memset((void *)(phys + content->bytes), 0, EFI_PAGE_SIZE - used);
    content->at = (void *)phys;
    return LDR_OK;
}

/* ---- both ------------------------------------------------------------------------- */

static struct limine_uuid uuid_of(const EFI_GUID *guid)
{
    struct limine_uuid uuid;

    _Static_assert(sizeof uuid == sizeof *guid, "the same sixteen bytes");
    memcpy(&uuid, guid, sizeof uuid);
    return uuid;
}

enum ldr_status source_read(const struct source *source, const char *what,
                            const struct pagelift_file *file, struct ldr_file *ret_file,
                            struct ldr_report *report)
{
    struct pagelift_content content = {0};
    enum ldr_status status = source->from.read
                                 ? ask(source, file, &content, report)
                                 : read_boot_volume(source, file->path, &content, report);

    if (status == LDR_OK && !content.in_place)
        status = copy(source, file, &content, report);
    if (status != LDR_OK)
        return status;
    *ret_file = (struct ldr_file){
        .phys = (uint64_t)content.at,
        .bytes = content.bytes,
        .path = content.path ? content.path : file->path,
        .cmdline = file->cmdline ? file->cmdline : "",
        .partition_index = content.partition_index,
        .mbr_disk_id = content.mbr_disk_id,
        .gpt_disk_uuid = uuid_of(&content.gpt_disk),
        .gpt_part_uuid = uuid_of(&content.gpt_partition),
        .part_uuid = uuid_of(&content.file_system),
    };
    ldr_say(source->log, "%s: %s, %llu bytes at 0x%llx", what, ret_file->path, (ull)content.bytes,
            (ull)ret_file->phys);
    return LDR_OK;
}
