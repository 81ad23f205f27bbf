/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/leaves.h"
#include "pagetables/tests/suite.h"

#include <stdlib.h>

void leaves_free(struct leaves *leaves)
{
    free(leaves->leaf);
    *leaves = (struct leaves){0};
}

void leaves_add(struct leaves *leaves, const struct pgt_leaf *leaf)
{
    if (leaves->count == leaves->capacity) {
        leaves->capacity = leaves->capacity == 0 ? 1024 : leaves->capacity * 2;
        leaves->leaf = realloc(leaves->leaf, leaves->capacity * sizeof(*leaf));
        assert_non_null(leaves->leaf);
    }
    leaves->leaf[leaves->count++] = *leaf;
}

void leaves_fill(struct leaves *leaves, struct pgt_leaf first, uint64_t bytes)
{
    for (uint64_t at = 0; at < bytes; at += first.bytes) {
        struct pgt_leaf leaf = first;
        leaf.virt += at;
        leaf.phys += at;
        leaves_add(leaves, &leaf);
    }
}

static struct pgt_leaf from_walk(const struct walk_leaf *found)
{
    return (struct pgt_leaf){
        .virt = found->virt,
        .phys = found->phys,
        .bytes = found->bytes,
        .rights = found->rights,
        .memory = found->memory,
        .key = found->key,
        .software = found->software,
        .accessed = found->accessed,
        .dirty = found->dirty,
    };
}

struct leaves leaves_read(const struct arena *arena, const struct pgt_space *space)
{
    struct walk_list list = {0};
    struct leaves leaves = {0};

    walk_all(&list, arena, &space->arch, space->root);
    if (list.bad != 0)
        fail_msg("%zu entries that a processor faults on", list.bad);
    for (size_t i = 0; i < list.count; i++) {
        struct pgt_leaf leaf = from_walk(&list.leaf[i]);
        leaves_add(&leaves, &leaf);
    }
    walk_list_free(&list);
    return leaves;
}

static void print_leaf(const char *who, const struct pgt_leaf *leaf)
{
    print_error("%s: %#lx -> %#lx, %#lx bytes, rights %#x, memory %d, key %u, software %#x%s%s\n",
                who, (unsigned long)leaf->virt, (unsigned long)leaf->phys,
                (unsigned long)leaf->bytes, leaf->rights, (int)leaf->memory, leaf->key,
                leaf->software, leaf->accessed ? ", accessed" : "", leaf->dirty ? ", dirty" : "");
}

static void expect_same(const char *who, const struct pgt_leaf *want, bool found,
                        const struct pgt_leaf *leaf)
{
    if (found && leaf->virt == want->virt && leaf->phys == want->phys &&
        leaf->bytes == want->bytes && leaf->rights == (want->rights | PGT_READ) &&
        leaf->memory == want->memory && leaf->key == want->key &&
        leaf->software == want->software && leaf->accessed == want->accessed &&
        leaf->dirty == want->dirty)
        return;
    print_leaf("expected", want);
    if (found)
        print_leaf(who, leaf);
    fail_msg("%s %s", who, found ? "finds another leaf" : "finds none");
}

void leaves_expect(const struct arena *arena, const struct pgt_space *space,
                   struct leaves *expected)
{
    struct leaves found = leaves_read(arena, space);
    struct pgt_leaf leaf;
    uint64_t next = 0;

    for (size_t i = 0; i < expected->count; i++) {
        const struct pgt_leaf *want = &expected->leaf[i];
        expect_same("the walker", want, i < found.count, &found.leaf[i]);
        expect_same("pgt_next", want, pgt_next(space, next, &leaf), &leaf);
        next = want->virt + want->bytes;
        expect_same("pgt_lookup", want, pgt_lookup(space, want->virt, &leaf), &leaf);
        expect_same("pgt_lookup of the last byte", want, pgt_lookup(space, next - 1, &leaf), &leaf);
    }
    if (found.count != expected->count)
        print_leaf("beside what is expected", &found.leaf[expected->count]);
    assert_int_equal(found.count, expected->count);
    if (expected->count == 0 || next != 0)
        assert_false(pgt_next(space, next, &leaf));
    leaves_free(&found);
    leaves_free(expected);
}

