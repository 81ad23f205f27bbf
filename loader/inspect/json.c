/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inspection as one JSON object (RFC 8259), for programs.  Addresses are strings in
 * hexadecimal, since most readers of JSON keep numbers in 53 bits.
 */
#include <stdio.h>

#include "loader/inspect/inspection.h"

typedef unsigned long long ull;

static void print_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void print_lines(const char *key, const struct lines *lines)
{
    printf("\"%s\": [", key);
    for (size_t i = 0; i < lines->count; i++) {
        printf(i ? ", " : "");
        print_string(lines->text[i]);
    }
    printf("]");
}

static void print_error(const struct ldr_report *report)
{
    printf(", \"error\": ");
    if (report->status == LDR_OK)
        printf("null");
    else
        print_string(report->text);
}

static void print_image(const struct ldr_image *image)
{
    printf(",\n \"image\": {\"virt\": \"0x%llx\", \"bytes\": %llu, \"slide\": \"0x%llx\", "
           "\"entry\": \"0x%llx\", \"relocations\": {\"relr\": %llu, \"rela\": %llu, \"jmprel\": "
           "%llu},\n  \"segments\": [",
           (ull)image->virt, (ull)image->bytes, (ull)image->slide, (ull)image->entry,
           (ull)image->relocations[LDR_RELR].count, (ull)image->relocations[LDR_RELA].count,
           (ull)image->relocations[LDR_JMPREL].count);
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *s = &image->segment[i];
        printf("%s\n   {\"index\": %u, \"virt\": \"0x%llx\", \"bytes\": %llu, \"file_offset\": "
               "%llu, \"file_bytes\": %llu, \"rights\": \"%s\"}",
               i ? "," : "", s->index, (ull)s->virt, (ull)s->bytes, (ull)s->file_offset,
               (ull)s->file_bytes, rights_text(s->rights));
    }
    printf("]}");
}

static void print_requests(const struct subject *subject)
{
    const struct ldr_requests *requests = &subject->requests;
    const char *comma = "";

    printf(",\n \"base_revision\": %llu, \"requests\": [", (ull)requests->base_revision);
    for (unsigned i = 0; i < LDR_FEATURES; i++) {
        if (!requests->present[i])
            continue;
        printf("%s\n  {\"feature\": \"%s\", \"virt\": \"0x%llx\"}", comma,
               ldr_feature_name((enum ldr_feature)i),
               (ull)(subject->image.virt + requests->request[i]));
        comma = ",";
    }
    printf("]");
}

static void print_answers(const struct space *space, const struct ldr_requests *requests)
{
    const char *comma = "";

    printf(", \"answers\": {");
    for (unsigned i = 0; i < LDR_FEATURES; i++) {
        char text[ANSWER_BYTES];
        if (!requests->present[i])
            continue;
        printf("%s\"%s\": ", comma, ldr_feature_name((enum ldr_feature)i));
        print_string(answer_text(space, requests, (enum ldr_feature)i, text));
        comma = ", ";
    }
    printf("}");
}

static void print_tables(const struct space *space)
{
    const struct ldr_verdict *v = &space->verdict;
    const struct figures *f = &space->figures;

    printf(",\n   \"kernel_frames\": %llu, \"transition_frames\": %llu, \"leaves_4k\": %llu, "
           "\"leaves_2m\": %llu, \"leaves_1g\": %llu, \"writable_executable_bytes\": %llu",
           (ull)v->kernel_tables, (ull)v->transition_tables, (ull)v->leaves_4k, (ull)v->leaves_2m,
           (ull)v->leaves_1g, (ull)v->writable_executable_bytes);
    printf(", \"frames_by_level\": [");
    for (unsigned level = 0; level < space->plan.arch.levels; level++)
        printf("%s%llu", level ? ", " : "", (ull)f->frames[level]);
    printf("], \"mapped_bytes\": %llu, \"rw_bytes\": %llu, \"r_bytes\": %llu, \"rx_bytes\": %llu, "
           "\"tlb_reach_bytes\": %llu",
           (ull)f->mapped, (ull)f->read_write, (ull)f->read_only, (ull)f->executable,
           (ull)f->reach);
}

static void print_space(const struct space *space, const struct ldr_requests *requests)
{
    printf("\n  {\"memory_bytes\": %llu, ", (ull)space->machine.ram);
    print_lines("lines", &space->said);
    print_error(&space->report);
    if (space->report.status == LDR_OK) {
        print_tables(space);
        print_answers(space, requests);
    }
    printf("}");
}

void print_json(const struct inspection *x)
{
    const struct subject *subject = &x->subject;

    printf("{\"file\": ");
    print_string(subject->file.path);
    printf(", \"bytes\": %llu, \"boots\": %s, \"warnings\": %zu, \"notes\": %zu,\n ",
           (ull)subject->stored_bytes, x->refusals ? "false" : "true", x->warnings, x->notes);
    print_lines("lines", &subject->said);
    print_error(&subject->report);
    if (subject->memory != NULL)
        print_image(&subject->image);
    if (x->spaces)
        print_requests(subject);
    printf(",\n \"machines\": [");
    for (unsigned i = 0; i < x->spaces; i++) {
        printf(i ? "," : "");
        print_space(&x->space[i], &subject->requests);
    }
    printf("]}\n");
}
