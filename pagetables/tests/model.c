/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/model.h"
#include "pagetables/tests/suite.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t pages_2m = 512;
static const uint64_t pages_1g = UINT64_C(512) * 512;

void model_free(struct model *model)
{
    free(model->run);
    *model = (struct model){0};
}

/* Index of the first run that ends above a page; count if there is none. */
static size_t find(const struct model *model, uint64_t page)
{
    size_t i = 0;
    while (i < model->count && model->run[i].end <= page)
        i++;
    return i;
}

static void insert(struct model *model, size_t at, struct model_run run)
{
    if (model->count == model->capacity) {
        model->capacity = model->capacity == 0 ? 64 : model->capacity * 2;
        model->run = realloc(model->run, model->capacity * sizeof(run));
        assert_non_null(model->run);
    }
    memmove(&model->run[at + 1], &model->run[at], (model->count - at) * sizeof(run));
    model->run[at] = run;
    model->count++;
}

static uint64_t phys_at(const struct model_run *run, uint64_t page)
{
    return run->phys + (page - run->first) * PGT_PAGE;
}

/* Makes two runs of one, at a page between two of its leaves. */
static void divide(struct model *model, size_t at, uint64_t page)
{
    struct model_run upper = model->run[at];

    if (page == upper.first || page == upper.end)
        return;
    upper.phys = phys_at(&upper, page);
    upper.first = page;
    model->run[at].end = page;
    insert(model, at + 1, upper);
}

/* Makes a page the border of a leaf: a leaf that it lies within is split, one
 * size at a time. */
static void cut(struct model *model, uint64_t page)
{
    for (;;) {
        size_t i = find(model, page);
        if (i == model->count || model->run[i].first >= page)
            return;
        uint64_t size = model->run[i].leaf_pages;
        if (page % size == 0) {
            divide(model, i, page);
            return;
        }
        uint64_t leaf = page - page % size;
        divide(model, i, leaf);
        i = find(model, page);
        divide(model, i, leaf + size);
        model->run[i].leaf_pages = size / 512;
    }
}

/* Removes [first, end), whose borders are borders of leaves. */
static void drop(struct model *model, uint64_t first, uint64_t end)
{
    size_t from = find(model, first);
    size_t to = from;

    while (to < model->count && model->run[to].first < end)
        to++;
    if (from == to)
        return;
    memmove(&model->run[from], &model->run[to], (model->count - to) * sizeof(*model->run));
    model->count -= to - from;
}

static bool same_page(const struct model_run *a, const struct model_run *b, uint64_t page)
{
    return phys_at(a, page) == phys_at(b, page) && a->rights == b->rights && a->memory == b->memory;
}

static bool fits(const struct model_run *want, uint64_t page, uint64_t size)
{
    return page % size == 0 && phys_at(want, page) / PGT_PAGE % size == 0 &&
           want->end - page >= size;
}

/* Appends to `into` the largest leaves that a linear range allows. */
static void decompose(struct model *into, const struct model_run *want, bool has_1g)
{
    uint64_t page = want->first;

    while (page < want->end) {
        struct model_run run = *want;
        run.first = page;
        run.phys = phys_at(want, page);
        uint64_t stop;
        if (has_1g && fits(want, page, pages_1g)) {
            run.leaf_pages = pages_1g;
            stop = want->end - want->end % pages_1g;
        } else if (fits(want, page, pages_2m)) {
            run.leaf_pages = pages_2m;
            /* A larger leaf may become possible at the next border of 1 GiB. */
            stop = page - page % pages_1g + pages_1g;
            if (stop > want->end)
                stop = want->end - want->end % pages_2m;
        } else {
            run.leaf_pages = 1;
            stop = page - page % pages_2m + pages_2m;
        }
        run.end = stop < want->end ? stop : want->end;
        insert(into, into->count, run);
        page = run.end;
    }
}

static void widen(struct model_change *change, uint64_t first, uint64_t end)
{
    if (change->first == change->end)
        *change = (struct model_change){first, end};
    if (first < change->first)
        change->first = first;
    if (end > change->end)
        change->end = end;
}

/* Adds to the change what differs where `with`, which covers it, replaces a run. */
static void compare(struct model_change *change, const struct model_run *old,
                    const struct model *with)
{
    for (size_t i = find(with, old->first); i < with->count; i++) {
        const struct model_run *run = &with->run[i];
        uint64_t first = run->first > old->first ? run->first : old->first;
        uint64_t end = run->end < old->end ? run->end : old->end;
        if (first >= end)
            return;
        if (!same_page(old, run, first) || old->leaf_pages != run->leaf_pages)
            widen(change, first, end);
    }
}

/* A leaf that reaches over the border of the range and maps it identically
 * already stays whole: takes its part out of the range. */
static void keep_identical_edges(const struct model *model, struct model_run *want)
{
    size_t i = find(model, want->first);
    if (i < model->count && model->run[i].first < want->first) {
        const struct model_run *run = &model->run[i];
        uint64_t into = want->first % run->leaf_pages;
        if (into != 0 && same_page(run, want, want->first)) {
            uint64_t end = want->first - into + run->leaf_pages;
            uint64_t next = end < want->end ? end : want->end;
            want->phys = phys_at(want, next);
            want->first = next;
        }
    }
    if (want->first == want->end)
        return;
    i = find(model, want->end - 1);
    if (i < model->count && model->run[i].first < want->end) {
        const struct model_run *run = &model->run[i];
        uint64_t into = want->end % run->leaf_pages;
        if (into != 0 && same_page(run, want, want->end - 1)) {
            uint64_t start = want->end - into;
            want->end = start > want->first ? start : want->first;
        }
    }
}

