/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64 page tables: build them, change them, read them, share their upper half.
 *
 * The same code serves a boot loader, a kernel, a hypervisor and a host program: it is
 * freestanding, allocates nothing of its own, keeps no global state, prints nothing and
 * never panics.  It edits tables through a constant offset between physical and virtual
 * addresses and so needs neither the processor nor the tables to be live.  No call
 * recurses; none uses more than 512 bytes of stack.
 *
 * Conventions, once for all functions here
 * - Addresses and lengths are in bytes.  A page is 4096 bytes; a frame is a page of
 *   physical memory.  "last" means the last byte that belongs.
 * - Ranges are page aligned, not empty, canonical from the first byte to the last (so
 *   they don't cross the hole), and may end with the address space: PGT_MISALIGNED,
 *   PGT_BAD_RANGE.
 * - Pointers are not null unless said.  "shall" marks a duty of the caller, which is
 *   asserted in builds with PGT_ASSERT; what merely may be wrong is answered with a
 *   status.
 * - A call that returns anything but PGT_OK has changed nothing: neither the tables,
 *   nor the allocator, nor its ret_ arguments, nor the flush.
 * - No call invalidates a translation in any processor; struct pgt_flush gathers what
 *   the caller has to invalidate.
 * - Sources: "SDM" is the Intel 64 Architectures Software Developer's Manual, volume
 *   3A; chapter 4 (paging) and section 11.12 (PAT).
 *
 * Concurrency: what is guaranteed
 * - One writer at a time for a space.  Readers (pgt_lookup, pgt_next, pgt_next_run,
 *   pgt_is_empty, pgt_dump, pgt_tables) may run beside it on other processors, without
 *   locks: every entry is stored whole, a table is filled before an entry leads to it,
 *   and a table that was given back keeps its translations until its frame is handed
 *   out again.  So each single lookup sees the state before or after the writer's store
 *   to that entry, never a mixture.  A range that spans several entries changes entry
 *   by entry, and a reader may see some of them changed.
 * - Frames that were given back shall not be handed out (pgt_pool_recycle) while a
 *   reader that started before is still on its way, nor before every processor has
 *   flushed. While a frame waits, a reader may see other `software` bits than were
 *   stored.
 * - Two writers may run side by side on one space if their ranges touch no common root
 *   slot, and if the allocator can bear it: it needs a lock, and reserve() has to keep
 *   account of what it granted and wasn't taken yet.  pgt_clone() writes to both of its
 *   spaces.
 * - Dependents of one upper may be made, used and destroyed side by side, and beside the
 *   upper's writer.
 * - The processor's own updates of accessed and dirty bits are never lost or
 *   overwritten, by any call that leaves the page where it is.
 */
#ifndef PAGETABLES_PAGETABLES_H
#define PAGETABLES_PAGETABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PGT_PAGE    UINT64_C(0x1000)
#define PGT_PAGE_2M UINT64_C(0x200000)
#define PGT_PAGE_1G UINT64_C(0x40000000)

/* Entries in a table, and so slots in a root.  The architecture's 9 bits are the only
 * choice for tables that a processor will use; the library's tests exhaust smaller
 * ones. */
#ifndef PGT_INDEX_BITS
#define PGT_INDEX_BITS 9
#endif
#define PGT_ENTRIES (1 << PGT_INDEX_BITS)

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
    PGT_OCCUPIED,     /* the range to clone to is not empty */
    PGT_MALFORMED,    /* the tables break a rule of the architecture or of this
                         library */
};

/* A short English phrase for a status, for messages.  Never null. */
const char *pgt_status_text(enum pgt_status status);

/* ------------------------------------------------------------------------
 * The processor, as values
 */

/* What of the processor decides the form of the tables.  Read it from the running
 * processor with pgt_detect() (pagetables/live.h), or fill it in. */
struct pgt_arch {
    uint8_t levels;        /* 4 or 5: CR4.LA57 while the tables will be used */
    uint8_t physical_bits; /* MAXPHYADDR, 32 to 52: CPUID.80000008H:EAX[7:0] */
    bool pages_1g;         /* 1 GiB leaves: CPUID.80000001H:EDX[26] */
    bool no_execute;       /* EFER.NXE will be set: CPUID.80000001H:EDX[20] */
    uint64_t pat;          /* IA32_PAT while the tables will be used */
};

