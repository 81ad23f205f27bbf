/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults resolved: judge() decides from values alone, the rest carries it out.
 */
#include "pagetables/resolve.h"

#include "pagetables/areas_parts.h"

const char *pgt_outcome_text(enum pgt_outcome outcome)
{
    switch (outcome) {
    case PGT_GAVE_WRITE:
        return "resolved: the last owner may write again";
    case PGT_COPIED:
        return "resolved: copied on write";
    case PGT_ZEROED:
        return "resolved: a frame of zeros";
    case PGT_MAPPED_ZERO:
        return "resolved: the zero frame, read-only";
    case PGT_FAULT_ALLOWED:
        return "the entries allow this access by now";
    case PGT_FAULT_NOT_MAPPED:
        return "nothing is mapped there";
    case PGT_FAULT_GUARD:
        return "a guard area";
    case PGT_FAULT_WRITE:
        return "a write to a read-only page";
    case PGT_FAULT_EXECUTE:
        return "an instruction fetch from a no-execute page";
    case PGT_FAULT_USER:
        return "an access of ring 3 to a page of the kernel";
    case PGT_FAULT_SUPERVISOR:
        return "an access of the kernel to a user page, against SMAP or SMEP";
    case PGT_FAULT_RESERVED:
        return "a reserved bit in an entry";
    case PGT_FAULT_KEY:
        return "a protection key forbids it";
    case PGT_FAULT_NO_FRAMES:
        return "out of frames";
    case PGT_FAULT_OTHER:
        return "not a fault of ordinary paging";
    }
    return "an unknown outcome";
}

/* What to do about a fault. */
enum action {
    ACT_REPORT,
    ACT_UNSHARE,   /* a copy-on-write leaf is written */
    ACT_ZEROED,    /* map a new frame of zeros */
    ACT_ZERO_FRAME /* map the zero frame */
};

/* What the error code alone forbids to resolve: PGT_FAULT_ALLOWED if nothing. */
static enum pgt_outcome judge_code(uint64_t code)
{
    const uint64_t known = PGT_ERROR_PRESENT | PGT_ERROR_WRITE | PGT_ERROR_USER | PGT_ERROR_FETCH;
    if (code & PGT_ERROR_RESERVED)
        return PGT_FAULT_RESERVED;
    if (code & PGT_ERROR_KEY)
        return PGT_FAULT_KEY;
    return code & ~known ? PGT_FAULT_OTHER : PGT_FAULT_ALLOWED;
}

/* Which of the rights that an access needs is lacking; PGT_FAULT_ALLOWED if none. */
static enum pgt_outcome judge_rights(unsigned rights, uint64_t code)
{
    if ((code & PGT_ERROR_USER) && !(rights & PGT_USER))
        return PGT_FAULT_USER;
    if (code & PGT_ERROR_FETCH)
        return rights & PGT_EXECUTE ? PGT_FAULT_ALLOWED : PGT_FAULT_EXECUTE;
    if ((code & PGT_ERROR_WRITE) && !(rights & PGT_WRITE))
        return PGT_FAULT_WRITE;
    return PGT_FAULT_ALLOWED;
}

/* Decides: an action, or the outcome to report.  area and leaf are null where there is none. */
static enum action judge(const struct pgt_vm *vm, const struct pgt_area *area,
                         const struct pgt_leaf *leaf, uint64_t code, enum pgt_outcome *ret_outcome)
{
    bool copy_on_write = leaf && area && (leaf->software & vm->copy_on_write);
    *ret_outcome = judge_code(code);
    if (*ret_outcome != PGT_FAULT_ALLOWED)
        return ACT_REPORT;
    *ret_outcome = PGT_FAULT_GUARD;
    if (area && area->kind == PGT_AREA_GUARD)
        return ACT_REPORT;
    *ret_outcome = PGT_FAULT_NOT_MAPPED;
    if (!leaf && !(area && area->kind == PGT_AREA_DEMAND_ZERO))
        return ACT_REPORT;
    *ret_outcome = judge_rights(leaf ? leaf->rights : area->rights, code);
    if (*ret_outcome == PGT_FAULT_WRITE && copy_on_write)
        return ACT_UNSHARE;
    if (*ret_outcome != PGT_FAULT_ALLOWED)
        return ACT_REPORT;
    if (!leaf)
        return (code & PGT_ERROR_WRITE) && !(code & PGT_ERROR_FETCH) ? ACT_ZEROED : ACT_ZERO_FRAME;
    if (!(code & PGT_ERROR_USER) && (leaf->rights & PGT_USER))
        *ret_outcome = PGT_FAULT_SUPERVISOR;
    return ACT_REPORT;
}

static enum pgt_outcome outcome_of(enum pgt_status status, enum pgt_outcome done)
{
    if (status == PGT_OK)
        return done;
    return status == PGT_NO_FRAMES ? PGT_FAULT_NO_FRAMES : PGT_FAULT_OTHER;
}

/* Copies a frame, or fills it with zeros where there is nothing to copy. */
static void fill_frame(const struct pgt_frames *frames, uint64_t to, const uint64_t *from)
{
    uint64_t *word = (uint64_t *)(uintptr_t)(to + frames->offset);
    for (unsigned i = 0; i < PGT_PAGE / sizeof(*word); i++)
        word[i] = from ? from[i] : 0;
}

