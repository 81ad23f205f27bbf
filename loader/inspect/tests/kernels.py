# SPDX-License-Identifier: BSD-2-Clause
"""Small kernels, written byte by byte: nothing in them changes with a compiler.

Text at ffffffff80000000, and data at ffffffff80001000 that holds what a test wants: markers,
a base revision tag, requests.  Each has a symbol.
"""

import struct
from dataclasses import dataclass, field

BASE = 0xFFFFFFFF80000000
TEXT_BYTES = 16
COMMON = (0xC7B1DD30DF4C8B88, 0x0A82E883A194F07B)
FEATURES = {
    "HHDM": (0x48DCF1CB8AD2B852, 0x63984E959A98244B),
    "memory map": (0x67CF3D9D378A806F, 0xE304ACDFC50C3C62),
    "framebuffer": (0x9D5827DCD881DD75, 0xA3148604F6FAB11B),
    "RSDP": (0xC5E77B6B397E7B43, 0x27637845ACCDCF3C),
    "SMBIOS": (0x9E9046F11E095391, 0xAA4A520FEFBDE5EE),
    "module": (0x3E7E279702BE32AF, 0xCA1C4F3BD1280CEE),
}
START = struct.pack(
    "<4Q", 0xF6B8F4B39DE7D1AE, 0xFAB91A6940FCB9CF, 0x785C6ED015D3E316, 0x181E920A7852B9D9
)
END = struct.pack("<2Q", 0xADC0E0531BB10D03, 0x9572709F31764C62)

READ, WRITE, EXECUTE = 4, 2, 1
OBJECT = 1


def tag(revision: int) -> bytes:
    return struct.pack("<3Q", 0xF9562B2D5C95A6C8, 0x6A7B384944536BDC, revision)


def request(feature: str, revision: int = 0, response: int = 0) -> bytes:
    return struct.pack("<6Q", *COMMON, *FEATURES[feature], revision, response)


@dataclass
class Kernel:
    """What its data holds: name and bytes, one behind the other."""

    data: list[tuple[str, bytes]]
    zeros: list[tuple[str, int]] = field(default_factory=list)  # names and sizes behind it
    text_rights: int = READ | EXECUTE
    data_rights: int = READ | WRITE
    data_at: int = BASE + 0x1000

    def elf(self) -> bytes:
        text, data = bytes([0xF4]) * TEXT_BYTES, b"".join(part for _, part in self.data)
        text_at = 64 + 2 * 56
        data_at = text_at + len(text)
        symbols, names = self.symbols(len(data))
        symbols_at = -(-(data_at + len(data)) // 8) * 8
        names_at = symbols_at + len(symbols)
        sections_at = -(-(names_at + len(names)) // 8) * 8
        header = struct.pack(
            "<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, BASE, 64, sections_at, 0,
            64, 56, 2, 64, 3, 2,
        )  # fmt: skip
        zeros = sum(size for _, size in self.zeros)
        programs = self.program(self.text_rights, text_at, BASE, len(text), 0)
        programs += self.program(self.data_rights, data_at, self.data_at, len(data), zeros)
        sections = bytes(64)
        sections += self.section(2, symbols_at, len(symbols), 2, 24)
        sections += self.section(3, names_at, len(names), 0, 0)
        file = header + programs + text + data
        file = file.ljust(symbols_at, b"\0") + symbols + names
        return file.ljust(sections_at, b"\0") + sections

    @staticmethod
    def program(rights: int, offset: int, virt: int, in_file: int, zeros: int) -> bytes:
        return struct.pack(
            "<IIQQQQQQ", 1, rights, offset, virt, virt, in_file, in_file + zeros, 4096
        )

    @staticmethod
    def section(kind: int, offset: int, size: int, link: int, entry: int) -> bytes:
        return struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, offset, size, link, 0, 8, entry)

    def symbols(self, data_bytes: int) -> tuple[bytes, bytes]:
        """The symbol table, and the names in it."""
        table, names, at = bytes(24), b"\0", self.data_at
        sized = [(name, len(part)) for name, part in self.data] + self.zeros
        for name, size in sized:
            if name:
                table += struct.pack("<IBBHQQ", len(names), OBJECT, 0, 1, at, size)
                names += name.encode() + b"\0"
            at += size
        return table, names


def clean() -> Kernel:
    return Kernel(
        [
            ("start_marker", START),
            ("base_revision", tag(3)),
            ("hhdm_request", request("HHDM")),
            ("memmap_request", request("memory map")),
            ("framebuffer_request", request("framebuffer")),
            ("end_marker", END),
        ]
    )


def example() -> Kernel:
    """The README's: as a person might write it who didn't look twice."""
    kernel = clean()
    kernel.data[4:] = [
        ("framebuffer_request", request("framebuffer", revision=3)),
        ("", bytes(4)),
        ("rsdp_request", request("RSDP")),
        ("", bytes(4)),
        ("end_marker", END),
        ("module_request", request("module")),
    ]
    kernel.zeros = [("smbios_request", 48)]
    return kernel


if __name__ == "__main__":
    import sys
    from pathlib import Path

    Path(sys.argv[1]).write_bytes(example().elf())