bool leaves_meets(const struct pgt_leaf *leaf, uint64_t virt, uint64_t bytes)
{
    return leaf->virt <= virt + (bytes - 1) && leaf->virt + (leaf->bytes - 1) >= virt;
}

static bool within(const struct pgt_leaf *leaf, uint64_t virt, uint64_t bytes)
{
    return leaf->virt >= virt && leaf->virt + (leaf->bytes - 1) <= virt + (bytes - 1);
}

/* The index-th of the 512 parts of a leaf. */
static struct pgt_leaf part_of(const struct pgt_leaf *leaf, unsigned index)
{
    struct pgt_leaf part = *leaf;
    part.bytes = leaf->bytes / 512;
    part.virt += index * part.bytes;
    part.phys += index * part.bytes;
    return part;
}

void leaves_flush_add(struct pgt_flush *flush, uint64_t first, uint64_t last)
{
    uint64_t *before = flush->count > 0 ? &flush->range[flush->count - 1].last : NULL;

    if (before != NULL && first != 0 && *before == first - 1) {
        *before = last;
        return;
    }
    if (flush->count == PGT_FLUSH_RANGES) {
        flush->everything = true;
        return;
    }
    flush->range[flush->count].first = first;
    flush->range[flush->count++].last = last;
}

static void note(struct pgt_flush *flush, const struct pgt_leaf *old, enum leaves_effect effect)
{
    if (flush == NULL || effect == LEAVES_UNSEEN)
        return;
    leaves_flush_add(flush, old->virt, old->virt + (old->bytes - 1));
    flush->needed |= effect == LEAVES_NARROWS;
    flush->widened |= effect == LEAVES_WIDENS;
    flush->global |= (old->rights & PGT_GLOBAL) != 0;
}

struct change {
    uint64_t virt;
    uint64_t bytes;
    leaves_change *change;
    const void *context;
    struct pgt_flush *flush;
    size_t *splits;
};

static void change_leaf(struct leaves *into, const struct pgt_leaf *old, const struct change *job)
{
    struct pgt_leaf leaf = *old;
    enum leaves_effect effect = LEAVES_SAME;

    if (leaves_meets(old, job->virt, job->bytes))
        effect = job->change(job->context, &leaf);
    if (effect == LEAVES_SAME) {
        leaves_add(into, old);
    } else if (within(old, job->virt, job->bytes)) {
        note(job->flush, old, effect);
        leaves_add(into, &leaf);
    } else {
        if (job->splits != NULL)
            ++*job->splits;
        for (unsigned i = 0; i < 512; i++) {
            struct pgt_leaf part = part_of(old, i);
            change_leaf(into, &part, job);
        }
    }
}

struct leaves leaves_changed(const struct leaves *old, uint64_t virt, uint64_t bytes,
                             leaves_change *change, const void *context, struct pgt_flush *flush,
                             size_t *splits)
{
    struct change job = {virt, bytes, change, context, flush, splits};
    struct leaves changed = {0};

    for (size_t i = 0; i < old->count; i++)
        change_leaf(&changed, &old->leaf[i], &job);
    return changed;
}

static void clip_leaf(struct leaves *into, const struct pgt_leaf *leaf, uint64_t virt,
                      uint64_t bytes)
{
    if (!leaves_meets(leaf, virt, bytes))
        return;
    if (within(leaf, virt, bytes)) {
        leaves_add(into, leaf);
        return;
    }
    for (unsigned i = 0; i < 512; i++) {
        struct pgt_leaf part = part_of(leaf, i);
        clip_leaf(into, &part, virt, bytes);
    }
}

struct leaves leaves_clipped(const struct leaves *old, uint64_t virt, uint64_t bytes)
{
    struct leaves clipped = {0};

    for (size_t i = 0; i < old->count; i++)
        clip_leaf(&clipped, &old->leaf[i], virt, bytes);
    return clipped;
}
