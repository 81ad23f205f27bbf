/* SPDX-License-Identifier: BSD-2-Clause */
/* What the operations of pagetables.h do to a model. */
#include "pagetables/tests/model.h"
#include "pagetables/tests/suite.h"

static uint64_t page_of(uint64_t virt)
{
    return virt / PGT_PAGE;
}

static uint64_t down_to(uint64_t page, uint64_t size)
{
    return page - page % size;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void note(struct model_change *change, const struct model_attributes *old, uint64_t first,
                 uint64_t end)
{
    change->global |= (old->rights & PGT_GLOBAL) != 0;
    if (change->count == MODEL_CHANGES)
        return;
    change->range[change->count].first = first;
    change->range[change->count].end = end;
    change->count++;
}

static void note_narrowed(struct model_change *change, const struct model_attributes *old,
                          uint64_t first, uint64_t end)
{
    change->narrowed = true;
    note(change, old, first, end);
}

/* ---- map ---------------------------------------------------------------- */

static bool same_page(const struct model_run *a, const struct model_run *b, uint64_t page)
{
    return model_phys(a, page) == model_phys(b, page) && model_alike(&a->is, &b->is);
}

static bool fits(const struct model_run *want, uint64_t page, uint64_t size)
{
    return page % size == 0 && model_phys(want, page) / PGT_PAGE % size == 0 &&
           want->end - page >= size;
}

/* Appends to `into` the largest leaves that a linear range allows. */
static void decompose(struct model *into, const struct model_run *want, bool has_1g)
{
    uint64_t page = want->first;

    while (page < want->end) {
        struct model_run run = *want;
        run.first = page;
        run.phys = model_phys(want, page);
        uint64_t stop;
        if (has_1g && fits(want, page, MODEL_PAGES_1G)) {
            run.leaf_pages = MODEL_PAGES_1G;
            stop = down_to(want->end, MODEL_PAGES_1G);
        } else if (fits(want, page, MODEL_PAGES_2M)) {
            run.leaf_pages = MODEL_PAGES_2M;
            /* A larger leaf may become possible at the next border of 1 GiB. */
            stop = down_to(page, MODEL_PAGES_1G) + MODEL_PAGES_1G;
            if (stop > want->end)
                stop = down_to(want->end, MODEL_PAGES_2M);
        } else {
            run.leaf_pages = 1;
            stop = down_to(page, MODEL_PAGES_2M) + MODEL_PAGES_2M;
        }
        run.end = lower(stop, want->end);
        model_insert(into, into->count, run);
        page = run.end;
    }
}

/* Where `with` replaces a run by the same leaves they stay what they are, marks
 * included; all else is a change. */
static void replace(struct model_change *change, const struct model_run *old, struct model *with)
{
    for (size_t i = model_find(with, old->first); i < with->count; i++) {
        uint64_t first = higher(with->run[i].first, old->first);
        uint64_t end = lower(with->run[i].end, old->end);
        if (first >= end)
            return;
        if (!same_page(old, &with->run[i], first) || old->leaf_pages != with->run[i].leaf_pages) {
            note_narrowed(change, &old->is, first, end);
            continue;
        }
        model_divide(with, i, first);
        i = model_find(with, first);
        model_divide(with, i, end);
        with->run[i].accessed = old->accessed;
        with->run[i].dirty = old->dirty;
    }
}

/* A leaf that reaches over the border of the range and maps it identically
 * already stays whole: takes its part out of the range. */
static void keep_identical_edges(const struct model *model, struct model_run *want)
{
    size_t i = model_find(model, want->first);
    if (i < model->count && model->run[i].first < want->first) {
        const struct model_run *run = &model->run[i];
        uint64_t into = want->first % run->leaf_pages;
        if (into != 0 && same_page(run, want, want->first)) {
            uint64_t next = lower(want->first - into + run->leaf_pages, want->end);
            want->phys = model_phys(want, next);
            want->first = next;
        }
    }
    if (want->first == want->end)
        return;
    i = model_find(model, want->end - 1);
    if (i < model->count && model->run[i].first < want->end) {
        const struct model_run *run = &model->run[i];
        uint64_t into = want->end % run->leaf_pages;
        if (into != 0 && same_page(run, want, want->end - 1))
            want->end = higher(want->end - into, want->first);
    }
}

static void put_range(struct model *model, const struct pgt_arch *arch,
                      const struct model_run *want, struct model_change *change)
{
    struct model with = {0};

    decompose(&with, want, arch->pages_1g);
    model_cut(model, want->first);
    model_cut(model, want->end);
    for (size_t i = model_find(model, want->first); i < model->count; i++) {
        if (model->run[i].first >= want->end)
            break;
        replace(change, &model->run[i], &with);
    }
    model_drop(model, want->first, want->end);
    size_t at = model_find(model, want->first);
    for (size_t i = 0; i < with.count; i++)
        model_insert(model, at + i, with.run[i]);
    model_free(&with);
}

struct model_change model_map(struct model *model, const struct pgt_arch *arch,
                              const struct pgt_mapping *mapping)
{
    struct model_run want = {
        .first = page_of(mapping->virt),
        .end = page_of(mapping->virt) + page_of(mapping->bytes),
        .phys = mapping->phys,
        .is = {mapping->rights | PGT_READ, mapping->memory, mapping->key, mapping->software},
        .accessed = true,
        .dirty = mapping->rights & PGT_WRITE,
    };
    struct model_change change = {0};

    keep_identical_edges(model, &want);
    if (want.first != want.end)
        put_range(model, arch, &want, &change);
    if (mapping->promote)
        model_promote(model, arch, mapping->virt, mapping->bytes, &change);
    model_tidy(model);
    return change;
}

struct model_change model_unmap(struct model *model, uint64_t virt, uint64_t bytes)
{
    uint64_t first = page_of(virt);
    uint64_t end = first + page_of(bytes);
    struct model_change change = {0};

    model_cut(model, first);
    model_cut(model, end);
    for (size_t i = model_find(model, first); i < model->count && model->run[i].first < end; i++)
        note_narrowed(&change, &model->run[i].is, model->run[i].first, model->run[i].end);
    model_drop(model, first, end);
    model_tidy(model);
    return change;
}

/* ---- changes of attributes ---------------------------------------------- */

/* What becomes of attributes. */
typedef struct model_attributes (*alter_function)(const struct model_attributes *old,
                                                  const void *context);

/* Alters what is mapped in [first, end).  A leaf at the edge is cut if it would change. */
static void alter_range(struct model *model, uint64_t first, uint64_t end, alter_function alter,
                        const void *context, struct model_change *change)
{
    const uint64_t edge[] = {first, end};

    for (int i = 0; i < 2; i++) {
        size_t at = model_find(model, edge[i]);
        if (at == model->count || model->run[at].first >= edge[i])
            continue;
        struct model_attributes new = alter(&model->run[at].is, context);
        if (!model_alike(&new, &model->run[at].is))
            model_cut(model, edge[i]);
    }
    for (size_t i = model_find(model, first); i < model->count && model->run[i].first < end; i++) {
        struct model_run *run = &model->run[i];
        struct model_attributes old = run->is;
        struct model_attributes new = alter(&old, context);
        const unsigned granting = PGT_WRITE | PGT_EXECUTE | PGT_USER | PGT_GLOBAL;
        if (model_alike(&new, &old))
            continue;
        run->is = new;
        if (new.memory != old.memory || new.key != old.key || (old.rights & ~new.rights &granting))
            note_narrowed(change, &old, run->first, run->end);
        else if (new.rights != old.rights) {
            change->widened = true;
            note(change, &old, run->first, run->end);
        }
    }
    model_tidy(model);
}

static struct model_attributes protect(const struct model_attributes *old, const void *context)
{
    const struct pgt_protection *to = context;
    struct model_attributes new = *old;

    if (to->change & PGT_CHANGE_RIGHTS)
        new.rights = to->rights | PGT_READ;
    if (to->change & PGT_CHANGE_MEMORY)
        new.memory = to->memory;
    if (to->change & PGT_CHANGE_KEY)
        new.key = to->key;
    if (to->change & PGT_CHANGE_SOFTWARE)
        new.software = to->software;
    return new;
}

struct model_change model_protect(struct model *model, uint64_t virt, uint64_t bytes,
                                  const struct pgt_protection *protection)
{
    struct model_change change = {0};

    alter_range(model, page_of(virt), page_of(virt) + page_of(bytes), protect, protection, &change);
    return change;
}

static struct model_attributes take_write(const struct model_attributes *old, const void *context)
{
    const unsigned *software = context;
    struct model_attributes new = *old;

    if (old->rights & PGT_WRITE) {
        new.rights &= ~PGT_WRITE;
        new.software |= *software;
    }
    return new;
}

struct model_change model_take_write(struct model *model, uint64_t virt, uint64_t bytes,
                                     unsigned software)
{
    struct model_change change = {0};

    alter_range(model, page_of(virt), page_of(virt) + page_of(bytes), take_write, &software,
                &change);
    return change;
}

void model_clone(struct model *to, const struct model *from, uint64_t virt, uint64_t bytes,
                 enum pgt_clone how, unsigned software)
{
    uint64_t first = page_of(virt);
    uint64_t end = first + page_of(bytes);
    struct model copy = model_copy(from);
    size_t at = model_find(to, first);

    model_cut(&copy, first);
    model_cut(&copy, end);
    for (size_t i = model_find(&copy, first); i < copy.count && copy.run[i].first < end; i++) {
        struct model_run run = copy.run[i];
        bool writable = run.is.rights & PGT_WRITE;
        if (how == PGT_CLONE_COPY_ON_WRITE)
            run.is = take_write(&run.is, &software);
        if (how == PGT_CLONE_READ_ONLY)
            run.is.rights &= ~PGT_WRITE;
        /* Marked as a new mapping is.  That the origin was written to says nothing
         * of a clone which can't be, unless it is the same page for both. */
        run.accessed = true;
        if (how == PGT_CLONE_READ_ONLY || (how == PGT_CLONE_COPY_ON_WRITE && writable))
            run.dirty = false;
        run.dirty |= (run.is.rights & PGT_WRITE) != 0;
        model_insert(to, at++, run);
    }
    model_free(&copy);
    model_tidy(to);
}

/* ---- changes of size ---------------------------------------------------- */

/* Is the block that starts at a page one full, uniform, contiguous table of smaller
 * leaves, which a leaf of its size could replace?  Then that leaf. */
static bool mergeable(const struct model *model, uint64_t page, uint64_t size,
                      struct model_run *ret_leaf)
{
    size_t i = model_find(model, page);
    if (i == model->count)
        return false;
    const struct model_run *run = &model->run[i];
    if (run->first > page || model_phys(run, page) / PGT_PAGE % size != 0)
        return false;
    struct model_run leaf = {
        .first = page,
        .end = page + size,
        .phys = model_phys(run, page),
        .is = run->is,
        /* As a new mapping: a processor may be about to mark a part of the table that it has
         * cached, where nobody would look any more. */
        .accessed = true,
        .dirty = run->is.rights & PGT_WRITE,
        .leaf_pages = size,
    };
    for (uint64_t at = page; at < page + size; at = run->end, run++, i++) {
        if (i == model->count || run->first > at || run->leaf_pages != size / 512 ||
            !same_page(run, &leaf, at))
            return false;
        leaf.dirty |= run->dirty;
    }
    *ret_leaf = leaf;
    return true;
}

static void merge(struct model *model, struct model_run leaf, struct model_change *change)
{
    size_t at = model_find(model, leaf.first);
    model_divide(model, at, leaf.first);
    at = model_find(model, leaf.end - 1);
    model_divide(model, at, leaf.end);
    model_drop(model, leaf.first, leaf.end);
    model_insert(model, model_find(model, leaf.first), leaf);
    note_narrowed(change, &leaf.is, leaf.first, leaf.end);
}

void model_promote(struct model *model, const struct pgt_arch *arch, uint64_t virt, uint64_t bytes,
                   struct model_change *change)
{
    uint64_t largest = arch->pages_1g ? MODEL_PAGES_1G : MODEL_PAGES_2M;
    uint64_t end = page_of(virt) + page_of(bytes);

    for (uint64_t size = MODEL_PAGES_2M; size <= largest; size *= 512) {
        uint64_t page = down_to(page_of(virt), size);
        while (page < end) {
            struct model_run leaf;
            if (mergeable(model, page, size, &leaf))
                merge(model, leaf, change);
            /* On to the next block, or to the next that holds something. */
            page += size;
            size_t i = model_find(model, page);
            if (i == model->count)
                break;
            page = higher(page, down_to(model->run[i].first, size));
        }
        model_tidy(model);
    }
}

/* The part of a run whose leaves meet [first, end), made a run of its own.  Its index. */
static size_t isolate(struct model *model, size_t at, uint64_t first, uint64_t end)
{
    uint64_t size = model->run[at].leaf_pages;
    uint64_t from = down_to(first, size);
    uint64_t to = down_to(end + size - 1, size);

    if (from > model->run[at].first) {
        model_divide(model, at, from);
        at++;
    }
    model_divide(model, at, to);
    return at;
}

void model_split(struct model *model, uint64_t virt, uint64_t bytes, uint64_t largest)
{
    uint64_t first = page_of(virt);
    uint64_t end = first + page_of(bytes);
    size_t i = model_find(model, first);

    while (i < model->count && model->run[i].first < end) {
        if (model->run[i].leaf_pages <= page_of(largest)) {
            i++;
            continue;
        }
        i = isolate(model, i, first, end);
        model->run[i].leaf_pages /= 512;
        /* The same run again, in case that is not enough: it may begin before the range now. */
        i = model_find(model, higher(first, model->run[i].first));
    }
    model_tidy(model);
}

/* ---- accessed and dirty ------------------------------------------------- */

struct pgt_harvest model_harvest(struct model *model, uint64_t virt, uint64_t bytes, unsigned clear,
                                 struct model_change *change)
{
    uint64_t first = page_of(virt);
    uint64_t end = first + page_of(bytes);
    struct pgt_harvest sum = {0};

    for (size_t i = model_find(model, first); i < model->count && model->run[i].first < end; i++) {
        i = isolate(model, i, first, end);
        struct model_run *run = &model->run[i];
        uint64_t reach = (run->end - run->first) * PGT_PAGE;
        sum.mapped += reach;
        sum.accessed += run->accessed ? reach : 0;
        sum.dirty += run->dirty ? reach : 0;
        if (!((clear & PGT_ACCESSED) && run->accessed) && !((clear & PGT_DIRTY) && run->dirty))
            continue;
        note_narrowed(change, &run->is, higher(run->first, first), lower(run->end, end));
        run->accessed &= !(clear & PGT_ACCESSED);
        run->dirty &= !(clear & PGT_DIRTY);
    }
    model_tidy(model);
    return sum;
}

void model_mark(struct model *model, uint64_t page, bool write)
{
    size_t i = isolate(model, model_find(model, page), page, page + 1);

    model->run[i].accessed = true;
    model->run[i].dirty |= write;
    model_tidy(model);
}
