/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one walker.
 *
 * It goes over the entries that cover a range, from the root down and from the first
 * address to the last.  For each entry it calls visit(), which says whether to go on
 * behind it or down into the table that it prepared; when it is through with a table it
 * calls leave(), from the lowest level up.  Both are known at compile time at each use,
 * so there is no call through a pointer; it keeps what it needs of each level in an
 * array instead of recursing, so that the stack of every operation is small and known.
 *
 * Addresses are linear here: the bits that are translated, without the sign extension.
 * So the whole space is one range, without a hole and without a wrap at its end;
 * canonical_form() makes an address of one.
 */
#ifndef PAGETABLES_WALK_H
#define PAGETABLES_WALK_H

#include "pagetables/fill.h"
#include "pagetables/space.h"

#define WALK_LEVELS 5

struct walk_step {
    pgt_entry *table; /* null while counting: a table that doesn't exist yet, and */
    union {
        pgt_entry fill; /* what it would be filled with: nothing, or the leaf that
                           it splits */
        struct {
            unsigned live; /* present entries, where a visitor keeps count */
            bool fresh;    /* made in this walk: no entry leads to it yet */
            bool global;   /* a global leaf was stored in it or below */
            bool doomed;   /* no entry leads to it any more: to be given back when left
                            */
            uint8_t marks; /* of the leaf that it splits, as they were when it was filled */
        };
    };
};

struct walk {
    struct range range; /* linear */
    struct range part;  /* what the current entry covers of it */
    unsigned level;     /* of the current entry */
    unsigned top;
    struct walk_step step[WALK_LEVELS]; /* by level, the lowest first */
};

/* Of a walk under way: the current entry begins in the range, which is within the space. */
/*@ predicate walk_is_sound(struct walk *walk) =
        is_depth(walk->top) && 1 <= walk->level <= walk->top &&
        walk->range.first <= walk->part.first <= walk->range.last < space_bytes(walk->top);
    // Entries of the table from the current one on.
    logic integer entries_left(struct walk *walk) =
        PGT_ENTRIES - walk->part.first / reach_of(walk->level) % PGT_ENTRIES; */

enum walk_next { WALK_ON, WALK_DOWN, WALK_STOP };

/* Each use is a walk of its own, made for its visitor; coverage counts the lines once. */
#ifndef WALK_INLINE
#define WALK_INLINE static inline __attribute__((always_inline))
#endif

/* The table that holds the current entry. */
/*@ requires \valid_read(walk) && is_level(walk->level);
    assigns \nothing;
    ensures \result == &walk->step[walk->level - 1]; */
WALK_INLINE struct walk_step *walk_here(struct walk *walk)
{
    return &walk->step[walk->level - 1];
}

WALK_INLINE struct walk_step *walk_above(struct walk *walk)
{
    return &walk->step[walk->level];
}

WALK_INLINE struct walk_step *walk_below(struct walk *walk)
{
    return &walk->step[walk->level - 2];
}

/*@ requires \valid_read(walk) && is_level(walk->level);
    assigns \nothing;
    ensures \result == walk->part.first / reach_of(walk->level) % PGT_ENTRIES;
    ensures \result < PGT_ENTRIES; */
WALK_INLINE unsigned walk_index(const struct walk *walk)
{
    return level_index(walk->part.first, walk->level);
}

/* The current entry; and, when leaving, the entry that leads to the table left. */
WALK_INLINE pgt_entry *walk_slot(struct walk *walk)
{
    return &walk_here(walk)->table[walk_index(walk)];
}

WALK_INLINE pgt_entry *walk_slot_above(struct walk *walk)
{
    return &walk_above(walk)->table[level_index(walk->part.first, walk->level + 1)];
}

/* What is there now.  Writers, too, read each entry once and whole: the processor may
 * be marking it meanwhile. */
WALK_INLINE pgt_entry walk_load(struct walk *walk)
{
    return entry_load(walk_slot(walk));
}

/* The current entry, or the one that a table yet to be made would have there. */
WALK_INLINE pgt_entry walk_entry(struct walk *walk)
{
    const struct walk_step *here = walk_here(walk);
    if (here->table)
        return entry_load(&here->table[walk_index(walk)]);
    if (!entry_present(here->fill))
        return here->fill;
    return leaf_part(here->fill, walk->level + 1, walk_index(walk));
}

