# SPDX-License-Identifier: BSD-2-Clause
"""Every boot of the whole-machine tests: what is on the volume, and which machine.

A case is booted once; any number of tests then read its result.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from image import make_esp
from machine import Options, Result, boot

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
APPLICATION = BUILD / "efi" / "BOOTX64.EFI"
LEVELS = BUILD / "efi" / "levels.efi"
FIRST_KERNEL = BUILD / "kernel" / "first.elf"
USB_IMAGE = BUILD / "pagelift-usb.img"
DEFAULT_CONFIG = ROOT / "firmware" / "limine.conf"

REVISIONS = range(7)

# The same disk in a USB controller's port.
USB_DISK = ("-device", "qemu-xhci", "-device", "usb-storage,drive=disk,bootindex=0")

# Seconds.  Two machines share the processors with whatever else runs here, so a boot
# has plenty to spare; a hang is waited for in full.
PATIENCE = 240.0
HANG_LIMIT = 30.0


def stub(variant: str = "") -> Path:
    return BUILD / "kernel" / f"stub{variant}.elf"


def configuration(*lines: str, path: str = "/boot/stub.elf", name: str = "A kernel") -> bytes:
    """A limine.conf with one entry and more lines in it."""
    entry = ["protocol: limine", f"path: boot():{path}", *lines]
    text = "\n".join(["timeout: 0", f"/{name}", *(f"    {line}" for line in entry), ""])
    return text.encode()


# A file of the volume: a path to copy, its bytes, or what makes them once all is built.
Content = Path | bytes | Callable[[], bytes]


@dataclass(frozen=True)
class Case:
    """A volume and a machine."""

    options: Options = Options()
    kernel: Content | None = stub()
    config: Content | None = DEFAULT_CONFIG
    more: Mapping[str, Content] = field(default_factory=dict)
    image: Path | None = None  # a ready one instead
    hangs: bool = False  # on purpose

    def files(self, folder: Path) -> dict[str, Path]:
        wanted: dict[str, Content | None] = {
            "/EFI/BOOT/BOOTX64.EFI": APPLICATION,
            "/limine.conf": self.config,
            "/boot/stub.elf": self.kernel,
            **self.more,
        }
        return {
            name: as_file(folder, name, content)
            for name, content in wanted.items()
            if content is not None
        }

    def boot(self, folder: Path) -> Result:
        image = self.image or folder / "esp.img"
        if self.image is None:
            make_esp(image, self.files(folder))
        limit = HANG_LIMIT if self.hangs else PATIENCE
        try:
            return boot(image, replace(self.options, time_limit=limit))
        finally:
            if self.image is None:
                image.unlink()


def as_file(folder: Path, name: str, content: Content) -> Path:
    if isinstance(content, Path):
        return content
    path = folder / name.lstrip("/").replace("/", "-")
    path.write_bytes(content() if callable(content) else content)
    return path


def checked_module(content: bytes) -> str:
    """A module's command line by which the stub kernel checks what it got."""
    return f"size={len(content)} crc32={zlib.crc32(content):08x}"


# Of an odd size and longer than a page, so that its last page is partly empty; and empty.
MODULE = bytes(i * 7 % 251 for i in range(70001))
MODULES = {"/boot/module": MODULE, "/boot/nothing": b""}
MODULES_CONFIG = configuration(
    "cmdline: modules=2",
    "module_path: boot():/boot/module",
    f"module_cmdline: {checked_module(MODULE)}",
    "module_path: boot():/boot/nothing",
    f"module_cmdline: {checked_module(b'')}",
)

# An application that turns 5-level paging on, and starts the loader as if firmware had.
IN_5_LEVELS = {"/EFI/BOOT/BOOTX64.EFI": LEVELS, "/EFI/pagelift.efi": APPLICATION}

# Firmware's levels, the kernel's, and the machine.
PAGING = {
    "levels-4-to-5": (4, 5, Case(Options(memory=8192), kernel=stub("-5level"))),
    "levels-5-to-4": (5, 4, Case(Options(memory=8192), more=IN_5_LEVELS)),
    "levels-5-to-5": (5, 5, Case(kernel=stub("-5level"), more=IN_5_LEVELS)),
    "levels-5-wanted": (4, 4, Case(Options(cpu="qemu64"), kernel=stub("-5level"))),
    "levels-5-to-4-revision-0": (5, 4, Case(kernel=stub("-0"), more=IN_5_LEVELS)),
}

