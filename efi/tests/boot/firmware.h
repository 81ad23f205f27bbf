/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole firmware of our own: everything that the application uses between its first line and
 * the kernel's, over the memory of efi/tests/fake.h.  It keeps account of what is taken and
 * given back, and of what is called when.
 */
#ifndef EFI_TESTS_BOOT_FIRMWARE_H
#define EFI_TESTS_BOOT_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "efi/tests/boot/faults.h"
#include "efi/tests/fake.h"

/* Serial ports: one that takes bytes, none (its bus reads as all ones), and one whose other end
 * never takes a byte. */
enum serial_port { SERIAL_WORKS, SERIAL_ABSENT, SERIAL_STUCK };

/* The machine; all zero is one that boots. */
struct machine {
    struct fault fault;
    bool high;           /* memory above 4 GiB instead of below */
    uint64_t odd_places; /* pages come from where chance wants it, by this seed; 0: from the top */
    bool no_text;        /* ConOut is null */
    bool no_keyboard;    /* ConIn is null */
    bool no_screen;      /* no graphics output */
    bool uart_in_variable; /* firmware's console writes to COM1 itself */
    enum serial_port serial;
    EFI_GRAPHICS_PIXEL_FORMAT format;
    EFI_PIXEL_BITMASK masks;
    uint64_t framebuffer; /* where; 0 for 3 GiB */
    size_t exit_failures;
    size_t extra_descriptors, extra_at_each_asking;
    const EFI_MEMORY_DESCRIPTOR *more; /* told besides */
    size_t more_count;
    size_t descriptor_bytes; /* 0 for 48 */
    size_t piece;            /* most bytes that one read of a file gives; 0 for all */
    unsigned levels;         /* of paging, firmware's; 0 for 4 */
    bool write_protect_off;  /* CR0.WP clear */
    unsigned base_revision;
    bool menu;    /* one is shown, and boots when its time is over */
    bool nobody;  /* who would press Escape after three seconds */
    bool missing; /* the configuration names a kernel that isn't there */
    bool nowhere; /* or one on a volume that isn't */
    /* All that a boot can have: a second processor, which comes when it is called; local and I/O
     * APICs, an IOMMU, SMBIOS, a TPM with a log; memory below 1 MiB; and files that are
     * compressed, hashed, and on another volume. */
    bool full;
    bool chainload; /* the configuration names an application, which returns, */
    bool distrusts; /* or which firmware loads and then won't start */
    /* What is started; null for the application. */
    EFI_STATUS (*application)(EFI_HANDLE application, EFI_SYSTEM_TABLE *system);
};

/* How the application ended. */
enum ending { RETURNED, JUMPED, RESET, HALTED, WAITED /* for good */ };

#define SAID_BYTES 65536

struct firmware {
    struct fake *fake;
    struct machine machine;
    enum ending ending;
    EFI_STATUS status;       /* what it returned */
    char screen[SAID_BYTES]; /* what it wrote there */
    char serial[SAID_BYTES];
    size_t screen_bytes, serial_bytes;
    int events, protocols; /* that are open */
    int images;            /* that are loaded */
    size_t kept;           /* pages and blocks that a failing service didn't take back */
    unsigned mode;         /* of the screen */
    unsigned rights;       /* pages whose rights were changed and not changed back */
    unsigned processors;   /* that came when they were called */
    bool watchdog;
    bool interrupts; /* enabled */
    unsigned exits;  /* calls of ExitBootServices */
    unsigned waits;  /* calls of WaitForEvent */
    bool ended;      /* boot services have */
    /* The first call that was not allowed any more, or null. */
    const char *forbidden;
};

/* Runs the application once on that machine, from a state as new.  What it says is the same at
 * every run.  The result is good until the next run. */
const struct firmware *firmware_boot(const struct machine *machine);

/* Pages and blocks of memory that the application took and didn't give back. */
size_t firmware_in_use(const struct firmware *f);

/* Lines among `text` that have `part`. */
unsigned count_lines(const char *text, const char *part);

#endif
