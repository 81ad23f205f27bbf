# SPDX-License-Identifier: BSD-2-Clause
"""The application's file: firmware that enforces W^X can load it, and it is small."""

import struct
from dataclasses import dataclass

import pytest
from cases import APPLICATION

# PE format: field offsets are from the start of the part that they are in.
AMD64 = 0x8664
PE32_PLUS = 0x20B
EFI_APPLICATION = 10
RELOCS_STRIPPED = 0x0001
NX_COMPAT = 0x0100
EXECUTE = 0x20000000
WRITE = 0x80000000
RELOCATIONS = 5  # which data directory


@dataclass(frozen=True)
class Section:
    name: str
    address: int
    bytes: int
    flags: int


class Pe:
    """As much of a PE file as the tests look at."""

    def __init__(self, data: bytes) -> None:
        (at,) = struct.unpack_from("<I", data, 0x3C)
        assert data[:2] == b"MZ" and data[at : at + 4] == b"PE\0\0"
        coff = at + 4
        self.machine, count = struct.unpack_from("<HH", data, coff)
        optional_bytes, self.characteristics = struct.unpack_from("<HH", data, coff + 16)
        optional = coff + 20
        (self.magic,) = struct.unpack_from("<H", data, optional)
        (self.alignment,) = struct.unpack_from("<I", data, optional + 32)
        self.subsystem, self.dll = struct.unpack_from("<HH", data, optional + 68)
        directory = optional + 112 + 8 * RELOCATIONS
        self.relocations_at, self.relocations_bytes = struct.unpack_from("<II", data, directory)
        table = optional + optional_bytes
        self.sections = [self.section(data, table + 40 * i) for i in range(count)]

    @staticmethod
    def section(data: bytes, at: int) -> Section:
        name = data[at : at + 8].rstrip(b"\0").decode()
        size, address = struct.unpack_from("<II", data, at + 8)
        (flags,) = struct.unpack_from("<I", data, at + 36)
        return Section(name, address, size, flags)


@pytest.fixture(scope="module")
def pe() -> Pe:
    return Pe(APPLICATION.read_bytes())


def test_it_is_a_64_bit_efi_application(pe: Pe) -> None:
    assert (pe.machine, pe.magic, pe.subsystem) == (AMD64, PE32_PLUS, EFI_APPLICATION)


def test_sections_are_whole_pages_apart(pe: Pe) -> None:
    assert pe.alignment == 4096
    assert all(section.address % 4096 == 0 for section in pe.sections)


def test_no_section_is_writable_and_executable(pe: Pe) -> None:
    assert any(section.flags & EXECUTE for section in pe.sections)
    assert [s.name for s in pe.sections if s.flags & WRITE and s.flags & EXECUTE] == []


def test_sections_do_not_share_a_page(pe: Pe) -> None:
    """Rights are given by the page, so a shared one would have both sections' rights."""
    ordered = sorted(pe.sections, key=lambda section: section.address)
    for lower, upper in zip(ordered, ordered[1:]):
        assert lower.address + lower.bytes <= upper.address, f"{lower.name}, {upper.name}"


def test_it_says_that_it_can_do_without_executable_data(pe: Pe) -> None:
    assert pe.dll & NX_COMPAT


def test_it_can_be_loaded_anywhere(pe: Pe) -> None:
    assert not pe.characteristics & RELOCS_STRIPPED
    assert pe.relocations_at != 0 and pe.relocations_bytes != 0


def test_it_is_small() -> None:
    assert APPLICATION.stat().st_size <= 131072
