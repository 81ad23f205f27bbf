/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address space that a kernel would get on a modelled machine: placed, planned, built in
 * this program's memory and verified by the loader's own functions, in the order in which the
 * UEFI application calls them.
 */
#ifndef LOADER_INSPECT_SPACE_H
#define LOADER_INSPECT_SPACE_H

#include "loader/inspect/machine.h"
#include "loader/inspect/subject.h"
#include "loader/plan.h"
#include "loader/respond.h"
#include "loader/tables.h"
#include "loader/verify.h"

/* The finished tables in numbers. */
struct figures {
    uint64_t frames[5];                         /* tables by level, 0 for page tables */
    uint64_t leaves[3];                         /* 4K, 2M, 1G */
    uint64_t mapped;                            /* bytes */
    uint64_t read_only, read_write, executable; /* bytes of these, each once */
    uint64_t reach;                             /* bytes that a TLB holds at once */
};

/* Of which TLB `reach` speaks: the second level of Intel's since Skylake's servers. */
#define TLB_ENTRIES    1536 /* of 4K and 2M pages together */
#define TLB_ENTRIES_1G 16

struct space {
    struct machine machine;
    struct ldr_report report; /* status LDR_OK, or why the machine can't have it */
    struct lines said;        /* what ldr_explain_answers() says */
    /* The memory map: firmware's and what the loader laid over it, and both resolved. */
    struct ldr_region *given, *region;
    size_t given_count, region_count;
    uint64_t *scratch;
    struct ldr_file *file; /* the kernel's, and the modules' behind it */
    size_t module_count;
    struct ldr_layout layout;
    struct ldr_plan plan;
    struct pgt_pool pool;
    uint8_t *frames; /* the pool's memory, and */
    uint64_t frames_phys;
    bool built;
    struct ldr_tables tables;
    struct ldr_verdict verdict;
    struct figures figures;
    struct ldr_framebuffer framebuffer;
    uint64_t framebuffer_extent; /* bytes that are mapped for it */
    struct ldr_machine facts;
    struct ldr_processor *processor;
    struct ldr_processors processors;
    struct ldr_arena arena; /* the answers */
    struct ldr_late late;
    uint8_t *answered; /* the image with its responses, image->bytes long */
};

/* Makes it.  subject->report shall be LDR_OK; the modules' contents are not needed, but their
 * sizes are.  What is refused is said in space->report.  Release it in either case; it shall stay
 * where it is. */
void space_make(struct space *space, const struct subject *subject, const struct machine *machine,
                const struct content *module, size_t module_count);
void space_free(struct space *space);

/* The response to a request as the kernel will see it; null if there is none. */
const void *space_response(const struct space *space, const struct ldr_requests *requests,
                           enum ldr_feature feature);

/* What lies at an address that a response holds; null if that isn't among the answers. */
const void *space_at(const struct space *space, uint64_t virt);

#endif