/* IA32_PAT as the Limine boot protocol and Linux-like kernels lay it out: WB, WT, UC-,
 * UC, WP, WC, UC-, UC. */
#define PGT_PAT_LIMINE UINT64_C(0x0007010500070406)

/* IA32_PAT after reset (SDM 11.12.4): WB, WT, UC-, UC, and the same again. */
#define PGT_PAT_RESET UINT64_C(0x0007040600070406)

/* Memory types (SDM 11.3), chosen through the PAT.  Zero is write-back, so a mapping
 * that says nothing is ordinary memory. */
enum pgt_memory {
    PGT_WRITE_BACK = 0,
    PGT_WRITE_THROUGH,
    PGT_UNCACHED_MINUS, /* UC-: strong uncacheable unless an MTRR says WC */
    PGT_UNCACHEABLE,
    PGT_WRITE_PROTECTED,
    PGT_WRITE_COMBINING,
};
#define PGT_MEMORY_TYPES 6

/* Rights of a mapping.  The architecture has no unreadable present page, so whatever is
 * mapped can be read, and lookups always report PGT_READ. */
#define PGT_READ    1u
#define PGT_WRITE   2u
#define PGT_EXECUTE 4u
#define PGT_USER    8u  /* ring 3 too */
#define PGT_GLOBAL  16u /* outlives a CR3 load while CR4.PGE is set */

/* Bits of a leaf that the processor leaves to software: 0 to 0x3ff.  (They are bits 9
 * to 11 and 52 to 58 of the entry.) */
#define PGT_SOFTWARE_ALL 0x3ffu

/* Protection keys (SDM 4.6.2) are 0 to 15; they mean nothing unless CR4.PKE or CR4.PKS is set. */
#define PGT_KEYS 16

/* ------------------------------------------------------------------------
 * Where tables come from
 */

/* Four questions to the caller's frame allocator.
 *
 * An operation first counts what it needs, asks reserve() once, and takes exactly that
 * many.  It gives back the tables that became empty.  A frame that was given back may
 * still be walked by a processor until the caller has flushed, so the allocator shall
 * not hand it out again before that. */
struct pgt_frames {
    /* May the next `count` takes be relied on, until the next call?  count > 0. */
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
    /* take() hands out frames full of zeros: then they are not zeroed again. */
    bool zeroed;
};

/* A ready allocator over ranges of frames: lists threaded through the frames
 * themselves, no memory besides.  Frames given back wait in quarantine until
 * pgt_pool_recycle().  A frame that is given back twice, or that lies in none of the
 * pool's ranges, is left alone and counted.  Frame 0 is a frame like any other.  Not
 * for two processors at a time.  Fields are for reading only. */
#define PGT_POOL_RANGES 16
struct pgt_pool {
    uint64_t offset;
    uint64_t free_head;
    uint64_t quarantine_head;
    size_t free_count;
    size_t quarantine_count;
    size_t double_gives;  /* refused, since the frame was free or in quarantine already */
    size_t foreign_gives; /* refused, since the frame lies in none of the ranges */
    unsigned range_count;
    struct {
        uint64_t first; /* frames, by their physical address */
        uint64_t last;
    } range[PGT_POOL_RANGES];
};

/* An empty pool over memory that is reachable at physical + offset. */
void pgt_pool_init(struct pgt_pool *pool, uint64_t offset);

/* Hands `pages` frames from `frame` on to the pool, which writes into them at once.
 * False, and nothing done, if the range is empty, not page aligned, wraps, overlaps one
 * that the pool has, or is one too many (ranges that touch count as one). */
bool pgt_pool_add(struct pgt_pool *pool, uint64_t frame, size_t pages) PGT_MUST_USE;

/* Says of frames that are in use now that they may be given back to this pool: the
 * tables that pgt_adopt() takes over, for instance.  The rest as pgt_pool_add(). */
bool pgt_pool_claim(struct pgt_pool *pool, uint64_t frame, size_t pages) PGT_MUST_USE;

/* A pool over `bytes` of ordinary memory of a host program, which take the place of
 * physical memory from address `phys` (page aligned) on; used from the first page
 * boundary in it. */
void pgt_pool_init_arena(struct pgt_pool *pool, void *memory, size_t bytes, uint64_t phys);

/* The quarantined frames may be used again: call it after every processor has flushed
 * what struct pgt_flush asked for (pgt_finish() in pagetables/live.h does both). */
