/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64 page tables: build them, change them, read them, share their upper
 * half.
 *
 * The same code serves a boot loader, a kernel and a host program: it is
 * freestanding, allocates nothing of its own, keeps no global state, prints
 * nothing and never panics.  It edits tables through a constant offset between
 * physical and virtual addresses and so needs neither the processor nor the
 * tables to be live.
 *
 * Conventions, once for all functions here
 * - Addresses and lengths are in bytes.  A page is 4096 bytes; a frame is a
 *   page of physical memory.  "last" means the last byte that belongs.
 * - Pointers are not null.  "shall" marks a duty of the caller, which is
 *   asserted in builds with PGT_ASSERT; what merely may be wrong is answered
 *   with a status.
 * - A call that returns anything but PGT_OK has changed nothing: neither the
 *   tables, nor the allocator, nor its ret_ arguments.
 * - No call invalidates a translation in any processor; struct pgt_flush says
 *   what the caller has to invalidate, and until that is done a processor may
 *   go on using what was there before.
 * - One writer at a time for a space, its upper included.
 * - Sources: "SDM" is the Intel 64 Architectures Software Developer's Manual,
 *   volume 3A; chapter 4 (paging) and section 11.12 (PAT).
 */
#ifndef PAGETABLES_PAGETABLES_H
#define PAGETABLES_PAGETABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PGT_PAGE    UINT64_C(0x1000)
#define PGT_PAGE_2M UINT64_C(0x200000)
#define PGT_PAGE_1G UINT64_C(0x40000000)

/* Entries in a table, and so slots in a root. */
#define PGT_INDEX_BITS 9
#define PGT_ENTRIES    (1 << PGT_INDEX_BITS)

#define PGT_MUST_USE __attribute__((warn_unused_result))

enum pgt_status {
    PGT_OK = 0,
    PGT_NO_FRAMES,    /* the allocator can't supply the frames that it takes */
    PGT_MISALIGNED,   /* an address or a length is not a multiple of what it shall
                         be */
    PGT_BAD_RANGE,    /* empty, wraps, or is not canonical from first to last byte */
    PGT_BAD_PHYSICAL, /* reaches beyond the processor's physical-address width */
    PGT_BAD_RIGHTS,   /* no right at all, or a right or memory type that arch can't
                         express */
    PGT_SEALED,       /* reaches a shared upper, or needs a sealed root slot changed */
    PGT_BUSY,         /* dependents of this space still live */
    PGT_MALFORMED,    /* the tables break a rule of the architecture or of this
                         library */
};

/* A short English phrase for a status, for messages.  Never null. */
const char *pgt_status_text(enum pgt_status status);

/* ------------------------------------------------------------------------
 * The processor, as values
 */

/* What of the processor decides the form of the tables.  Read it from the
 * running processor with pgt_detect() (pagetables/live.h), or fill it in. */
struct pgt_arch {
    uint8_t levels;        /* 4 or 5: CR4.LA57 while the tables will be used */
    uint8_t physical_bits; /* MAXPHYADDR, 32 to 52: CPUID.80000008H:EAX[7:0] */
    bool pages_1g;         /* 1 GiB leaves: CPUID.80000001H:EDX[26] */
    bool no_execute;       /* EFER.NXE will be set: CPUID.80000001H:EDX[20] */
    uint64_t pat;          /* IA32_PAT while the tables will be used */
};

/* IA32_PAT as the Limine boot protocol and Linux-like kernels lay it out:
 * WB, WT, UC-, UC, WP, WC, UC-, UC. */
#define PGT_PAT_LIMINE UINT64_C(0x0007010500070406)

/* IA32_PAT after reset (SDM 11.12.4): WB, WT, UC-, UC, and the same again. */
#define PGT_PAT_RESET UINT64_C(0x0007040600070406)

/* Memory types (SDM 11.3), chosen through the PAT.  Zero is write-back, so a
 * mapping that says nothing is ordinary memory. */
enum pgt_memory {
    PGT_WRITE_BACK = 0,
    PGT_WRITE_THROUGH,
    PGT_UNCACHED_MINUS, /* UC-: strong uncacheable unless an MTRR says WC */
    PGT_UNCACHEABLE,
    PGT_WRITE_PROTECTED,
    PGT_WRITE_COMBINING,
};
#define PGT_MEMORY_TYPES 6

/* Rights of a mapping.  The architecture has no unreadable present page, so
 * whatever is mapped can be read, and lookups always report PGT_READ. */
#define PGT_READ    1u
#define PGT_WRITE   2u
#define PGT_EXECUTE 4u
#define PGT_USER    8u  /* ring 3 too */
#define PGT_GLOBAL  16u /* outlives a CR3 load while CR4.PGE is set */

/* ------------------------------------------------------------------------
 * Where tables come from
 */