# Machines on which the stub kernel shall pass, by memory where page tables are counted.
MEMORY = {
    "128M": Case(Options(memory=128)),
    "512M": Case(Options(memory=512)),
    "3G": Case(Options(memory=3072)),
    "8G": Case(Options(memory=8192)),
}
# Processors that lack what the kernel's virtual memory uses, and a long soak.
VIRTUAL_MEMORY = {
    "no-1g-pages": Case(Options(cpu="max,-pdpe1gb", memory=3072)),
    "no-protection": Case(Options(cpu="max,-smep,-smap,-pku")),
    "soak": Case(config=configuration("cmdline: modules=0 soak=100000")),
}
PASSING = {
    **MEMORY,
    **VIRTUAL_MEMORY,
    **{f"revision-{n}": Case(kernel=stub(f"-{n}")) for n in REVISIONS},
    "no-display": Case(Options(extra=("-vga", "none"))),
    "qemu64": Case(Options(cpu="qemu64", memory=3072)),
    "modules": Case(config=MODULES_CONFIG, more=MODULES),
    "usb-stick": Case(Options(disk=USB_DISK), image=USB_IMAGE),
    "bochs": Case(Options(machine="bochs")),
    **{name: case for name, (_, _, case) in PAGING.items()},
}


def insisting(file: Path) -> bytes:
    """With a min_mode of 5 levels in its paging mode request."""
    content = bytearray(file.read_bytes())
    request = content.index(struct.pack("<2Q", 0x95C1A0EDAB0944CB, 0xA4E5CB3842F7488A)) - 16
    struct.pack_into("<Q", content, request + 64, 1)
    return bytes(content)


def interrupted(file: Path) -> bytes:
    """As after a copy that was interrupted: the ELF header's promises are intact, and
    the second segment, read-only data, is cut."""
    return file.read_bytes()[: 64 * 1024]


# What the loader shall refuse, and the words that its reason shall have.
REFUSED: dict[str, tuple[Case, tuple[str, ...]]] = {
    "no-execute-missing": (
        Case(Options(cpu="qemu64,-nx")),
        ("execute",),
    ),
    "kernel-missing": (
        Case(kernel=None),
        ("/boot/stub.elf", "no such file"),
    ),
    "kernel-truncated": (
        Case(kernel=partial(interrupted, stub())),
        ("/boot/stub.elf", "segment"),
    ),
    "kernel-not-elf": (
        Case(kernel=b"#!/bin/sh\necho not a kernel\n" * 100),
        ("/boot/stub.elf", "ELF"),
    ),
    "config-missing": (
        Case(config=None),
        ("limine.conf",),
    ),
    "config-line": (
        Case(config=configuration("this line says nothing")),
        ("limine.conf", "line 5"),
    ),
    "levels-missing": (
        Case(Options(cpu="qemu64"), kernel=partial(insisting, stub("-5level"))),
        ("/boot/stub.elf", "at least 5 levels"),
    ),
    "module-missing": (
        Case(config=configuration("module_path: boot():/boot/absent")),
        ("/boot/absent",),
    ),
}

# Kernels that go wrong on purpose: the runner shall see how.
FLAWED = {
    "hang": Case(kernel=stub("-hang"), hangs=True),
    "reset": Case(kernel=stub("-reset")),
    "fail": Case(kernel=stub("-fail")),
    "crash": Case(kernel=stub("-crash")),
    "bochs-reset": Case(Options(machine="bochs"), kernel=stub("-reset")),
    "bochs-fail": Case(Options(machine="bochs"), kernel=stub("-fail")),
}

# The kernel of loader/first.
FIRST = {
    "first": Case(kernel=FIRST_KERNEL),
    "first-qemu64": Case(Options(cpu="qemu64", memory=3072), kernel=FIRST_KERNEL),
    "first-bochs": Case(Options(machine="bochs"), kernel=FIRST_KERNEL),
}

CASES: dict[str, Case] = {
    **PASSING,
    **FIRST,
    **{name: case for name, (case, _) in REFUSED.items()},
    **FLAWED,
}
