# SPDX-License-Identifier: BSD-2-Clause
"""Processors agree: QEMU's own walk of tables that the library made (its monitor's info tlb, info
mem and gva2gpa), and what processors allow and forbid, in QEMU and in Bochs.

The stub kernel makes an address space by random operations, prints what pgt_next() finds in it,
and stands still in it (loader/stub/check_monitor.c).
"""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from cases import PATIENCE, Case, configuration, stub
from image import make_esp
from machine import Options, Qemu, Result, watch
from transcript import Transcript

LEAF = re.compile(
    r"# leaf: ([0-9a-f]{16}) ([0-9a-f]{16}) ([0-9a-f]+) "
    r"rights 0x([0-9a-f]+), memory (\d), accessed (\d), dirty (\d), (\d+) times"
)
END = re.compile(r"# leaves: (\d+)")
TLB = re.compile(r"([0-9a-f]{16}): ([0-9a-f]{16}) ([-XGPDACTUW]{9})")
MEM = re.compile(r"([0-9a-f]{16})-([0-9a-f]{16}) [0-9a-f]{16} ([-urw]{3})")
ACCESSES = re.compile(
    r"ok \d+ - (\d+) accesses in (\d+) states of the processor, "
    r"(\d+) of them faults, all as foretold"
)
PROMPT = b"(qemu) "

WRITE, EXECUTE, USER, GLOBAL = 2, 4, 8, 16  # PGT_..., pagetables.h
# Of enum pgt_memory in PGT_PAT_LIMINE: the bits PWT and PCD.
TYPE_BITS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 0, 5: 1}

TOP = 1 << 64
SAMPLES = 400


@dataclass(frozen=True)
class Leaf:
    virt: int
    phys: int
    size: int
    rights: int
    memory: int
    accessed: bool
    dirty: bool

    @property
    def end(self) -> int:
        return self.virt + self.size

    def tlb(self) -> str:
        """The line of `info tlb`, which does not tell the third bit of the memory type."""
        memory = TYPE_BITS[self.memory]
        flags = [
            ("X", not self.rights & EXECUTE),
            ("G", self.rights & GLOBAL),
            ("P", self.size > 4096),
            ("D", self.dirty),
            ("A", self.accessed),
            ("C", memory & 2),
            ("T", memory & 1),
            ("U", self.rights & USER),
            ("W", self.rights & WRITE),
        ]
        letters = "".join(letter if on else "-" for letter, on in flags)
        return f"{self.virt:016x}: {self.phys:016x} {letters}"

    def mem(self) -> str:
        """What `info mem` tells of it."""
        user, write = self.rights & USER, self.rights & WRITE
        return ("u" if user else "-") + "r" + ("w" if write else "-")


