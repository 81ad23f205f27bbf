/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and loading a kernel image.
 *
 * Nothing of the file is used before it was found to lie inside the file, and
 * structures are copied out of it, since the file may lie at any address.
 */
#include "loader/image.h"

#include <string.h>

#include "loader/image_parts.h"
#include "pagetables/pagetables.h"

#define PAGE_OFFSET (PGT_PAGE - 1)

/* The greatest alignment that LDR_IMAGE_LOWEST has itself. */
#define ALIGN_MAX UINT64_C(0x80000000)

/* A file that is being read.  The caller's image is written once all is well. */
struct reading {
    struct ldr_image image;
    Elf64_Ehdr header;
    Elf64_Phdr dynamic, relro;           /* p_type PT_NULL: the file has none */
    unsigned dynamic_index, relro_index; /* of their program headers */
    uint64_t align;                      /* greatest alignment that a segment asks for */
    struct ldr_report *report;
};

bool ldr_image_holds(const struct ldr_image *image, uint64_t offset, uint64_t bytes)
{
    return offset <= image->file_bytes && bytes <= image->file_bytes - offset;
}

const struct ldr_segment *ldr_image_segment(const struct ldr_image *image, uint64_t virt,
                                            uint64_t bytes)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *segment = &image->segment[i];
        /* Below the segment this wraps to more than its size. */
        uint64_t distance = virt - segment->virt;
        if (distance < segment->bytes && bytes <= segment->bytes - distance)
            return segment;
    }
    return NULL;
}

/* Can't wrap: check_extent() has seen to it. */
static uint64_t last_byte(const struct ldr_segment *segment)
{
    return segment->virt + (segment->bytes - 1);
}

/* ---- the ELF header ---------------------------------------------------------- */

/* What comes before the file can be taken for ELF at all. */
static enum ldr_status check_magic(struct reading *r)
{
    const char *name = r->image.name;
    uint64_t bytes = r->image.file_bytes;

    if (bytes == 0)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: the file is empty; copy the kernel to its place again", name);
    if (memcmp(r->image.file, ELFMAG, bytes < SELFMAG ? bytes : SELFMAG) != 0)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: not an ELF file; give the path of a kernel that is ELF for x86-64",
                          name);
    if (bytes < sizeof r->header)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: truncated in the ELF header, %lu bytes instead of %zu; copy the "
                          "file again",
                          name, bytes, sizeof r->header);
    return LDR_OK;
}

/* Is it for this processor, and linked? */
static enum ldr_status check_machine(struct reading *r)
{
    const char *name = r->image.name;
    const Elf64_Ehdr *header = &r->header;

    if (header->e_ident[EI_CLASS] != ELFCLASS64)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: %s ELF, but the Limine protocol wants 64-bit; build the kernel "
                          "with -m64",
                          name, header->e_ident[EI_CLASS] == ELFCLASS32 ? "32-bit" : "not 64-bit");
    if (header->e_ident[EI_DATA] != ELFDATA2LSB)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: not little-endian ELF (EI_DATA is %u), so not for x86-64; build "
                          "the kernel for x86-64",
                          name, header->e_ident[EI_DATA]);
    if (header->e_machine != EM_X86_64)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: for another machine (e_machine is %u, x86-64 is %u); build the "
                          "kernel for x86-64",
                          name, header->e_machine, EM_X86_64);
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: neither an executable nor a static PIE (e_type is %u); give the "
                          "linked kernel, not an object file",
                          name, header->e_type);
    return LDR_OK;
}

/* The table of program headers, as a whole. */
static enum ldr_status check_table(struct reading *r)
{
    const char *name = r->image.name;
    const Elf64_Ehdr *header = &r->header;
    uint64_t bytes = (uint64_t)header->e_phnum * sizeof(Elf64_Phdr);

