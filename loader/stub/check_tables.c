/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page tables: as the loader says, sound, W^X by frame; and from here on ours.
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/memory.h"
#include "loader/stub/requests.h"
#include "loader/stub/variant.h"
#include "loader/stub/walk.h"
#include "pagetables/live.h"

/* What the pool gets for the tables that tests make. */
#define POOL_FRAMES 64

static bool listed(const struct limine_pagetables_response *tables, uint64_t phys)
{
    const uint64_t *frame = request_pointer(tables->tables);

    for (uint64_t i = 0; i < tables->table_count; i++) {
        if (frame[i] == phys)
            return true;
    }
    return false;
}

struct list_check {
    const struct stub *stub;
    uint64_t missing;     /* tables that the response doesn't list */
    uint64_t unprotected; /* tables in memory that the kernel might use for itself */
};

static void check_listed(void *context, uint64_t phys)
{
    struct list_check *check = context;
    const struct limine_memmap_entry *entry = memory_find(check->stub->memmap, phys);

    check->missing += !listed(check->stub->tables, phys);
    check->unprotected += entry == 0 || entry->type != LIMINE_MEMMAP_BOOTLOADER_RECLAIMABLE;
}

/* Every table found is in the list, and as many as are in the list were found:
 * then, since no table is found twice in a tree, both are the same. */
static void check_list(struct stub *stub)
{
    const struct limine_pagetables_response *tables = stub->tables;
    const uint64_t *frame = request_pointer(tables->tables);
    struct list_check check = {.stub = stub};
    struct walk walk = {.offset = stub->hhdm, .table = check_listed, .context = &check};

    walk_tables(&walk, tables->root, (unsigned)tables->levels);
    tap_equal(&stub->tap, check.missing, 0, "each table that a walk finds is in the loader's list");
    tap_equal(&stub->tap, tables->table_count, walk.tables, "the list has no more than these %lu",
              walk.tables);
    tap_equal(&stub->tap, frame[0], tables->root, "the root comes first");
    tap_equal(&stub->tap, check.unprotected, 0, "all tables lie in reclaimable memory");
    tap_equal(&stub->tap, tables->leaves_4k, walk.leaves[1], "its count of 4 KiB pages is right");
    tap_equal(&stub->tap, tables->leaves_2m, walk.leaves[2], "its count of 2 MiB pages is right");
    tap_equal(&stub->tap, tables->leaves_1g, walk.leaves[3], "its count of 1 GiB pages is right");
    tap_equal(&stub->tap, tables->writable_executable_bytes, 0,
              "the loader found nothing writable and executable");
}

/* The processor and the response must mean the same tables. */
static void check_arch(struct stub *stub, const struct pgt_arch *arch)
{
    const struct limine_pagetables_response *tables = stub->tables;

    tap_equal(&stub->tap, tables->levels, arch->levels, "the tables have %u levels", arch->levels);
    tap_equal(&stub->tap, tables->physical_bits, arch->physical_bits,
              "physical addresses have %u bits", arch->physical_bits);
    tap_equal(&stub->tap, tables->pat, arch->pat, "the PAT is as the loader says");
    tap_equal(&stub->tap, tables->largest_leaf, arch->pages_1g ? PGT_PAGE_1G : PGT_PAGE_2M,
              "the largest page is what the processor has");
}

/* Takes the test frames and the pool's from the end of the largest usable entry. */
static bool feed_pool(struct stub *stub)
{
    const struct limine_memmap_entry *largest = memory_largest(stub->memmap);
    uint64_t bytes = (POOL_FRAMES + STUB_FRAMES) * PGT_PAGE;

    if (largest == 0 || largest->length < bytes)
        return false;
    stub->frame = largest->base + largest->length - bytes;
    stub->frame_bytes = bytes;
    pgt_pool_init(&stub->pool, stub->hhdm);
    return pgt_pool_add(&stub->pool, stub->frame + STUB_FRAMES * PGT_PAGE, POOL_FRAMES);
}

static void check_sound(struct stub *stub, const char *what)
{
    struct pgt_fault fault;
    enum pgt_status status = pgt_check(&stub->space, &fault);

    if (!tap_ok(&stub->tap, status == PGT_OK, "pgt_check is content with %s", what))
        tap_note("%s: level %u, address %016lx, entry %016lx", fault.rule, fault.level, fault.virt,
                 fault.entry);
}