void pgt_pool_recycle(struct pgt_pool *pool);

/* Hands every free frame to `give`, and forgets all ranges: the pool is empty then, but
 * for frames still in use, which would now be foreign.  False, and nothing done, while
 * frames are in quarantine. */
bool pgt_pool_drain(struct pgt_pool *pool, void (*give)(void *context, uint64_t frame),
                    void *context) PGT_MUST_USE;

/* The pool as an allocator for spaces.  The pool shall outlive them. */
struct pgt_frames pgt_pool_frames(struct pgt_pool *pool);

/* ------------------------------------------------------------------------
 * Address spaces
 */

/* One address space: a root table and all below it that it owns.  The caller provides
 * the memory; the fields are for reading only. */
struct pgt_space {
    struct pgt_arch arch;
    struct pgt_frames frames;
    uint64_t root;           /* physical address of the root: what CR3 takes */
    struct pgt_space *upper; /* whose upper this space shares, or null */
    unsigned upper_slot;     /* first sealed or shared root slot; PGT_ENTRIES if none */
    uint64_t upper_start;    /* first address there; UINT64_MAX, which is no page's, if none */
    uint64_t plain_start;    /* follows from the above: for pages from there on calls take the */
    uint64_t plain_bytes;    /* shortest way; it may go on from the upper half to the lower */
    unsigned root_live;      /* present entries of the root that are its own */
    size_t dependents;       /* spaces that share this one's upper */
};

/* Makes an empty space.  Takes one frame, for the root.  frames and arch are copied.
 * PGT_NO_FRAMES. */
enum pgt_status pgt_init(struct pgt_space *space, const struct pgt_arch *arch,
                         const struct pgt_frames *frames) PGT_MUST_USE;

/* Seals the root slots from the one that holds `start` to the last, so that other
 * spaces can share them.  From then on no root entry at or above it changes: mapping
 * and unmapping below present ones goes on, and is seen by all dependents at once since
 * they share the tables; what would need a new root entry there is refused with
 * PGT_SEALED.  So that later mappings reach every space, the first `populate` slots
 * from there on get a table now, where they have none: a frame each (PGT_NO_FRAMES).
 *
 * start is canonical and a multiple of a root slot's reach (2^39 bytes with 4 levels,
 * 2^48 with 5), in either half but not 0, which would leave others nothing:
 * PGT_MISALIGNED, PGT_BAD_RANGE (also for a populate beyond the last slot).  A space is
 * sealed once, and one that shares an upper can't be: PGT_SEALED. */
enum pgt_status pgt_seal(struct pgt_space *space, uint64_t start, unsigned populate) PGT_MUST_USE;

/* Makes a space that shares the sealed upper of `upper` (sealed, by duty) and is empty
 * below it.  Takes one frame, for the root.  `upper` counts it as a dependent until
 * pgt_destroy().  PGT_NO_FRAMES. */
enum pgt_status pgt_init_on(struct pgt_space *space, struct pgt_space *upper,
                            const struct pgt_frames *frames) PGT_MUST_USE;

/* Takes over tables that somebody else built, for instance a boot loader, in use or
 * not.  They are walked once, and PGT_MALFORMED are: entries that arch forbids, entries
 * above a leaf that withhold a right or ask for a memory type (this library keeps both
 * in leaves alone), empty tables (but right below the root), and tables that refer to
 * one above them.  That no table is reached from two entries is not checked.  A root
 * that is not page aligned is PGT_MISALIGNED.  On success the table entries carry what
 * this library keeps in their ignored bits; nothing else is written.  frames.give will
 * receive the adopted tables as they empty. */
enum pgt_status pgt_adopt(struct pgt_space *space, const struct pgt_arch *arch,
                          const struct pgt_frames *frames, uint64_t root) PGT_MUST_USE;

/* The reverse: clears what this library keeps in ignored bits of the space's own
 * tables, so that software which masks entries carelessly can edit them. The space
 * shall not be used afterwards, except to be adopted again. */
void pgt_disown(struct pgt_space *space);

/* Gives back every table that the space owns, the root last; never the shared upper.
 * The tables shall be in use by no processor.  PGT_BUSY while dependents live. */
enum pgt_status pgt_destroy(struct pgt_space *space) PGT_MUST_USE;

/* ------------------------------------------------------------------------
 * What has to be invalidated
 */

