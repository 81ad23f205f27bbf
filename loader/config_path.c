/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths as a configuration writes them.
 */
#include "loader/config.h"

#include "loader/config_lines.h"

/* A NUL would silently cut the path short, and no file has the others in its name. */
static bool has_control_character(struct ldr_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
            return true;
    }
    return false;
}

/* "boot()" with nothing between the brackets is the volume that the loader came from. */
static struct ldr_text without_volume(struct ldr_text path)
{
    if (ldr_text_starts(path, "boot():"))
        return ldr_text_from(path, sizeof "boot():" - 1);
    if (ldr_text_starts(path, "boot://"))
        return ldr_text_from(path, sizeof "boot://" - 1);
    return path;
}

/* A hash is refused rather than passed over: its owner trusts that it is checked. */
enum ldr_status ldr_config_path(const char *file, struct ldr_text path, struct ldr_text *ret_path,
                                struct ldr_report *report)
{
    struct ldr_text plain = without_volume(path);
    struct ldr_text shown = ldr_text_excerpt(path);
    size_t at;

    if (has_control_character(path))
        return ldr_refuse(report, LDR_BAD_CONFIG,
                          "%s: the path \"%.*s\" has control characters in it; remove them", file,
                          LDR_TEXT(shown));
    if (plain.length == 0 || plain.at[0] != '/')
        return ldr_refuse(report, LDR_BAD_CONFIG,
                          "%s: the path \"%.*s\" is not on the boot volume, and others are not "
                          "supported; write it as boot():/directory/file",
                          file, LDR_TEXT(shown));
    if (ldr_text_find(path, "#", &at))
        return ldr_refuse(report, LDR_BAD_CONFIG,
                          "%s: the path \"%.*s\" has a hash behind \"#\", and hashes are not "
                          "checked yet; remove it from \"#\" on",
                          file, LDR_TEXT(shown));
    *ret_path = plain;
    return LDR_OK;
}
