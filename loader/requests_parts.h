/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files that find and read requests; nobody else includes this.
 */
#ifndef LOADER_REQUESTS_PARTS_H
#define LOADER_REQUESTS_PARTS_H

#include <string.h>

#include "loader/requests.h"

/* The protocol has some two dozen features, so a kernel that asks for more than
 * this many unknown ones is broken; the bound keeps the search for doubles short. */
#define LDR_UNKNOWN_REQUESTS 64

/* One search.  Places in the image are offsets from its first byte. */
struct ldr_search {
    const struct ldr_image *image;
    const uint8_t *memory;
    const struct ldr_log *log;
    struct ldr_report *report;
    struct ldr_requests found;
    bool started, ended; /* a start or an end marker was seen, at: */
    uint64_t start, end;
    uint64_t unknown[LDR_UNKNOWN_REQUESTS][2]; /* the last two id words of each */
    unsigned unknown_count;
};

/* The addresses that `.limine_reqs` holds, unaligned as they may be. */
struct ldr_request_list {
    const uint8_t *word;
    uint64_t count;
    uint64_t slide; /* what has to be added to each */
};

/* Finds the section in the file.  False if there is none, and also where the
 * file's section table is broken, since nothing else needs that table. */
bool ldr_request_list(const struct ldr_image *image, const uint8_t *memory,
                      struct ldr_request_list *ret_list);

/* How many bytes of memory there are from virt to the end of its segment; 0 outside of
 * all segments. */
uint64_t ldr_segment_left(const struct ldr_image *image, uint64_t virt);

/* Checks what the found requests say beyond their heads, and fills in
 * found.stack_bytes, found.entry and the levels. */
enum ldr_status ldr_requests_read(struct ldr_search *search);

/* Its part that is about the paging mode. */
enum ldr_status ldr_request_paging_mode(struct ldr_search *search);

/* Word `offset` bytes into a request that is present. */
uint64_t ldr_request_word(const struct ldr_search *search, enum ldr_feature feature, size_t offset);

/* A little-endian word at any address. */
static inline uint64_t ldr_word(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

#endif