/* How many entries, from the current one on, does the range cover whole in this table?
 * The current one shall be covered whole. */
/*@ requires \valid_read(walk) && walk_is_sound(walk);
    requires walk->part.first % reach_of(walk->level) == 0;
    requires walk->range.last - walk->part.first >= reach_of(walk->level) - 1;
    assigns \nothing;
    ensures \result == lower(entries_left(walk),
                             (walk->range.last - walk->part.first + 1) / reach_of(walk->level));
    ensures 1 <= \result <= entries_left(walk);
    ensures walk->part.first + entries_reach(walk->level, \result) - 1 <= walk->range.last; */
WALK_INLINE unsigned walk_run(const struct walk *walk)
{
    uint64_t whole = (walk->range.last - walk->part.first + 1) >> level_shift(walk->level);
    unsigned room = PGT_ENTRIES - walk_index(walk);
    return whole < room ? (unsigned)whole : room;
}

/* All of a run has been dealt with. */
/*@ requires \valid(walk) && walk_is_sound(walk) && 1 <= run <= entries_left(walk);
    assigns walk->part.last;
    ensures walk->part.last ==
            lower(walk->range.last,
                  entries_reach(walk->level, walk->part.first / reach_of(walk->level) + run) - 1);
    ensures walk->part.first <= walk->part.last <= walk->range.last;
    ensures walk->part.last < entries_reach(walk->level + 1,
                                            walk->part.first / reach_of(walk->level + 1) + 1);
    ensures \result == WALK_ON; */
WALK_INLINE enum walk_next walk_past(struct walk *walk, unsigned run)
{
    uint64_t into = walk->part.first & level_mask(walk->level);
    uint64_t last = walk->part.first - into + ((uint64_t)run << level_shift(walk->level)) - 1;
    /*@ assert last + 1 ==
               entries_reach(walk->level, walk->part.first / reach_of(walk->level) + run); */
    /*@ assert last < entries_reach(walk->level + 1,
                                    walk->part.first / reach_of(walk->level + 1) + 1); */
    walk->part.last = last < walk->range.last ? last : walk->range.last;
    return WALK_ON;
}

/* Is the current entry, or the one that leads to the table left, a root slot at or
 * above the split? */
/*@ requires \valid_read(walk) && \valid_read(space) && is_level(walk->level);
    assigns \nothing;
    ensures \result <==>
            walk->level == walk->top &&
            walk->part.first / reach_of(walk->level) % PGT_ENTRIES >= space->upper_slot; */
WALK_INLINE bool walk_at_upper(const struct walk *walk, const struct pgt_space *space)
{
    return walk->level == walk->top && slot_is_upper(space, walk_index(walk));
}

/*@ requires \valid_read(walk) && \valid_read(space) && is_level(walk->top) && walk->level <= 5;
    assigns \nothing;
    ensures \result <==>
            walk->level + 1 == walk->top &&
            walk->part.first / reach_of(walk->top) % PGT_ENTRIES >= space->upper_slot; */
WALK_INLINE bool walk_leaves_upper(const struct walk *walk, const struct pgt_space *space)
{
    return walk->level + 1 == walk->top &&
           slot_is_upper(space, level_index(walk->part.first, walk->top));
}

/* A walk over a range of the space's tables.  visit() may move part.last on, to the end
 * of an entry further on in the same table, if it dealt with all up to there.  Before
 * it returns WALK_DOWN it fills in walk_below().  True if it was not stopped. */
WALK_INLINE bool walk_range(struct walk *walk, void *job,
                            enum walk_next (*visit)(struct walk *, void *),
                            void (*leave)(struct walk *, void *))
{
    uint64_t at = walk->range.first;
    walk->level = walk->top;
    for (;;) {
        uint64_t base = at & ~level_mask(walk->level);
        walk->part = range_clip((struct range){at, walk->range.last}, base, walk->level);
        enum walk_next next = visit(walk, job);
        if (next == WALK_STOP)
            return false;
        if (next == WALK_DOWN) {
            walk->level--;
            continue;
        }
        uint64_t last = walk->part.last;
        bool done = last == walk->range.last;
        while (walk->level < walk->top && (done || !level_index(last + 1, walk->level))) {
            leave(walk, job);
            walk->level++;
        }
        if (done)
            return true;
        at = last + 1;
    }
}

