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
#include "loader/symbols.h"

#define TAG_BYTES 24

/* Compact, with nothing in it that would have to be relocated: half the size of what comes to mind
 * first.  Of an id only the words that tell features apart are kept. */
struct feature {
    uint64_t id[2];
    uint8_t bytes;       /* of the request, at revision 0 */
    uint8_t bytes_later; /* from revision 1 on; 0 where there is none but revision 0 */
    char name[24];
};
#undef LIMINE_ID
#define LIMINE_ID(word2, word3)                                                                    \
    {                                                                                              \
        UINT64_C(word2), UINT64_C(word3)                                                           \
    }

#define HEAD sizeof(struct limine_request)

/* One row a feature: nothing else in the loader knows the ids. */
static const struct feature features[LDR_FEATURES] = {
    [LDR_BOOTLOADER_INFO] = {LIMINE_BOOTLOADER_INFO, HEAD, 0, "bootloader info"},
    [LDR_FIRMWARE_TYPE] = {LIMINE_FIRMWARE_TYPE, HEAD, 0, "firmware type"},
    [LDR_STACK_SIZE] = {LIMINE_STACK_SIZE, sizeof(struct limine_stack_size_request), 0,
                        "stack size"},
    [LDR_HHDM] = {LIMINE_HHDM, HEAD, 0, "HHDM"},
    [LDR_FRAMEBUFFER] = {LIMINE_FRAMEBUFFER, HEAD, HEAD, "framebuffer"},
    [LDR_MEMMAP] = {LIMINE_MEMMAP, HEAD, 0, "memory map"},
    [LDR_ENTRY_POINT] = {LIMINE_ENTRY_POINT, sizeof(struct limine_entry_point_request), 0,
                         "entry point"},
    [LDR_EXECUTABLE_FILE] = {LIMINE_EXECUTABLE_FILE, HEAD, 0, "executable file"},
    [LDR_EXECUTABLE_CMDLINE] = {LIMINE_EXECUTABLE_CMDLINE, HEAD, 0, "executable command line"},
    [LDR_EXECUTABLE_ADDRESS] = {LIMINE_EXECUTABLE_ADDRESS, HEAD, 0, "executable address"},
    [LDR_MODULE] = {LIMINE_MODULE, HEAD, sizeof(struct limine_module_request), "module"},
    [LDR_RSDP] = {LIMINE_RSDP, HEAD, 0, "RSDP"},
    [LDR_SMBIOS] = {LIMINE_SMBIOS, HEAD, 0, "SMBIOS"},
    [LDR_EFI_SYSTEM_TABLE] = {LIMINE_EFI_SYSTEM_TABLE, HEAD, 0, "EFI system table"},
    [LDR_EFI_MEMMAP] = {LIMINE_EFI_MEMMAP, HEAD, 0, "EFI memory map"},
    [LDR_DATE_AT_BOOT] = {LIMINE_DATE_AT_BOOT, HEAD, 0, "date at boot"},
    [LDR_PAGING_MODE] = {LIMINE_PAGING_MODE, offsetof(struct limine_paging_mode_request, max_mode),
                         sizeof(struct limine_paging_mode_request), "paging mode"},
    [LDR_MP] = {LIMINE_MP, sizeof(struct limine_mp_request), 0, "MP"},
    [LDR_KEEP_IOMMU] = {LIMINE_X86_64_KEEP_IOMMU, HEAD, 0, "keep IOMMU"},
    [LDR_TSC_FREQUENCY] = {LIMINE_TSC_FREQUENCY, HEAD, 0, "TSC frequency"},
    [LDR_ENTROPY] = {LIMINE_ENTROPY, sizeof(struct limine_entropy_request), 0, "entropy"},
    [LDR_PERFORMANCE] = {LIMINE_BOOTLOADER_PERFORMANCE, HEAD, 0, "bootloader performance"},
    [LDR_TPM_EVENT_LOG] = {LIMINE_TPM_EVENT_LOG, HEAD, 0, "TPM event log"},
    [LDR_PAGETABLES] = {LIMINE_PAGETABLES, HEAD, 0, "page tables"},
};

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

/* A place in the image, for messages; the text lasts as long as the block around it. */
#define PLACE(search, at) LDR_WHERE((search)->image, (search)->image->virt + (at))

static enum ldr_status refuse_double(struct ldr_search *search, const char *name, uint64_t first,
                                     uint64_t second)
{
    return ldr_refuse(search->report, LDR_BAD_REQUEST,
                      "%s: the request at %s is the second one for the feature %s, after that at "
                      "%s: keep one of them",
                      search->image->name, PLACE(search, second), name, PLACE(search, first));
}

/* A feature that this loader doesn't have.  Its response stays untouched; but twice
 * is twice, known or not. */
static enum ldr_status note_unknown(struct ldr_search *search, uint64_t at, const uint64_t id[4])
{
    char name[40];
    ldr_format(name, sizeof name, "%016lx %016lx", id[2], id[3]);
    for (unsigned i = 0; i < search->unknown_count; i++)
        if (search->unknown[i][0] == id[2] && search->unknown[i][1] == id[3])
            return refuse_double(search, name, search->unknown[i][2], at);
    if (search->unknown_count == LDR_UNKNOWN_REQUESTS)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the request at %s is number %u for a feature that this loader "
                          "doesn't know: no kernel has so many, check its requests",
                          search->image->name, PLACE(search, at), LDR_UNKNOWN_REQUESTS + 1);
    search->unknown[search->unknown_count][0] = id[2];
    search->unknown[search->unknown_count][1] = id[3];
    search->unknown[search->unknown_count][2] = at;
    search->unknown_count++;
    ldr_say(search->log,
            "%s: warning: the request at %s is for feature %s, which this loader doesn't know: it "
            "stays without response",
            search->image->name, PLACE(search, at), name);
    return LDR_OK;
}

