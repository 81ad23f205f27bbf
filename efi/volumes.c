/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/volumes.h"

#include <string.h>

#include "loader/text.h"

/* ---- what there is ------------------------------------------------------------- */

/* "hdd(1:2)", as a configuration would say it; without the partition for a whole disk. */
static void name_item(const struct volumes_item *item, char *name, size_t bytes)
{
    const char *kind = item->disk.optical ? "odd" : "hdd";

    if (item->disk.number == 0)
        ldr_format(name, bytes, "a volume on no disk");
    else if (item->partition.index == 0)
        ldr_format(name, bytes, "%s(%u:)", kind, item->disk.number);
    else
        ldr_format(name, bytes, "%s(%u:%u)", kind, item->disk.number, item->partition.index);
}

static enum ldr_status open_item(struct volumes *volumes, struct volumes_item *item,
                                 struct ldr_report *report)
{
    char name[32] = "the boot volume";
    enum ldr_status status;

    if (item->opened)
        return LDR_OK;
    if (item != volumes->first)
        name_item(item, name, sizeof name);
    status = volume_open_as(&item->volume, volumes->services, item->device, name, volumes->memory,
                            report);
    item->opened = status == LDR_OK;
    return status;
}

/* All zero is a partition, or a disk, without one. */
static bool has_guid(const struct limine_uuid *guid)
{
    static const struct limine_uuid none;

    return memcmp(guid, &none, sizeof none) != 0;
}

