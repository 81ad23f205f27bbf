/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding the requests in a loaded image.
 *
 * Two passes: the first finds the base revision tag and the markers, which say
 * where the second may look for requests.  Both read only what the file holds,
 * since zero-filled memory has no requests in it.
 */
#include "loader/requests.h"

#include "loader/pagetables_request.h"
#include "loader/requests_parts.h"

#define TAG_BYTES   24
#define START_BYTES 32
#define END_BYTES   16

struct feature {
    uint64_t id[4];
    const char *name;
    uint64_t bytes;       /* of the request, at revision 0 */
    uint64_t bytes_later; /* from revision 1 on; 0 where it has not grown */
};

#define HEAD sizeof(struct limine_request)

/* One row a feature: nothing else in the loader knows the ids. */
static const struct feature features[LDR_FEATURES] = {
    [LDR_BOOTLOADER_INFO] = {LIMINE_BOOTLOADER_INFO, "bootloader info", HEAD},
    [LDR_FIRMWARE_TYPE] = {LIMINE_FIRMWARE_TYPE, "firmware type", HEAD},
    [LDR_STACK_SIZE] = {LIMINE_STACK_SIZE, "stack size", sizeof(struct limine_stack_size_request)},
    [LDR_HHDM] = {LIMINE_HHDM, "HHDM", HEAD},
    [LDR_FRAMEBUFFER] = {LIMINE_FRAMEBUFFER, "framebuffer", HEAD},
    [LDR_MEMMAP] = {LIMINE_MEMMAP, "memory map", HEAD},
    [LDR_ENTRY_POINT] = {LIMINE_ENTRY_POINT, "entry point",
                         sizeof(struct limine_entry_point_request)},
    [LDR_EXECUTABLE_FILE] = {LIMINE_EXECUTABLE_FILE, "executable file", HEAD},
    [LDR_EXECUTABLE_CMDLINE] = {LIMINE_EXECUTABLE_CMDLINE, "executable command line", HEAD},
    [LDR_EXECUTABLE_ADDRESS] = {LIMINE_EXECUTABLE_ADDRESS, "executable address", HEAD},
    [LDR_MODULE] = {LIMINE_MODULE, "module", HEAD, sizeof(struct limine_module_request)},
    [LDR_RSDP] = {LIMINE_RSDP, "RSDP", HEAD},
    [LDR_SMBIOS] = {LIMINE_SMBIOS, "SMBIOS", HEAD},
    [LDR_EFI_SYSTEM_TABLE] = {LIMINE_EFI_SYSTEM_TABLE, "EFI system table", HEAD},
    [LDR_EFI_MEMMAP] = {LIMINE_EFI_MEMMAP, "EFI memory map", HEAD},
    [LDR_DATE_AT_BOOT] = {LIMINE_DATE_AT_BOOT, "date at boot", HEAD},
    [LDR_PAGING_MODE] = {LIMINE_PAGING_MODE, "paging mode",
                         offsetof(struct limine_paging_mode_request, max_mode),
                         sizeof(struct limine_paging_mode_request)},
    [LDR_PAGETABLES] = {LIMINE_PAGETABLES, "page tables", HEAD},
};

static const uint64_t start_marker[4] = LIMINE_START_MARKER;
static const uint64_t end_marker[2] = LIMINE_END_MARKER;

const char *ldr_feature_name(enum ldr_feature feature)
{
    return features[feature].name;
}

uint64_t ldr_segment_left(const struct ldr_image *image, uint64_t virt)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *segment = &image->segment[i];
        if (virt >= segment->virt && virt - segment->virt < segment->bytes)
            return segment->bytes - (virt - segment->virt);
    }
    return 0;
}

/* The virtual address of a place in the image, for messages. */
static uint64_t place(const struct ldr_search *search, uint64_t at)
{
    return search->image->virt + at;
}

/* Are the words at `at` these?  `left` bytes from there on belong to the segment. */
static bool matches(const struct ldr_search *search, uint64_t at, uint64_t left,
                    const uint64_t *word, unsigned count)
{
    if (left / 8 < count)
        return false;
    for (unsigned i = 0; i < count; i++)
        if (ldr_word(search->memory + at + 8 * i) != word[i])
            return false;
    return true;
}

/* The tag counts wherever it stands: markers bound requests only. */
static enum ldr_status note_tag(struct ldr_search *search, uint64_t at, uint64_t left)
{
    if (left < TAG_BYTES)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the base revision tag at 0x%lx is cut off by the end of its "
                          "segment: make it three words of 8 bytes",
                          search->image->name, place(search, at));
    if (search->found.tagged)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: two base revision tags, at 0x%lx and 0x%lx: keep one of them",
                          search->image->name, place(search, search->found.tag), place(search, at));
    search->found.tagged = true;
    search->found.tag = at;
    return LDR_OK;
}