/* Four questions to the caller's frame allocator.
 *
 * An operation first counts what it needs, asks reserve() once, and takes
 * exactly that many.  It gives back the tables that became empty.  A frame
 * that was given back may still be walked by a processor until the caller has
 * flushed, so the allocator shall not hand it out again before that. */
struct pgt_frames {
    /* May the next `count` takes be relied on?  count > 0. */
    bool (*reserve)(void *context, size_t count);
    /* Physical address of a frame, page aligned; its content doesn't matter.
     * Only called for what reserve() granted. */
    uint64_t (*take)(void *context);
    /* Takes back a frame that take() handed out. */
    void (*give)(void *context, uint64_t frame);
    void *context;
    /* Every table at physical address p is readable and writable at virtual
     * address p + offset (modulo 2^64). */
    uint64_t offset;
};

/* A ready allocator: an intrusive list threaded through the free frames.
 * Frames given back are kept in quarantine until pgt_pool_recycle().  Frame 0
 * is a frame like any other.  Fields are for reading only. */
struct pgt_pool {
    uint64_t offset;
    uint64_t free_head;
    uint64_t quarantine_head;
    size_t free_count;
    size_t quarantine_count;
};

/* An empty pool over memory that is reachable at physical + offset. */
void pgt_pool_init(struct pgt_pool *pool, uint64_t offset);

/* Hands `pages` frames from `frame` on (page aligned) to the pool, which
 * writes into them at once. */
void pgt_pool_add(struct pgt_pool *pool, uint64_t frame, size_t pages);

/* The quarantined frames may be used again: call it after every processor has
 * flushed what struct pgt_flush asked for. */
void pgt_pool_recycle(struct pgt_pool *pool);

/* The pool as an allocator for spaces.  The pool shall outlive them. */
struct pgt_frames pgt_pool_frames(struct pgt_pool *pool);

/* ------------------------------------------------------------------------
 * Address spaces
 */

/* One address space: a root table and all below it that it owns.  The caller
 * provides the memory; the fields are for reading only. */
struct pgt_space {
    struct pgt_arch arch;
    struct pgt_frames frames;
    uint64_t root;           /* physical address of the root: what CR3 takes */
    struct pgt_space *upper; /* whose upper this space shares, or null */
    unsigned upper_slot;     /* first sealed or shared root slot; PGT_ENTRIES if none */
    unsigned root_live;      /* present entries of the root that are its own */
    size_t tables;           /* frames that this space owns, the root included */
    size_t dependents;       /* spaces that share this one's upper */
};

/* Makes an empty space.  Takes one frame, for the root.  frames and arch are
 * copied.  PGT_NO_FRAMES. */
enum pgt_status pgt_init(struct pgt_space *space, const struct pgt_arch *arch,
                         const struct pgt_frames *frames) PGT_MUST_USE;

/* Seals the root slots from the one that holds `start` to the last, so that
 * other spaces can share them.  From then on no root entry at or above it
 * changes: mapping and unmapping below present ones goes on, and is seen by
 * all dependents at once since they share the tables; what would need a new
 * root entry there is refused with PGT_SEALED.
 *
 * start is canonical and a multiple of a root slot's reach (2^39 bytes with 4
 * levels, 2^48 with 5), in either half but not 0, which would leave others
 * nothing: PGT_MISALIGNED, PGT_BAD_RANGE.  A
 * space is sealed once, and one that shares an upper can't be: PGT_SEALED. */
enum pgt_status pgt_seal(struct pgt_space *space, uint64_t start) PGT_MUST_USE;

/* Makes a space that shares the sealed upper of `upper` (sealed, by duty) and
 * is empty below it.  Takes one frame, for the root.  `upper` counts it as a
 * dependent until pgt_destroy().  PGT_NO_FRAMES. */
enum pgt_status pgt_init_on(struct pgt_space *space, struct pgt_space *upper,
                            const struct pgt_frames *frames) PGT_MUST_USE;

/* Takes over tables that somebody else built, for instance a boot loader, in
 * use or not.  They are walked once: entries that arch forbids, entries above a
 * leaf that withhold a right (this library keeps rights in leaves alone), empty
 * tables and tables that refer to one above them are PGT_MALFORMED; a root that
 * is not page aligned is PGT_MISALIGNED.  On success the table entries carry
 * what this library keeps in their ignored bits; nothing else is written.
 * frames.give will receive the adopted tables as they empty. */
enum pgt_status pgt_adopt(struct pgt_space *space, const struct pgt_arch *arch,
                          const struct pgt_frames *frames, uint64_t root) PGT_MUST_USE;

/* The reverse: clears what this library keeps in ignored bits of the space's
 * own tables, so that software which masks entries carelessly can edit them.
 * The space shall not be used afterwards, except to be adopted again. */
void pgt_disown(struct pgt_space *space);

