/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder is that of stb_image (Debian's libstb-dev), which comes as a header: it is
 * compiled with our flags, so without the stack protector, vector registers and thread-local
 * variables of Debian's ready-made libraries, none of which firmware prepares.  It is a tenth of
 * the size of zlib's.  Of the header nothing is left but that decoder: every picture format is
 * left out, and the memory it would ask for, were its output to grow, is refused.
 */
#include "loader/inflate.h"

#include <stddef.h>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_SUPPORT_ZLIB
#define STBI_NO_BMP
#define STBI_NO_GIF
#define STBI_NO_HDR
#define STBI_NO_JPEG
#define STBI_NO_PIC
#define STBI_NO_PNG
#define STBI_NO_PNM
#define STBI_NO_PSD
#define STBI_NO_TGA
#define STBI_NO_LINEAR
#define STBI_NO_SIMD
#define STBI_NO_STDIO
#define STBI_NO_THREAD_LOCALS
#define STBI_NO_FAILURE_STRINGS
#define STBI_ASSERT(expression)      ((void)(expression))
#define STBI_MALLOC(bytes)           NULL
#define STBI_REALLOC(pointer, bytes) NULL
#define STBI_FREE(pointer)           ((void)(pointer))

/* It declares functions that belong to the formats left out.  GCC says so at the end of the file,
 * so this is not taken back. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>

int64_t ldr_inflate(void *to, uint64_t to_bytes, const void *from, uint64_t from_bytes)
{
    return stbi_zlib_decode_noheader_buffer(to, (int)to_bytes, from, (int)from_bytes);
}