/* The root, for a walk to start in. */
WALK_INLINE struct walk_step walk_root(const struct pgt_space *space)
{
    return (struct walk_step){.table = space_root(space),
                              .live = __atomic_load_n(&space->root_live, __ATOMIC_RELAXED)};
}

/* Only what is read before it is written is set: the steps below the root are filled in
 * on the way down. */
WALK_INLINE void walk_start(struct walk *walk, const struct pgt_space *space, struct range range)
{
    walk->range = range;
    walk->top = space->arch.levels;
    walk->step[walk->top - 1] = walk_root(space);
}

/* After a walk that changed tables: the root's count, as a difference, since writers on
 * other root slots may be counting too. */
WALK_INLINE void root_count_changed(struct pgt_space *space, unsigned before, unsigned after)
{
    if (after != before)
        __atomic_fetch_add(&space->root_live, after - before, __ATOMIC_RELAXED);
}

WALK_INLINE void walk_end(const struct walk *walk, struct pgt_space *space, unsigned live_before)
{
    root_count_changed(space, live_before, walk->step[walk->top - 1].live);
}

/* For walks that do nothing behind a table. */
WALK_INLINE void walk_leave(struct walk *walk, void *job)
{
    (void)walk;
    (void)job;
}

/* Nothing more in this table needs a visit. */
/*@ requires \valid(walk) && walk_is_sound(walk);
    assigns walk->part.last;
    ensures walk->part.last ==
            lower(walk->range.last,
                  entries_reach(walk->level + 1,
                                walk->part.first / reach_of(walk->level + 1) + 1) - 1);
    ensures walk->part.first <= walk->part.last <= walk->range.last; */
WALK_INLINE void walk_skip_rest(struct walk *walk)
{
    uint64_t mask = table_mask(walk->level);
    uint64_t last = walk->part.first - (walk->part.first & mask) + mask;
    walk->part.last = last < walk->range.last ? last : walk->range.last;
}

/* Goes down into the table that the current entry refers to. */
WALK_INLINE enum walk_next walk_into(struct walk *walk, const struct pgt_space *space,
                                     pgt_entry entry)
{
    *walk_below(walk) = (struct walk_step){.table = table_at(&space->frames, entry_table(entry)),
                                           .live = entry_count(entry)};
    return WALK_DOWN;
}

/* While counting: goes down into a table that is yet to be made. */
WALK_INLINE enum walk_next walk_imagine(struct walk *walk, pgt_entry fill)
{
    *walk_below(walk) = (struct walk_step){.fill = fill};
    return WALK_DOWN;
}

/* Makes a table, and goes down into it before any entry leads to it. */
WALK_INLINE enum walk_next walk_make(struct walk *walk, struct pgt_space *space)
{
    pgt_entry *table = table_at(&space->frames, table_take(space));
    pgt_fill_empty(space, table);
    /* No parts of what was there before inherit its marks. */
    *walk_below(walk) = (struct walk_step){.table = table, .fresh = true, .marks = ENTRY_MARKS};
    return WALK_DOWN;
}

/* The same with a table that maps what a leaf maps. */
WALK_INLINE enum walk_next walk_split(struct walk *walk, struct pgt_space *space, pgt_entry leaf)
{
    pgt_entry *table = table_at(&space->frames, table_take(space));
    pgt_fill_split(table, leaf, walk->level);
    *walk_below(walk) = (struct walk_step){.table = table,
                                           .live = PGT_ENTRIES,
                                           .fresh = true,
                                           .global = leaf.raw & ENTRY_GLOBAL,
                                           .marks = leaf.raw & ENTRY_MARKS};
    return WALK_DOWN;
}

/* The current entry no longer leads to the table that `old` refers to: gives that back
 * with all below it, which are looked through and not written, since somebody may still
 * be walking them.  A page table has nothing below it and is not even looked at; a
 * directory has page tables alone, and takes no walk. */
