# SPDX-License-Identifier: BSD-2-Clause
"""What the loader says about a kernel's requests on a real boot, and what pagelift-inspect had
foretold of that boot."""

import json
import subprocess
from pathlib import Path

import pytest
from cases import BUILD, CASES, MEMORY
from machine import Result
from test_machines import each, tables
from transcript import LOADER

INSPECT = BUILD / "pagelift-inspect"

# Where the kernel has each flaw (loader/stub/variant_odd.c), and a word of what is said of it.
FLAWS = [
    ("misplaced+0x4", "is not 8-byte aligned"),
    ("stale_request", "has a response before"),
    ("stale_request", "for feature 6e6f2d737563682d 666561747572652d"),
    ("late_request", "outside the markers"),
    ("smbios_request", "has no id"),
]


def said(result: Result, word: str) -> list[str]:
    start = f"{LOADER}/boot/stub.elf: {word}: "
    return [line for line in result.transcript.lines if line.startswith(start)]


@each(["odd-requests"])
def test_each_flaw_is_told_once_with_its_place(booted: Result) -> None:
    warnings = said(booted, "warning")
    assert len(warnings) == len(FLAWS)
    for symbol, words in FLAWS:
        assert len([w for w in warnings if f"({symbol}, segment 2, " in w and words in w]) == 1


@each(MEMORY)
def test_kernel_without_flaws_gets_no_warning(booted: Result) -> None:
    assert said(booted, "warning") == []


@each(["no-display"])
def test_what_the_machine_lacks_is_told(booted: Result) -> None:
    assert [line for line in said(booted, "note") if "the framebuffer request at 0x" in line]


def foretold(kernel: Path, memory: int) -> dict:
    done = subprocess.run(
        [INSPECT, "--json", "--levels", "5", "--memory", f"{memory}M", kernel],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout)["machines"][0]


@pytest.mark.parametrize(
    "booted, name",
    [(name, name) for name in ("512M", "3G", "8G", "levels-4-to-5", "revision-0")],
    indirect=["booted"],
)
def test_inspection_foretells_the_tables(booted: Result, name: str) -> None:
    """But for a page table or two, whose number depends on where firmware puts things."""
    case = CASES[name]
    assert isinstance(case.kernel, Path)
    real, model = tables(booted), foretold(case.kernel, case.options.memory)
    assert model["writable_executable_bytes"] == 0
    assert model["transition_frames"] == real.transition
    assert abs(model["kernel_frames"] - real.kernel) <= 2
    assert model["leaves_1g"] == real.leaves_1g
    assert abs(model["leaves_2m"] - real.leaves_2m) <= 3
