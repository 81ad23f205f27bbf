/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration file, in the syntax of limine.conf:
 *
 *     # a comment
 *     timeout: 3
 *
 *     /An entry of the menu
 *         protocol: limine
 *         path: boot():/kernel.elf
 *         cmdline: quiet
 *         module_path: boot():/initrd
 *         module_cmdline: for the module above
 *
 * Nothing is copied: every text is a slice of the file's bytes, which shall stay as
 * long as the configuration is used.  No memory is needed.
 */
#ifndef LOADER_CONFIG_H
#define LOADER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/report.h"

/* A slice of text, not terminated; .at may be null where length is 0.  For messages:
 * "%.*s", LDR_TEXT(slice). */
struct ldr_text {
    const char *at;
    size_t length;
};
#define LDR_TEXT(slice) (int)(slice).length, (slice).at

struct ldr_config {
    const char *file; /* its name, for messages */
    struct ldr_text text;
    uint64_t timeout;       /* seconds; 5 if the file says nothing; UINT64_MAX for "no" */
    uint64_t default_entry; /* from 1, as in the file; 1 if the file says nothing */
    size_t entry_count;     /* at least 1 */
};

struct ldr_entry {
    struct ldr_text name;
    struct ldr_text protocol;
    struct ldr_text path;    /* of the kernel: `path`, or the older `kernel_path` */
    struct ldr_text cmdline; /* `cmdline` or `kernel_cmdline`; may be empty */
    size_t module_count;
    unsigned line;        /* where the entry starts, from 1 */
    struct ldr_text body; /* the lines below its heading */
};

struct ldr_module_line {
    struct ldr_text path;
    struct ldr_text cmdline; /* `module_cmdline` or the older `module_string` after it */
};

/* Reads and checks the whole file.  Lines may end in LF or CRLF, a byte-order mark is
 * passed over, keys are not case sensitive.  A key that is not known is named in a
 * warning through `log` (with file and line) and passed over; a line that is neither
 * comment, heading nor "key: value", a number that is none, an entry without path or
 * protocol, a protocol other than limine, a default_entry that doesn't exist and a file
 * without entries are LDR_BAD_CONFIG, with file and line. So are, for they would be
 * misread: a key given twice in one entry, a module_cmdline without its module, an
 * empty path, and what is not supported yet, which is directories and entries below
 * others ("/+", "//") and macros ("${NAME}=value", or "${" in a path). */
enum ldr_status ldr_config_read(struct ldr_config *ret_config, const char *file,
                                struct ldr_text text, const struct ldr_log *log,
                                struct ldr_report *report);

/* Entry `index`, from 0; index < entry_count. */
void ldr_config_entry(const struct ldr_config *config, size_t index, struct ldr_entry *ret_entry);

/* Module `index` of an entry, from 0; index < module_count. */
void ldr_entry_module(const struct ldr_entry *entry, size_t index,
                      struct ldr_module_line *ret_module);

/* Takes the file's path out of what a configuration calls a path: "boot():/a/b", the
 * older "boot:///a/b", and plain "/a/b" give "/a/b".  Another volume, or a `#hash`
 * suffix, is LDR_BAD_CONFIG with the reason; `file` is for the message. */
enum ldr_status ldr_config_path(const char *file, struct ldr_text path, struct ldr_text *ret_path,
                                struct ldr_report *report);

#endif
