/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libpagelift: starts a Limine-protocol x86-64 kernel from a UEFI application.
 *
 *     struct pagelift_options options = {
 *         .bytes = sizeof options, .application = image, .system = system,
 *         .file = &(struct pagelift_file){.path = "/kernel.elf"}, .file_count = 1,
 *     };
 *     return pagelift_boot(&options);
 *
 * That one call is pagelift_open(), the five steps gather, load, map, exit and jump, and on a
 * failure pagelift_close().  Who wants to do something of his own in between makes these calls
 * himself, each once and in this order; a call out of its order is a defect of the caller, and
 * traps.
 *
 * Conventions, once for all
 * - Numbers are bytes, addresses physical unless said; texts are terminated ASCII or UTF-8.
 * - What an option points to, and what a callback gives, shall stay as it is until
 *   pagelift_close() or the jump.  The structure of options itself is copied.
 * - A step that fails says why, in one line that begins with "error: ", on the console, and
 *   returns a status that fits it (below).  After that only pagelift_reason() and
 *   pagelift_close() may be called.  The library frees what it took, never what it was given.
 * - Boot services run during every call but pagelift_jump(), at TPL_APPLICATION and on the
 *   processor that firmware started the application on.  Nothing is kept in globals.
 *
 * Statuses, all steps alike
 *     EFI_NOT_FOUND          a file or a volume that isn't there
 *     EFI_LOAD_ERROR         the kernel, its requests, or its finished page tables
 *     EFI_OUT_OF_RESOURCES   memory
 *     EFI_UNSUPPORTED        the machine lacks something, or fails
 *     EFI_INVALID_PARAMETER  an option, or a path that can't be one
 */
#ifndef EFI_PAGELIFT_H
#define EFI_PAGELIFT_H

#include <efi.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Public, in an archive that hides all else. */
#define PAGELIFT_PUBLIC __attribute__((visibility("default")))

/* ---- files ---------------------------------------------------------------------- */

/* A file to read: the kernel or a module. */
struct pagelift_file {
    const char *path;    /* for the source to make sense of, and for messages */
    const char *cmdline; /* null: empty */
    /* Set by the library alone, for files that the kernel itself names: the path is one on
     * the volume that the kernel came from. */
    bool on_kernel_volume;
};

/* A file that was read. */
struct pagelift_content {
    const void *at;
    uint64_t bytes;
    /* The content begins a page, its pages hold nothing else but zeros behind it, and are the
     * caller's, from AllocatePages() as EfiLoaderData: the kernel gets them as they are.
     * Otherwise the library makes such a copy. */
    bool in_place;
    const char *path; /* what the kernel is told, with a leading slash; null: the file's */
    /* Where it came from, zero where that isn't known. */
    uint32_t partition_index; /* from 1 */
    uint32_t mbr_disk_id;
    EFI_GUID gpt_disk, gpt_partition, file_system;
    /* Set by a source that refuses: why, in one line; null: the library's own words. */
    const char *reason;
};

/* Where files come from.  *ret_content is all zero before.  A status other than EFI_SUCCESS
 * ends the boot; EFI_NOT_FOUND, EFI_OUT_OF_RESOURCES and EFI_INVALID_PARAMETER are handed on
 * as they are.  Called during pagelift_load() only. */
struct pagelift_source {
    EFI_STATUS(*read)
    (void *context, const struct pagelift_file *file, struct pagelift_content *ret_content);
    void *context;
};

/* ---- console -------------------------------------------------------------------- */

struct pagelift_console {
    /* One line of ASCII, without its end. */
    void (*line)(void *context, const char *text);
    /* Boot services have ended: lines that follow shall not use them.  Null: none follow. */
    void (*ended)(void *context);
    void *context;
};

/* ---- extra mappings --------------------------------------------------------------- */

/* Values are those of pagetables/pagetables.h. */
#define PAGELIFT_WRITE   2u
#define PAGELIFT_EXECUTE 4u

enum pagelift_memory {
    PAGELIFT_WRITE_BACK = 0,
    PAGELIFT_WRITE_THROUGH = 1,
    PAGELIFT_UNCACHEABLE = 3,
    PAGELIFT_WRITE_COMBINING = 5,
};

/* One range of the kernel's address space, whole pages, beside what the protocol wants. */
struct pagelift_mapping {
    uint64_t virt;
    uint64_t phys;
    uint64_t bytes;
    unsigned rights; /* 0: read only */
    enum pagelift_memory memory;
    /* The kernel is told that these pages are taken ("executable and modules"), not that it
     * may have them: for memory that shall keep its content.  So it is for what is executable,
     * without saying. */
    bool taken;
};

/* Where the kernel is going to be. */
struct pagelift_place {
    unsigned levels; /* of page tables: 4 or 5 */
    uint64_t base_revision;
    uint64_t hhdm;       /* virtual address of physical address 0 in the direct map */
    uint64_t image_virt; /* the kernel's first page, */
    uint64_t image_phys;
    uint64_t image_bytes; /* and its length in whole pages */
};

#define PAGELIFT_MAPPINGS 16