static void format_guid(const struct limine_uuid *guid, char *text, size_t bytes)
{
    const uint8_t *d = guid->d;

    text[0] = 0;
    if (has_guid(guid))
        ldr_format(text, bytes, ", GUID %08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", guid->a,
                   guid->b, guid->c, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
}

/* One line a volume: what its owner can write into a configuration. */
static void list_volumes(struct volumes *volumes)
{
    struct ldr_report unreadable;

    for (struct volumes_item *item = volumes->first; item; item = item->next) {
        char name[32], guid[64];

        name_item(item, name, sizeof name);
        format_guid(&item->partition.gpt_partition, guid, sizeof guid);
        open_item(volumes, item, &unreadable);
        ldr_say(volumes->log, "volume: %s, label \"%s\"%s%s", name,
                item->opened ? item->volume.label : "?", guid,
                item == volumes->first ? ", boot()" : "");
    }
}

/* ---- which one is meant -------------------------------------------------------- */

/* Whatever the case of its letters: FAT has only large ones. */
static bool same_label(const char *label, struct ldr_text wanted)
{
    char lower[VOLUME_LABEL_BYTES];
    size_t i = 0;

    for (; label[i]; i++)
        lower[i] = label[i] >= 'A' && label[i] <= 'Z' ? (char)(label[i] | 0x20) : label[i];
    lower[i] = 0;
    return ldr_text_is(wanted, lower);
}

static bool same_guid(const struct limine_uuid *guid, const uint8_t wanted[16])
{
    return has_guid(guid) && memcmp(guid, wanted, sizeof *guid) == 0;
}

/* A volume that can't be opened has no label. */
static bool has_label(struct volumes *volumes, struct volumes_item *item, struct ldr_text wanted)
{
    struct ldr_report unreadable;

    return open_item(volumes, item, &unreadable) == LDR_OK &&
           same_label(item->volume.label, wanted);
}

static bool is_meant(struct volumes *volumes, struct volumes_item *item,
                     const struct ldr_path *path)
{
    const struct volumes_item *boot = volumes->first;

    switch (path->kind) {
    case LDR_VOLUME_BOOT:
        if (path->partition == 0)
            return item == boot;
        return boot->disk.number && item->disk.number == boot->disk.number &&
               item->disk.optical == boot->disk.optical && item->partition.index == path->partition;
    case LDR_VOLUME_HARD:
    case LDR_VOLUME_OPTICAL:
        return item->disk.number == path->drive &&
               item->disk.optical == (path->kind == LDR_VOLUME_OPTICAL) &&
               item->partition.index == path->partition;
    case LDR_VOLUME_GUID:
        return same_guid(&item->partition.gpt_partition, path->guid) ||
               same_guid(&item->partition.gpt_disk, path->guid);
    case LDR_VOLUME_LABEL:
        return has_label(volumes, item, path->label);
    }
    return false;
}

static struct volumes_item *find(struct volumes *volumes, const struct ldr_path *path)
{
    struct volumes_item *item = volumes->first;

    while (item && !is_meant(volumes, item, path))
        item = item->next;
    return item;
}

/* ---- which ones firmware knows -------------------------------------------------- */

static bool is_known(const struct volumes *volumes, EFI_HANDLE device)
{
    const struct volumes_item *item = volumes->first;

    while (item && item->device != device)
        item = item->next;
    return item != NULL;
}

/* Appends a volume.  Without memory for it, it is one that firmware doesn't know. */
static bool add(struct volumes *volumes, EFI_HANDLE device)
{
    struct volumes_item **link = &volumes->first;
    void *item;

    if (is_known(volumes, device))
        return true;
    if (volumes->services->AllocatePool(EfiLoaderData, sizeof **link, &item) != EFI_SUCCESS)
        return false;
    while (*link)
        link = &(*link)->next;
    *link = item;
    **link = (struct volumes_item){.device = device};
    partition_find(&(*link)->partition, volumes->services, device);
    return true;
}

/* Disks are counted anew: a new one may come before one that was there. */
static void add_all(struct volumes *volumes)
{
    EFI_GUID guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
    EFI_HANDLE *handle;
    UINTN count;

    if (volumes->services->LocateHandleBuffer(ByProtocol, &guid, NULL, &count, &handle) ==
        EFI_SUCCESS) {
        for (UINTN i = 0; i < count; i++)
            add(volumes, handle[i]);
        volumes->services->FreePool(handle);
    }
    for (struct volumes_item *item = volumes->first; item; item = item->next)
        item->disk = disk_of_volume(volumes->services, item->device);
}

/* Starts firmware's drivers on every device (UEFI 2.10, section 7.3.12). */
static void connect_all(struct volumes *volumes)
{
    EFI_BOOT_SERVICES *services = volumes->services;
    EFI_HANDLE *handle;
    UINTN count;

    volumes->connected = true;
    if (services->LocateHandleBuffer(AllHandles, NULL, NULL, &count, &handle) != EFI_SUCCESS)
        return;
    for (UINTN i = 0; i < count; i++)
        services->ConnectController(handle[i], NULL, NULL, TRUE);
    services->FreePool(handle);
    add_all(volumes);
}

/* A number means nothing before all disks are counted. */
static bool is_number(const struct ldr_path *path)
{
    return path->kind == LDR_VOLUME_HARD || path->kind == LDR_VOLUME_OPTICAL;
}

enum ldr_status volumes_find(struct volumes *volumes, const struct ldr_path *path,
                             struct volumes_item **ret_item, struct ldr_report *report)
{
    struct volumes_item *item = NULL;
    enum ldr_status status;

    if (volumes->connected || !is_number(path))
        item = find(volumes, path);
    if (!item && !volumes->connected) {
        connect_all(volumes);
        item = find(volumes, path);
    }
    if (!item) {
        list_volumes(volumes);
        return ldr_refuse(report, LDR_NOT_FOUND,
                          "%.*s: there is no volume %.*s; the volumes that there are stand above: "
                          "correct the path, or attach the disk",
                          LDR_TEXT(path->file), LDR_TEXT(path->volume));
    }
    status = open_item(volumes, item, report);
    if (status == LDR_OK)
        *ret_item = item;
    return status;
}

/* ---- opening and closing ------------------------------------------------------- */

enum ldr_status volumes_open(struct volumes *ret_volumes, EFI_BOOT_SERVICES *services,
                             EFI_HANDLE device, struct memory *memory, const struct ldr_log *log,
                             struct ldr_report *report)
{
    struct volumes volumes = {.services = services, .memory = memory, .log = log};
    enum ldr_status status;

    if (!add(&volumes, device))
        return ldr_refuse(report, LDR_NO_MEMORY,
                          "no memory for a list of volumes; give the machine more memory");
    status = open_item(&volumes, volumes.first, report);
    if (status != LDR_OK) {
        services->FreePool(volumes.first);
        return status;
    }
    add_all(&volumes);
    *ret_volumes = volumes;
    return LDR_OK;
}

void volumes_close(struct volumes *volumes)
{
    while (volumes->first) {
        struct volumes_item *item = volumes->first;

        volumes->first = item->next;
        if (item->opened)
            volume_close(&item->volume);
        volumes->services->FreePool(item);
    }
}