    if (header->e_phnum == 0)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: no loadable segment, since there are no program headers; give the "
                          "linked kernel",
                          name);
    if (header->e_phentsize != sizeof(Elf64_Phdr))
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: program headers of %u bytes (e_phentsize), where ELF64 has %zu; "
                          "link the kernel again",
                          name, header->e_phentsize, sizeof(Elf64_Phdr));
    if (header->e_phnum == PN_XNUM)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: too many program headers, %u or more; link into at most %u segments",
                          name, PN_XNUM, LDR_SEGMENTS);
    if (!ldr_image_holds(&r->image, header->e_phoff, bytes))
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: truncated in the program headers, %lu bytes at offset %lu of a "
                          "file of %lu; copy the file again",
                          name, bytes, header->e_phoff, r->image.file_bytes);
    return LDR_OK;
}

/* The header is taken out of the file once it is known to be there. */
static enum ldr_status read_header(struct reading *r)
{
    enum ldr_status status = check_magic(r);

    if (status != LDR_OK)
        return status;
    memcpy(&r->header, r->image.file, sizeof r->header);
    status = check_machine(r);
    if (status != LDR_OK)
        return status;
    return check_table(r);
}

/* ---- segments, each for itself ----------------------------------------------- */

/* The bytes that it wants of the file, and of the address space.  Each comparison
 * subtracts from the maximum, since sums of what a file says may wrap. */
static enum ldr_status check_extent(struct reading *r, const Elf64_Phdr *program, unsigned index)
{
    const char *name = r->image.name;

    if (program->p_filesz > program->p_memsz)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s, program header %u: %lu bytes in the file but only %lu in memory; "
                          "link the kernel again",
                          name, index, program->p_filesz, program->p_memsz);
    if (program->p_filesz > 0 && !ldr_image_holds(&r->image, program->p_offset, program->p_filesz))
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s, program header %u: truncated in this segment, %lu bytes at offset "
                          "%lu of a file of %lu; copy the file again",
                          name, index, program->p_filesz, program->p_offset, r->image.file_bytes);
    if (program->p_memsz - 1 > UINT64_MAX - program->p_vaddr)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s, program header %u: 0x%lx bytes at 0x%lx wrap around the end of the "
                          "address space; correct the linker script",
                          name, index, program->p_memsz, program->p_vaddr);
    return LDR_OK;
}

/* All that can be wrong with one segment alone. */
static enum ldr_status check_segment(struct reading *r, const Elf64_Phdr *program, unsigned index)
{
    const char *name = r->image.name;

    if (r->image.segment_count == LDR_SEGMENTS)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s, program header %u: more than %u loadable segments; merge some in "
                          "the linker script",
                          name, index, LDR_SEGMENTS);
    enum ldr_status status = check_extent(r, program, index);
    if (status != LDR_OK)
        return status;
    if ((program->p_flags & PF_W) && (program->p_flags & PF_X))
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s, program header %u: the segment is both writable and executable; "
                          "link text and data into separate segments (PHDRS in the linker script, "
                          "or ld -z separate-code)",
                          name, index);
    if (r->header.e_type == ET_EXEC && program->p_vaddr < LDR_IMAGE_LOWEST)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s, program header %u: address 0x%lx is below 0x%lx; link the kernel "
                          "to that address or above, or as a static PIE at address 0",
                          name, index, program->p_vaddr, LDR_IMAGE_LOWEST);
    return LDR_OK;
}

/* Linkers sort segments by address, people who write them by hand may not. */
static void insert_segment(struct ldr_image *image, const struct ldr_segment *segment)
{
    unsigned at = image->segment_count++;

    for (; at > 0 && image->segment[at - 1].virt > segment->virt; at--)
        image->segment[at] = image->segment[at - 1];
    image->segment[at] = *segment;
}

/* A segment that is mapped can be read, whatever its flags say: the processor has no
 * other kind of page. */
static enum ldr_status read_segment(struct reading *r, const Elf64_Phdr *program, unsigned index)
{
    enum ldr_status status = check_segment(r, program, index);