/* The last start marker and the first end marker count. */
static enum ldr_status note_mark(struct ldr_search *search, uint64_t at, uint64_t left)
{
    static const uint64_t tag[2] = {LIMINE_BASE_TAG_0, LIMINE_BASE_TAG_1};
    if (matches(search, at, left, tag, 2))
        return note_tag(search, at, left);
    if (matches(search, at, left, start_marker, 4)) {
        search->started = true;
        search->start = at;
    } else if (matches(search, at, left, end_marker, 2) && !search->ended) {
        search->ended = true;
        search->end = at;
    }
    return LDR_OK;
}

static enum ldr_status refuse_double(struct ldr_search *search, const char *name, uint64_t at)
{
    return ldr_refuse(search->report, LDR_BAD_REQUEST,
                      "%s: the request at 0x%lx is the second one for the feature %s: keep one "
                      "of them",
                      search->image->name, place(search, at), name);
}

/* A feature that this loader doesn't have.  Its response stays untouched; but twice
 * is twice, known or not. */
static enum ldr_status note_unknown(struct ldr_search *search, uint64_t at, const uint64_t id[4])
{
    char name[40];
    ldr_format(name, sizeof name, "%016lx %016lx", id[2], id[3]);
    for (unsigned i = 0; i < search->unknown_count; i++)
        if (search->unknown[i][0] == id[2] && search->unknown[i][1] == id[3])
            return refuse_double(search, name, at);
    if (search->unknown_count == LDR_UNKNOWN_REQUESTS)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the request at 0x%lx is number %u for a feature that this loader "
                          "doesn't know: no kernel has so many, check its requests",
                          search->image->name, place(search, at), LDR_UNKNOWN_REQUESTS + 1);
    search->unknown[search->unknown_count][0] = id[2];
    search->unknown[search->unknown_count][1] = id[3];
    search->unknown_count++;
    ldr_say(search->log,
            "%s: the request at 0x%lx is for feature %s, which this loader doesn't know: it "
            "stays without response",
            search->image->name, place(search, at), name);
    return LDR_OK;
}

/* LDR_FEATURES for an id that is not known. */
static enum ldr_feature feature_of(const uint64_t id[4])
{
    unsigned feature = 0;
    while (feature < LDR_FEATURES &&
           (features[feature].id[2] != id[2] || features[feature].id[3] != id[3]))
        feature++;
    return (enum ldr_feature)feature;
}

/* How long a request is.  A few have grown with their revision; one that ends too early
 * to have a revision is too short anyway. */
static uint64_t request_bytes(const struct ldr_search *search, enum ldr_feature feature,
                              uint64_t at, uint64_t left)
{
    if (feature == LDR_FEATURES)
        return HEAD;
    if (features[feature].bytes_later && left >= HEAD &&
        ldr_word(search->memory + at + offsetof(struct limine_request, revision)) >= 1)
        return features[feature].bytes_later;
    return features[feature].bytes;
}

/* What starts with the two words of all requests, `left` bytes before the end of its
 * segment or the end marker. */
static enum ldr_status note_request(struct ldr_search *search, uint64_t at, uint64_t left)
{
    uint64_t id[4] = {0};
    bool whole_id = left >= sizeof id;
    if (whole_id)
        memcpy(id, search->memory + at, sizeof id);
    enum ldr_feature feature = feature_of(id);
    if (!whole_id || left < request_bytes(search, feature, at, left))
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the request at 0x%lx (%s) is cut off after %lu bytes by the end of "
                          "its segment or an end marker: give it its whole length",
                          search->image->name, place(search, at),
                          feature < LDR_FEATURES ? features[feature].name : "no known feature",
                          left);
    if (feature == LDR_FEATURES)
        return note_unknown(search, at, id);
    if (search->found.present[feature])
        return refuse_double(search, features[feature].name, at);
    search->found.present[feature] = true;
    search->found.request[feature] = at;
    return LDR_OK;
}

/* Passes over what the markers exclude.  A request may not reach into the end marker
 * either: the words there are not its own. */
static enum ldr_status note_if_request(struct ldr_search *search, uint64_t at, uint64_t left)
{
    static const uint64_t common[2] = {LIMINE_ID_0, LIMINE_ID_1};
    if (search->started && at < search->start)
        return LDR_OK;
    if (search->ended) {
        if (at >= search->end)
            return LDR_OK;
        left = left < search->end - at ? left : search->end - at;
    }
    return matches(search, at, left, common, 2) ? note_request(search, at, left) : LDR_OK;
}

typedef enum ldr_status visitor(struct ldr_search *search, uint64_t at, uint64_t left);

/* A word that something of the protocol begins with.  Nearly none is, so the loop
 * over a large image seldom does more than this. */
