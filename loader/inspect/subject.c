/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/inspect/subject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/explain.h"
#include "loader/gunzip.h"

void *take(size_t count, size_t bytes)
{
    void *memory = calloc(count ? count : 1, bytes ? bytes : 1);

    if (memory == NULL) {
        fprintf(stderr, "pagelift-inspect: out of memory\n");
        exit(2);
    }
    return memory;
}

static void keep_line(void *context, const char *text)
{
    struct lines *lines = context;
    char **longer = realloc(lines->text, (lines->count + 1) * sizeof *longer);

    if (longer == NULL) {
        fprintf(stderr, "pagelift-inspect: out of memory\n");
        exit(2);
    }
    lines->text = longer;
    lines->text[lines->count] = take(strlen(text) + 1, 1);
    strcpy(lines->text[lines->count++], text);
}

struct ldr_log lines_log(struct lines *lines)
{
    return (struct ldr_log){keep_line, lines};
}

bool line_is(const char *line, const char *file, const char *word)
{
    size_t named = strlen(file), length = strlen(word);

    return strncmp(line, file, named) == 0 && strncmp(line + named, ": ", 2) == 0 &&
           strncmp(line + named + 2, word, length) == 0 && line[named + 2 + length] == ':';
}

void lines_free(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->text[i]);
    free(lines->text);
}

/* Grows as it reads, so that pipes do as well as files. */
static bool read_all(FILE *file, struct content *content)
{
    size_t room = 0;

    for (;;) {
        if (content->bytes == room) {
            room = room ? 2 * room : 1 << 16;
            uint8_t *larger = realloc(content->at, room);
            if (larger == NULL)
                return false;
            content->at = larger;
        }
        size_t got = fread(content->at + content->bytes, 1, room - content->bytes, file);
        if (got == 0)
            return !ferror(file);
        content->bytes += got;
    }
}

/* Exactly as long as the file, so that a sanitizer sees whoever reads behind it. */
static void trim(struct content *content)
{
    uint8_t *exact = take(content->bytes, 1);

    if (content->bytes)
        memcpy(exact, content->at, content->bytes);
    free(content->at);
    content->at = exact;
}

bool content_read(struct content *ret_content, const char *path)
{
    struct content content = {.path = path};
    FILE *file = fopen(path, "rb");
    bool whole = file != NULL && read_all(file, &content);

    if (!whole)
        fprintf(stderr, "pagelift-inspect: %s: %s\n", path, strerror(errno));
    else
        trim(&content);
    if (file != NULL)
        fclose(file);
    *ret_content = content;
    return whole;
}

static enum ldr_status inflate(struct subject *subject)
{
    struct content *file = &subject->file;
    struct ldr_gzip gzip;

    if (!ldr_gzip_is(file->at, file->bytes))
        return LDR_OK;
    enum ldr_status status =
        ldr_gzip_read(&gzip, file->path, file->at, file->bytes, &subject->report);
    if (status != LDR_OK)
        return status;
    uint8_t *memory = take(gzip.bytes, 1);
    status = ldr_gzip_inflate(&gzip, memory, &subject->report);
    if (status != LDR_OK) {
        free(memory);
        return status;
    }
    free(file->at);
    file->at = memory;
    file->bytes = gzip.bytes;
    return LDR_OK;
}

/* A kernel whose requests are refused is explained all the same. */
static enum ldr_status judge(struct subject *subject)
{
    struct ldr_log log = lines_log(&subject->said);
    enum ldr_status status = inflate(subject);

    if (status == LDR_OK)
        status = ldr_image_read(&subject->image, subject->file.path, subject->file.at,
                                subject->file.bytes, &subject->report);
    if (status != LDR_OK)
        return status;
    subject->memory = take(subject->image.bytes, 1);
    ldr_image_load(&subject->image, subject->memory);
    ldr_explain_requests(&subject->image, subject->memory, &log);
    return ldr_requests_find(&subject->requests, &subject->image, subject->memory, &log,
                             &subject->report);
}

bool subject_open(struct subject *subject, const char *path)
{
    *subject = (struct subject){0};
    if (!content_read(&subject->file, path))
        return false;
    subject->stored_bytes = subject->file.bytes;
    subject->report.status = judge(subject);
    return true;
}

void subject_close(struct subject *subject)
{
    free(subject->memory);
    free(subject->file.at);
    lines_free(&subject->said);
}
