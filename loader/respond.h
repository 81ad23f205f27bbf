/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answers to a kernel's requests.
 */
#ifndef LOADER_RESPOND_H
#define LOADER_RESPOND_H

#include "loader/entropy.h"
#include "loader/event_log.h"
#include "loader/madt.h"
#include "loader/plan.h"
#include "loader/requests.h"
#include "loader/tables.h"
#include "loader/verify.h"

#define LDR_NAME    "Pagelift"
#define LDR_VERSION "0.1.0"

/* A loaded file, kernel or module. */
struct ldr_file {
    uint64_t phys; /* page aligned, its pages its own */
    uint64_t bytes;
    const char *path;         /* within its volume, with a leading slash; terminated */
    const char *cmdline;      /* terminated */
    uint32_t partition_index; /* from 1; 0 if unknown */
    uint32_t mbr_disk_id;
    struct limine_uuid gpt_disk_uuid, gpt_part_uuid, part_uuid;
};

/* A kernel that wants more random words than these gets these. */
#define LDR_ENTROPY_MOST 512

/* Moments, in microseconds since the same one in the past. */
struct ldr_times {
    bool known;
    uint64_t reset_usec; /* the machine's; 0 if that isn't known */
    uint64_t init_usec;  /* the loader's, */
    uint64_t init_tsc;   /* and the time-stamp counter at that moment */
};

/* What firmware told; 0 stands for "there is none". */
struct ldr_machine {
    uint64_t rsdp, smbios_32, smbios_64, efi_system_table; /* physical */
    bool has_time;
    int64_t time;                              /* seconds since 1970-01-01 00:00 UTC */
    const struct ldr_framebuffer *framebuffer; /* null if there is none */
    const struct ldr_framebuffer
        *mode;         /* what it would be in each mode of its screen; phys unused */
    size_t mode_count; /* 0: only the mode that it is in is told */
    const void *edid;  /* what the screen says of itself; null if unknown */
    uint64_t edid_bytes;
    const struct ldr_entropy *entropy; /* the same */
    uint64_t tsc_hz;                   /* cycles of the time-stamp counter a second */
    struct ldr_times times;
    struct ldr_event_log event_log;
};

/* The processors that the kernel is told of. */
struct ldr_processors {
    const struct ldr_processor *list; /* the one that runs the kernel comes first */
    size_t count;                     /* at least 1; at most plan->more_stacks + 1 */
    bool x2apic;                      /* the mode of their local APICs when the kernel starts */
};

/* All that the answers are made of. */
struct ldr_answers {
    const struct ldr_image *image;
    const struct ldr_requests *requests;
    const struct ldr_plan *plan;
    const struct ldr_tables *tables;
    const struct ldr_verdict *verdict;
    const struct ldr_machine *machine;
    const struct ldr_file *kernel;
    const struct ldr_file *module;
    size_t module_count;
    const struct ldr_processors *processors; /* null: the MP request gets no response */
    size_t memmap_capacity;                  /* entries to keep room for */
    size_t efi_memmap_capacity;              /* bytes to keep room for */
};

/* Memory for the answers: loader-reclaimable, in the direct map. */
struct ldr_arena {
    uint8_t *memory; /* null: only count */
    uint64_t phys;   /* of memory[0]; page aligned */
    size_t bytes;
    size_t used;
};

/* What is known last: the memory maps, the processors, which have yet to come, the end of the
 * event log, and the moment of the handoff. */
struct ldr_late {
    struct limine_memmap_entry *entry; /* null if not asked for */
    uint64_t entry_phys;
    uint64_t *entry_pointer;
    struct limine_memmap_response *memmap;
    void *efi_memmap; /* null if not asked for */
    struct limine_efi_memmap_response *efi_memmap_response;
    struct limine_mp_response *mp;    /* null if not asked for */
    struct limine_mp_info *processor; /* in the order of answers->processors, */
    uint64_t processors_virt;         /* and where the kernel sees them */
    uint64_t *processor_pointer;
    struct limine_bootloader_performance_response *performance; /* null if not asked for */
    struct limine_tpm_event_log_response *event_log_response;   /* null if not asked for */
    uint8_t *event_log;
    uint64_t event_log_virt; /* where the kernel sees it */
};

/* Writes all answers but the memory maps, and points the requests in the image
 * (`image_memory`) and the base revision tag at them.  With arena->memory null nothing
 * is written and arena->used says how many bytes it takes: ask first, allocate, then
 * call again with the same answers; it can't fail then.  (In an arena smaller than was
 * counted, what doesn't fit is left out, and arena->used says how much was wanted.) */
void ldr_respond(const struct ldr_answers *answers, struct ldr_arena *arena, void *image_memory,
                 struct ldr_late *ret_late);

/* The last answers, from the final memory map (resolved).  region_count is at most
 * memmap_capacity and the EFI map at most efi_memmap_capacity; no memory is allocated.
 * A usable or reclaimable page that is not in the plan's direct map is told as
 * reserved.  Returns how many bytes had to be hidden for that.  Up to base revision 2
 * page 0, where it is usable or reclaimable, is told as reserved too, and not counted. */
uint64_t ldr_respond_memory(const struct ldr_answers *answers, const struct ldr_late *late,
                            const struct ldr_region *region, size_t region_count,
                            const void *efi_memmap, uint64_t efi_memmap_bytes,
                            uint64_t descriptor_bytes, uint32_t descriptor_version);

/* The moment at which the kernel starts, if it asked. */
void ldr_respond_start(const struct ldr_late *late, uint64_t usec);

/* Appends what was measured into the TPM since the log was found.  Called once, when boot services
 * have ended.  Returns how many events are lost, for want of room or of sense. */
uint64_t ldr_respond_final_events(const struct ldr_answers *answers, const struct ldr_late *late);

/* Has processor `index` (not 0) come, and taken its stack?  late->mp shall not be null. */
bool ldr_mp_parked(const struct ldr_late *late, size_t index);

/* Takes a processor that hasn't come out of the answer; it never gets a stack then, should it
 * still come.  False if it has come in the meantime: then it stays. */
bool ldr_mp_leave_out(const struct ldr_late *late, size_t index);

#endif
