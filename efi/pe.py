# SPDX-License-Identifier: BSD-2-Clause
"""Finish a UEFI application: check that its PE header says what it shall, then mark it
as fit for no-execute memory.  Refuses, and removes nothing, if anything is unexpected.

The format: "PE Format", Microsoft; what UEFI takes of it: UEFI 2.10, section 2.1.1.
"""
import struct
import sys

PAGE = 4096
SECTOR = 512  # of the file: sections need pages of their own in memory alone
MOST_BYTES = 128 * 1024

MACHINE_X64 = 0x8664
MAGIC_PE32_PLUS = 0x20B
SUBSYSTEM_EFI_APPLICATION = 10
RELOCS_STRIPPED = 0x0001
NX_COMPAT = 0x0100

EXECUTE, READ, WRITE = 0x20000000, 0x40000000, 0x80000000
SECTIONS = {
    ".text": READ | EXECUTE,
    ".rodata": READ,
    ".rela": READ,
    ".data": READ | WRITE,
    ".reloc": READ,
}

# Offsets in the COFF header, which follows the signature, and in the optional header after it.
COFF_BYTES = 20
ENTRY_AT, SECTION_ALIGNMENT_AT, FILE_ALIGNMENT_AT = 16, 32, 36
CHECKSUM_AT, SUBSYSTEM_AT, CHARACTERISTICS_AT = 64, 68, 70
RELOC_DIRECTORY_AT = 112 + 5 * 8


def expect(what, value, wanted):
    if value != wanted:
        sys.exit(f"{sys.argv[1]}: {what} is {value:#x}, not {wanted:#x}; see efi/application.ld")


def check_sections(image, at, count, entry):
    """Names, rights and alignment of every section; the entry lies in .text.  Returns where
    each is: name -> (address, place in the file)."""
    places = {}
    for i in range(count):
        raw, size, address, file_size, file_at = struct.unpack_from("<8sIIII", image, at + 40 * i)
        rights, = struct.unpack_from("<I", image, at + 40 * i + 36)
        name = raw.rstrip(b"\0").decode()
        places[name] = (address, file_at)
        if name not in SECTIONS:
            sys.exit(f"{sys.argv[1]}: unexpected section {name}; see efi/application.ld")
        expect(f"the rights of {name}", rights & (EXECUTE | READ | WRITE), SECTIONS[name])
        expect(f"the address of {name}, modulo a page,", address % PAGE, 0)
        expect(f"the file offset of {name}, modulo a sector,", file_at % SECTOR, 0)
        expect(f"the file size of {name}, modulo a sector,", file_size % SECTOR, 0)
        if not size <= file_size <= len(image) - file_at:
            sys.exit(f"{sys.argv[1]}: {name} is not in the file as a whole")
        if name == ".text" and not address <= entry < address + size:
            sys.exit(f"{sys.argv[1]}: the entry {entry:#x} is not in .text")
    if sorted(places) != sorted(SECTIONS):
        sys.exit(f"{sys.argv[1]}: sections are {list(places)}, not {list(SECTIONS)}")
    return places


def check_relocations(image, at, size):
    """Firmware applies none: gnu-efi's start-up code does, from .rela.  One empty block says so."""
    if size == 0:
        sys.exit(f"{sys.argv[1]}: no base relocations, so firmware could not move it")
    page, block, entries = struct.unpack_from("<III", image, at)
    expect("the size of the base relocations", size, 12)
    expect("the page of the base relocations", page, 0)
    expect("the length of their block", block, size)
    expect("what their two entries say", entries, 0)


def finish(image):
    if image[:2] != b"MZ":
        sys.exit(f"{sys.argv[1]}: not a PE file")
    pe, = struct.unpack_from("<I", image, 0x3C)
    if image[pe:pe + 4] != b"PE\0\0":
        sys.exit(f"{sys.argv[1]}: no PE signature at {pe:#x}")
    coff = pe + 4
    optional = coff + COFF_BYTES
    machine, count = struct.unpack_from("<HH", image, coff)
    optional_bytes, flags = struct.unpack_from("<HH", image, coff + 16)

    def field(offset, form="I"):
        return struct.unpack_from("<" + form, image, optional + offset)[0]

    expect("the machine", machine, MACHINE_X64)
    expect("the flag for stripped relocations", flags & RELOCS_STRIPPED, 0)
    expect("the optional header's magic", field(0, "H"), MAGIC_PE32_PLUS)
    expect("the subsystem", field(SUBSYSTEM_AT, "H"), SUBSYSTEM_EFI_APPLICATION)
    expect("the section alignment", field(SECTION_ALIGNMENT_AT), PAGE)
    expect("the file alignment", field(FILE_ALIGNMENT_AT), SECTOR)
    places = check_sections(image, optional + optional_bytes, count, field(ENTRY_AT))
    address, file_at = places[".reloc"]
    expect("the address of the base relocations", field(RELOC_DIRECTORY_AT), address)
    check_relocations(image, file_at, field(RELOC_DIRECTORY_AT + 4))
    if len(image) > MOST_BYTES:
        sys.exit(f"{sys.argv[1]}: {len(image)} bytes, more than {MOST_BYTES}")

    struct.pack_into("<H", image, optional + CHARACTERISTICS_AT,
                     field(CHARACTERISTICS_AT, "H") | NX_COMPAT)
    # The same sources give the same file: no time of linking, and no sum over it.
    struct.pack_into("<I", image, coff + 4, 0)
    struct.pack_into("<I", image, optional + CHECKSUM_AT, 0)


def main():
    with open(sys.argv[1], "rb") as file:
        image = bytearray(file.read())
    finish(image)
    with open(sys.argv[1], "wb") as file:
        file.write(image)


main()
