/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/path_read.h"

#include "efi/decompress.h"
#include "efi/hash.h"

/* As much of a path as a message has room for. */
#define NAME_BYTES 128

/* The hash is of the file as it is on the volume, so that b2sum gives it. */
static enum ldr_status check(const struct volumes *volumes, const struct ldr_path *path,
                             const char *name, bool strict, const struct contents *contents,
                             struct ldr_report *report)
{
    enum ldr_status status;

    if (!path->hashed)
        return LDR_OK;
    status = hash_check(path->hash, name, (void *)contents->phys, contents->bytes, report);
    if (status == LDR_OK || strict)
        return status;
    ldr_say(volumes->log, "warning: %s", report->text);
    return LDR_OK;
}

enum ldr_status path_read(struct volumes *volumes, const struct ldr_path *path, bool strict,
                          struct path_file *ret_file, struct ldr_report *report)
{
    char name[NAME_BYTES];
    struct volumes_item *item;
    struct contents contents;
    enum ldr_status status = volumes_find(volumes, path, &item, report);

    if (status == LDR_OK)
        status = volume_read(&item->volume, path->file, &contents, report);
    if (status != LDR_OK)
        return status;
    ldr_format(name, sizeof name, "%.*s", LDR_TEXT(path->file));
    status = check(volumes, path, name, strict, &contents, report);
    if (status == LDR_OK && path->compressed)
        status = decompress(volumes->memory, name, &contents, report);
    if (status != LDR_OK) {
        memory_free(volumes->memory, contents.phys, contents.bytes);
        return status;
    }
    *ret_file = (struct path_file){.contents = contents, .from = item};
    return LDR_OK;
}
