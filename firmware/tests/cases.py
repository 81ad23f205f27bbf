# SPDX-License-Identifier: BSD-2-Clause
"""Every boot of the whole-machine tests: what is on the volume, and which machine.

A case is booted once; any number of tests then read its result.
"""

import gzip
import hashlib
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from image import make_esp, make_usb
from machine import Options, Result, boot

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
APPLICATION = BUILD / "efi" / "BOOTX64.EFI"
LEVELS = BUILD / "efi" / "levels.efi"
MADT = BUILD / "efi" / "madt.efi"
COUNT = BUILD / "efi" / "count.efi"
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


# The second disk of cases that have one.
SECOND_LABEL = "SECOND"
SECOND_GUID = "736b5698-5ae1-4dff-be2c-ef8f44a61c52"

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
    second: Mapping[str, Content] | None = None  # the files of a second disk
    hangs: bool = False  # on purpose
    long: bool = False  # is booted first, so that nothing waits for it alone at the end

    def files(self, folder: Path) -> dict[str, Path]:
        wanted: dict[str, Content | None] = {
            "/EFI/BOOT/BOOTX64.EFI": APPLICATION,
            "/limine.conf": self.config,
            "/boot/stub.elf": self.kernel,
            **self.more,
        }
        return as_files(folder, wanted)

    def disks(self, folder: Path) -> tuple[Path, ...]:
        """What there is besides the disk to boot from."""
        if self.second is None:
            return ()
        image = folder / "second.img"
        make_usb(image, as_files(folder, self.second), SECOND_LABEL, SECOND_GUID)
        return (image,)

    def boot(self, folder: Path) -> Result:
        image = self.image or folder / "esp.img"
        if self.image is None:
            make_esp(image, self.files(folder))
        more = self.disks(folder)
        limit = HANG_LIMIT if self.hangs else PATIENCE
        try:
            return boot(image, replace(self.options, time_limit=limit, more_disks=more))
        finally:
            for made in (*more, *(() if self.image else (image,))):
                made.unlink()


def as_files(folder: Path, wanted: Mapping[str, Content | None]) -> dict[str, Path]:
    return {
        name: as_file(folder, name, content)
        for name, content in wanted.items()
        if content is not None
    }


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
# Beside the kernel, which names it itself, in a path and with a checksum of its own.
MODULES = {
    "/boot/module": MODULE,
    "/boot/nothing": b"",
    "/boot/internal.gz": gzip.compress(MODULE, mtime=0),
}
MODULES_CONFIG = configuration(
    "cmdline: modules=3",
    "module_path: boot():/boot/module",
    f"module_cmdline: {checked_module(MODULE)}",
    "module_path: boot():/boot/nothing",
    f"module_cmdline: {checked_module(b'')}",
)

# An application that turns 5-level paging on, and starts the loader as if firmware had.
IN_5_LEVELS = {"/EFI/BOOT/BOOTX64.EFI": LEVELS, "/EFI/pagelift.efi": APPLICATION}


def crowd(processors: int = 4, **more: Any) -> Case:
    """A machine with several processors, of which the stub kernel shall find so many."""
    options = more.pop("options", Options())
    words = f"cmdline: modules=0 processors={processors}"
    return Case(replace(options, processors=processors), config=configuration(words), **more)


# An application that has a difficult table of processors, among them one that isn't there.
ON_A_DIFFICULT_TABLE = {"/EFI/BOOT/BOOTX64.EFI": MADT, "/EFI/pagelift.efi": APPLICATION}

# Machines with several processors: so many, and the mode that their local APICs come to.
# (Debian 12's QEMU has x2APIC mode only together with KVM, so that is shown by Bochs.)
CROWDS = {
    **{f"revision-{n}": (4, "xAPIC", crowd(kernel=stub(f"-{n}"))) for n in REVISIONS},
    "qemu64": (4, "xAPIC", crowd(options=Options(cpu="qemu64", memory=3072))),
    "processor-missing": (3, "xAPIC", crowd(3, more=ON_A_DIFFICULT_TABLE)),
    "processors-bochs": (
        2,
        "x2APIC",
        crowd(2, options=Options(machine="bochs"), more=ON_A_DIFFICULT_TABLE),
    ),
}

# The entry that boots is the second of its name in a directory that is closed, after a countdown
# that nothing shows.
NESTED_CONFIG = b"""${DIR}=boot():/boot
timeout: 0.2
quiet: yes
default_entry: Systems/A kernel#1

/Something else
    protocol: linux
/Systems
//A kernel
    protocol: limine
    path: ${DIR}/absent
//A kernel
    protocol: limine
    path: ${DIR}/stub.elf
    paging_mode: 4level
"""

# Firmware's levels, the kernel's, and the machine.  Where firmware's are 5 there is one processor:
# for others OVMF keeps a root of its own, which doesn't get the level that is added here.
PAGING = {
    "levels-4-to-5": (4, 5, crowd(options=Options(memory=8192), kernel=stub("-5level"))),
    "levels-5-to-4": (5, 4, Case(Options(memory=8192), more=IN_5_LEVELS)),
    "levels-5-to-5": (5, 5, Case(kernel=stub("-5level"), more=IN_5_LEVELS)),
    "levels-5-wanted": (4, 4, Case(Options(cpu="qemu64"), kernel=stub("-5level"))),
    "levels-5-to-4-revision-0": (5, 4, Case(kernel=stub("-0"), more=IN_5_LEVELS)),
}


