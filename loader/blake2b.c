/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BLAKE2b in the terms of RFC 7693.  Loops where others unroll: a slow disk takes
 * longer to read the file than this to hash it.
 */
#include "loader/blake2b.h"

#include <stdbool.h>
#include <string.h>

#define WORDS  16 /* of 64 bits, little-endian as the processor has them: a block */
#define BLOCK  (WORDS * sizeof(uint64_t))
#define ROUNDS 12

/* Section 2.6: the square roots' fractions, which SHA-512 begins with, too. */
static const uint64_t initial[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/* Section 2.7, SIGMA: which word of the block comes when, a round a row, from the lowest digit
 * on.  The rounds behind the last row begin again at the first. */
static const uint64_t order[10] = {
    0xfedcba9876543210, 0x357b20c16df984ae, 0x491763eadf250c8b, 0x8f04a562ebcd1397,
    0xd386cb1efa427509, 0x91ef57d438b0a6c2, 0xb8293670a4def15c, 0xa2684f05931ce7bd,
    0x5a417d2c803b9ef6, 0x0dc3e9bf5167482a,
};

/* Section 2.5: the length of the hash, no key, one tree of one leaf. */
#define PARAMETERS (UINT64_C(0x01010000) | LDR_BLAKE2B_BYTES)

static uint64_t rotate(uint64_t value, unsigned right)
{
    return value >> right | value << (64 - right);
}

/* Section 3.1, G: two words of the block into four of the state. */
static void mix(uint64_t v[16], unsigned a, unsigned b, unsigned c, unsigned d, const uint64_t x[2])
{
    static const uint8_t right[2][2] = {{32, 24}, {16, 63}};

    for (unsigned half = 0; half < 2; half++) {
        v[a] += v[b] + x[half];
        v[d] = rotate(v[d] ^ v[a], right[half][0]);
        v[c] += v[d];
        v[b] = rotate(v[b] ^ v[c], right[half][1]);
    }
}

/* The state is a square of 4 by 4 words: a round mixes its columns, then its diagonals, which are
 * columns once each row is turned by its number. */
static void mix_round(uint64_t v[16], const uint64_t block[WORDS], uint64_t digits)
{
    for (unsigned i = 0; i < 8; i++, digits >>= 8) {
        const uint64_t x[2] = {block[digits & 15], block[digits >> 4 & 15]};
        unsigned turn = i / 4;

        mix(v, i % 4, 4 + (i + turn) % 4, 8 + (i + 2 * turn) % 4, 12 + (i + 3 * turn) % 4, x);
    }
}

/* Section 3.2, F.  `offset`: how many bytes of the content there are up to the block's end. */
static void compress(uint64_t h[8], const uint64_t block[WORDS], uint64_t offset, bool last)
{
    uint64_t v[16];

    memcpy(v, h, sizeof initial);
    memcpy(v + 8, initial, sizeof initial);
    v[12] ^= offset;
    if (last)
        v[14] = ~v[14];
    for (unsigned round = 0; round < ROUNDS; round++)
        mix_round(v, block, order[round % 10]);
    for (unsigned i = 0; i < 8; i++)
        h[i] ^= v[i] ^ v[i + 8];
}

/* Section 3.3.  A last block that is short ends in zeros; of nothing there is one block, of
 * zeros alone. */
void ldr_blake2b(uint8_t ret_hash[LDR_BLAKE2B_BYTES], const void *at, uint64_t bytes)
{
    uint64_t h[8], block[WORDS], done = 0;

    memcpy(h, initial, sizeof h);
    h[0] ^= PARAMETERS;
    do {
        uint64_t part = bytes - done < BLOCK ? bytes - done : BLOCK;

        memset(block, 0, sizeof block);
        memcpy(block, (const uint8_t *)at + done, part);
        done += part;
        compress(h, block, done, done == bytes);
    } while (done < bytes);
    memcpy(ret_hash, h, LDR_BLAKE2B_BYTES);
}