/* Gathered by the calls that change mappings: they add to it, so that one gather serves
 * any number of them.  Start with all zero.  While nothing was flushed, a processor may
 * go on using what was there before.  pgt_finish() in pagetables/live.h carries it out.
 *
 *     struct pgt_flush flush = {0};
 *     status = pgt_unmap(&space, virt, bytes, &flush);
 *     pgt_finish(&flush, &other_processors, &pool);     flushes, then recycles */
#define PGT_FLUSH_RANGES 4
struct pgt_flush {
    bool needed;     /* a valid translation moved, narrowed or went; or a table that held one did */
    bool widened;    /* one only gained rights: without a flush a processor may fault once more
                        than it should, and finds the entry right when it looks again */
    bool everything; /* the ranges were too many to list: any address */
    bool global;     /* a global leaf was among them: a load of CR3 is not enough */
    bool upper;      /* they lie in a sealed upper: every space that shares it, every PCID */
    unsigned count;
    struct {
        uint64_t first;
        uint64_t last;
    } range[PGT_FLUSH_RANGES]; /* ascending by time of adding; neighbours are merged */
};

/* Adds what `more` gathered to `flush`. */
void pgt_flush_join(struct pgt_flush *flush, const struct pgt_flush *more);

/* ------------------------------------------------------------------------
 * Changing mappings
 */

/* What to map.  Named members, so that no call has four integers in a row:
 *
 *     pgt_map(&space, &(struct pgt_mapping){ .virt = 0x400000, .phys = frame,
 *             .bytes = PGT_PAGE, .rights = PGT_READ | PGT_WRITE }, &flush); */
struct pgt_mapping {
    uint64_t virt;  /* first byte, page aligned, canonical */
    uint64_t phys;  /* first byte, page aligned: PGT_MISALIGNED, PGT_BAD_PHYSICAL */
    uint64_t bytes; /* multiple of 4096, not 0; may end with the address space */
    unsigned rights;
    enum pgt_memory memory;
    unsigned key;      /* protection key */
    unsigned software; /* bits for the caller's own use */
    bool promote;      /* afterwards, merge what can be merged around the range: pgt_promote() */
};

/* Maps a range, over whatever was mapped there, with the largest leaves that virtual
 * address, physical address, length and processor allow; larger leaves at the edges are
 * split one level at a time and keep their attributes.  A table that the range replaces
 * whole is given back.  Accessed, and dirty where writable, are preset, so that the
 * processor never writes these entries.
 *
 * Mapping what is mapped already, identically, changes nothing and allocates nothing.
 *
 * PGT_BAD_RIGHTS: no right at all, or a right, memory type, key or software bits that
 * can't be expressed.  PGT_SEALED, PGT_NO_FRAMES. */
enum pgt_status pgt_map(struct pgt_space *space, const struct pgt_mapping *mapping,
                        struct pgt_flush *flush) PGT_MUST_USE;

/* Unmaps a range; what is not mapped in it is passed over.  Larger leaves at the edges
 * are split, which can take frames.  Tables that become empty are given back, except
 * those right below a sealed root slot.
 *
 * PGT_SEALED, PGT_NO_FRAMES. */
enum pgt_status pgt_unmap(struct pgt_space *space, uint64_t virt, uint64_t bytes,
                          struct pgt_flush *flush) PGT_MUST_USE;

/* What pgt_protect() changes; the members that `change` doesn't name are not read. */
#define PGT_CHANGE_RIGHTS   1u
#define PGT_CHANGE_MEMORY   2u
#define PGT_CHANGE_KEY      4u
#define PGT_CHANGE_SOFTWARE 8u
struct pgt_protection {
    unsigned change;
    unsigned rights; /* all of them: what isn't named is taken away */
    enum pgt_memory memory;
    unsigned key;
    unsigned software;
};

/* Changes attributes of what is mapped in a range; what isn't mapped is passed over.
 * Leaves keep their size but at the range's edges, where larger ones are split.
 * Accessed and dirty stay as they are.
 *
 * flush->needed if anything was narrowed (a right taken, memory type or key changed),
 * only flush->widened if rights were just added.  Software bits alone need neither.
 *
 * PGT_BAD_RIGHTS, PGT_SEALED, PGT_NO_FRAMES. */
enum pgt_status pgt_protect(struct pgt_space *space, uint64_t virt, uint64_t bytes,
                            const struct pgt_protection *protection,
                            struct pgt_flush *flush) PGT_MUST_USE;