def zipped(file: Path) -> bytes:
    return gzip.compress(file.read_bytes())


def spoilt(file: Path) -> bytes:
    """Compressed, and a byte in the middle has another value."""
    content = bytearray(zipped(file))
    content[len(content) // 2] ^= 0xFF
    return bytes(content)


# The stub kernel as a PIE, wherever chance puts it: as it is, and compressed, with a module that
# is compressed, too.
KASLR = {
    "kaslr": Case(kernel=stub("-pie"), config=configuration("cmdline: modules=0", "kaslr: yes")),
    "kaslr-gzip": Case(
        kernel=partial(zipped, stub("-pie")),
        config=configuration(
            "kaslr: yes",
            "cmdline: modules=1",
            "module_path: $boot():/boot/module.gz",
            f"module_cmdline: {checked_module(MODULE)}",
        ),
        more={"/boot/module.gz": gzip.compress(MODULE)},
    ),
}

# Where tables are counted that a base revision cuts into small pages: one processor, one stack.
ALONE = {"alone-3": Case(kernel=stub("-3"))}

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
    "soak": Case(config=configuration("cmdline: modules=0 soak=100000"), long=True),
}
PASSING = {
    **MEMORY,
    **KASLR,
    **ALONE,
    **VIRTUAL_MEMORY,
    "no-display": Case(Options(extra=("-vga", "none"))),
    "modules": Case(config=MODULES_CONFIG, more=MODULES),
    "nested-entry": Case(config=NESTED_CONFIG),
    "usb-stick": Case(Options(disk=USB_DISK), image=USB_IMAGE),
    "bochs": Case(Options(machine="bochs")),
    "odd-requests": Case(kernel=stub("-odd")),
    "vt-d": Case(Options(extra=("-device", "intel-iommu,intremap=on"))),
    "amd-vi": Case(Options(extra=("-device", "amd-iommu"))),
    "tpm": Case(Options(tpm=True)),
    **{name: case for name, (_, _, case) in PAGING.items()},
    **{name: case for name, (_, _, case) in CROWDS.items()},
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
    "kernel-gzip-damaged": (
        Case(kernel=partial(spoilt, stub())),
        ("/boot/stub.elf", "gzip", "damaged"),
    ),
    "kaslr-without-entropy": (
        Case(
            Options(cpu="qemu64"),
            kernel=stub("-pie"),
            config=configuration("cmdline: modules=0", "kaslr: yes"),
        ),
        ("kaslr: ", "random numbers"),
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
    "levels-forbidden": (
        Case(
            kernel=partial(insisting, stub("-5level")),
            config=configuration("max_paging_mode: 4level"),
        ),
        ("/boot/stub.elf", "at least 5 levels", "the configuration allows 4"),
    ),
    "module-missing": (
        Case(config=configuration("module_path: boot():/boot/absent")),
        ("/boot/absent",),
    ),
}

# Kernels that go wrong on purpose: the runner shall see how.
FLAWED = {
    "hang": Case(kernel=stub("-hang"), hangs=True, long=True),
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

def hashed(path: str, content: bytes) -> str:
    """A path with the hash behind it that b2sum prints."""
    return f"{path}#{hashlib.blake2b(content).hexdigest()}"


def from_elsewhere() -> bytes:
    """Kernel and module on another disk, each by another name of its volume, with their hashes."""
    kernel = hashed(f"path: guid({SECOND_GUID}):/boot/stub.elf", stub().read_bytes())
    module = hashed(f"module_path: fslabel({SECOND_LABEL.lower()}):/boot/module", MODULE)
    lines = ["timeout: 0", "/A kernel", "protocol: limine", "resolution: 800x600", kernel]
    lines += ["cmdline: modules=1", module, f"module_cmdline: {checked_module(MODULE)}", ""]
    return "\n".join(lines).encode()


# A menu, in which everything goes wrong first.
MENU_CONFIG = f"""timeout: no
/Another disk
    protocol: limine
    path: fslabel(nowhere):/boot/stub.elf
/A damaged kernel
    protocol: limine
    {hashed("path: boot():/boot/stub.elf", b"another one")}
/An operating system of another kind
    protocol: linux
    path: boot():/vmlinuz
/+Folder
//This menu once more
    protocol: efi
    path: boot():/EFI/BOOT/BOOTX64.EFI
//A kernel
    protocol: limine
    path: boot():/boot/stub.elf
    cmdline: modules=1
"""
DOWN, ENTER, ESCAPE_KEY, BACKSPACE, ANY_KEY = "\x1b[B", "\r", "\x1b", "\b", " "
OPEN, AGAIN = "Escape: firmware", "press a key for the menu"

# What is seen, and what is then typed: each refusal leads back to the menu, where the entry that
# was chosen is selected; the last one boots, once its command line is right.
MENU_TYPING = (
    (OPEN, ENTER),
    (AGAIN, ANY_KEY),
    (OPEN, DOWN),
    ("A damaged kernel", ENTER),
    (AGAIN, ANY_KEY),
    (OPEN, "3"),
    ("of protocol limine and efi only", "5"),
    (OPEN, ESCAPE_KEY),
    (AGAIN, ANY_KEY),
    (OPEN, DOWN),
    ("A kernel", "e"),
    ("Edit the command line", BACKSPACE + "0" + ENTER),
)
MENU: dict[str, Case] = {
    "menu": Case(Options(typing=MENU_TYPING), config=MENU_CONFIG.encode()),
}

# Files on a second disk, and a loader that starts the one there.
VOLUMES: dict[str, Case] = {
    "second-disk": Case(
        kernel=None,
        config=from_elsewhere,
        second={"/boot/stub.elf": stub(), "/boot/module": MODULE},
    ),
    "chainload": Case(
        kernel=None,
        config=b"timeout: 0\n/On\nprotocol: efi\npath: hdd(2:1):/EFI/BOOT/BOOTX64.EFI\n",
        second={
            "/EFI/BOOT/BOOTX64.EFI": APPLICATION,
            "/limine.conf": DEFAULT_CONFIG,
            "/boot/stub.elf": stub(),
        },
    ),
}

# Kernels that fault before they have an interrupt table of their own: the word by which the stub
# kernel does so, and what the report shall say.
def early(
    word: str, *lines: str, kernel: Path = stub("-4"), options: Options = Options()
) -> Case:
    config = configuration(f"cmdline: modules=0 early={word}", *lines)
    return Case(options, kernel=kernel, config=config)


EARLY: dict[str, tuple[Case, tuple[str, ...]]] = {
    "early-null": (
        early("null"),
        (
            "exception 14: page fault, in the kernel",
            "an instruction fetch by ring 0 from 0x0000000000000000",
            "called, it seems, from 0x",
            " in call_null",
            " early_fault+0x",
            " requested_entry+0x",
        ),
    ),
    "early-stack": (
        early("stack"),
        (
            "place: the guard page below the kernel's stack, which overflowed its 256K",
            " descend+0x",
        ),
    ),
    "early-wild-bochs": (
        early("wild", options=Options(machine="bochs")),
        (
            "exception 13: general protection, in the kernel",
            "an access to 0x4000000000001000",
            " read_wild+0x",
        ),
    ),
    "early-others": (
        early("others", options=Options(extra=("-smp", "4"))),
        (
            "exception 6: invalid opcode, in the kernel on processor ",
            " execute_ud2+0x",
        ),
    ),
    "early-hole-5-levels": (
        early("hole", "early_faults: yes", kernel=stub("-5level")),
        (
            "early faults: reported, as asked for, though base revision 6 wants",
            "place: the direct map, physical 0xfec00000, which base revision 6 doesn't map",
            "5 levels of tables from ",
            "broken: nothing is mapped there: not present in PD[502]",
        ),
    ),
}
# Where the report itself meets a fault.
EARLY_AGAIN = {
    "early-astray": early("astray"),
}
# Where nothing is reported: by the base revision, and as asked for.
EARLY_SILENT = {
    "early-newest": early("ud2", kernel=stub()),
    "early-no": early("ud2", "early_faults: no"),
}

# Other applications, which have the loader as a library (efi/example).
LIBRARY = {
    "library-mapping": Case(
        config=None, more={"/EFI/BOOT/BOOTX64.EFI": BUILD / "efi" / "example" / "mapping.efi"}
    ),
    "library-embedded": Case(
        config=None,
        kernel=None,
        more={"/EFI/BOOT/BOOTX64.EFI": BUILD / "efi" / "example" / "embedded.efi"},
    ),
}

# Screens that have no framebuffer but firmware's own block transfers, and one that is RAM.
SCREENS = {
    "screen-blt-only": Case(Options(extra=("-vga", "none", "-device", "virtio-gpu-pci"))),
    "screen-in-ram": Case(Options(extra=("-vga", "none", "-device", "ramfb"))),
}

# A machine whose time-stamp counter counts instructions, and an application between firmware and
# loader that tells where these go (efi/tests/count).  Such a machine is slow: the boot ends with
# the kernel's word of when it was entered.
ENTERED = "# entered at "
COUNTING = Options(
    extra=("-icount", "shift=0", "-rtc", "base=2026-01-01,clock=vm"),
    until=ENTERED,
)
COUNTED = {
    "instructions": Case(
        COUNTING,
        more={"/EFI/BOOT/BOOTX64.EFI": COUNT, "/EFI/pagelift.efi": APPLICATION},
        long=True,
    )
}

CASES: dict[str, Case] = {
    **COUNTED,
    **LIBRARY,
    **SCREENS,
    **PASSING,
    **VOLUMES,
    **MENU,
    **FIRST,
    **{name: case for name, (case, _) in REFUSED.items()},
    **FLAWED,
    **{name: case for name, (case, _) in EARLY.items()},
    **EARLY_AGAIN,
    **EARLY_SILENT,
}
