/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/owned.h"

#include <stdlib.h>

static size_t index_of(const struct owned *owned, uint64_t frame)
{
    if (frame < owned->arena.base || frame % PGT_PAGE != 0)
        return SIZE_MAX;
    size_t index = (size_t)((frame - owned->arena.base) / PGT_PAGE);
    return index < owned->arena.count ? index : SIZE_MAX;
}

/* The arena's own refusals are for tables alone. */
static bool take(struct owned *owned, uint64_t *ret_frame)
{
    struct arena *arena = &owned->arena;
    size_t limit = arena->limit, refuse_in = arena->refuse_in;
    arena->limit = arena->count;
    arena->refuse_in = 0;
    bool granted = arena->frames.reserve(arena, 1);
    arena->limit = limit;
    arena->refuse_in = refuse_in;
    if (granted)
        *ret_frame = arena->frames.take(arena);
    return granted;
}

static bool owned_allocate(void *context, uint64_t *ret_frame)
{
    struct owned *owned = context;
    if (owned->refuse_in != 0 && --owned->refuse_in == 0)
        return false;
    if (!take(owned, ret_frame))
        return false;
    owned->owners[index_of(owned, *ret_frame)] = 1;
    owned->outstanding++;
    return true;
}

static unsigned *count_of(struct owned *owned, uint64_t frame, const char *call)
{
    size_t index = index_of(owned, frame);
    owned->asked_zero += frame == owned->zero_frame;
    if (index == SIZE_MAX || owned->owners[index] == 0)
        fail_msg("%s of %#lx, which nobody owns", call, (unsigned long)frame);
    return &owned->owners[index];
}

static bool owned_share(void *context, uint64_t frame)
{
    struct owned *owned = context;
    unsigned *count = count_of(owned, frame, "share()");
    if (owned->refuse_share_in != 0 && --owned->refuse_share_in == 0)
        return false;
    if (*count == owned->limit)
        return false;
    (*count)++;
    return true;
}

static bool owned_release(void *context, uint64_t frame)
{
    struct owned *owned = context;
    unsigned *count = count_of(owned, frame, "release()");
    if (owned->released)
        owned->released(owned->released_context, frame);
    if (--*count > 0)
        return false;
    owned->outstanding--;
    owned->arena.frames.give(&owned->arena, frame);
    return true;
}

static unsigned owned_ask(void *context, uint64_t frame)
{
    struct owned *owned = context;
    owned->asked_zero += frame == owned->zero_frame;
    return owned_owners(owned, frame);
}

void owned_start(struct owned *owned, uint64_t base, size_t frames, uint64_t seed)
{
    *owned = (struct owned){.limit = 100};
    arena_init(&owned->arena, base, frames, seed);
    owned->owners = calloc(frames, sizeof(*owned->owners));
    assert_non_null(owned->owners);
    owned->source = (struct pgt_counted){
        owned_allocate, owned_share, owned_release, owned_ask, owned,
    };
    /* It has an owner like any other, who is none of the vms. */
    owned->zero_frame = owned_frame(owned, 0);
}

void owned_end(struct owned *owned)
{
    assert_int_equal(owned->asked_zero, 0);
    owned->released = NULL;
    assert_true(owned_release(owned, owned->zero_frame));
    assert_int_equal(owned->outstanding, 0);
    assert_int_equal(owned->arena.outstanding, 0);
    free(owned->owners);
    arena_free(&owned->arena);
}

void owned_make(struct owned *owned, struct owned_vm *vm, const struct pgt_arch *arch)
{
    *vm = (struct owned_vm){
        .vm =
            {
                .space = &vm->space,
                .source = owned->source,
                .zero_frame = owned->zero_frame,
                .copy_on_write = OWNED_COPY_ON_WRITE,
                .areas = vm->area,
                .capacity = OWNED_AREAS,
            },
    };
    assert_int_equal(pgt_init(&vm->space, arch, &owned->arena.frames), PGT_OK);
}