/* Merges every table that is full, uniform and contiguous, and whose reach meets the
 * range, into one larger leaf; first tables of 4K, then of 2M where the processor has
 * 1G pages.  The merged leaf is accessed, and dirty where it can be written: a
 * processor that still has a part cached may be about to mark it where nobody would
 * look.  Takes no frames.  PGT_SEALED. */
enum pgt_status pgt_promote(struct pgt_space *space, uint64_t virt, uint64_t bytes,
                            struct pgt_flush *flush) PGT_MUST_USE;

/* Splits leaves that meet the range, one level at a time, until none there is larger
 * than `largest` (PGT_PAGE or PGT_PAGE_2M: PGT_MISALIGNED otherwise).  All attributes
 * stay; no translation changes, so nothing has to be flushed.  PGT_SEALED,
 * PGT_NO_FRAMES. */
enum pgt_status pgt_split(struct pgt_space *space, uint64_t virt, uint64_t bytes,
                          uint64_t largest) PGT_MUST_USE;

/* How clone treats what is writable. */
enum pgt_clone {
    PGT_CLONE_SAME,          /* the same rights in both */
    PGT_CLONE_READ_ONLY,     /* the clone can't write; the origin is left as it is */
    PGT_CLONE_COPY_ON_WRITE, /* neither can; where write was taken both get the software bits */
};

/* Maps in `to` what `from` maps in a range: same frames, same addresses, same page
 * sizes, split at the range's edges only.  The range in `to` is empty: PGT_OCCUPIED.
 * `software` is used by PGT_CLONE_COPY_ON_WRITE alone.  from_flush is what `from` has
 * to invalidate (only after copy-on-write); `to` has nothing to. Both spaces have the
 * same levels, by duty.
 *
 * PGT_BAD_RIGHTS, PGT_SEALED (for `to`; for `from` with copy-on-write), PGT_NO_FRAMES. */
enum pgt_status pgt_clone(struct pgt_space *to, struct pgt_space *from, uint64_t virt,
                          uint64_t bytes, enum pgt_clone how, unsigned software,
                          struct pgt_flush *from_flush) PGT_MUST_USE;

/* Dry runs: how many frames the call with the same arguments would take.  The same
 * statuses, without PGT_NO_FRAMES.  For a clone, frames of `to` and of `from`. */
enum pgt_status pgt_map_cost(const struct pgt_space *space, const struct pgt_mapping *mapping,
                             size_t *ret_frames) PGT_MUST_USE;
enum pgt_status pgt_unmap_cost(const struct pgt_space *space, uint64_t virt, uint64_t bytes,
                               size_t *ret_frames) PGT_MUST_USE;
enum pgt_status pgt_protect_cost(const struct pgt_space *space, uint64_t virt, uint64_t bytes,
                                 const struct pgt_protection *protection,
                                 size_t *ret_frames) PGT_MUST_USE;
enum pgt_status pgt_split_cost(const struct pgt_space *space, uint64_t virt, uint64_t bytes,
                               uint64_t largest, size_t *ret_frames) PGT_MUST_USE;
enum pgt_status pgt_clone_cost(const struct pgt_space *to, const struct pgt_space *from,
                               uint64_t virt, uint64_t bytes, enum pgt_clone how,
                               size_t *ret_to_frames, size_t *ret_from_frames) PGT_MUST_USE;

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
    unsigned key;
    unsigned software;
    bool accessed;
    bool dirty;
};

/* The leaf that maps the byte at virt; false where none does, or where virt is not
 * canonical. */
bool pgt_lookup(const struct pgt_space *space, uint64_t virt, struct pgt_leaf *ret_leaf);

/* The first leaf, in ascending unsigned order of addresses, that ends at or above virt;
 * false where there is none.  To visit every leaf of a space start at 0 and go on at
 * leaf.virt + leaf.bytes until that is 0. */
bool pgt_next(const struct pgt_space *space, uint64_t virt, struct pgt_leaf *ret_leaf);

/* Leaves that continue each other in virtual and physical addresses and have the same
 * rights, memory type, key and software bits. */
struct pgt_run {
    uint64_t virt;
    uint64_t phys;
    uint64_t bytes; /* 0 stands for all 2^64: it doesn't occur with 4 or 5 levels */
    unsigned rights;
    enum pgt_memory memory;
    unsigned key;
    unsigned software;
    size_t leaves_4k, leaves_2m, leaves_1g;
};

