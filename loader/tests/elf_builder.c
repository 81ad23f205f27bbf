/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/tests/elf_builder.h"

#include <assert.h>
#include <string.h>

static Elf64_Phdr load(uint64_t base, uint64_t at, uint32_t flags, uint64_t file_bytes,
                       uint64_t memory_bytes)
{
    return (Elf64_Phdr){
        .p_type = PT_LOAD,
        .p_flags = flags,
        .p_offset = ELF_FILE_OFFSET(at),
        .p_vaddr = base + at,
        .p_paddr = base + at,
        .p_filesz = file_bytes,
        .p_memsz = memory_bytes,
        .p_align = 0x1000,
    };
}

static Elf64_Ehdr header(uint16_t type, uint64_t base)
{
    return (Elf64_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = type,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = base + ELF_ENTRY_AT,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 3,
    };
}

static void start(struct elf_builder *elf, uint16_t type, uint64_t base)
{
    memset(elf, 0, sizeof *elf);
    elf->header = header(type, base);
    elf->base = base;
    elf->file_bytes = ELF_FILE_BYTES;
    elf->program[ELF_TEXT] = load(base, ELF_TEXT_AT, PF_R | PF_X, ELF_TEXT_BYTES, ELF_TEXT_BYTES);
    elf->program[ELF_RODATA] = load(base, ELF_RODATA_AT, PF_R, ELF_RODATA_BYTES, ELF_RODATA_BYTES);
    elf->program[ELF_DATA] =
        load(base, ELF_DATA_AT, PF_R | PF_W, ELF_DATA_FILE_BYTES, ELF_DATA_MEMORY_BYTES);

    /* What no segment covers is not zero, so that a test sees it copied by mistake. */
    memset(elf->file, 0xee, sizeof elf->file);
    memset(elf->file + ELF_FILE_OFFSET(ELF_TEXT_AT), ELF_TEXT_BYTE, ELF_TEXT_BYTES);
    memset(elf->file + ELF_FILE_OFFSET(ELF_RODATA_AT), ELF_RODATA_BYTE, ELF_RODATA_BYTES);
    memset(elf->file + ELF_FILE_OFFSET(ELF_DATA_AT), ELF_DATA_BYTE, ELF_DATA_FILE_BYTES);
}

void elf_builder_exec(struct elf_builder *elf)
{
    start(elf, ET_EXEC, UINT64_C(0xffffffff80000000));
}

void elf_builder_pie(struct elf_builder *elf, uint64_t base)
{
    start(elf, ET_DYN, base);

    Elf64_Phdr *dynamic = elf_builder_add_program(elf, PT_DYNAMIC);
    *dynamic = load(base, ELF_DYNAMIC_AT, PF_R, sizeof elf->dynamic, sizeof elf->dynamic);
    dynamic->p_type = PT_DYNAMIC;

    elf->dynamic_count = 1;
    elf_builder_add_dynamic(elf, DT_RELA, base + ELF_RELOCATIONS_AT);
    elf_builder_add_dynamic(elf, DT_RELASZ, 0);
    elf_builder_add_dynamic(elf, DT_RELAENT, sizeof(Elf64_Rela));
}

Elf64_Phdr *elf_builder_add_program(struct elf_builder *elf, uint32_t type)
{
    assert(elf->header.e_phnum < ELF_PROGRAM_MAX);
    Elf64_Phdr *added = &elf->program[elf->header.e_phnum++];
    *added = (Elf64_Phdr){.p_type = type};
    return added;
}

void elf_builder_add_dynamic(struct elf_builder *elf, int64_t tag, uint64_t value)
{
    assert(elf->dynamic_count > 0 && elf->dynamic_count < ELF_DYNAMIC_MAX);
    elf->dynamic[elf->dynamic_count - 1] = (Elf64_Dyn){.d_tag = tag, .d_un.d_val = value};
    elf->dynamic[elf->dynamic_count++] = (Elf64_Dyn){.d_tag = DT_NULL};
}

void elf_builder_add_relocation(struct elf_builder *elf, uint32_t type, uint64_t virt,
                                int64_t addend)
{
    assert(elf->relocation_count < ELF_RELOCATION_MAX);
    elf->relocation[elf->relocation_count++] = (Elf64_Rela){
        .r_offset = virt,
        .r_info = ELF64_R_INFO(0, type),
        .r_addend = addend,
    };
    elf->dynamic[ELF_DT_RELASZ].d_un.d_val = elf->relocation_count * sizeof(Elf64_Rela);
}

void elf_builder_put(struct elf_builder *elf, uint64_t virt, const void *bytes, size_t count)
{
    uint64_t at = virt - elf->base;

    assert(at <= ELF_DATA_AT + ELF_DATA_FILE_BYTES);
    assert(count <= ELF_DATA_AT + ELF_DATA_FILE_BYTES - at);
    memcpy(elf->file + ELF_FILE_OFFSET(at), bytes, count);
}

const void *elf_builder_file(struct elf_builder *elf)
{
    memcpy(elf->file, &elf->header, sizeof elf->header);
    memcpy(elf->file + sizeof elf->header, elf->program, sizeof elf->program);
    memcpy(elf->file + ELF_FILE_OFFSET(ELF_DYNAMIC_AT), elf->dynamic,
           elf->dynamic_count * sizeof elf->dynamic[0]);
    memcpy(elf->file + ELF_FILE_OFFSET(ELF_RELOCATIONS_AT), elf->relocation,
           elf->relocation_count * sizeof elf->relocation[0]);
    return elf->file;
}
