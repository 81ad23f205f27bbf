/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BLAKE2b (RFC 7693), by which a configuration says what a file shall contain: the full length
 * of 64 bytes, and no key.
 *
 * It is ours although others are packaged, for its size: the application has 128 KiB for
 * everything.  The smallest object that Debian 12 has for the whole function and that is public in
 * its library takes 6.2 KiB (libsodium; librhash 6.6, libb2 7.7, wolfSSL 10.7, libtomcrypt 14;
 * libargon2 keeps its 6.0 KiB to itself), and all are compiled with a stack protector, which
 * firmware has no thread block for.  This one takes 0.6 KiB, and the tests compare it with
 * libb2.
 */
#ifndef LOADER_BLAKE2B_H
#define LOADER_BLAKE2B_H

#include <stdint.h>

#define LDR_BLAKE2B_BYTES 64

/* The hash of `bytes` bytes in memory; 0 is a length, too. */
void ldr_blake2b(uint8_t ret_hash[LDR_BLAKE2B_BYTES], const void *at, uint64_t bytes);

#endif