/* Maps a new frame as work.mapping says, but for its address; filled from `from`. */
static enum pgt_status map_new(struct pgt_vm *vm, const uint64_t *from)
{
    struct pgt_mapping *mapping = &vm->work.mapping;
    if (!vm->source.allocate(vm->source.context, &mapping->phys))
        return PGT_NO_FRAMES;
    fill_frame(&vm->space->frames, mapping->phys, from);
    enum pgt_status status = pgt_map(vm->space, mapping, &vm->gather);
    if (status)
        vm->source.release(vm->source.context, mapping->phys);
    return status;
}

/* The first touch of a page in a demand-zero area. */
static enum pgt_outcome touch(struct pgt_vm *vm, uint64_t virt, unsigned rights, bool write)
{
    struct pgt_mapping *mapping = &vm->work.mapping;
    *mapping =
        (struct pgt_mapping){.virt = virt & ~(PGT_PAGE - 1), .bytes = PGT_PAGE, .rights = rights};
    if (write)
        return outcome_of(map_new(vm, NULL), PGT_ZEROED);
    mapping->phys = vm->zero_frame;
    /* What can be written once is marked for it; what never can stays just read-only. */
    if (rights & PGT_WRITE) {
        mapping->rights = (rights & ~PGT_WRITE) | PGT_READ;
        mapping->software = vm->copy_on_write;
    }
    return outcome_of(pgt_map(vm->space, mapping, &vm->gather), PGT_MAPPED_ZERO);
}

/* Are all frames the vm's alone? */
static bool owns_alone(const struct pgt_vm *vm, const struct pgt_leaf *leaf)
{
    for (uint64_t at = 0; at < leaf->bytes; at += PGT_PAGE) {
        uint64_t frame = leaf->phys + at;
        if (frame == vm->zero_frame || vm->source.owners(vm->source.context, frame) != 1)
            return false;
    }
    return true;
}

/* Narrows a leaf to the aligned part of `bytes` around an address. */
static void narrow(struct pgt_leaf *leaf, uint64_t virt, uint64_t bytes)
{
    if (leaf->bytes <= bytes)
        return;
    uint64_t skipped = (virt - leaf->virt) & ~(bytes - 1);
    leaf->virt += skipped;
    leaf->phys += skipped;
    leaf->bytes = bytes;
}

/* The last owner needs no copy. */
static enum pgt_outcome give_write(struct pgt_vm *vm, const struct pgt_leaf *leaf)
{
    struct pgt_protection *protection = &vm->work.protection;
    *protection = (struct pgt_protection){
        .change = PGT_CHANGE_RIGHTS | PGT_CHANGE_SOFTWARE,
        .rights = leaf->rights | PGT_WRITE,
        .software = leaf->software & ~vm->copy_on_write,
    };
    return outcome_of(pgt_protect(vm->space, leaf->virt, leaf->bytes, protection, &vm->gather),
                      PGT_GAVE_WRITE);
}

/* A page of its own in place of a shared one. */
static enum pgt_outcome copy(struct pgt_vm *vm, const struct pgt_leaf *leaf,
                             struct pgt_flush *flush)
{
    bool zero = leaf->phys == vm->zero_frame;
    vm->work.mapping = (struct pgt_mapping){
        .virt = leaf->virt,
        .bytes = leaf->bytes,
        .rights = leaf->rights | PGT_WRITE,
        .memory = leaf->memory,
        .key = leaf->key,
        .software = leaf->software & ~vm->copy_on_write,
    };
    const uint64_t *from = (const uint64_t *)(uintptr_t)(leaf->phys + vm->space->frames.offset);
    enum pgt_status status = map_new(vm, zero ? NULL : from);
    if (status || !frame_is_counted(vm, leaf->phys))
        return outcome_of(status, zero ? PGT_ZEROED : PGT_COPIED);
    pgt_vm_forget(vm, flush);
    vm->source.release(vm->source.context, leaf->phys);
    return PGT_COPIED;
}

/* A write to a copy-on-write leaf. */
static enum pgt_outcome unshare(struct pgt_vm *vm, uint64_t virt, struct pgt_leaf *leaf,
                                struct pgt_flush *flush)
{
    narrow(leaf, virt, PGT_PAGE_2M);
    if (leaf->bytes > PGT_PAGE && owns_alone(vm, leaf))
        return give_write(vm, leaf);
    narrow(leaf, virt, PGT_PAGE);
    return owns_alone(vm, leaf) ? give_write(vm, leaf) : copy(vm, leaf, flush);
}

bool pgt_resolve(struct pgt_vm *vm, uint64_t virt, uint64_t error_code, struct pgt_flush *flush,
                 enum pgt_outcome *ret_outcome)
{
    const struct pgt_area *area = pgt_vm_area(vm, virt);
    bool mapped = pgt_lookup(vm->space, virt, &vm->work.leaf);
    switch (judge(vm, area, mapped ? &vm->work.leaf : NULL, error_code, ret_outcome)) {
    case ACT_REPORT:
        return false;
    case ACT_UNSHARE:
        *ret_outcome = unshare(vm, virt, &vm->work.leaf, flush);
        break;
    case ACT_ZEROED:
        *ret_outcome = touch(vm, virt, area->rights, true);
        break;
    case ACT_ZERO_FRAME:
        *ret_outcome = touch(vm, virt, area->rights, false);
        break;
    }
    /* Nothing was let go for this: so it is the caller's to finish. */
    pgt_flush_join(flush, &vm->gather);
    vm->gather = (struct pgt_flush){0};
    return *ret_outcome <= PGT_MAPPED_ZERO;
}
