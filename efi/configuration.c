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
    return ldr_config_read(&configuration->config, configuration->path,
                           (struct ldr_text){.at = (const char *)file.phys, .length = file.bytes},
                           log, report);
}

/* The numbers are what the keys choose by. */
static void list_entries(const struct ldr_config *config, const struct ldr_log *log)
{
    for (size_t i = 0; i < config->entry_count; i++) {
        struct ldr_entry entry;

        ldr_config_entry(config, i, &entry);
        ldr_say(log, "entry %zu: %.*s%s", i + 1, LDR_TEXT(entry.name),
                i + 1 == config->default_entry ? " (default)" : "");
    }
}

/* What a key means: an entry from 1, 0 to leave, or UINT64_MAX for nothing.  Entries
 * beyond the ninth have no key of their own; they boot by being the default.
 * A serial console may send Escape as a character instead of a scan code. */
static uint64_t key_meaning(const struct ldr_config *config, const EFI_INPUT_KEY *key)
{
    uint64_t digit = (uint64_t)(key->UnicodeChar - '0');

    if (key->ScanCode == SCAN_ESC || key->UnicodeChar == 27)
        return 0;
    if (key->UnicodeChar == CHAR_CARRIAGE_RETURN || key->UnicodeChar == CHAR_LINEFEED)
        return config->default_entry;
    if (key->UnicodeChar >= '1' && key->UnicodeChar <= '9' && digit <= config->entry_count)
        return digit;
    return UINT64_MAX;
}

/* Waits for a key that means something, or `timeout` ticks of a second.  Keys without a
 * meaning don't stop the clock: a machine that nobody watches shall boot. */
static uint64_t listen(const struct ldr_config *config, const struct console *console,
                       EFI_SYSTEM_TABLE *system, EFI_EVENT second)
{
    uint64_t left = config->timeout;

    while (left) {
        EFI_EVENT wait[] = {system->ConIn->WaitForKey, second};
        EFI_INPUT_KEY key;
        UINTN which;
        char line[64];

        if (left != UINT64_MAX) {
            ldr_format(line, sizeof line, "entry %llu in %llu s ",
                       (unsigned long long)config->default_entry, (unsigned long long)left);
            console_rewrite(console, line);
        }
        if (system->BootServices->WaitForEvent(2, wait, &which) != EFI_SUCCESS)
            break;
        if (which == 1 && left != UINT64_MAX)
            left--;
        if (which == 0 && system->ConIn->ReadKeyStroke(system->ConIn, &key) == EFI_SUCCESS &&
            key_meaning(config, &key) != UINT64_MAX)
            return key_meaning(config, &key);
    }
    return config->default_entry;
}

/* Without a keyboard or a timer nobody can choose, and the default is as good as any. */
static uint64_t count_down(const struct ldr_config *config, const struct console *console,
                           const struct ldr_log *log, EFI_SYSTEM_TABLE *system)
{
    EFI_EVENT second;
    uint64_t chosen;

    if (config->timeout == 0 || !system->ConIn)
        return config->default_entry;
    if (system->BootServices->CreateEvent(EVT_TIMER, TPL_APPLICATION, NULL, NULL, &second) !=
        EFI_SUCCESS)
        return config->default_entry;
    ldr_say(log, "press 1 to 9 for an entry, Enter for the default, Escape to leave");
    system->BootServices->SetTimer(second, TimerPeriodic, 10000000); /* of 100 ns each */
    chosen = listen(config, console, system, second);
    system->BootServices->CloseEvent(second);
    console_newline(console);
    return chosen;
}

enum choice configuration_choose(const struct configuration *configuration,
                                 const struct console *console, const struct ldr_log *log,
                                 EFI_SYSTEM_TABLE *system, struct ldr_entry *ret_entry)
{
    const struct ldr_config *config = &configuration->config;
    uint64_t chosen;

    list_entries(config, log);
    chosen = count_down(config, console, log, system);
    if (chosen == 0)
        return CHOICE_LEAVE;
    ldr_config_entry(config, chosen - 1, ret_entry);
    ldr_say(log, "entry %llu chosen: %.*s", (unsigned long long)chosen, LDR_TEXT(ret_entry->name));
    return CHOICE_BOOT;
}
