# SPDX-License-Identifier: BSD-2-Clause
"""What a boot costs: instructions from the loader's start to the kernel's first.

On a machine that counts them they repeat, but for the file system, which polls its disk.  So
they come in four parts, and two sums have a baseline that they may exceed by a tenth:

    work     the loader's own, and firmware's services apart from those below
    boot     the same with firmware's console and with waiting, so all but reading files

`make boot-baseline` writes the baseline anew, where that is meant.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from cases import COUNTED, ENTERED
from machine import Result
from test_machines import each, text

BASELINE = Path(__file__).with_name("instructions.tsv")
ALLOWED = 1.10

HEAD = """\
# Instructions from the loader's start to the kernel's first; `make test` allows a tenth more.
# Written by `make boot-baseline`.
"""

PARTS = re.compile(
    r"count: started at (?P<started>\d+), files (?P<files>\d+),"
    r" console (?P<console>\d+), waiting (?P<waiting>\d+)"
)
ENTRY = re.compile(re.escape(ENTERED) + r"(\d+) of the time-stamp counter")


@dataclass(frozen=True)
class Instructions:
    """Where they went."""

    total: int
    files: int
    console: int
    waiting: int

    @property
    def sums(self) -> dict[str, int]:
        """Those with a baseline."""
        boot = self.total - self.files
        return {"work": boot - self.console - self.waiting, "boot": boot}

    def __str__(self) -> str:
        shown = {
            **self.sums, "console": self.console, "waiting": self.waiting, "files": self.files
        }  # fmt: skip
        return ", ".join(f"{name} {count}" for name, count in shown.items())


def the_only(pattern: re.Pattern[str], result: Result) -> re.Match[str]:
    found = [match for line in result.transcript.lines if (match := pattern.fullmatch(line))]
    assert len(found) == 1, text(result)
    return found[0]


def instructions(result: Result) -> Instructions:
    parts = {name: int(count) for name, count in the_only(PARTS, result).groupdict().items()}
    total = int(the_only(ENTRY, result)[1]) - parts.pop("started")
    return Instructions(total, **parts)


def write_baseline(sums: dict[str, int]) -> None:
    BASELINE.write_text(HEAD + "".join(f"{name}\t{count}\n" for name, count in sums.items()))


def read_baseline() -> dict[str, int]:
    rows = (line.split("\t") for line in BASELINE.read_text().splitlines() if line[:1] != "#")
    return {name: int(count) for name, count in rows}


@each(COUNTED)
def test_parts_are_parts_of_the_whole(booted: Result) -> None:
    found = instructions(booted)
    assert min(found.files, found.console, found.waiting, found.sums["work"]) > 0, str(found)


@each(COUNTED)
def test_boot_executes_no_tenth_more_than_its_baseline(
    booted: Result, request: pytest.FixtureRequest
) -> None:
    found = instructions(booted)
    if request.config.getoption("renew_baseline"):
        write_baseline(found.sums)
    baseline = read_baseline()
    assert baseline.keys() == found.sums.keys()
    for name, count in found.sums.items():
        assert count <= ALLOWED * baseline[name], (
            f"{name}: {count / baseline[name]:.2f} times its baseline of {baseline[name]};"
            f" `make boot-baseline` renews it, where that is meant.  Now: {found}"
        )