static bool begins_something(uint64_t word)
{
    return word == LIMINE_ID_0 || word == LIMINE_BASE_TAG_0 || word == start_marker[0] ||
           word == end_marker[0];
}

/* Visits each aligned place in the file-backed part of each segment at which something
 * may begin.  `left` goes up to the end of the segment's memory: what begins in the
 * file may end in zeros that the file doesn't hold. */
static enum ldr_status each_place(struct ldr_search *search, visitor *visit)
{
    for (unsigned i = 0; i < search->image->segment_count; i++) {
        const struct ldr_segment *segment = &search->image->segment[i];
        uint64_t base = segment->virt - search->image->virt;
        uint64_t skip = -segment->virt % 8;
        for (uint64_t at = skip; at < segment->file_bytes && segment->bytes - at >= 8; at += 8) {
            if (!begins_something(ldr_word(search->memory + base + at)))
                continue;
            enum ldr_status status = visit(search, base + at, segment->bytes - at);
            if (status != LDR_OK)
                return status;
        }
    }
    return LDR_OK;
}

/* No tag means base revision 0.  For one that is not known the protocol leaves the choice between
 * refusing and going on with another; a kernel that isn't asked can't be surprised. */
static enum ldr_status read_base_revision(struct ldr_search *search)
{
    if (!search->found.tagged)
        return LDR_OK;
    uint64_t revision = ldr_word(search->memory + search->found.tag + 16);
    if (revision > LIMINE_BASE_REVISION_LAST)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the tag at 0x%lx asks for base revision %lu, but this loader knows "
                          "0 to %u: build the kernel for one of these",
                          search->image->name, place(search, search->found.tag), revision,
                          LIMINE_BASE_REVISION_LAST);
    search->found.base_revision = revision;
    return LDR_OK;
}

/* What was meant by markers in the wrong order can only be guessed, so it isn't. */
static enum ldr_status check_markers(const struct ldr_search *search)
{
    if (!search->started || !search->ended || search->start < search->end)
        return LDR_OK;
    return ldr_refuse(search->report, LDR_BAD_REQUEST,
                      "%s: the requests' last start marker at 0x%lx lies behind their first end "
                      "marker at 0x%lx: link the start marker first and the end marker last",
                      search->image->name, place(search, search->start),
                      place(search, search->end));
}

/* One address of the list.  At least the head of a request has to be there. */
static enum ldr_status note_listed(struct ldr_search *search, uint64_t virt)
{
    static const uint64_t common[2] = {LIMINE_ID_0, LIMINE_ID_1};
    uint64_t left = ldr_segment_left(search->image, virt);
    if (virt % 8 != 0 || left < HEAD)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: section .limine_reqs lists address 0x%lx, where no request can be: "
                          "list the 8-byte aligned addresses of requests in the image, then 0",
                          search->image->name, virt);
    uint64_t at = virt - search->image->virt;
    if (!matches(search, at, left, common, 2)) {
        ldr_say(search->log,
                "%s: section .limine_reqs lists address 0x%lx, but no request is there",
                search->image->name, virt);
        return LDR_OK;
    }
    return note_request(search, at, left);
}

/* The list is the whole truth where there is one: no marker and no search adds to it. */
static enum ldr_status each_listed(struct ldr_search *search, const struct ldr_request_list *list)
{
    for (uint64_t i = 0; i < list->count; i++) {
        uint64_t virt = ldr_word(list->word + 8 * i);
        if (virt == 0)
            break;
        enum ldr_status status = note_listed(search, virt + list->slide);
        if (status != LDR_OK)
            return status;
    }
    return LDR_OK;
}

/* Later base revisions know no list, so there the section is just data. */
static enum ldr_status find_requests(struct ldr_search *search)
{
    struct ldr_request_list list;
    if (search->found.base_revision == 0 && ldr_request_list(search->image, search->memory, &list))
        return each_listed(search, &list);
    enum ldr_status status = check_markers(search);
    return status == LDR_OK ? each_place(search, note_if_request) : status;
}

enum ldr_status ldr_requests_find(struct ldr_requests *ret_requests, const struct ldr_image *image,
                                  const void *memory, const struct ldr_log *log,
                                  struct ldr_report *report)
{
    /* Everything is found in `search` first, so that a refusal leaves the caller's alone. */
    struct ldr_search search = {.image = image, .memory = memory, .log = log, .report = report};
    enum ldr_status status = each_place(&search, note_mark);
    if (status == LDR_OK)
        status = read_base_revision(&search);
    if (status == LDR_OK)
        status = find_requests(&search);
    if (status == LDR_OK)
        status = ldr_requests_read(&search);
    if (status == LDR_OK)
        *ret_requests = search.found;
    return status;
}