void owned_destroy(struct owned_vm *vm)
{
    assert_int_equal(pgt_vm_destroy(&vm->vm), PGT_OK);
}

uint64_t owned_frame(struct owned *owned, uint64_t word)
{
    uint64_t frame;
    assert_true(owned_allocate(owned, &frame));
    for (unsigned i = 0; i < 512; i++)
        owned_words(owned, frame)[i] = word;
    return frame;
}

/* Strikes a frame out of the arena's list of free ones. */
static void take_index(struct arena *arena, size_t index)
{
    size_t left = arena->count - arena->outstanding;
    for (size_t i = 0; i < left; i++) {
        if (arena->free_index[i] != index)
            continue;
        arena->free_index[i] = arena->free_index[left - 1];
        arena->is_taken[index] = true;
        arena->outstanding++;
        arena->takes++;
        return;
    }
    fail_msg("frame %zu is not free", index);
}

static bool run_is_free(const struct arena *arena, size_t first, size_t frames)
{
    for (size_t i = first; i < first + frames; i++)
        if (i >= arena->count || arena->is_taken[i])
            return false;
    return true;
}

uint64_t owned_run(struct owned *owned, size_t frames, uint64_t word)
{
    struct arena *arena = &owned->arena;
    for (size_t first = 0; first < arena->count; first++) {
        uint64_t phys = arena->base + first * PGT_PAGE;
        if (phys % (frames * PGT_PAGE) != 0 || !run_is_free(arena, first, frames))
            continue;
        for (size_t i = 0; i < frames; i++) {
            take_index(arena, first + i);
            owned->owners[first + i] = 1;
            owned->outstanding++;
            for (unsigned k = 0; k < 512; k++)
                owned_words(owned, phys + i * PGT_PAGE)[k] = word + i;
        }
        return phys;
    }
    fail_msg("no run of %zu frames", frames);
    return 0;
}

unsigned owned_owners(const struct owned *owned, uint64_t frame)
{
    size_t index = index_of(owned, frame);
    return index == SIZE_MAX ? 0 : owned->owners[index];
}

uint64_t *owned_words(const struct owned *owned, uint64_t frame)
{
    uint64_t *words = arena_table(&owned->arena, frame);
    if (words == NULL)
        fail_msg("%#lx is no frame that is in use", (unsigned long)frame);
    return words;
}

void owned_add(struct owned_vm *vm, uint64_t virt, uint64_t bytes, enum pgt_area_kind kind,
               unsigned rights)
{
    const struct pgt_area area = {virt, bytes, kind, rights};
    assert_int_equal(pgt_vm_add(&vm->vm, &area), PGT_OK);
}

void owned_map(struct owned_vm *vm, uint64_t virt, uint64_t bytes, unsigned rights, uint64_t phys,
               unsigned software)
{
    const struct pgt_mapping mapping = {
        .virt = virt, .phys = phys, .bytes = bytes, .rights = rights, .software = software};
    assert_int_equal(pgt_vm_map(&vm->vm, &mapping), PGT_OK);
}

void owned_check(const struct owned *owned, const struct owned_vm *vm)
{
    struct walk_list list = {0};
    const uint64_t *zero = owned_words(owned, owned->zero_frame);

    suite_check(&vm->space);
    for (unsigned i = 0; i < 512; i++)
        assert_int_equal(zero[i], 0);
    walk_all(&list, &owned->arena, &vm->space.arch, vm->space.root);
    assert_int_equal(list.bad, 0);
    for (size_t i = 0; i < list.count; i++) {
        const struct walk_leaf *leaf = &list.leaf[i];
        if ((leaf->rights & PGT_WRITE) && owned->zero_frame >= leaf->phys &&
            owned->zero_frame - leaf->phys < leaf->bytes)
            fail_msg("the zero frame is writable at %#lx", (unsigned long)leaf->virt);
    }
    walk_list_free(&list);
    assert_int_equal(vm->vm.gather.needed, false);
    assert_int_equal(vm->vm.gather.count, 0);
}
