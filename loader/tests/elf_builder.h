/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds small ELF64 kernels in memory.
 *
 * A builder starts out valid.  A test changes what it wants to see refused, one
 * field mostly, and takes the file:
 *
 *     struct elf_builder elf;
 *     elf_builder_exec(&elf);
 *     elf.header.e_machine = EM_AARCH64;
 *     status = ldr_image_read(&image, "kernel.elf", elf_builder_file(&elf), elf.file_bytes,
 * &report);
 *
 * Both kinds have the same three segments, here with the addresses of
 * elf_builder_exec():
 *
 *     ffffffff80000000  text    0x200 bytes, read and execute; the entry is at +0x10
 *     ffffffff80001000  rodata  0x400 bytes; a PIE's dynamic section and relocations lie in it
 *     ffffffff80002000  data    0x1000 bytes from the file and as many zeros; free for a test
 *
 * Text and data are filled with ELF_TEXT_BYTE and ELF_DATA_BYTE, rodata with
 * ELF_RODATA_BYTE.  Behind the last segment follow ELF_TRAILING bytes, in the
 * place where a linker puts section headers, which nothing needs.
 */
#ifndef LOADER_TESTS_ELF_BUILDER_H
#define LOADER_TESTS_ELF_BUILDER_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

/* Indices of elf_builder.program. */
enum { ELF_TEXT, ELF_RODATA, ELF_DATA, ELF_DYNAMIC /* of a PIE only */ };

/* Distances from the base of the image. */
#define ELF_TEXT_AT   UINT64_C(0x0000)
#define ELF_RODATA_AT UINT64_C(0x1000)
#define ELF_DATA_AT   UINT64_C(0x2000)
#define ELF_ENTRY_AT  UINT64_C(0x0010)

#define ELF_TEXT_BYTES        0x200
#define ELF_RODATA_BYTES      0x400
#define ELF_DATA_FILE_BYTES   0x1000
#define ELF_DATA_MEMORY_BYTES 0x2000
#define ELF_TRAILING          64

#define ELF_TEXT_BYTE   0xcc
#define ELF_RODATA_BYTE 0x5a
#define ELF_DATA_BYTE   0xda

/* Indices of elf_builder.dynamic in a PIE; DT_NULL comes last. */
enum { ELF_DT_RELA, ELF_DT_RELASZ, ELF_DT_RELAENT, ELF_DT_FIRST_FREE };

#define ELF_PROGRAM_MAX    40
#define ELF_DYNAMIC_MAX    16
#define ELF_RELOCATION_MAX 16

/* Where the parts lie in the file: each segment at its address's distance, one
 * page further on, behind the headers. */
#define ELF_FILE_OFFSET(at) (UINT64_C(0x1000) + (at))
#define ELF_DYNAMIC_AT      (ELF_RODATA_AT + 0x100)
#define ELF_RELOCATIONS_AT  (ELF_RODATA_AT + 0x200)
#define ELF_FILE_BYTES      (0x4000 + ELF_TRAILING)

struct elf_builder {
    /* Written to the file as they stand, so every field may be spoilt. */
    Elf64_Ehdr header;
    Elf64_Phdr program[ELF_PROGRAM_MAX]; /* header.e_phnum of them */
    Elf64_Dyn dynamic[ELF_DYNAMIC_MAX];
    unsigned dynamic_count; /* DT_NULL included; 0 without a dynamic section */
    Elf64_Rela relocation[ELF_RELOCATION_MAX];
    unsigned relocation_count;

    uint64_t base; /* address of the text segment */
    uint8_t file[ELF_FILE_BYTES];
    size_t file_bytes; /* ELF_FILE_BYTES; a test may shorten it */
};

/* A valid ET_EXEC at 0xffffffff80000000. */
void elf_builder_exec(struct elf_builder *elf);

/* A valid static PIE linked at `base`, with a dynamic section that lists an empty
 * table of relocations. */
void elf_builder_pie(struct elf_builder *elf, uint64_t base);

/* Appends a zeroed program header of type `type`, to be filled in by the test. */
Elf64_Phdr *elf_builder_add_program(struct elf_builder *elf, uint32_t type);

/* Appends an entry to the dynamic section of a PIE, before its DT_NULL. */
void elf_builder_add_dynamic(struct elf_builder *elf, int64_t tag, uint64_t value);

/* Appends a relocation to a PIE and counts it in DT_RELASZ.  `virt` is an
 * address as linked: elf->base + ELF_DATA_AT + 8, for instance. */
void elf_builder_add_relocation(struct elf_builder *elf, uint32_t type, uint64_t virt,
                                int64_t addend);

/* Puts bytes at an address as linked, in what the file holds of the three
 * segments; for instance requests of the boot protocol into the data. */
void elf_builder_put(struct elf_builder *elf, uint64_t virt, const void *bytes, size_t count);

/* Writes headers, dynamic section and relocations to the file and returns its
 * first byte; it is elf->file_bytes long, and valid until the builder changes. */
const void *elf_builder_file(struct elf_builder *elf);

#endif
