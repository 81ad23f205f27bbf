/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/configuration.h"

#include <string.h>

#include "efi/text.h"

#define FILE_NAME "limine.conf"

static struct ldr_text slice(const char *text)
{
    return (struct ldr_text){.at = text, .length = strlen(text)};
}

/* Appends firmware's text, with '/' for '\'; false if it doesn't fit. */
static bool append(char *path, size_t *used, const CHAR16 *text, size_t units)
{
    size_t room = CONFIGURATION_PATH_BYTES - *used;

    if (units >= room)
        return false;
    text_to_ascii(text, units, path + *used, room);
    for (; path[*used]; (*used)++)
        if (path[*used] == '\\')
            path[*used] = '/';
    return true;
}

/* The application's own path, from the file path nodes of the image.  Firmware may
 * hand it over in one node or cut into several, with separators or without. */
static bool application_path(const EFI_DEVICE_PATH *node, char *path)
{
    size_t used = 0;

    path[0] = 0;
    for (; node && !IsDevicePathEnd(node); node = NextDevicePathNode(node)) {
        size_t bytes = (size_t)DevicePathNodeLength(node);

        if (bytes < sizeof *node)
            return false;
        if (DevicePathType(node) != MEDIA_DEVICE_PATH || node->SubType != MEDIA_FILEPATH_DP)
            continue;
        if (used && path[used - 1] != '/')
            path[used++] = '/';
        if (!append(path, &used, (const CHAR16 *)(node + 1), (bytes - sizeof *node) / 2))
            return false;
    }
    return used > 0;
}

/* "/folder/APPLICATION.EFI" becomes "/folder/limine.conf". */
static bool beside_application(const EFI_LOADED_IMAGE *loaded, char *path)
{
    size_t folder = 0;

    if (!application_path(loaded->FilePath, path))
        return false;
    for (size_t i = 0; path[i]; i++)
        if (path[i] == '/')
            folder = i + 1;
    if (folder + sizeof FILE_NAME > CONFIGURATION_PATH_BYTES)
        return false;
    memcpy(path + folder, FILE_NAME, sizeof FILE_NAME);
    return true;
}

static bool find(const struct volume *volume, const EFI_LOADED_IMAGE *loaded, char *path)
{
    static const char places[][32] = {
        "/" FILE_NAME,        "/boot/" FILE_NAME,     "/boot/limine/" FILE_NAME,
        "/limine/" FILE_NAME, "/EFI/BOOT/" FILE_NAME,
    };

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (volume_has(volume, slice(places[i]))) {
            ldr_format(path, CONFIGURATION_PATH_BYTES, "%s", places[i]);
            return true;
        }
    }
    return beside_application(loaded, path) && volume_has(volume, slice(path));
}

enum ldr_status configuration_read(struct configuration *configuration, const struct volume *volume,
                                   const EFI_LOADED_IMAGE *loaded, const struct ldr_log *log,
                                   struct ldr_report *report)
{
    struct contents file;
    uint64_t room;
    enum ldr_status status;

    if (!find(volume, loaded, configuration->path))
        return ldr_refuse(report, LDR_NOT_FOUND,
                          "there is no " FILE_NAME " on %s: neither in /, /boot, /boot/limine, "
                          "/limine, /EFI/BOOT nor beside the application; put one there",
                          volume->name);
    status = volume_read(volume, slice(configuration->path), &file, report);
    if (status != LDR_OK)
        return status;
    ldr_say(log, "configuration: %s on %s, %llu bytes", configuration->path, volume->name,
            (unsigned long long)file.bytes);
    status = memory_allocate(volume->memory, sizeof(struct ldr_config_room), "the configuration",
                             &room, report);
    if (status != LDR_OK)
        return status;
    return ldr_config_read(&configuration->config, configuration->path,
                           (struct ldr_text){.at = (const char *)file.phys, .length = file.bytes},
                           (struct ldr_config_room *)room, log, report);
}