struct model_change model_map(struct model *model, const struct pgt_arch *arch,
                              const struct pgt_mapping *mapping)
{
    struct model_run want = {
        .first = mapping->virt / PGT_PAGE,
        .end = mapping->virt / PGT_PAGE + mapping->bytes / PGT_PAGE,
        .phys = mapping->phys,
        .rights = mapping->rights | PGT_READ,
        .memory = mapping->memory,
    };
    struct model_change change = {0};
    struct model with = {0};

    keep_identical_edges(model, &want);
    if (want.first == want.end)
        return change;
    decompose(&with, &want, arch->pages_1g);
    cut(model, want.first);
    cut(model, want.end);
    for (size_t i = find(model, want.first); i < model->count; i++) {
        if (model->run[i].first >= want.end)
            break;
        compare(&change, &model->run[i], &with);
    }
    drop(model, want.first, want.end);
    size_t at = find(model, want.first);
    for (size_t i = 0; i < with.count; i++)
        insert(model, at + i, with.run[i]);
    model_free(&with);
    return change;
}

struct model_change model_unmap(struct model *model, uint64_t virt, uint64_t bytes)
{
    uint64_t first = virt / PGT_PAGE;
    uint64_t end = first + bytes / PGT_PAGE;
    struct model_change change = {0};

    cut(model, first);
    cut(model, end);
    for (size_t i = find(model, first); i < model->count && model->run[i].first < end; i++)
        widen(&change, model->run[i].first, model->run[i].end);
    drop(model, first, end);
    return change;
}

struct model model_from(const struct model *model, uint64_t page)
{
    struct model copy = {0};

    for (size_t i = find(model, page); i < model->count; i++)
        insert(&copy, copy.count, model->run[i]);
    if (copy.count != 0 && copy.run[0].first < page) {
        copy.run[0].phys = phys_at(&copy.run[0], page);
        copy.run[0].first = page;
    }
    return copy;
}

const struct model_run *model_next(const struct model *model, uint64_t page)
{
    size_t i = find(model, page);
    return i == model->count ? NULL : &model->run[i];
}

struct pgt_leaf model_leaf(const struct model_run *run, uint64_t page)
{
    uint64_t first = page > run->first ? page - page % run->leaf_pages : run->first;

    return (struct pgt_leaf){
        .virt = first * PGT_PAGE,
        .phys = phys_at(run, first),
        .bytes = run->leaf_pages * PGT_PAGE,
        .rights = run->rights,
        .memory = run->memory,
    };
}

/* Blocks of 2^shift pages that [first, end) touches, without the last one
 * counted before. */
static size_t new_blocks(uint64_t first, uint64_t end, int shift, uint64_t *counted_end)
{
    uint64_t from = first >> shift;
    uint64_t to = ((end - 1) >> shift) + 1;

    if (from < *counted_end)
        from = *counted_end;
    if (from >= to)
        return 0;
    *counted_end = to;
    return (size_t)(to - from);
}

size_t model_tables(const struct model *model, unsigned levels, const bool *kept)
{
    size_t tables = 1;

    /* A table of level n covers 2^9n pages; the root is counted above. */
    for (unsigned level = 1; level < levels; level++) {
        int shift = 9 * (int)level;
        uint64_t counted_end = 0;
        for (size_t i = 0; i < model->count; i++) {
            const struct model_run *run = &model->run[i];
            if (run->leaf_pages < UINT64_C(1) << shift)
                tables += new_blocks(run->first, run->end, shift, &counted_end);
        }
    }
    for (unsigned slot = 0; kept != NULL && slot < 512; slot++) {
        int shift = 9 * ((int)levels - 1);
        if (!kept[slot])
            continue;
        bool used = false;
        for (size_t i = 0; i < model->count && !used; i++)
            used = ((model->run[i].first >> shift) & 511) <= slot &&
                   (((model->run[i].end - 1) >> shift) & 511) >= slot;
        tables += !used;
    }
    return tables;
}

static size_t match(const struct model *model, const struct walk_list *list, size_t at)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct model_run *run = &model->run[i];
        for (uint64_t page = run->first; page < run->end; page += run->leaf_pages, at++) {
            struct pgt_leaf want = model_leaf(run, page);
            if (at == list->count)
                fail_msg("the walk ends before %#lx", (unsigned long)want.virt);
            const struct walk_leaf *leaf = &list->leaf[at];
            if (leaf->virt != want.virt || leaf->phys != want.phys || leaf->bytes != want.bytes ||
                leaf->rights != want.rights || leaf->memory != want.memory)
                fail_msg("%#lx -> %#lx, %#lx bytes, rights %#x, memory %d; the model has "
                         "%#lx -> %#lx, %#lx bytes, rights %#x, memory %d",
                         (unsigned long)leaf->virt, (unsigned long)leaf->phys,
                         (unsigned long)leaf->bytes, leaf->rights, (int)leaf->memory,
                         (unsigned long)want.virt, (unsigned long)want.phys,
                         (unsigned long)want.bytes, want.rights, (int)want.memory);
        }
    }
    return at;
}

void model_assert_equal(const struct model *model, const struct model *above,
                        const struct walk_list *list)
{
    if (list->bad != 0)
        fail_msg("%zu entries that a processor faults on", list->bad);
    size_t matched = match(model, list, 0);
    if (above != NULL)
        matched = match(above, list, matched);
    if (matched != list->count)
        fail_msg("%#lx is mapped, the model has nothing there",
                 (unsigned long)list->leaf[matched].virt);
}
