/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/exhaustive_pages.h"

#include <string.h>

static bool inside(struct span span, unsigned page)
{
    return page >= span.first && page < span.end;
}

/* The block of a level that a page lies in. */
static struct span block_of(unsigned page, unsigned level)
{
    unsigned first = page - page % pages_of(level);
    return (struct span){first, first + pages_of(level)};
}

static bool meets(struct span a, struct span b)
{
    return a.first < b.end && b.first < a.end;
}

static bool within(struct span part, struct span whole)
{
    return part.first >= whole.first && part.end <= whole.end;
}

/* Splitting at the edges of a span: the largest leaf around a page, no larger than it
 * was, which lies on one side of each edge. */
static unsigned cut_level(unsigned page, unsigned level, struct span span)
{
    while (level > 1 && meets(block_of(page, level), span) && !within(block_of(page, level), span))
        level--;
    return level;
}

static bool alike(const struct page *a, const struct page *b)
{
    return a->rights == b->rights && a->memory == b->memory && a->software == b->software;
}

static void affect(struct effect *effect, unsigned page)
{
    effect->narrowed = true;
    effect->pages |= UINT64_C(1) << page;
}

/* ---- map and unmap ------------------------------------------------------ */

/* Does the leaf around `page` map the page of the span that is nearest to it as wanted?  Then
 * it maps all that it has of the span so. */
static bool leaf_agrees(const struct pages *pages, unsigned page, struct span span, unsigned shift,
                        const struct page *as)
{
    struct span leaf = block_of(page, pages->page[page].level);
    unsigned at = leaf.first > span.first ? leaf.first : span.first;
    return pages->page[at].frame == (uint8_t)(at + shift) && alike(&pages->page[at], as);
}

/* The largest leaf that the span allows around a page. */
static unsigned fitting_level(const struct extent *extent, unsigned page, struct span span,
                              unsigned shift)
{
    unsigned level = extent->largest;
    while (level > 1 && (!within(block_of(page, level), span) || shift % pages_of(level) != 0))
        level--;
    return level;
}

struct effect pages_map(struct pages *pages, const struct extent *extent, struct span span,
                        unsigned shift, struct page as)
{
    const struct pages old = *pages;
    struct effect effect = {0};

    for (unsigned page = 0; page < extent->pages; page++) {
        const struct page *was = &old.page[page];
        struct page *now = &pages->page[page];
        struct span leaf = block_of(page, was->level ? was->level : 1);
        bool agrees = was->level && meets(leaf, span) && leaf_agrees(&old, page, span, shift, &as);
        if (was->level && meets(leaf, span) && !within(leaf, span) && agrees)
            continue; /* larger than the span, and right as it is */
        if (!inside(span, page)) {
            now->level = (uint8_t)(was->level ? cut_level(page, was->level, span) : 0);
            continue;
        }
        unsigned level = fitting_level(extent, page, span, shift);
        if (agrees && was->level == level)
            continue;
        *now = as;
        now->level = (uint8_t)level;
        now->frame = (uint8_t)(page + shift);
        now->marks = PGT_ACCESSED | (as.rights & PGT_WRITE ? PGT_DIRTY : 0);
        if (was->level)
            affect(&effect, page);
    }
    return effect;
}

struct effect pages_unmap(struct pages *pages, const struct extent *extent, struct span span)
{
    struct effect effect = {0};

    for (unsigned page = 0; page < extent->pages; page++) {
        struct page *now = &pages->page[page];
        if (!now->level)
            continue;
        now->level = (uint8_t)cut_level(page, now->level, span);
        if (inside(span, page)) {
            affect(&effect, page);
            *now = (struct page){0};
        }
    }
    return effect;
}

/* ---- protect and clone -------------------------------------------------- */

static struct page changed(const struct page *was, unsigned change, const struct page *as)
{
    struct page now = *was;
    if (change & PGT_CHANGE_RIGHTS)
        now.rights = as->rights;
    if (change & PGT_CHANGE_MEMORY)
        now.memory = as->memory;
    if (change & PGT_CHANGE_SOFTWARE)
        now.software = as->software;
    return now;
}

struct effect pages_protect(struct pages *pages, const struct extent *extent, struct span span,
                            unsigned change, struct page as)
{
    struct effect effect = {0};

    for (unsigned page = 0; page < extent->pages; page++) {
        struct page was = pages->page[page];
        struct page now = changed(&was, change, &as);
        if (!was.level || alike(&was, &now))
            continue;
        pages->page[page].level = (uint8_t)cut_level(page, was.level, span);
        if (!inside(span, page))
            continue;
        now.level = pages->page[page].level;
        pages->page[page] = now;
        if (now.memory != was.memory || (was.rights & ~now.rights)) {
            affect(&effect, page);
        } else if (now.rights != was.rights) {
            effect.widened = true;
            effect.pages |= UINT64_C(1) << page;
        }
    }
    return effect;
}

