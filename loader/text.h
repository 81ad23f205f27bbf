/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slices of text.  A byte that is not ASCII, a NUL too, is a byte like any other here.
 */
#ifndef LOADER_TEXT_H
#define LOADER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Not terminated; .at may be null where length is 0.  For messages: "%.*s", LDR_TEXT(slice). */
struct ldr_text {
    const char *at;
    size_t length;
};
#define LDR_TEXT(slice) (int)(slice).length, (slice).at

/* Whether two texts are the same, byte by byte. */
bool ldr_text_equal(struct ldr_text one, struct ldr_text other);

/* Whether a text is this word, which is in lower case, whatever the case of its own letters. */
bool ldr_text_is(struct ldr_text text, const char *word);

/* Whether a text begins with `word`, in the same sense. */
bool ldr_text_starts(struct ldr_text text, const char *word);

/* Whether `part` begins somewhere in the text; *ret_at says where first. */
bool ldr_text_find(struct ldr_text text, const char *part, size_t *ret_at);

/* The text from byte `place` on, or up to it; place <= text.length.  Smaller than a call. */
static inline struct ldr_text ldr_text_from(struct ldr_text text, size_t place)
{
    return (struct ldr_text){text.at + place, text.length - place};
}
static inline struct ldr_text ldr_text_until(struct ldr_text text, size_t place)
{
    return (struct ldr_text){text.at, place};
}

/* Takes off what stands before the first `mark`, and that itself; without a `mark`, all.
 * Gives what stood before it. */
struct ldr_text ldr_text_take(struct ldr_text *rest, char mark);

/* The text without the blanks around it.  The CR of a CRLF is one. */
struct ldr_text ldr_text_trimmed(struct ldr_text text);

/* As much of a text as a message has room for. */
struct ldr_text ldr_text_excerpt(struct ldr_text text);

/* Decimal digits and nothing else, at most `most`; false otherwise. */
bool ldr_text_number(struct ldr_text text, uint64_t most, uint64_t *ret_number);

/* Exactly 2 x `count` hexadecimal digits, of either case; false otherwise, and then the
 * bytes may be anything. */
bool ldr_text_hex(struct ldr_text text, uint8_t *bytes, size_t count);

#endif