    if (status != LDR_OK)
        return status;
    struct ldr_segment segment = {
        .virt = program->p_vaddr,
        .bytes = program->p_memsz,
        /* Where nothing comes from the file its offset may be anywhere. */
        .file_offset = program->p_filesz > 0 ? program->p_offset : 0,
        .file_bytes = program->p_filesz,
        .rights = PGT_READ,
        .index = index,
    };
    if (program->p_flags & PF_W)
        segment.rights |= PGT_WRITE;
    if (program->p_flags & PF_X)
        segment.rights |= PGT_EXECUTE;
    insert_segment(&r->image, &segment);
    if (r->align < program->p_align)
        r->align = program->p_align;
    return LDR_OK;
}

/* Notes, stack flags and TLS ask nothing of a loader of kernels; nor does the
 * interpreter that ld names in every PIE, as long as no library is needed. */
static enum ldr_status read_program(struct reading *r, unsigned index)
{
    Elf64_Phdr program;

    memcpy(&program, r->image.file + r->header.e_phoff + index * sizeof program, sizeof program);
    switch (program.p_type) {
    case PT_LOAD:
        /* GNU ld 2.40 leaves a PT_LOAD without memory, at address 0. */
        return program.p_memsz > 0 ? read_segment(r, &program, index) : LDR_OK;
    case PT_DYNAMIC:
        r->dynamic = program;
        r->dynamic_index = index;
        return LDR_OK;
    case PT_GNU_RELRO:
        r->relro = program;
        r->relro_index = index;
        return LDR_OK;
    default:
        return LDR_OK;
    }
}

/* ---- segments, together ------------------------------------------------------ */

/* `low` and `high` are neighbours by address. */
static enum ldr_status check_neighbours(struct reading *r, const struct ldr_segment *low,
                                        const struct ldr_segment *high)
{
    if (last_byte(low) >= high->virt)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s, program headers %u and %u: the segments overlap at 0x%lx; correct "
                          "the linker script",
                          r->image.name, low->index, high->index, high->virt);
    if (low->rights != high->rights && last_byte(low) / PGT_PAGE == high->virt / PGT_PAGE)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s, program headers %u and %u: segments of different rights share the "
                          "page at 0x%lx; align each segment's start to 4096 in the linker script",
                          r->image.name, low->index, high->index, high->virt & ~PAGE_OFFSET);
    return LDR_OK;
}

/* Segments are sorted when all are read, so that two that touch are neighbours. */
static enum ldr_status read_segments(struct reading *r)
{
    struct ldr_image *image = &r->image;
    enum ldr_status status = LDR_OK;

    for (unsigned i = 0; i < r->header.e_phnum && status == LDR_OK; i++)
        status = read_program(r, i);
    if (status == LDR_OK && image->segment_count == 0)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: no loadable segment; give the linked kernel", image->name);
    for (unsigned i = 1; i < image->segment_count && status == LDR_OK; i++)
        status = check_neighbours(r, &image->segment[i - 1], &image->segment[i]);
    return status;
}

/* ---- where the image goes ---------------------------------------------------- */

/* A PIE may be moved by multiples of the alignment that its segments ask for
 * only (System V ABI, chapter 5, "Base Address"), and never by part of a page. Afterwards it
 * may be moved on, by whole page tables so that it never takes one more. */
static enum ldr_status choose_slide(struct reading *r)
{
    struct ldr_image *image = &r->image;
    uint64_t lowest = image->segment[0].virt & ~PAGE_OFFSET;
    uint64_t highest = last_byte(&image->segment[image->segment_count - 1]);
    uint64_t align = r->align > PGT_PAGE ? r->align : PGT_PAGE;
    bool good = align <= ALIGN_MAX && (align & (align - 1)) == 0;

