/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judging an access: the rules of SDM 4.6.1 (rights), 4.6.2 (protection keys) and
 * 4.7 (what the error code tells of them).
 */
#include "pagetables/explain.h"
#include "pagetables/space.h"

/* The access, from the error code and the state. */
struct access {
    bool write;
    bool fetch;
    bool user;
    bool implicit; /* the processor's own, while ring 3 runs: as a supervisor */
};

static struct access access_of(uint64_t code, const struct pgt_state *state)
{
    bool user = code & PGT_ERROR_USER;
    bool fetch = code & PGT_ERROR_FETCH;
    /* Shadow stacks are written through leaves that are read-only to all else. */
    bool shadow = code & PGT_ERROR_SHADOW_STACK;
    return (struct access){
        .write = !fetch && !shadow && (code & PGT_ERROR_WRITE),
        .fetch = fetch,
        .user = user,
        .implicit = !user && state->ring == 3,
    };
}

/* The bits of a present entry that shall be 0 and aren't (SDM 4.5.4). */
static uint64_t reserved_bits(const struct pgt_arch *arch, const struct pgt_state *state,
                              pgt_entry entry, unsigned level)
{
    uint64_t bits = ENTRY_ADDRESS & ~((UINT64_C(1) << arch->physical_bits) - 1);
    if (!(state->efer & PGT_STATE_EFER_NXE))
        bits |= ENTRY_XD;
    if (level > arch_largest_level(arch))
        bits |= ENTRY_LARGE;
    else if (level > LEVEL_4K && (entry.raw & ENTRY_LARGE))
        bits |= ENTRY_ADDRESS & level_mask(level) & ~ENTRY_PAT_LARGE;
    return entry.raw & bits;
}

/* From the root down to the leaf, or to where the walk ends. */
static void walk_entries(const struct pgt_space *space, uint64_t virt,
                         const struct pgt_state *state, struct pgt_verdict *verdict)
{
    const pgt_entry *table = space_root(space);
    for (unsigned level = space->arch.levels;; level--) {
        pgt_entry entry = entry_load(&table[level_index(virt, level)]);
        verdict->end = level;
        verdict->entry[level - 1] = entry.raw;
        if (!entry_present(entry)) {
            verdict->broken = PGT_BROKE_PRESENT;
            return;
        }
        verdict->reserved = reserved_bits(&space->arch, state, entry, level);
        if (verdict->reserved) {
            verdict->broken = PGT_BROKE_RESERVED;
            return;
        }
        if (!(entry.raw & ENTRY_WRITE) && !verdict->read_only)
            verdict->read_only = level;
        if (!(entry.raw & ENTRY_USER) && !verdict->supervisor)
            verdict->supervisor = level;
        if ((entry.raw & ENTRY_XD) && !verdict->no_execute)
            verdict->no_execute = level;
        if (entry_is_leaf(entry, level)) {
            verdict->key = key_of_attributes(leaf_attributes(entry, level));
            return;
        }
        table = table_at(&space->frames, entry_table(entry));
    }
}

/* Access rights (SDM 4.6.1). */
static unsigned broken_rights(const struct pgt_verdict *verdict, const struct access *access,
                              const struct pgt_state *state)
{
    bool user_page = !verdict->supervisor;
    bool may_touch_user = (state->rflags & PGT_STATE_AC) && !access->implicit;
    unsigned broken = 0;
    if (access->user && !user_page)
        broken |= PGT_BROKE_USER;
    if (!access->user && user_page && access->fetch && (state->cr4 & PGT_STATE_CR4_SMEP))
        broken |= PGT_BROKE_SMEP;
    if (!access->user && user_page && !access->fetch && (state->cr4 & PGT_STATE_CR4_SMAP) &&
        !may_touch_user)
        broken |= PGT_BROKE_SMAP;
    if (access->write && verdict->read_only && (access->user || (state->cr0 & PGT_STATE_CR0_WP)))
        broken |= PGT_BROKE_WRITE;
    if (access->fetch && verdict->no_execute)
        broken |= PGT_BROKE_EXECUTE;
    return broken;
}

/* Protection keys (SDM 4.6.2): two bits a key, the lower denies all, the upper writes.  Fetches
 * are free of them. */
static unsigned broken_keys(const struct pgt_verdict *verdict, const struct access *access,
                            const struct pgt_state *state)
{
    bool user_page = !verdict->supervisor;
    bool on = state->cr4 & (user_page ? PGT_STATE_CR4_PKE : PGT_STATE_CR4_PKS);
    if (!on || access->fetch)
        return 0;
    unsigned denied = (user_page ? state->pkru : state->pkrs) >> (2 * verdict->key) & 3;
    bool write = access->write && (access->user || (state->cr0 & PGT_STATE_CR0_WP));
    return (denied & 1 ? PGT_BROKE_KEY_ACCESS : 0) |
           ((denied & 2) && write ? PGT_BROKE_KEY_WRITE : 0);
}

/* Is the error code what the processor would push for this? */
static bool is_outdated(unsigned broken, uint64_t code)
{
    const unsigned keys = PGT_BROKE_KEY_ACCESS | PGT_BROKE_KEY_WRITE;
    if ((broken & PGT_BROKE_PRESENT) != 0)
        return code & PGT_ERROR_PRESENT;
    if (!(code & PGT_ERROR_PRESENT) ||
        !(broken & PGT_BROKE_RESERVED) != !(code & PGT_ERROR_RESERVED))
        return true;
    if (!broken)
        return !(code & (PGT_ERROR_SHADOW_STACK | PGT_ERROR_HLAT | PGT_ERROR_SGX));
    /* Beside another broken right processors may tell of the key or not. */
    if (code & PGT_ERROR_KEY)
        return !(broken & keys);
    return !(broken & ~keys);
}

void pgt_judge(const struct pgt_space *space, uint64_t virt, uint64_t error_code,
               const struct pgt_state *state, struct pgt_verdict *ret_verdict)
{
    struct access access = access_of(error_code, state);
    struct pgt_verdict *verdict = ret_verdict;
    *verdict = (struct pgt_verdict){0};
    if (!is_canonical(&space->arch, virt)) {
        verdict->broken = PGT_BROKE_CANONICAL;
        return;
    }
    walk_entries(space, virt, state, verdict);
    if (!verdict->broken)
        verdict->broken =
            broken_rights(verdict, &access, state) | broken_keys(verdict, &access, state);
    verdict->outdated = is_outdated(verdict->broken, error_code);
}