/* As pgt_next(), for runs: the run that starts with the first leaf that ends at or above virt. */
bool pgt_next_run(const struct pgt_space *space, uint64_t virt, struct pgt_run *ret_run);

/* Is nothing mapped in the range?  It shall be a range. */
bool pgt_is_empty(const struct pgt_space *space, uint64_t virt, uint64_t bytes);

/* Accessed and dirty bits of a range. */
#define PGT_ACCESSED 1u
#define PGT_DIRTY    2u
struct pgt_harvest {
    uint64_t mapped;   /* bytes */
    uint64_t accessed; /* bytes in leaves that were marked so */
    uint64_t dirty;
};

/* Reads the accessed and dirty bits of the leaves that meet the range, and clears those
 * that `clear` names (PGT_ACCESSED, PGT_DIRTY, both or 0), each in one atomic step
 * against the processor's own updates.  `each`, unless null, is told of every leaf as
 * it was. The sums count whole leaves, at the edges too.
 *
 * flush->needed if a bit was cleared: until flushed a processor that has the
 * translation cached doesn't set it again.  PGT_SEALED, with clear only. */
enum pgt_status pgt_harvest(struct pgt_space *space, uint64_t virt, uint64_t bytes, unsigned clear,
                            void (*each)(void *context, const struct pgt_leaf *leaf), void *context,
                            struct pgt_harvest *ret_harvest, struct pgt_flush *flush) PGT_MUST_USE;

/* What was mapped: leaves, or the parts of them that lay in the range, that continued each other
 * in virtual and physical addresses and had the same attributes and the same marks. */
struct pgt_gone {
    uint64_t virt;
    uint64_t phys;
    uint64_t bytes;
    unsigned rights;
    unsigned software;
    bool accessed;
    bool dirty;
};

/* pgt_unmap() and pgt_harvest() in one pass, for who has to do something about the frames: write
 * the dirty ones back, hand them on.  `gone`, unless null, is told of everything that was unmapped,
 * ascending, in runs as long as they come; it shall not call for this space.  The sums count what
 * was unmapped.  No mark is lost: a processor that comes later finds nothing to mark, and faults.
 *
 * The frames shall not be used otherwise before the flush is done, since a processor that still
 * has a translation goes on using it; what it writes by that lies in frames told as dirty.
 * PGT_SEALED, PGT_NO_FRAMES, which are known before anything is told. */
enum pgt_status pgt_unmap_harvest(struct pgt_space *space, uint64_t virt, uint64_t bytes,
                                  void (*gone)(void *context, const struct pgt_gone *run),
                                  void *context, struct pgt_harvest *ret_harvest,
                                  struct pgt_flush *flush) PGT_MUST_USE;

/* Prints the space, one line a run, ascending, as a page-table dump usually reads:
 *
 *     0xffff800000000000-0xffff80000009ffff  0x000000000000  640K  rw--- WB  4K*160
 *
 * that is: addresses, frame, size, rights (read, write, execute, user, global), memory
 * type, leaves by size; then "key N" and "software 0xN" where they aren't 0.  Each line
 * goes to `line` without a newline, and is valid during the call only. */
void pgt_dump(const struct pgt_space *space, void (*line)(void *context, const char *text),
              void *context);

/* The physical addresses of the tables that the space owns (not those of a shared
 * upper), the root first, a table before those below it, as many as fit into
 * frame[capacity] (frame may be null for a capacity of 0).  Returns how many there are; who
 * wants to know at any moment counts in frames.take and frames.give instead. */
size_t pgt_tables(const struct pgt_space *space, uint64_t *frame, size_t capacity);

/* A place where tables break a rule, for messages. */
struct pgt_fault {
    uint64_t virt;  /* first address below the entry */
    uint64_t entry; /* its raw value */
    unsigned level; /* 1 for an entry of a page table (PT), up to arch.levels */
    const char *rule;
};

/* Walks the whole space and checks each rule: reserved bits clear, physical addresses
 * within width, leaves only where the processor has them, rights in leaves alone, live
 * counts equal to the entries counted, no empty table but right below the root, shared
 * root entries equal to the upper's.  PGT_MALFORMED with the first broken rule in
 * ret_fault. */
enum pgt_status pgt_check(const struct pgt_space *space, struct pgt_fault *ret_fault) PGT_MUST_USE;

#endif
