/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DEFLATE decoder (RFC 1951), which is a library's.  For loader/gunzip.c alone.
 */
#ifndef LOADER_INFLATE_H
#define LOADER_INFLATE_H

#include <stdint.h>

/* The most bytes that one byte of DEFLATE can stand for: a match of 258 bytes in two bits. */
#define LDR_INFLATE_MOST 1032

/* What the decoder can count to. */
#define LDR_INFLATE_LIMIT INT32_MAX

/* Decodes one DEFLATE stream from `from` to `to`, and returns how many bytes came out, or
 * -1 if the stream is damaged, breaks off, or holds more than to_bytes.  What follows the
 * stream is passed over; at least four bytes shall follow it, since the decoder looks ahead.
 * Both sizes are at most LDR_INFLATE_LIMIT.  Takes 8 KiB of stack, and no other memory. */
int64_t ldr_inflate(void *to, uint64_t to_bytes, const void *from, uint64_t from_bytes);

#endif
