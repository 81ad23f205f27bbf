/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/explain.h"

#include "loader/image_parts.h"
#include "loader/requests_parts.h"
#include "loader/symbols.h"

/* Lines enough for any kernel that somebody wrote: each takes a search through the symbols. */
#define MOST_LINES 64

/* What is being explained. */
struct explaining {
    const struct ldr_image *image;
    const uint8_t *memory;
    const struct ldr_log *log; /* counts into `lines`, and goes on to: */
    const struct ldr_log *caller;
    unsigned lines;
    struct ldr_marks marks;
    struct ldr_request_list list;
    bool listed; /* the list counts, and no request but those on it */
    unsigned requests;
};

static const char things[LDR_THINGS][18] = {"base revision tag", "start marker", "end marker",
                                            "request"};

static void count_line(void *context, const char *text)
{
    struct explaining *x = context;

    if (x->lines++ < MOST_LINES)
        ldr_say(x->caller, "%s", text);
}

static void warn(const struct explaining *x, const char *feature, enum ldr_thing thing, uint64_t at,
                 const char *why)
{
    ldr_say(x->log, "%s: warning: the %s%s%s at %s %s", x->image->name, feature,
            *feature ? " " : "", things[thing], LDR_WHERE(x->image, x->image->virt + at), why);
}

/* A request's feature, as far as its id is there and known; else nothing. */
static const char *name_feature(const struct explaining *x, enum ldr_thing thing, uint64_t at,
                                uint64_t left)
{
    uint64_t id[4];

    if (thing != LDR_REQUEST || left < sizeof id)
        return "";
    memcpy(id, x->memory + at, sizeof id);
    enum ldr_feature feature = ldr_feature_of(id);
    return feature == LDR_FEATURES ? "" : ldr_feature_name(feature);
}

static bool is_listed(const struct explaining *x, uint64_t at)
{
    for (uint64_t i = 0; i < x->list.count; i++) {
        uint64_t virt = ldr_word(x->list.word + 8 * i);
        if (virt == 0)
            return false;
        if (virt + x->list.slide == x->image->virt + at)
            return true;
    }
    return false;
}

/* What it says: of a feature that is not known, which has a line of its own, nothing is judged. */
static void explain_request(const struct explaining *x, const char *name, uint64_t at)
{
    struct limine_request request;

    memcpy(&request, x->memory + at, sizeof request);
    if (request.response != 0)
        warn(x, name, LDR_REQUEST, at, "has a response before a loader gave any: set it to 0");
    enum ldr_feature feature = ldr_feature_of(request.id);
    if (feature != LDR_FEATURES && request.revision > ldr_feature_revision(feature))
        ldr_say(x->log,
                "%s: warning: the %s request at %s has revision %lu, of which nothing is known: it "
                "is answered as revision %lu, so give it that",
                x->image->name, name, LDR_WHERE(x->image, x->image->virt + at), request.revision,
                ldr_feature_revision(feature));
}

/* Why what begins there is passed over, by this loader or by others; null if it isn't. */
static const char *why_ignored(const struct explaining *x, enum ldr_thing thing, uint64_t at)
{
    if (at % 8 != 0)
        return "is not 8-byte aligned, so no loader sees it: align it";
    if (thing == LDR_REQUEST && x->listed)
        return is_listed(x, at) ? NULL : "is not listed in section .limine_reqs: list it";
    if ((thing == LDR_REQUEST || thing == LDR_TAG) && !ldr_marks_enclose(&x->marks, at))
        return "lies outside the markers, where loaders don't look: move it between them";
    return NULL;
}

/* A visitor of ldr_scan(). */
static enum ldr_status explain_thing(void *context, enum ldr_thing thing, uint64_t at,
                                     uint64_t left)
{
    struct explaining *x = context;

    if (x->lines > MOST_LINES)
        return LDR_OK;
    const char *name = name_feature(x, thing, at, left);
    const char *why = why_ignored(x, thing, at);

    x->requests += thing == LDR_REQUEST;
    if (why != NULL)
        warn(x, name, thing, at, why);
    else if (thing == LDR_REQUEST && left >= sizeof(struct limine_request))
        explain_request(x, name, at);
    return LDR_OK;
}

