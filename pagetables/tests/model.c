/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/model.h"
#include "pagetables/tests/suite.h"

#include <stdlib.h>
#include <string.h>

void model_free(struct model *model)
{
    free(model->run);
    *model = (struct model){0};
}

size_t model_find(const struct model *model, uint64_t page)
{
    size_t low = 0, high = model->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (model->run[middle].end <= page)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void model_insert(struct model *model, size_t at, struct model_run run)
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

uint64_t model_phys(const struct model_run *run, uint64_t page)
{
    return run->phys + (page - run->first) * PGT_PAGE;
}

void model_divide(struct model *model, size_t at, uint64_t page)
{
    struct model_run upper = model->run[at];

    if (page <= upper.first || page >= upper.end)
        return;
    upper.phys = model_phys(&upper, page);
    upper.first = page;
    model->run[at].end = page;
    model_insert(model, at + 1, upper);
}

void model_cut(struct model *model, uint64_t page)
{
    for (;;) {
        size_t i = model_find(model, page);
        if (i == model->count || model->run[i].first >= page)
            return;
        uint64_t size = model->run[i].leaf_pages;
        if (page % size == 0) {
            model_divide(model, i, page);
            return;
        }
        uint64_t leaf = page - page % size;
        model_divide(model, i, leaf);
        i = model_find(model, page);
        model_divide(model, i, leaf + size);
        model->run[i].leaf_pages = size / 512;
    }
}

void model_drop(struct model *model, uint64_t first, uint64_t end)
{
    size_t from = model_find(model, first);
    size_t to = from;

    while (to < model->count && model->run[to].first < end)
        to++;
    if (from == to)
        return;
    memmove(&model->run[from], &model->run[to], (model->count - to) * sizeof(*model->run));
    model->count -= to - from;
}

bool model_alike(const struct model_attributes *a, const struct model_attributes *b)
{
    return a->rights == b->rights && a->memory == b->memory && a->key == b->key &&
           a->software == b->software;
}

static bool continues(const struct model_run *run, const struct model_run *next)
{
    return next->first == run->end && next->phys == model_phys(run, next->first) &&
           model_alike(&run->is, &next->is);
}

void model_tidy(struct model *model)
{
    size_t kept = 0;

    for (size_t i = 1; i < model->count; i++) {
        struct model_run *run = &model->run[kept];
        const struct model_run *next = &model->run[i];
        if (continues(run, next) && run->leaf_pages == next->leaf_pages &&
            run->accessed == next->accessed && run->dirty == next->dirty)
            run->end = next->end;
        else
            model->run[++kept] = *next;
    }
    model->count = model->count == 0 ? 0 : kept + 1;
}

void model_append(struct model *model, const struct model *more)
{
    for (size_t i = 0; i < more->count; i++)
        model_insert(model, model->count, more->run[i]);
}

struct model model_copy(const struct model *model)
{
    struct model copy = {0};

    model_append(&copy, model);
    return copy;
}

struct model model_from(const struct model *model, uint64_t page)
{
    struct model copy = {0};

    for (size_t i = model_find(model, page); i < model->count; i++)
        model_insert(&copy, copy.count, model->run[i]);
    if (copy.count != 0 && copy.run[0].first < page) {
        copy.run[0].phys = model_phys(&copy.run[0], page);
        copy.run[0].first = page;
    }
    return copy;
}

const struct model_run *model_next(const struct model *model, uint64_t page)
{
    size_t i = model_find(model, page);
    return i == model->count ? NULL : &model->run[i];
}

struct pgt_leaf model_leaf(const struct model_run *run, uint64_t page)
{
    uint64_t first = page > run->first ? page - page % run->leaf_pages : run->first;

    return (struct pgt_leaf){
        .virt = first * PGT_PAGE,
        .phys = model_phys(run, first),
        .bytes = run->leaf_pages * PGT_PAGE,
        .rights = run->is.rights,
        .memory = run->is.memory,
        .key = run->is.key,
        .software = run->is.software,
        .accessed = run->accessed,
        .dirty = run->dirty,
    };
}

bool model_next_run(const struct model *model, uint64_t page, struct pgt_run *ret_run)
{
    size_t i = model_find(model, page);
    if (i == model->count)
        return false;
    const struct model_run *run = &model->run[i];
    struct pgt_leaf leaf = model_leaf(run, page);
    struct pgt_run merged = {
        .virt = leaf.virt,
        .phys = leaf.phys,
        .rights = leaf.rights,
        .memory = leaf.memory,
        .key = leaf.key,
        .software = leaf.software,
    };
    uint64_t first = leaf.virt / PGT_PAGE;
    for (;; run++, first = run->first) {
        size_t leaves = (size_t)((run->end - first) / run->leaf_pages);
        merged.bytes += (run->end - first) * PGT_PAGE;
        merged.leaves_4k += run->leaf_pages == 1 ? leaves : 0;
        merged.leaves_2m += run->leaf_pages == MODEL_PAGES_2M ? leaves : 0;
        merged.leaves_1g += run->leaf_pages == MODEL_PAGES_1G ? leaves : 0;
        if (++i == model->count || !continues(run, run + 1))
            break;
    }
    *ret_run = merged;
    return true;
}

bool model_next_gone(const struct model *model, uint64_t page, uint64_t end,
                     struct pgt_gone *ret_run)
{
    size_t i = model_find(model, page);

    if (page >= end || i == model->count || model->run[i].first >= end)
        return false;
    const struct model_run *run = &model->run[i];
    uint64_t first = page > run->first ? page : run->first;
    *ret_run = (struct pgt_gone){
        .virt = first * PGT_PAGE,
        .phys = model_phys(run, first),
        .rights = run->is.rights,
        .software = run->is.software,
        .accessed = run->accessed,
        .dirty = run->dirty,
    };
    while (++i < model->count && run->end < end && continues(run, run + 1) &&
           run->accessed == run[1].accessed && run->dirty == run[1].dirty)
        run++;
    ret_run->bytes = ((run->end < end ? run->end : end) - first) * PGT_PAGE;
    return true;
}

bool model_is_empty(const struct model *model, uint64_t virt, uint64_t bytes)
{
    const struct model_run *run = model_next(model, virt / PGT_PAGE);
    return run == NULL || run->first >= virt / PGT_PAGE + bytes / PGT_PAGE;
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

bool model_same_leaf(const struct pgt_leaf *a, const struct pgt_leaf *b)
{
    return a->virt == b->virt && a->phys == b->phys && a->bytes == b->bytes &&
           a->rights == b->rights && a->memory == b->memory && a->key == b->key &&
           a->software == b->software && a->accessed == b->accessed && a->dirty == b->dirty;
}

bool model_same_run(const struct pgt_run *a, const struct pgt_run *b)
{
    return a->virt == b->virt && a->phys == b->phys && a->bytes == b->bytes &&
           a->rights == b->rights && a->memory == b->memory && a->key == b->key &&
           a->software == b->software && a->leaves_4k == b->leaves_4k &&
           a->leaves_2m == b->leaves_2m && a->leaves_1g == b->leaves_1g;
}

static void print_leaf(const char *who, const struct pgt_leaf *leaf)
{
    print_message("%s: %#lx -> %#lx, %#lx bytes, rights %#x, memory %d, key %u, software %#x, "
                  "accessed %d, dirty %d\n",
                  who, (unsigned long)leaf->virt, (unsigned long)leaf->phys,
                  (unsigned long)leaf->bytes, leaf->rights, (int)leaf->memory, leaf->key,
                  leaf->software, leaf->accessed, leaf->dirty);
}

static void match_leaf(const struct walk_leaf *walked, const struct pgt_leaf *want)
{
    struct pgt_leaf leaf = {
        .virt = walked->virt,
        .phys = walked->phys,
        .bytes = walked->bytes,
        .rights = walked->rights,
        .memory = walked->memory,
        .key = walked->key,
        .software = walked->software,
        .accessed = walked->accessed,
        .dirty = walked->dirty,
    };

    if (model_same_leaf(&leaf, want))
        return;
    print_leaf("walk ", &leaf);
    print_leaf("model", want);
    fail_msg("a leaf is not what the model has");
}

void model_assert_leaf(const struct model *model, uint64_t page, const struct walk_leaf *leaf)
{
    size_t i = model_find(model, page);
    bool mapped = i < model->count && model->run[i].first <= page;

    if (mapped != (leaf->kind == WALK_LEAF) || (!mapped && leaf->kind != WALK_ABSENT))
        fail_msg("page %#lx: the walk ends as %d, and the model has %s", (unsigned long)page,
                 (int)leaf->kind, mapped ? "a page" : "nothing");
    if (mapped) {
        struct pgt_leaf want = model_leaf(&model->run[i], page);
        match_leaf(leaf, &want);
    }
}

void model_assert_equal(const struct model *model, const struct walk_list *list)
{
    size_t at = 0;

    if (list->bad != 0)
        fail_msg("%zu entries that a processor faults on", list->bad);
    for (size_t i = 0; i < model->count; i++) {
        const struct model_run *run = &model->run[i];
        for (uint64_t page = run->first; page < run->end; page += run->leaf_pages, at++) {
            struct pgt_leaf want = model_leaf(run, page);
            if (at == list->count)
                fail_msg("the walk ends before %#lx", (unsigned long)want.virt);
            match_leaf(&list->leaf[at], &want);
        }
    }
    if (at != list->count)
        fail_msg("%#lx is mapped, the model has nothing there", (unsigned long)list->leaf[at].virt);
}
