/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one scan of a loaded image for what belongs to the boot protocol.
 *
 * It reads aligned words only, and finds things at any byte: whatever begins with 16
 * known bytes holds an aligned word of 8 of them, which starts at one of the first 8.
 * So the low byte of that word is one of a few, and hardly a word of an image passes
 * that first test.
 */
#include "loader/requests_parts.h"

static const struct {
    uint64_t word[4];
    unsigned bytes; /* by which it is known */
} magic[LDR_THINGS] = {
    [LDR_TAG] = {{LIMINE_BASE_TAG_0, LIMINE_BASE_TAG_1}, 16},
    [LDR_START] = {LIMINE_START_MARKER, 32},
    [LDR_END] = {LIMINE_END_MARKER, 16},
    [LDR_REQUEST] = {{LIMINE_ID_0, LIMINE_ID_1}, 16},
};

struct scan {
    const uint8_t *memory;
    uint64_t first; /* of the segment that is being read */
    uint64_t limit; /* the byte behind it */
    ldr_visitor *visit;
    void *context;
    bool low_byte[256];
};

/* The aligned word at `at` begins like byte `skip` of something: is that there? */
static enum ldr_status try_place(const struct scan *scan, enum ldr_thing thing, uint64_t at,
                                 unsigned skip)
{
    if (at - scan->first < skip)
        return LDR_OK;
    at -= skip;
    if (scan->limit - at < magic[thing].bytes ||
        memcmp(scan->memory + at, magic[thing].word, magic[thing].bytes) != 0)
        return LDR_OK;
    return scan->visit(scan->context, thing, at, scan->limit - at);
}

static enum ldr_status try_word(const struct scan *scan, uint64_t at)
{
    enum ldr_status status = LDR_OK;

    for (unsigned thing = 0; thing < LDR_THINGS; thing++)
        for (unsigned skip = 0; skip < 8 && status == LDR_OK; skip++)
            if (((const uint8_t *)magic[thing].word)[skip] == scan->memory[at])
                status = try_place(scan, (enum ldr_thing)thing, at, skip);
    return status;
}

/* Behind what the file holds there are zeros, which begin nothing. */
static enum ldr_status scan_segment(struct scan *scan, uint64_t file_bytes)
{
    enum ldr_status status = LDR_OK;
    uint64_t at = scan->first + (-scan->first & 7);

    for (; at < scan->first + file_bytes && scan->limit - at >= 8 && status == LDR_OK; at += 8)
        if (scan->low_byte[scan->memory[at]])
            status = try_word(scan, at);
    return status;
}

enum ldr_status ldr_scan(const struct ldr_image *image, const uint8_t *memory, ldr_visitor *visit,
                         void *context)
{
    struct scan scan = {.memory = memory, .visit = visit, .context = context};
    enum ldr_status status = LDR_OK;

    for (unsigned thing = 0; thing < LDR_THINGS; thing++)
        for (unsigned i = 0; i < 8; i++)
            scan.low_byte[((const uint8_t *)magic[thing].word)[i]] = true;
    for (unsigned i = 0; i < image->segment_count && status == LDR_OK; i++) {
        scan.first = image->segment[i].virt - image->virt;
        scan.limit = scan.first + image->segment[i].bytes;
        status = scan_segment(&scan, image->segment[i].file_bytes);
    }
    return status;
}

static void note_tag(struct ldr_marks *marks, uint64_t at, uint64_t left)
{
    if (marks->count[LDR_TAG]++ > 0) {
        marks->other_tag = at;
        return;
    }
    marks->tag = at;
    marks->tag_left = left;
}

/* Places ascend: so a start marker says that no tag before it counts, and an end marker that none
 * behind it does. */
static enum ldr_status note_mark(void *context, enum ldr_thing thing, uint64_t at, uint64_t left)
{
    struct ldr_marks *marks = context;

    if (at % 8 != 0)
        return LDR_OK;
    switch (thing) {
    case LDR_TAG:
        if (marks->count[LDR_END] == 0)
            note_tag(marks, at, left);
        break;
    case LDR_START:
        marks->count[LDR_START]++;
        marks->count[LDR_TAG] = 0;
        marks->start = at;
        break;
    case LDR_END:
        if (marks->count[LDR_END]++ == 0)
            marks->end = at;
        break;
    default:
        break;
    }
    return LDR_OK;
}

void ldr_marks_find(struct ldr_marks *ret_marks, const struct ldr_image *image,
                    const uint8_t *memory)
{
    *ret_marks = (struct ldr_marks){0};
    if (ldr_scan(image, memory, note_mark, ret_marks) != LDR_OK)
        __builtin_trap(); /* its visitor never stops it */
}

bool ldr_marks_enclose(const struct ldr_marks *marks, uint64_t at)
{
    return !(marks->count[LDR_START] && at < marks->start) &&
           !(marks->count[LDR_END] && at >= marks->end);
}