/* One marker without the other is allowed, and never meant. */
static void explain_marker(const struct explaining *x, enum ldr_thing thing, enum ldr_thing other,
                           uint64_t at)
{
    const unsigned *count = x->marks.count;

    if (count[thing] && !count[other])
        warn(x, "", thing, at, "stands alone: link a start and an end marker, 8-byte aligned");
    if (count[thing] > 1)
        warn(x, "", thing, at, "is the one that counts of several: keep one");
}

/* It counts at base revision 0 alone, which a kernel without a tag has. */
static void explain_list(struct explaining *x)
{
    if (!ldr_request_list(x->image, x->memory, &x->list))
        return;
    x->listed = x->marks.count[LDR_TAG] == 0 ||
                (x->marks.tag_left >= 24 && ldr_word(x->memory + x->marks.tag + 16) == 0);
    ldr_say(x->log,
            "%s: warning: section .limine_reqs is read at base revision 0 alone, and not by every "
            "loader: drop it, and name a newer revision in a tag",
            x->image->name);
}

/* Is the word, in small letters, part of the name? */
static bool has_word(const char *name, const char *word)
{
    for (; *name; name++) {
        size_t i = 0;
        while (word[i] && (name[i] | 0x20) == word[i])
            i++;
        if (!word[i])
            return true;
    }
    return false;
}

/* A variable that looks like a request by its size, and by a name such as memmap_request: of
 * drivers' requests, which are of many sizes, few are called after a feature. */
static bool looks_like_request(const struct ldr_symbol *symbol)
{
    static const char words[][7] = {"limine", "memmap", "memory", "frameb", "hhdm",  "module",
                                    "rsdp",   "smbios", "paging", "kernel", "execut"};
    bool called = false;

    if (symbol->type != STT_OBJECT || symbol->bytes < sizeof(struct limine_request) ||
        symbol->bytes > 80 || symbol->bytes % 8 != 0 || !has_word(symbol->name, "req"))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0] && !called; i++)
        called = has_word(symbol->name, words[i]);
    return called;
}

/* Zeros have no id, so no scan finds these: only their names tell. */
static void explain_zeros(const struct explaining *x)
{
    struct ldr_symbols symbols;
    struct ldr_symbol symbol;

    if (!ldr_symbols_open(&symbols, x->image))
        return;
    for (uint64_t i = 0; i < symbols.count && x->lines <= MOST_LINES; i++) {
        if (!ldr_symbol_read(&symbols, i, &symbol) || !looks_like_request(&symbol))
            continue;
        const struct ldr_segment *segment = ldr_image_segment(x->image, symbol.virt, 1);
        if (segment == NULL || symbol.virt - segment->virt >= segment->file_bytes)
            ldr_say(x->log,
                    "%s: warning: the variable at %s has no id, so it is no request: initialise it",
                    x->image->name, LDR_WHERE(x->image, symbol.virt));
    }
}

void ldr_explain_requests(const struct ldr_image *image, const void *memory,
                          const struct ldr_log *log)
{
    struct explaining x = {.image = image, .memory = memory, .caller = log};
    struct ldr_log counting = {count_line, &x};

    x.log = &counting;
    ldr_marks_find(&x.marks, image, memory);
    explain_marker(&x, LDR_START, LDR_END, x.marks.start);
    explain_marker(&x, LDR_END, LDR_START, x.marks.end);
    explain_list(&x);
    if (ldr_scan(image, memory, explain_thing, &x) != LDR_OK)
        __builtin_trap(); /* its visitor never stops it */
    explain_zeros(&x);
    if (x.requests == 0)
        ldr_say(x.log,
                "%s: warning: there is no request in the file: declare them used, and KEEP() their "
                "section in the linker script",
                image->name);
    if (x.lines > MOST_LINES)
        ldr_say(log, "%s: warning: there is more of this kind: correct what is told first",
                image->name);
}