enum ldr_feature ldr_feature_of(const uint64_t id[4])
{
    unsigned feature = 0;
    while (feature < LDR_FEATURES &&
           (features[feature].id[0] != id[2] || features[feature].id[1] != id[3]))
        feature++;
    return (enum ldr_feature)feature;
}

uint64_t ldr_feature_revision(enum ldr_feature feature)
{
    return features[feature].bytes_later ? 1 : 0;
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
    enum ldr_feature feature = ldr_feature_of(id);
    if (!whole_id || left < request_bytes(search, feature, at, left))
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the request at %s for %s is cut off after %lu bytes by the end of "
                          "its segment or an end marker: give it its whole length",
                          search->image->name, PLACE(search, at),
                          feature < LDR_FEATURES ? features[feature].name : "no known feature",
                          left);
    if (feature == LDR_FEATURES)
        return note_unknown(search, at, id);
    if (search->found.present[feature])
        return refuse_double(search, features[feature].name, search->found.request[feature], at);
    search->found.present[feature] = true;
    search->found.request[feature] = at;
    return LDR_OK;
}

/* Passes over what the markers exclude.  A request may not reach into the end marker
 * either: the words there are not its own. */
static enum ldr_status note_if_request(void *context, enum ldr_thing thing, uint64_t at,
                                       uint64_t left)
{
    struct ldr_search *search = context;
    const struct ldr_marks *marks = &search->marks;

    if (thing != LDR_REQUEST || at % 8 != 0 || !ldr_marks_enclose(marks, at))
        return LDR_OK;
    if (marks->count[LDR_END] && left > marks->end - at)
        left = marks->end - at;
    return note_request(search, at, left);
}

/* Outside the markers a tag counts no more than a request does. */
static enum ldr_status check_tag(struct ldr_search *search)
{
    const struct ldr_marks *marks = &search->marks;

    if (marks->count[LDR_TAG] > 1)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: two base revision tags, at %s and %s: keep one of them",
                          search->image->name, PLACE(search, marks->tag),
                          PLACE(search, marks->other_tag));
    search->found.tagged = marks->count[LDR_TAG] > 0;
    if (search->found.tagged && marks->tag_left < TAG_BYTES)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the base revision tag at %s is cut off by the end of its segment: "
                          "make it three words of 8 bytes",
                          search->image->name, PLACE(search, marks->tag));
    search->found.tag = marks->tag;
    return LDR_OK;
}

/* No tag means base revision 0.  For one that is not known the protocol leaves the choice between
 * refusing and going on with another; a kernel that isn't asked can't be surprised. */
static enum ldr_status read_base_revision(struct ldr_search *search)
{
    enum ldr_status status = check_tag(search);
    if (status != LDR_OK || !search->found.tagged)
        return status;
    uint64_t revision = ldr_word(search->memory + search->found.tag + 16);
    if (revision > LIMINE_BASE_REVISION_LAST)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: the tag at %s asks for base revision %lu, but this loader knows 0 "
                          "to %u: build the kernel for one of these",
                          search->image->name, PLACE(search, search->found.tag), revision,
                          LIMINE_BASE_REVISION_LAST);
    search->found.base_revision = revision;
    return LDR_OK;
}

/* What was meant by markers in the wrong order can only be guessed, so it isn't. */
static enum ldr_status check_markers(const struct ldr_search *search)
{
    const struct ldr_marks *marks = &search->marks;

    if (!marks->count[LDR_START] || !marks->count[LDR_END] || marks->start < marks->end)
        return LDR_OK;
    return ldr_refuse(search->report, LDR_BAD_REQUEST,
                      "%s: the requests' last start marker at %s lies behind their first end "
                      "marker at %s: link the start marker first and the end marker last",
                      search->image->name, PLACE(search, marks->start), PLACE(search, marks->end));
}

/* Are the first two words of every request at `at`?  A head's length is there. */
static bool begins_request(const struct ldr_search *search, uint64_t at)
{
    return ldr_word(search->memory + at) == LIMINE_ID_0 &&
           ldr_word(search->memory + at + 8) == LIMINE_ID_1;
}

/* One address of the list.  At least the head of a request has to be there. */
static enum ldr_status note_listed(struct ldr_search *search, uint64_t virt)
{
    uint64_t left = ldr_segment_left(search->image, virt);
    if (virt % 8 != 0 || left < HEAD)
        return ldr_refuse(search->report, LDR_BAD_REQUEST,
                          "%s: section .limine_reqs lists address 0x%lx, where no request can be: "
                          "list the 8-byte aligned addresses of requests in the image, then 0",
                          search->image->name, virt);
    uint64_t at = virt - search->image->virt;
    if (!begins_request(search, at)) {
        ldr_say(search->log,
                "%s: warning: section .limine_reqs lists address %s, but no request is there: take "
                "it off the list, or put the request there",
                search->image->name, PLACE(search, at));
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
    if (status != LDR_OK)
        return status;
    return ldr_scan(search->image, search->memory, note_if_request, search);
}

enum ldr_status ldr_requests_find(struct ldr_requests *ret_requests, const struct ldr_image *image,
                                  const void *memory, const struct ldr_log *log,
                                  struct ldr_report *report)
{
    /* Everything is found in `search` first, so that a refusal leaves the caller's alone. */
    struct ldr_search search = {.image = image, .memory = memory, .log = log, .report = report};
    ldr_marks_find(&search.marks, image, memory);
    enum ldr_status status = read_base_revision(&search);
    if (status == LDR_OK)
        status = find_requests(&search);
    if (status == LDR_OK)
        status = ldr_requests_read(&search);
    if (status == LDR_OK)
        *ret_requests = search.found;
    return status;
}