/* Gives mapping `index`, from 0; false ends the list.  Called during pagelift_map() only, at
 * most PAGELIFT_MAPPINGS times and once more.
 *
 * A mapping lies in the upper half, above the direct map: the lower half is the kernel's own
 * from its first line on, and what lies in the direct map follows from the memory map.  The
 * boot is refused, with the reason, if one is empty, not whole pages, wraps, reaches beyond the
 * processor's physical width, meets the direct map, the kernel, the handoff page beside it or
 * another mapping, is writable and executable, or makes a frame executable that is writable
 * elsewhere or the reverse (the direct map gives way: it is read-only where a mapping
 * executes).  The verifier checks extra mappings like all others. */
typedef bool pagelift_next_mapping(void *context, const struct pagelift_place *place, size_t index,
                                   struct pagelift_mapping *ret_mapping);

/* ---- options -------------------------------------------------------------------- */

/* A choice that can be left to the library. */
enum pagelift_choice { PAGELIFT_DEFAULT, PAGELIFT_NO, PAGELIFT_YES };

/* Name the fields that are meant; all others zero is a default that works. */
struct pagelift_options {
    size_t bytes; /* sizeof of the structure that the caller was compiled with */
    EFI_HANDLE application;
    EFI_SYSTEM_TABLE *system;

    /* The kernel, and its modules behind it. */
    const struct pagelift_file *file;
    size_t file_count;             /* at least 1 */
    struct pagelift_source source; /* .read null: the volume that the application came from,
                                      paths with '/' from its root */

    struct pagelift_console console; /* .line null: firmware's console and COM1, each line
                                        once and with "pagelift: " before it */

    pagelift_next_mapping *mapping; /* null: none */
    void *mapping_context;

    /* The screen whose present mode the kernel is told; null: the console's, or any. */
    EFI_GRAPHICS_OUTPUT_PROTOCOL *screen;
    bool no_screen; /* none, whatever there is */

    /* Levels of page tables that will do, each 4 or 5; 0: no limit.  They come before the mode
     * that the kernel prefers; a kernel that can't do with them is refused. */
    unsigned levels_least, levels_most;

    /* The time-stamp counter when the application started, which a kernel may be told; 0:
     * pagelift_open()'s. */
    uint64_t started;

    /* Whether exceptions that come before the kernel has an interrupt table of its own are
     * reported, instead of resetting the machine.  The default is yes up to base revision 4; from
     * 5 on the protocol wants the table to be empty. */
    enum pagelift_choice early_faults;

    /* Whether chance says where a kernel that is a PIE goes, and where the direct map does.  The
     * default of the first is no, that of the second the same as of the first, if the kernel is a
     * PIE.  A yes without a source of random numbers is refused. */
    enum pagelift_choice kaslr, randomise_direct_map;
};

/* ---- from one call to the next ---------------------------------------------------- */

struct pagelift;

/* Gets the little memory that a boot keeps its own account in.  EFI_OUT_OF_RESOURCES, said on the
 * console; without a word, since these are the caller's own defects, EFI_INVALID_PARAMETER where an
 * option that has no default is missing, and EFI_INCOMPATIBLE_VERSION if the caller was
 * compiled with a newer header than the library.  Then *ret_boot is untouched. */
PAGELIFT_PUBLIC EFI_STATUS pagelift_open(struct pagelift **ret_boot,
                                         const struct pagelift_options *options);

/* Learns what processor and firmware offer: tables, clock, screen, random numbers. */
PAGELIFT_PUBLIC EFI_STATUS pagelift_gather(struct pagelift *boot);

/* Reads and checks the files, places and loads the kernel, reads its requests. */
PAGELIFT_PUBLIC EFI_STATUS pagelift_load(struct pagelift *boot);

/* Builds and verifies the kernel's page tables, and writes the answers to its requests.  From
 * here on every allocation that somebody makes may fall in memory that the tables don't know:
 * it is told to the kernel as reserved then, and is no harm. */
PAGELIFT_PUBLIC EFI_STATUS pagelift_map(struct pagelift *boot);

/* Ends boot services, switches interrupts off and their controllers to silence, finishes the
 * memory map.  After success boot services are gone for good: the caller may use its own memory
 * and the console that it gave, shall call no service, not switch interrupts on and not return to
 * firmware, and shall call pagelift_jump().  It fails only if firmware gives no memory map; then
 * nothing has happened.  If firmware doesn't let go the machine is reset: it is half shut down
 * by then, and nothing could be given back. */
PAGELIFT_PUBLIC EFI_STATUS pagelift_exit(struct pagelift *boot);

/* Starts the kernel. */
PAGELIFT_PUBLIC _Noreturn void pagelift_jump(struct pagelift *boot);

/* Gives back all that the library took, after whatever step, done or failed, but a
 * pagelift_exit() that succeeded.  `boot` is no more. */
PAGELIFT_PUBLIC void pagelift_close(struct pagelift *boot);

/* Why the last step failed; empty if none did.  Good until pagelift_close(). */
PAGELIFT_PUBLIC const char *pagelift_reason(const struct pagelift *boot);

/* All of it.  Comes back only on failure, with everything given back and the reason said. */
PAGELIFT_PUBLIC EFI_STATUS pagelift_boot(const struct pagelift_options *options);

#endif