static void adopt(struct stub *stub, const struct pgt_arch *arch)
{
    struct pgt_frames frames = pgt_pool_frames(&stub->pool);
    const uint64_t *table = (const uint64_t *)stub->tables->tables;
    bool claimed = true;

    /* The loader's tables come back to the kernel's pool when they empty. */
    for (uint64_t i = 0; i < stub->tables->table_count; i++)
        claimed = claimed && pgt_pool_claim(&stub->pool, table[i], 1);
    tap_ok(&stub->tap, claimed, "the pool will take the loader's tables when they empty");
    enum pgt_status status = pgt_adopt(&stub->space, arch, &frames, stub->tables->root);

    stub->adopted = status == PGT_OK;
    if (!tap_ok(&stub->tap, stub->adopted, "the kernel adopts its loader's tables")) {
        tap_note("%s", pgt_status_text(status));
        return;
    }
    tap_equal(&stub->tap, pgt_tables(&stub->space, NULL, 0), stub->tables->table_count,
              "it owns as many tables as the loader built");
    check_sound(stub, "the adopted tables");
    status = pgt_seal(&stub->space, stub->tables->upper_start, 0);
    if (!tap_ok(&stub->tap, status == PGT_OK, "it seals the upper at %016lx",
                stub->tables->upper_start))
        tap_note("%s", pgt_status_text(status));
    check_sound(stub, "the sealed tables");
}

/* Physical extents of what is executable, neighbours merged. */
struct extents {
    struct {
        uint64_t phys;
        uint64_t bytes;
    } at[32];
    unsigned count;
    bool full;
};

static void add_extent(struct extents *e, uint64_t phys, uint64_t bytes)
{
    if (e->count > 0 && e->at[e->count - 1].phys + e->at[e->count - 1].bytes == phys) {
        e->at[e->count - 1].bytes += bytes;
        return;
    }
    if (e->count == sizeof(e->at) / sizeof(e->at[0])) {
        e->full = true;
        return;
    }
    e->at[e->count].phys = phys;
    e->at[e->count].bytes = bytes;
    e->count++;
}

static bool meets(const struct extents *e, uint64_t phys, uint64_t bytes)
{
    for (unsigned i = 0; i < e->count; i++) {
        if (phys < e->at[i].phys + e->at[i].bytes && e->at[i].phys < phys + bytes)
            return true;
    }
    return false;
}

/* Visits all leaves.  True while there are more: for (virt = 0; next(...);) */
static bool next(const struct stub *stub, uint64_t *virt, bool *first, struct pgt_leaf *leaf)
{
    if (!*first && *virt == 0)
        return false;
    *first = false;
    if (!pgt_next(&stub->space, *virt, leaf))
        return false;
    *virt = leaf->virt + leaf->bytes;
    return true;
}

static void check_exclusive(struct stub *stub)
{
    static struct extents executable;
    struct pgt_leaf leaf;
    uint64_t virt = 0, both = 0, user = 0;
    bool first = true;

    while (next(stub, &virt, &first, &leaf)) {
        if (leaf.rights & PGT_EXECUTE)
            add_extent(&executable, leaf.phys, leaf.bytes);
    }
    for (virt = 0, first = true; next(stub, &virt, &first, &leaf);) {
        user += leaf.rights & PGT_USER ? 1 : 0;
        if (!(leaf.rights & PGT_WRITE) || !meets(&executable, leaf.phys, leaf.bytes))
            continue;
        both++;
        tap_note("%016lx is writable and its frame %016lx executable", leaf.virt, leaf.phys);
    }
    tap_ok(&stub->tap, executable.count > 0 && !executable.full, "some frames are executable");
    if (cpu_has_no_execute())
        tap_equal(&stub->tap, both, 0, "none of them is writable anywhere");
    else
        tap_skip(&stub->tap, "the processor has no execute-disable",
                 "none of them is writable anywhere");
    tap_equal(&stub->tap, user, 0, "nothing is open to user mode");
}

static void check_write_combining(struct stub *stub)
{
    const struct limine_framebuffer_response *response = request_answer(&requests.framebuffer);
    const uint64_t *list;
    const struct limine_framebuffer *fb;
    struct pgt_leaf leaf;
    uint64_t wrong = 0, end;

    if (response == 0) {
        tap_skip(&stub->tap, "the machine has no framebuffer", "it is mapped write-combining");
        return;
    }
    list = request_pointer(response->framebuffers);
    fb = request_pointer(list[0]);
    end = fb->address + fb->pitch * fb->height;
    for (uint64_t at = fb->address; at < end; at = leaf.virt + leaf.bytes) {
        if (!pgt_lookup(&stub->space, at, &leaf)) {
            wrong++;
            break;
        }
        wrong += leaf.memory != PGT_WRITE_COMBINING || !(leaf.rights & PGT_WRITE);
    }
    tap_equal(&stub->tap, wrong, 0, "the framebuffer is mapped writable and write-combining");
}

void check_tables(struct stub *stub)
{
    struct pgt_arch arch;

    if (stub->tables == 0) {
        tap_skip(&stub->tap, STUB_NO_TABLES, "adopting the tables");
        return;
    }
    pgt_detect(&arch);
    check_arch(stub, &arch);
    check_list(stub);
    if (!tap_ok(&stub->tap, feed_pool(stub), "there is memory for a pool of frames"))
        return;
    adopt(stub, &arch);
    if (!stub->adopted)
        return;
    check_exclusive(stub);
    check_write_combining(stub);
}