WALK_INLINE enum walk_next walk_doom(struct walk *walk, struct pgt_space *space, pgt_entry old)
{
    unsigned below = walk->level - 1;
    /* Below a sealed slot no count is kept. */
    unsigned live = walk_at_upper(walk, space) ? PGT_ENTRIES : entry_count(old);
    if (below == LEVEL_4K) {
        table_give(space, entry_table(old));
        return WALK_ON;
    }
    if (below == LEVEL_2M) {
        pgt_give_directory(space, entry_table(old), live);
        return WALK_ON;
    }
    *walk_below(walk) = (struct walk_step){
        .table = table_at(&space->frames, entry_table(old)), .live = live, .doomed = true};
    return WALK_DOWN;
}

/* The visit to an entry of a doomed table. */
WALK_INLINE enum walk_next walk_doomed(struct walk *walk, struct pgt_space *space)
{
    struct walk_step *here = walk_here(walk);
    if (here->live == 0) {
        walk_skip_rest(walk);
        return WALK_ON;
    }
    pgt_entry entry = walk_load(walk);
    if (!entry_present(entry))
        return WALK_ON;
    here->live--;
    return entry_is_leaf(entry, walk->level) ? WALK_ON : walk_doom(walk, space, entry);
}

/* The processor marked a leaf while it was being split: its parts inherit the marks. */
static inline void walk_inherit_marks(const struct pgt_frames *frames, pgt_entry *table,
                                      unsigned level, uint64_t marks)
{
    for (unsigned i = 0; i < PGT_ENTRIES; i++) {
        pgt_entry entry = entry_load(&table[i]);
        if (!entry_present(entry))
            continue;
        if (entry_is_leaf(entry, level)) {
            __atomic_fetch_or(&table[i].raw, marks, __ATOMIC_RELAXED);
            continue;
        }
        /* Of a 1G leaf the ends of the range may have been split again, to 4K. */
        pgt_entry *below = table_at(frames, entry_table(entry));
        for (unsigned k = 0; k < PGT_ENTRIES; k++)
            if (entry_present(entry_load(&below[k])))
                __atomic_fetch_or(&below[k].raw, marks, __ATOMIC_RELAXED);
    }
}

/* Links in a table that was made in this walk.  Marks that the processor set since that
 * was filled are in the entry replaced, and nowhere else. */
WALK_INLINE void walk_link(const struct walk *walk, const struct walk_step *made,
                           struct pgt_space *space, pgt_entry *slot, pgt_entry link)
{
    pgt_entry old = entry_exchange(slot, link);
    uint64_t marks = old.raw & ENTRY_MARKS & ~(uint64_t)made->marks;
    if (entry_present(old) && marks)
        walk_inherit_marks(&space->frames, made->table, walk->level, marks);
}

/* When a walk that changes tables leaves one: a doomed one is given back, a new table
 * is linked in, one that became empty is taken out and given back, any other has its
 * count kept.  Sealed root slots stay as they are.
 *
 * The steps are those of the tables of `space`: the walk's own, or some kept beside it. */
WALK_INLINE void walk_settle_beside(const struct walk *walk, struct walk_step *step,
                                    struct pgt_space *space)
{
    const struct walk_step *left = &step[walk->level - 1];
    struct walk_step *above = &step[walk->level];
    uint64_t global = left->global ? ENTRY_GLOBAL_BELOW : 0;
    if (left->doomed) {
        table_give(space, table_phys(&space->frames, left->table));
        return;
    }
    if (walk_leaves_upper(walk, space))
        return;
    above->global |= left->global;
    pgt_entry *slot = &above->table[level_index(walk->part.first, walk->level + 1)];
    pgt_entry old = entry_load(slot);
    if (left->fresh) {
        pgt_entry link = entry_to_table(table_phys(&space->frames, left->table), left->live);
        above->live += !entry_present(old);
        walk_link(walk, left, space, slot, (pgt_entry){link.raw | global});
    } else if (left->live == 0 && entry_count(old) > 0) {
        /* One that was adopted empty stays: it would go without anything to flush. */
        above->live--;
        entry_store(slot, (pgt_entry){0});
        table_give(space, entry_table(old));
    } else if (left->live != entry_count(old) || (global & ~old.raw)) {
        entry_store(slot, (pgt_entry){entry_with_count(old, left->live).raw | global});
    }
}

WALK_INLINE void walk_settle(struct walk *walk, struct pgt_space *space)
{
    walk_settle_beside(walk, walk->step, space);
}

#endif
