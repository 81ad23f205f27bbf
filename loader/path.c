/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths as a configuration writes them.
 */
#include "loader/path.h"

#define GUID_LENGTH 36

/* A path that is being taken apart. */
struct parsing {
    const char *file; /* of the configuration, */
    unsigned line;
    struct ldr_text text; /* and what it says there */
    struct ldr_report *report;
};

static enum ldr_status refuse(const struct parsing *p, const char *why)
{
    return ldr_refuse(p->report, LDR_BAD_CONFIG, "%s, line %u: the path \"%.*s\" %s", p->file,
                      p->line, LDR_TEXT(ldr_text_excerpt(p->text)), why);
}

/* A NUL would silently cut the path short, and no file has the others in its name. */
static bool has_control_character(struct ldr_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
            return true;
    }
    return false;
}

/* ---- volumes ----------------------------------------------------------------- */

static bool read_place(struct ldr_text text, uint64_t least, unsigned *ret_place)
{
    uint64_t number;

    if (!ldr_text_number(text, LDR_VOLUME_MOST, &number) || number < least)
        return false;
    *ret_place = (unsigned)number;
    return true;
}

/* "2:1"; without a partition, or with 0, all of the drive. */
static bool read_drive(struct ldr_text argument, struct ldr_path *path)
{
    struct ldr_text partition = argument;
    struct ldr_text drive = ldr_text_take(&partition, ':');

    return drive.length < argument.length && read_place(drive, 1, &path->drive) &&
           (partition.length == 0 || read_place(partition, 0, &path->partition));
}

/* A GUID's first three groups are numbers, which a GPT holds with their lowest byte first
 * (UEFI 2.10, appendix A). */
static bool read_guid(struct ldr_text text, uint8_t guid[16])
{
    static const uint8_t place[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

    if (text.length != GUID_LENGTH)
        return false;
    for (size_t i = 0; i < 16; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        if (dash && text.at[0] != '-')
            return false;
        text = ldr_text_from(text, dash);
        if (!ldr_text_hex(ldr_text_until(text, 2), &guid[place[i]], 1))
            return false;
        text = ldr_text_from(text, 2);
    }
    return true;
}

static enum ldr_status read_argument(const struct parsing *p, struct ldr_text argument,
                                     struct ldr_path *path)
{
    const char *why = NULL;

    switch (path->kind) {
    case LDR_VOLUME_BOOT:
        if (argument.length > 0 && !read_place(argument, 1, &path->partition))
            why = "has no partition from 1 to 256; correct it";
        break;
    case LDR_VOLUME_HARD:
    case LDR_VOLUME_OPTICAL:
        if (!read_drive(argument, path))
            why = "has no drive and partition from 1 to 256, as in hdd(1:2); correct it";
        break;
    case LDR_VOLUME_GUID:
        if (!read_guid(argument, path->guid))
            why = "has no GUID of 8-4-4-4-12 hexadecimal digits; correct it";
        break;
    case LDR_VOLUME_LABEL:
        path->label = argument;
        if (argument.length == 0)
            why = "has no label; write it there";
        break;
    }
    return why == NULL ? LDR_OK : refuse(p, why);
}

static bool read_kind(struct ldr_text name, enum ldr_volume_kind *ret_kind)
{
    static const struct {
        char name[8];
        uint8_t kind;
    } known[] = {
        {"boot", LDR_VOLUME_BOOT}, {"hdd", LDR_VOLUME_HARD},  {"odd", LDR_VOLUME_OPTICAL},
        {"guid", LDR_VOLUME_GUID}, {"uuid", LDR_VOLUME_GUID}, {"fslabel", LDR_VOLUME_LABEL},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (ldr_text_is(name, known[i].name)) {
            *ret_kind = known[i].kind;
            return true;
        }
    }
    return false;
}

/* The parts of "name(argument):/file" and of "name://argument/file"; the volume is what stands
 * before the file, and the ":" that only separates. */
struct parts {
    struct ldr_text volume, name, argument, file;
};

static bool split(struct ldr_text text, struct parts *ret_parts)
{
    size_t name = 0, end;

    while (name < text.length && text.at[name] != '(' && text.at[name] != ':')
        name++;
    struct ldr_text behind = ldr_text_from(text, name);
    bool older = ldr_text_starts(behind, "://");

    if (!older && !ldr_text_starts(behind, "("))
        return false;
    behind = ldr_text_from(behind, older ? 3 : 1);
    if (!ldr_text_find(behind, older ? "/" : "):/", &end))
        return false;
    struct ldr_text file = ldr_text_from(behind, older ? end : end + 2);
    *ret_parts = (struct parts){
        .volume = ldr_text_until(text, text.length - file.length - (older ? 0 : 1)),
        .name = ldr_text_until(text, name),
        .argument = ldr_text_until(behind, end),
        .file = file,
    };
    return true;
}

static enum ldr_status read_volume(const struct parsing *p, struct ldr_text text,
                                   struct ldr_path *path)
{
    struct parts parts;

    path->file = text;
    if (ldr_text_starts(text, "/"))
        return LDR_OK;
    if (!split(text, &parts))
        return refuse(p, "says no volume; write it as boot():/directory/file");
    if (!read_kind(parts.name, &path->kind))
        return refuse(p, "is on none of the volumes boot(), hdd(), odd(), guid(), uuid() and "
                         "fslabel(); put it on one of them");
    path->volume = parts.volume;
    path->file = parts.file;
    return read_argument(p, parts.argument, path);
}

/* ---- hashes ------------------------------------------------------------------ */

/* Behind the last "#".  Its owner trusts that the hash is checked: what can't be is refused, not
 * passed over. */
static enum ldr_status read_hash(const struct parsing *p, struct ldr_path *path)
{
    size_t mark = path->file.length;

    while (mark > 0 && path->file.at[mark - 1] != '#')
        mark--;
    if (mark == 0)
        return LDR_OK;
    if (!ldr_text_hex(ldr_text_from(path->file, mark), path->hash, LDR_BLAKE2B_BYTES))
        return refuse(p, "has a \"#\", but no BLAKE2b hash of 128 hexadecimal digits behind it; "
                         "correct it");
    path->file.length = mark - 1;
    path->hashed = true;
    return LDR_OK;
}

enum ldr_status ldr_path_read(struct ldr_path *ret_path, const char *file, unsigned line,
                              struct ldr_text text, struct ldr_report *report)
{
    struct parsing p = {file, line, text, report};
    struct ldr_path path = {.compressed = ldr_text_starts(text, "$")};
    enum ldr_status status;

    if (has_control_character(text))
        return refuse(&p, "has control characters; remove them");
    status = read_volume(&p, ldr_text_from(text, path.compressed), &path);
    if (status == LDR_OK)
        status = read_hash(&p, &path);
    if (status == LDR_OK && path.file.length < 2)
        status = refuse(&p, "names no file; add one");
    if (status == LDR_OK)
        *ret_path = path;
    return status;
}
