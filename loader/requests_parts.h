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

/* What of the protocol may begin at a place of an image. */
enum ldr_thing { LDR_TAG, LDR_START, LDR_END, LDR_REQUEST, LDR_THINGS };

/* Is shown what begins `at` bytes into the image, which may be at any byte; what counts is
 * at a multiple of 8.  `left` bytes from there on belong to the segment.  Anything but
 * LDR_OK ends the scan. */
typedef enum ldr_status ldr_visitor(void *context, enum ldr_thing thing, uint64_t at,
                                    uint64_t left);

/* Shows what begins in the file-backed part of each segment, in ascending order.  It may end in
 * zeros that the file doesn't hold. */
enum ldr_status ldr_scan(const struct ldr_image *image, const uint8_t *memory, ldr_visitor *visit,
                         void *context);

/* Markers, and tags between them. */
struct ldr_marks {
    unsigned count[LDR_THINGS]; /* no requests */
    uint64_t tag, tag_left;     /* the first */
    uint64_t other_tag;         /* the last */
    uint64_t start;             /* the last counts, */
    uint64_t end;               /* and the first */
};

void ldr_marks_find(struct ldr_marks *ret_marks, const struct ldr_image *image,
                    const uint8_t *memory);

/* Is the place between the markers, as far as there are any? */
bool ldr_marks_enclose(const struct ldr_marks *marks, uint64_t at);

/* LDR_FEATURES for an id that is not known. */
enum ldr_feature ldr_feature_of(const uint64_t id[4]);

/* The newest revision of a feature's request that is known. */
uint64_t ldr_feature_revision(enum ldr_feature feature);

/* One search.  Places in the image are offsets from its first byte. */
struct ldr_search {
    const struct ldr_image *image;
    const uint8_t *memory;
    const struct ldr_log *log;
    struct ldr_report *report;
    struct ldr_requests found;
    struct ldr_marks marks;
    uint64_t unknown[LDR_UNKNOWN_REQUESTS][3]; /* the last two id words of each, and its place */
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

/* Its part that is about modules of the kernel's own choice. */
enum ldr_status ldr_request_modules(struct ldr_search *search);

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
