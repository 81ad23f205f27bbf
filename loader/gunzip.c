/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What gzip puts around a DEFLATE stream (RFC 1952, section 2.3):
 *
 *     1f 8b, method, flags, time (4), extra flags, system       10 bytes
 *     extra field: its length (2), and as many bytes            if EXTRA
 *     file name, ending with 0                                  if NAME
 *     comment, ending with 0                                    if COMMENT
 *     the low half of the CRC-32 of all before (2)              if HEADER_CRC
 *     the stream
 *     CRC-32 of the contents (4), their length modulo 2^32 (4)
 */
#include "loader/gunzip.h"

#include <stddef.h>

#include "loader/bytes.h"
#include "loader/inflate.h"

#define FIXED_BYTES   10
#define TRAILER_BYTES 8

#define MAGIC_0        0x1f
#define MAGIC_1        0x8b
#define METHOD_DEFLATE 8

#define FLAG_HEADER_CRC 0x02
#define FLAG_EXTRA      0x04
#define FLAG_NAME       0x08
#define FLAG_COMMENT    0x10
#define FLAGS_RESERVED  0xe0

/* Where the next part of the header starts, and where the trailer does. */
struct header {
    const uint8_t *at;
    const uint8_t *end;
};

/* The CRC-32 of IEEE 802.3, four bits at a step: a table of 16 words is enough for a file. */
static uint32_t crc32_of(const uint8_t *bytes, uint64_t count)
{
    static const uint32_t step[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = UINT32_MAX;

    for (uint64_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ step[crc & 15];
        crc = crc >> 4 ^ step[crc & 15];
    }
    return ~crc;
}

/* Both return false where the header ends too early. */
static bool skip_bytes(struct header *header, size_t count)
{
    if ((size_t)(header->end - header->at) < count)
        return false;
    header->at += count;
    return true;
}

static bool skip_text(struct header *header)
{
    while (header->at < header->end)
        if (*header->at++ == 0)
            return true;
    return false;
}

/* All of the header but its CRC. */
static bool skip_parts(struct header *header, unsigned flags)
{
    const uint8_t *length = header->at;

    if (flags & FLAG_EXTRA && !(skip_bytes(header, 2) && skip_bytes(header, ldr_read16(length))))
        return false;
    if (flags & FLAG_NAME && !skip_text(header))
        return false;
    return !(flags & FLAG_COMMENT) || skip_text(header);
}

static enum ldr_status refuse_damaged(const char *name, const char *why, struct ldr_report *report)
{
    return ldr_refuse(report, LDR_BAD_KERNEL,
                      "%s: the gzip file is damaged: %s; copy the file again, or compress it again",
                      name, why);
}

/* The first ten bytes: can it be read at all? */
static enum ldr_status check_fixed(const char *name, const uint8_t *file, uint64_t bytes,
                                   struct ldr_report *report)
{
    if (!ldr_gzip_is(file, bytes))
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s: not a gzip file; compress it with gzip, or take the $ away from its "
                          "path",
                          name);
    if (bytes < FIXED_BYTES + TRAILER_BYTES)
        return refuse_damaged(name, "it is shorter than the shortest one", report);
    if (file[2] != METHOD_DEFLATE || file[3] & FLAGS_RESERVED)
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s: a gzip file of an unknown kind (method %u, flags 0x%x); compress it "
                          "with gzip",
                          name, file[2], file[3]);
    return LDR_OK;
}

/* The parts that may be there or not. */
static enum ldr_status check_header(struct header *header, const char *name, const uint8_t *file,
                                    struct ldr_report *report)
{
    unsigned flags = file[3];

    bool whole = skip_parts(header, flags);
    const uint8_t *crc = header->at;
    if (!whole || (flags & FLAG_HEADER_CRC && !skip_bytes(header, 2)))
        return refuse_damaged(name, "it ends within its header", report);
    if (flags & FLAG_HEADER_CRC &&
        (uint16_t)crc32_of(file, (uint64_t)(crc - file)) != ldr_read16(crc))
        return refuse_damaged(name, "its header has another CRC", report);
    return LDR_OK;
}

/* Of contents of 4 GiB and more the trailer has the length modulo 2^32 only, which then
 * doesn't suit what comes out. */
static enum ldr_status check_size(const struct ldr_gzip *gzip, struct ldr_report *report)
{
    if (gzip->deflated_bytes > LDR_INFLATE_LIMIT || gzip->bytes > LDR_INFLATE_LIMIT)
        return ldr_refuse(report, LDR_BAD_KERNEL,
                          "%s: too large for gzip, 2 GiB or more; store it uncompressed",
                          gzip->name);
    if (gzip->bytes / LDR_INFLATE_MOST > gzip->deflated_bytes)
        return refuse_damaged(gzip->name, "its end promises more than it can hold", report);
    return LDR_OK;
}

bool ldr_gzip_is(const void *file, uint64_t bytes)
{
    const uint8_t *magic = file;

    return bytes >= 2 && magic[0] == MAGIC_0 && magic[1] == MAGIC_1;
}

enum ldr_status ldr_gzip_read(struct ldr_gzip *ret_gzip, const char *name, const void *file,
                              uint64_t bytes, struct ldr_report *report)
{
    const uint8_t *first = file;
    enum ldr_status status = check_fixed(name, first, bytes, report);

    if (status != LDR_OK)
        return status;
    const uint8_t *trailer = first + (bytes - TRAILER_BYTES);
    struct header header = {.at = first + FIXED_BYTES, .end = trailer};
    status = check_header(&header, name, first, report);
    if (status != LDR_OK)
        return status;
    struct ldr_gzip gzip = {
        .name = name,
        .deflated = header.at,
        .deflated_bytes = bytes - (uint64_t)(header.at - first),
        .crc = ldr_read32(trailer),
        .bytes = ldr_read32(trailer + 4),
    };
    status = check_size(&gzip, report);
    if (status == LDR_OK)
        *ret_gzip = gzip;
    return status;
}

enum ldr_status ldr_gzip_inflate(const struct ldr_gzip *gzip, void *memory,
                                 struct ldr_report *report)
{
    int64_t bytes = ldr_inflate(memory, gzip->bytes, gzip->deflated, gzip->deflated_bytes);

    if (bytes < 0)
        return refuse_damaged(gzip->name, "it breaks off, or holds more than its end promises",
                              report);
    if ((uint64_t)bytes != gzip->bytes)
        return refuse_damaged(gzip->name,
                              "it holds less than its end promises, or is several in one", report);
    if (crc32_of(memory, gzip->bytes) != gzip->crc)
        return refuse_damaged(gzip->name, "its contents have another CRC-32", report);
    return LDR_OK;
}