/* Gives back every table that the space owns, the root last; never the shared
 * upper.  The tables shall be in use by no processor.  PGT_BUSY while
 * dependents live. */
enum pgt_status pgt_destroy(struct pgt_space *space) PGT_MUST_USE;

/* ------------------------------------------------------------------------
 * Changing mappings
 */

/* What to map.  Named members, so that no call has four integers in a row:
 *
 *     pgt_map(&space, &(struct pgt_mapping){ .virt = 0x400000, .phys = frame,
 *             .bytes = PGT_PAGE, .rights = PGT_READ | PGT_WRITE }, &flush);
 */
struct pgt_mapping {
    uint64_t virt;  /* first byte, page aligned, canonical */
    uint64_t phys;  /* first byte, page aligned */
    uint64_t bytes; /* multiple of 4096, not 0; may end with the address space */
    unsigned rights;
    enum pgt_memory memory;
};

/* What the caller has to invalidate: every translation of an address from
 * first to last, paging-structure caches included (INVLPG of any address in
 * the range does both for its page).  first and last are pages' first and last
 * bytes and mean something only if needed. */
struct pgt_flush {
    bool needed;
    uint64_t first;
    uint64_t last;
};

/* Maps a range, over whatever was mapped there, with the largest leaves that
 * virtual address, physical address, length and processor allow; larger leaves
 * at the edges are split one level at a time and keep their attributes.  A
 * table that the range replaces whole is given back.  Accessed, and dirty where
 * writable, are preset, so that the processor never writes these entries.
 *
 * ret_flush->needed: a valid translation changed, or a table that held one was
 * given back.  Mapping what is mapped already, identically, changes nothing and
 * allocates nothing.
 *
 * PGT_MISALIGNED, PGT_BAD_RANGE, PGT_BAD_PHYSICAL, PGT_BAD_RIGHTS, PGT_SEALED,
 * PGT_NO_FRAMES. */
enum pgt_status pgt_map(struct pgt_space *space, const struct pgt_mapping *mapping,
                        struct pgt_flush *ret_flush) PGT_MUST_USE;

/* How many frames pgt_map() with the same arguments would take.  Its statuses,
 * without PGT_NO_FRAMES. */
enum pgt_status pgt_map_cost(const struct pgt_space *space, const struct pgt_mapping *mapping,
                             size_t *ret_frames) PGT_MUST_USE;

/* Unmaps a range; what is not mapped in it is passed over.  Larger leaves at
 * the edges are split, which can take frames.  Tables that become empty are
 * given back, except those right below a sealed root slot.
 *
 * ret_flush->needed: something was mapped there.
 *
 * PGT_MISALIGNED, PGT_BAD_RANGE, PGT_SEALED, PGT_NO_FRAMES. */
enum pgt_status pgt_unmap(struct pgt_space *space, uint64_t virt, uint64_t bytes,
                          struct pgt_flush *ret_flush) PGT_MUST_USE;

/* ------------------------------------------------------------------------
 * Reading.  These never write; they see the shared upper as well.
 */

/* One leaf: the whole page of 4K, 2M or 1G. */
struct pgt_leaf {
    uint64_t virt;
    uint64_t phys;
    uint64_t bytes;
    unsigned rights;
    enum pgt_memory memory;
    bool accessed;
    bool dirty;
};

/* The leaf that maps the byte at virt; false where none does, or where virt is
 * not canonical. */
bool pgt_lookup(const struct pgt_space *space, uint64_t virt, struct pgt_leaf *ret_leaf);

/* The first leaf, in ascending unsigned order of addresses, that ends at or
 * above virt; false where there is none.  To visit every leaf of a space start
 * at 0 and go on at leaf.virt + leaf.bytes until that is 0. */
bool pgt_next(const struct pgt_space *space, uint64_t virt, struct pgt_leaf *ret_leaf);

/* The physical addresses of the tables that the space owns (not those of a
 * shared upper), the root first, a table before those below it, as many as fit
 * into frame[capacity].  Returns how many there are: space->tables. */
size_t pgt_tables(const struct pgt_space *space, uint64_t *frame, size_t capacity);

/* A place where tables break a rule, for messages. */
struct pgt_fault {
    uint64_t virt;  /* first address below the entry */
    uint64_t entry; /* its raw value */
    unsigned level; /* 1 for an entry of a page table (PT), up to arch.levels */
    const char *rule;
};

/* Walks the whole space and checks each rule: reserved bits clear, physical
 * addresses within width, leaves only where the processor has them, rights in
 * leaves alone, live counts equal to the entries counted, no empty table but
 * below a sealed root slot, shared root entries equal to the upper's, `tables`
 * right.  PGT_MALFORMED with the first broken rule in ret_fault. */
enum pgt_status pgt_check(const struct pgt_space *space, struct pgt_fault *ret_fault) PGT_MUST_USE;

#endif