struct effect pages_clone(struct pages *to, struct pages *from, const struct extent *extent,
                          struct span span, enum pgt_clone how, unsigned software)
{
    struct effect effect = {0};

    for (unsigned page = 0; page < extent->pages; page++) {
        struct page *origin = &from->page[page];
        bool writable = origin->rights & PGT_WRITE;
        if (!origin->level)
            continue;
        unsigned level = cut_level(page, origin->level, span);
        if (how == PGT_CLONE_COPY_ON_WRITE && writable) {
            origin->level = (uint8_t)level;
            if (inside(span, page)) {
                origin->rights &= (uint8_t)~PGT_WRITE;
                origin->software |= (uint8_t)software;
                affect(&effect, page);
            }
        }
        if (!inside(span, page))
            continue;
        struct page copy = *origin;
        copy.level = (uint8_t)level;
        if (how == PGT_CLONE_READ_ONLY)
            copy.rights &= (uint8_t)~PGT_WRITE;
        /* A mapping of its own: marked as pgt_map() marks, but for the dirt of a page that
         * stayed as it was. */
        if (how == PGT_CLONE_READ_ONLY || (how == PGT_CLONE_COPY_ON_WRITE && writable))
            copy.marks = 0;
        copy.marks |= PGT_ACCESSED | (copy.rights & PGT_WRITE ? PGT_DIRTY : 0);
        to->page[page] = copy;
    }
    return effect;
}

/* ---- sizes -------------------------------------------------------------- */

/* Is a block full of leaves of the level below, all alike and in order? */
static bool mergeable(const struct pages *pages, struct span block, unsigned level,
                      uint8_t *ret_marks)
{
    const struct page *first = &pages->page[block.first];
    uint8_t marks = 0;

    if (first->frame % pages_of(level) != 0)
        return false;
    for (unsigned page = block.first; page < block.end; page++) {
        const struct page *now = &pages->page[page];
        if (now->level != level - 1 || !alike(now, first) ||
            now->frame != first->frame + (page - block.first))
            return false;
        marks |= now->marks;
    }
    *ret_marks = marks;
    return true;
}

struct effect pages_promote(struct pages *pages, const struct extent *extent, struct span span)
{
    struct effect effect = {0};

    for (unsigned level = 2; level <= extent->largest; level++) {
        for (unsigned at = 0; at < extent->pages; at += pages_of(level)) {
            struct span block = block_of(at, level);
            uint8_t marks;
            if (!meets(block, span) || !mergeable(pages, block, level, &marks))
                continue;
            for (unsigned page = block.first; page < block.end; page++) {
                struct page *now = &pages->page[page];
                now->level = (uint8_t)level;
                now->marks = marks | PGT_ACCESSED | (now->rights & PGT_WRITE ? PGT_DIRTY : 0);
                affect(&effect, page);
            }
        }
    }
    return effect;
}

void pages_split(struct pages *pages, const struct extent *extent, struct span span,
                 unsigned largest)
{
    for (unsigned page = 0; page < extent->pages; page++)
        while (pages->page[page].level > largest &&
               meets(block_of(page, pages->page[page].level), span))
            pages->page[page].level--;
}

/* ---- marks -------------------------------------------------------------- */

void pages_mark(struct pages *pages, unsigned page, bool write)
{
    struct span leaf = block_of(page, pages->page[page].level);

    for (unsigned at = leaf.first; at < leaf.end; at++)
        pages->page[at].marks |= PGT_ACCESSED | (write ? PGT_DIRTY : 0);
}

struct effect pages_harvest(struct pages *pages, const struct extent *extent, struct span span,
                            unsigned clear)
{
    struct effect effect = {0};

    for (unsigned page = 0; page < extent->pages; page++) {
        struct page *now = &pages->page[page];
        if (!now->level || !meets(block_of(page, now->level), span) || !(now->marks & clear))
            continue;
        /* One page of a leaf is enough for all of it to be forgotten. */
        effect.narrowed = true;
        if (inside(span, page))
            effect.pages |= UINT64_C(1) << page;
        now->marks &= (uint8_t)~clear;
    }
    return effect;
}

/* ---- tables ------------------------------------------------------------- */

uint64_t pages_table(const struct extent *extent, unsigned level, unsigned page)
{
    unsigned number = page / pages_of(level + 1);

    /* Those of lower levels are numbered first. */
    for (unsigned below = 1; below < level; below++)
        number += extent->pages / pages_of(below + 1);
    return UINT64_C(1) << number;
}

uint64_t pages_tables(const struct pages *pages, const struct extent *extent)
{
    uint64_t tables = 0;

    /* A leaf lies in a table of its own level, and that in one of each level above. */
    for (unsigned page = 0; page < extent->pages; page++) {
        unsigned level = pages->page[page].level;
        for (; level != 0 && level < extent->levels; level++)
            tables |= pages_table(extent, level, page);
    }
    return tables;
}
