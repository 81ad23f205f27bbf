/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration file, in the syntax of limine.conf:
 *
 *     # a comment
 *     timeout: 3
 *     ${DISK}=boot():/kernels
 *
 *     /An entry of the menu
 *         protocol: limine
 *         path: ${DISK}/kernel.elf
 *         cmdline: quiet
 *         module_path: boot():/initrd
 *         module_cmdline: for the module above
 *     /+A directory, open from the start
 *     //An entry in it
 *         protocol: efi
 *         path: boot():/EFI/other/application.efi
 *
 * loader/CONFIGURATION.md says what each key means.
 */
#ifndef LOADER_CONFIG_H
#define LOADER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/report.h"
#include "loader/requests.h"
#include "loader/text.h"

/* The limits.  What goes beyond them is refused with file and line. */
#define LDR_CONFIG_ENTRIES 512    /* headings in a file */
#define LDR_CONFIG_DEPTH   8      /* slashes before a name */
#define LDR_CONFIG_TEXT    262144 /* bytes of a file, once its macros are replaced */
#define LDR_CONFIG_MACROS  64     /* definitions in a file */

/* A timeout that never ends; the longest that ends; both in tenths of a second. */
#define LDR_NO_TIMEOUT   UINT32_MAX
#define LDR_TIMEOUT_MOST 99990

/* No entry at all; not an index. */
#define LDR_NO_ENTRY SIZE_MAX

/* A key that can be left out, so that the loader chooses. */
enum ldr_option { LDR_UNSET, LDR_NO, LDR_YES };

enum ldr_protocol {
    LDR_PROTOCOL_NONE,   /* a directory has none */
    LDR_PROTOCOL_LIMINE, /* a kernel */
    LDR_PROTOCOL_EFI,    /* another EFI application: `efi`, `uefi`, `efi_chainload` */
    LDR_PROTOCOL_OTHER,  /* one that this loader doesn't have: the entry can't be booted */
};

/* All 0 where nothing is asked for; else neither width nor height is 0, and bpp is 32 if
 * the file says nothing of it. */
struct ldr_resolution {
    uint32_t width, height, bpp;
};

struct ldr_entry {
    struct ldr_text name;
    struct ldr_text comment;
    unsigned line;  /* where the entry starts, from 1 */
    unsigned depth; /* 1 for "/", 2 for "//" and so on */
    bool directory; /* deeper entries follow: only name, comment and the next two count */
    bool expanded;  /* "/+": those are shown from the start */
    bool hidden;    /* for another kind of machine: not in the menu */
    enum ldr_protocol protocol;
    struct ldr_text protocol_name; /* as written */
    struct ldr_text path;          /* of kernel or application, for ldr_path_read() */
    unsigned path_line;
    struct ldr_text cmdline; /* may be empty */
    size_t module_count;
    struct ldr_resolution resolution;
    struct ldr_level_limits levels;
    enum ldr_option kaslr;          /* of the kernel's image */
    enum ldr_option randomise_hhdm; /* of the direct map's base */
    enum ldr_option early_faults;   /* a report of faults before the kernel has an IDT */
    struct ldr_text body;           /* the lines below its heading */
};

struct ldr_module_line {
    struct ldr_text path; /* for ldr_path_read() */
    unsigned line;
    struct ldr_text cmdline; /* `module_cmdline` or the older `module_string` after it */
};

struct ldr_config {
    const char *file;              /* its name, for messages */
    const struct ldr_entry *entry; /* in the order of the file, hidden ones too */
    size_t entry_count;            /* at least one of them isn't hidden */
    size_t default_entry;          /* an index; LDR_NO_ENTRY: none that can be booted */
    uint32_t timeout;              /* tenths of a second; 50 if the file says nothing */
    bool quiet;                    /* no menu on the screen until a key is pressed */
    bool serial;                   /* the menu on the first serial port, too */
    bool editor;                   /* whether command lines may be edited; yes */
    bool hash_mismatch_refused;    /* or else warned of; yes */
};

/* What a configuration that was read consists of.  The caller's; it shall stay as
 * long as the configuration is used, and may hold anything before. */
struct ldr_config_room {
    char text[LDR_CONFIG_TEXT];
    struct ldr_entry entry[LDR_CONFIG_ENTRIES];
};

/* Reads and checks the whole file.  Lines may end in LF or CRLF, a byte-order mark is
 * passed over, keys are not case sensitive.  `text` isn't needed afterwards.
 *
 * Warned of through `log`, with file and line, and passed over: keys that are not known, or
 * stand where they mean nothing, values that a key can't have, macros that are not defined, what
 * Limine does and this loader doesn't, and a default_entry that can't be booted.  One line in all
 * is said of keys that are about the looks of Limine, and about its other machines.
 *
 * LDR_BAD_CONFIG, with file and line: a line that is neither comment, heading, macro nor
 * "key: value"; a timeout that is no number; an entry for this loader without path; an entry
 * without protocol; a key given twice in one entry; a module_cmdline without its module; an
 * empty path; an entry two levels below the one above it; "${" without its "}"; a macro that
 * uses itself; what is beyond the limits above; and a file without an entry to show.
 * Nothing but `room` is written then. */
enum ldr_status ldr_config_read(struct ldr_config *ret_config, const char *file,
                                struct ldr_text text, struct ldr_config_room *room,
                                const struct ldr_log *log, struct ldr_report *report);

/* Whether this loader can boot an entry: one for this machine, a kernel or an application; no
 * directory.  It has a path then. */
bool ldr_entry_boots(const struct ldr_entry *entry);

/* The entry that a menu shows below entry `index`, which is shown too: the first one in it
 * where it is a directory and `open`, the next one beside or above it otherwise.  After
 * LDR_NO_ENTRY comes the first of all, and after the last LDR_NO_ENTRY. */
size_t ldr_config_next(const struct ldr_config *config, size_t index, bool open);

/* The directory that an entry is in, or LDR_NO_ENTRY. */
size_t ldr_config_parent(const struct ldr_config *config, size_t index);

/* Module `index` of an entry, from 0; index < module_count. */
void ldr_entry_module(const struct ldr_entry *entry, size_t index,
                      struct ldr_module_line *ret_module);

#endif
