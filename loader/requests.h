/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a kernel asks for: the base revision and the requests in its loaded image.
 */
#ifndef LOADER_REQUESTS_H
#define LOADER_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/image.h"
#include "loader/limine.h"
#include "loader/report.h"

enum ldr_feature {
    LDR_BOOTLOADER_INFO,
    LDR_FIRMWARE_TYPE,
    LDR_STACK_SIZE,
    LDR_HHDM,
    LDR_FRAMEBUFFER,
    LDR_MEMMAP,
    LDR_ENTRY_POINT,
    LDR_EXECUTABLE_FILE,
    LDR_EXECUTABLE_CMDLINE,
    LDR_EXECUTABLE_ADDRESS,
    LDR_MODULE,
    LDR_RSDP,
    LDR_SMBIOS,
    LDR_EFI_SYSTEM_TABLE,
    LDR_EFI_MEMMAP,
    LDR_DATE_AT_BOOT,
    LDR_PAGING_MODE,
    LDR_MP,
    LDR_KEEP_IOMMU,
    LDR_TSC_FREQUENCY,
    LDR_ENTROPY,
    LDR_PERFORMANCE,
    LDR_TPM_EVENT_LOG,
    LDR_PAGETABLES,
    LDR_FEATURES
};

/* A feature's name in words, for messages. */
const char *ldr_feature_name(enum ldr_feature feature);

/* Offsets are from the image's first byte in memory.  0 says "absent": no request can
 * be there, since an offset of a present one is never 0 in `request`, which is why
 * presence is told apart. */
struct ldr_requests {
    uint64_t base_revision; /* 0 to LIMINE_BASE_REVISION_LAST */
    bool tagged;            /* a base revision tag was found, at: */
    uint64_t tag;
    bool present[LDR_FEATURES];
    uint64_t request[LDR_FEATURES];
    uint64_t stack_bytes; /* asked for, at least 65536, whole pages */
    uint64_t entry;       /* where to start: the entry point request's, or the image's */
    /* Levels of page tables, each 4 or 5; 4 where nothing is asked for. */
    unsigned levels;                    /* preferred */
    unsigned levels_least, levels_most; /* what will do */
    uint64_t entropy_values;            /* random words asked for */
    uint64_t internal_count;            /* modules that the kernel itself names, */
    uint64_t internal_list;             /* by addresses in an array there */
    bool x2apic; /* the MP request wants local APICs in x2APIC mode, where there is one */
};

/* Finds the base revision tag and the requests in a loaded image (what ldr_image_load()
 * wrote to `memory`).  The file-backed part of each segment is searched at each
 * multiple of 8 bytes: between the last start marker and the first end marker where
 * these are present, or, at base revision 0, in the `.limine_reqs` section's list where
 * the file has one.  Features that are not known are passed over, with a line to `log`
 * that gives the id.
 *
 * The markers bind the tag, too: outside them it is passed over, and the kernel is one of base
 * revision 0.  From revision 2 on they have to be honoured; below it they are hints, which are
 * taken all the same.
 *
 * LDR_BAD_REQUEST: the same request twice; two base revision tags; a base revision that
 * is not known (the protocol recommends to refuse it); a start marker behind the end
 * marker; a tag or request cut off by the end of its segment or by the end marker; more
 * than 64 features that are not known; an entry point outside executable memory; a
 * stack of more than 1 GiB; an internal module that lies outside the image, or
 * whose texts do; a paging mode that is none of x86-64's, or a least one
 * above the most; a list in `.limine_reqs` that points outside the image. */
enum ldr_status ldr_requests_find(struct ldr_requests *ret_requests, const struct ldr_image *image,
                                  const void *memory, const struct ldr_log *log,
                                  struct ldr_report *report);

/* A module that the kernel itself names. */
struct ldr_internal_module {
    const char *path;   /* relative to the kernel's; perhaps with "#" and a hash behind */
    const char *string; /* never null; both in the loaded image */
    bool required, compressed;
};

/* Number `index`, below requests->internal_count, out of what ldr_requests_find() was given. */
void ldr_internal_module(struct ldr_internal_module *ret_module,
                         const struct ldr_requests *requests, const struct ldr_image *image,
                         const void *memory, uint64_t index);

/* Levels of page tables that will do: each 4 or 5, or 0 for no limit. */
struct ldr_level_limits {
    unsigned least, most;
};

/* Chooses the levels of the kernel's page tables: what it prefers, or the nearest to it
 * among what will do for the kernel, for its owner, whose `limits` the configuration has, and
 * for a processor with or without 5-level paging.  `name` is the kernel's, for the refusal:
 * LDR_BAD_MACHINE if nothing will do for all three.  The protocol has the owner's limits
 * come before the mode that the kernel prefers, and not before those that it can do with. */
enum ldr_status ldr_levels_choose(unsigned *ret_levels, const struct ldr_requests *requests,
                                  const struct ldr_level_limits *limits, bool has_5_levels,
                                  const char *name, struct ldr_report *report);

#endif