    if (r->header.e_type == ET_DYN && good)
        image->step = align > PGT_PAGE_2M ? align : PGT_PAGE_2M;
    if (lowest >= LDR_IMAGE_LOWEST)
        return LDR_OK;
    if (!good)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: a PIE with segment alignment 0x%lx can't be moved to 0x%lx; link "
                          "with an alignment that is a power of two up to 2 GiB",
                          image->name, align, LDR_IMAGE_LOWEST);
    uint64_t slide = LDR_IMAGE_LOWEST - (lowest & ~(align - 1));
    if (highest > UINT64_MAX - slide)
        return ldr_refuse(r->report, LDR_BAD_KERNEL,
                          "%s: the PIE reaches from 0x%lx to 0x%lx, more than fits above 0x%lx; "
                          "link it into less than 2 GiB",
                          image->name, lowest, highest, LDR_IMAGE_LOWEST);
    image->slide = slide;
    return LDR_OK;
}

/* From here on all addresses are those after the slide. */
static enum ldr_status place_image(struct reading *r)
{
    struct ldr_image *image = &r->image;
    enum ldr_status status = choose_slide(r);

    if (status != LDR_OK)
        return status;
    for (unsigned i = 0; i < image->segment_count; i++)
        image->segment[i].virt += image->slide;
    /* An image that ends with the address space has a last byte, but no end. */
    uint64_t last = last_byte(&image->segment[image->segment_count - 1]) | PAGE_OFFSET;
    image->virt = image->segment[0].virt & ~PAGE_OFFSET;
    image->bytes = last - image->virt + 1;
    return LDR_OK;
}

/* Checked after the slide, which moves entry and segments alike. */
static enum ldr_status read_entry(struct reading *r)
{
    uint64_t entry = r->header.e_entry + r->image.slide;
    const struct ldr_segment *segment = ldr_image_segment(&r->image, entry, 1);

    if (segment == NULL || !(segment->rights & PGT_EXECUTE))
        return ldr_refuse(
            r->report, LDR_BAD_KERNEL,
            "%s: the entry, 0x%lx, is not in an executable segment; name the kernel's "
            "first function with ENTRY() in the linker script",
            r->image.name, r->header.e_entry);
    r->image.entry = entry;
    return LDR_OK;
}

/* Of an ET_EXEC too: so GNU ld calls a PIE that is linked to an address other than 0,
 * and its pointers are to be had from the relocations like any PIE's. */
static enum ldr_status read_relocations(struct reading *r)
{
    if (r->dynamic.p_type != PT_DYNAMIC)
        return LDR_OK;
    enum ldr_status status = ldr_dynamic_read(&r->image, &r->dynamic, r->dynamic_index, r->report);
    return status == LDR_OK ? ldr_relocations_check(&r->image, r->report) : status;
}

/* Last, as all before speaks of the segments that the file has. */
static enum ldr_status read_relro(struct reading *r)
{
    if (r->relro.p_type != PT_GNU_RELRO)
        return LDR_OK;
    return ldr_relro_cut(&r->image, &r->relro, r->relro_index, r->report);
}

/* Each step relies on those before it. */
enum ldr_status ldr_image_read(struct ldr_image *ret_image, const char *name, const void *file,
                               uint64_t file_bytes, struct ldr_report *report)
{
    static enum ldr_status (*const step[])(struct reading *) = {
        read_header, read_segments, place_image, read_entry, read_relocations, read_relro,
    };
    struct reading r = {
        .image = {.name = name, .file = file, .file_bytes = file_bytes},
        .report = report,
    };

    for (size_t i = 0; i < sizeof step / sizeof step[0]; i++) {
        enum ldr_status status = step[i](&r);
        if (status != LDR_OK)
            return status;
    }
    *ret_image = r.image;
    return LDR_OK;
}

/* Every byte is written once, as copy or as zero, except for relocations. */
void ldr_image_load(const struct ldr_image *image, void *memory)
{
    uint8_t *bytes = memory;
    uint64_t done = 0;

    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *segment = &image->segment[i];
        uint64_t at = segment->virt - image->virt;
        memset(bytes + done, 0, at - done);
        memcpy(bytes + at, image->file + segment->file_offset, segment->file_bytes);
        done = at + segment->file_bytes;
    }
    memset(bytes + done, 0, image->bytes - done);
    ldr_relocations_apply(image, memory);
}
