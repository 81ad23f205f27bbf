/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/bits.h"

#include "pagetables/entry.h"

#define WORD_BITS 64u

static size_t words_for(size_t count)
{
    return count / WORD_BITS + (count % WORD_BITS != 0);
}

static uint64_t bit_of(size_t number)
{
    return UINT64_C(1) << (number % WORD_BITS);
}

/* All bits of a word from this number's on. */
static uint64_t bits_from(size_t number)
{
    return UINT64_MAX << (number % WORD_BITS);
}

size_t pgt_bits_bytes(size_t count)
{
    size_t words = 0;
    do {
        count = words_for(count);
        words += count;
    } while (count > 1);
    return words * sizeof(uint64_t);
}

void pgt_bits_init(struct pgt_bits *bits, void *memory, size_t count)
{
    uint64_t *word = memory;
    *bits = (struct pgt_bits){.count = count};
    size_t words = count;
    do {
        words = words_for(words);
        pgt_assert(bits->levels < PGT_BITS_LEVELS);
        bits->word[bits->levels++] = word;
        for (size_t i = 0; i < words; i++)
            *word++ = 0;
    } while (words > 1);
}

bool pgt_bits_has(const struct pgt_bits *bits, size_t number)
{
    pgt_assert(number < bits->count);
    return bits->word[0][number / WORD_BITS] & bit_of(number);
}

void pgt_bits_add(struct pgt_bits *bits, size_t first, size_t count)
{
    pgt_assert(first < bits->count && count > 0 && count <= bits->count - first);
    size_t last = first + (count - 1);
    /* The words that were touched are the numbers to add a level higher. */
    for (unsigned level = 0; level < bits->levels; level++) {
        uint64_t *word = bits->word[level];
        uint64_t head = bits_from(first);
        uint64_t tail = ~(bits_from(last) << 1);
        first /= WORD_BITS;
        last /= WORD_BITS;
        if (first == last) {
            uint64_t old = word[first];
            word[first] = old | (head & tail);
            if (old) /* the levels above say so already */
                return;
            continue;
        }
        word[first] |= head;
        for (size_t i = first + 1; i < last; i++)
            word[i] = UINT64_MAX;
        word[last] |= tail;
    }
}

void pgt_bits_remove(struct pgt_bits *bits, size_t number)
{
    pgt_assert(number < bits->count);
    for (unsigned level = 0; level < bits->levels; level++) {
        uint64_t *word = &bits->word[level][number / WORD_BITS];
        *word &= ~bit_of(number);
        if (*word) /* the levels above still tell the truth */
            return;
        number /= WORD_BITS;
    }
}

size_t pgt_bits_first(const struct pgt_bits *bits, size_t from)
{
    /* Up, until a word has a member at or behind the place ... */
    unsigned level = 0;
    for (size_t below = bits->count;; level++) {
        if (level == bits->levels || from >= below)
            return bits->count;
        uint64_t rest = bits->word[level][from / WORD_BITS] & bits_from(from);
        if (rest) {
            from = from / WORD_BITS * WORD_BITS + (size_t)__builtin_ctzll(rest);
            break;
        }
        from = from / WORD_BITS + 1;
        below = words_for(below);
    }
    /* ... and down again to the first of that. */
    while (level-- > 0)
        from = from * WORD_BITS + (size_t)__builtin_ctzll(bits->word[level][from]);
    return from;
}

size_t pgt_bits_first_absent(const struct pgt_bits *bits, size_t from, size_t end)
{
    pgt_assert(end <= bits->count);
    while (from < end) {
        uint64_t rest = ~bits->word[0][from / WORD_BITS] & bits_from(from);
        from = from / WORD_BITS * WORD_BITS;
        if (rest) {
            from += (size_t)__builtin_ctzll(rest);
            break;
        }
        from += WORD_BITS;
    }
    return from < end ? from : end;
}