class Monitor:
    """QEMU's, at a socket."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.answer()

    def answer(self) -> list[str]:
        said = b""
        while not said.endswith(PROMPT):
            more = self.socket.recv(1 << 16)
            assert more, "QEMU's monitor hung up"
            said += more
        return said.decode("ascii", "replace").replace("\r", "").split("\n")[:-1]

    def ask(self, command: str) -> list[str]:
        self.socket.sendall(command.encode() + b"\n")
        return self.answer()


@dataclass(frozen=True)
class Looked:
    """What the kernel and the monitor say of the same tables."""

    levels: int
    leaves: list[Leaf]
    tlb: list[str]
    mem: list[str]
    translations: dict[int, str]


def is_complete(transcript: Transcript) -> bool:
    return any(END.fullmatch(line) for line in transcript.lines)


def leaves_of(transcript: Transcript) -> list[Leaf]:
    found = [match.groups() for line in transcript.lines if (match := LEAF.fullmatch(line))]
    leaves = [
        Leaf(int(virt, 16) + n * int(size, 16), int(phys, 16) + n * int(size, 16), int(size, 16),
             int(rights, 16), int(memory), accessed == "1", dirty == "1")
        for virt, phys, size, rights, memory, accessed, dirty, times in found
        for n in range(int(times))
    ]  # fmt: skip
    said = [match[1] for line in transcript.lines if (match := END.fullmatch(line))]
    assert said == [str(len(leaves))], "\n".join(transcript.lines[-40:])
    return leaves


def samples(leaves: list[Leaf]) -> list[int]:
    """Both ends of leaves, and the bytes beside them; as many as fit, all over the space."""
    borders = [(leaf.virt - 1, leaf.virt, leaf.end - 1, leaf.end) for leaf in leaves]
    wanted = sorted({at for places in borders for at in places if 0 <= at < TOP})
    return wanted[:: max(1, len(wanted) // SAMPLES)]


def look(folder: Path, levels: int, options: Options) -> Looked:
    """Boots, waits until the kernel stands still, and asks."""
    image, path = folder / "esp.img", folder / "monitor"
    config = configuration("cmdline: modules=0 soak=1 monitor=5eed")
    kernel = stub("-5level" if levels == 5 else "")
    make_esp(image, Case(kernel=kernel, config=config).files(folder))
    transcript = Transcript()
    machine = Qemu(image, options, folder)
    try:
        watch(machine, transcript, lambda lines: lines.settled or is_complete(lines))
        assert is_complete(transcript), "\n".join(transcript.lines[-40:])
        leaves = leaves_of(transcript)
        monitor = Monitor(path)
        said = {at: "\n".join(monitor.ask(f"gva2gpa {at:#x}")[1:]) for at in samples(leaves)}
        # With 5 levels QEMU thinks for a minute about info mem, and says nothing.
        mem = monitor.ask("info mem") if levels == 4 else []
        return Looked(levels, leaves, monitor.ask("info tlb"), mem, said)
    finally:
        machine.stop()
        image.unlink()


@pytest.fixture(scope="module", params=[4, 5])
def looked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Looked:
    folder = tmp_path_factory.mktemp("monitor")
    monitor = ("-monitor", f"unix:{folder / 'monitor'},server=on,wait=off")
    return look(folder, request.param, Options(time_limit=PATIENCE, extra=monitor))


def merged(leaves: list[Leaf]) -> Iterator[tuple[int, int, str]]:
    """Ranges of the same rights, as `info mem` has them."""
    start = 0
    for at, leaf in enumerate(leaves):
        if at and (leaves[at - 1].end != leaf.virt or leaves[at - 1].mem() != leaf.mem()):
            start = at
        if at + 1 == len(leaves) or leaves[at + 1].virt != leaf.end or (
            leaves[at + 1].mem() != leaf.mem()
        ):
            yield leaves[start].virt, leaf.end, leaf.mem()


def test_tables_are_worth_a_look(looked: Looked) -> None:
    sizes = {leaf.size for leaf in looked.leaves}
    assert sizes >= {1 << 12, 1 << 21, 1 << 30}
    assert len({leaf.rights for leaf in looked.leaves}) >= 10
    assert len({leaf.memory for leaf in looked.leaves}) >= 4
    assert any(not leaf.accessed for leaf in looked.leaves)


def test_qemu_finds_the_same_leaves(looked: Looked) -> None:
    found = [line for line in looked.tlb if TLB.fullmatch(line)]
    assert found == [leaf.tlb() for leaf in looked.leaves]


def test_qemu_finds_the_same_rights(looked: Looked) -> None:
    if looked.levels == 5:
        pytest.skip("QEMU's info mem says nothing of 5 levels")
    found = [match.groups() for line in looked.mem if (match := MEM.fullmatch(line))]
    ranges = merged(looked.leaves)
    wanted = [(f"{virt:016x}", f"{end % TOP:016x}", mem) for virt, end, mem in ranges]
    assert found == wanted


def test_qemu_translates_to_the_same_frames(looked: Looked) -> None:
    assert len(looked.translations) >= SAMPLES // 2
    for at, said in looked.translations.items():
        leaf = next((leaf for leaf in looked.leaves if leaf.virt <= at < leaf.end), None)
        wanted = "Unmapped" if leaf is None else f"gpa: {leaf.phys + at - leaf.virt:#x}"
        assert said == wanted, f"{at:#x}: {said}; {leaf}"
    assert "Unmapped" in looked.translations.values()


# States of each machine's processor that the kernel tries: CR0.WP, SMEP, SMAP, keys.
STATES = {"512M": 104, "bochs": 8, "qemu64": 2, "no-1g-pages": 104, "levels-4-to-5": 104}


@pytest.mark.parametrize("booted, states", STATES.items(), indirect=["booted"])
def test_processor_allows_and_forbids_what_is_foretold(booted: Result, states: int) -> None:
    """Accesses by every combination of two entries (loader/stub/check_access.c)."""
    found = [match for line in booted.transcript.lines if (match := ACCESSES.fullmatch(line))]
    assert len(found) == 1, booted.text()
    assert int(found[0][2]) == states
    assert int(found[0][1]) >= 600 * states
    assert int(found[0][3]) < int(found[0][1])


def test_no_two_leaves_overlap(looked: Looked) -> None:
    assert all(before.end <= after.virt for before, after in pairwise(looked.leaves))
