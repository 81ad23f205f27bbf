# SPDX-License-Identifier: BSD-2-Clause
"""The stub kernel's life on the library: programs in ring 3, faults, reports, and a soak.

That all its points pass is asked in test_machines.py; here, that the points which matter on a
machine were made at all, since a point that is left out passes too.
"""

import re

import pytest
from machine import Result
from test_machines import each, skips, text
from transcript import Outcome

SOAK = re.compile(r"ok \d+ - (\d+) random operations on up to (\d+) address spaces")
RESOLVED = re.compile(r"ok \d+ - (\d+) faults were put right")

EVERYWHERE = ["512M", "qemu64", "bochs", "no-1g-pages", "no-protection", "levels-4-to-5"]

# What only some processors have, and the point that says that this one has not.
SMEP = "the processor has no SMEP"
SMAP = "the processor has no SMAP"
KEYS = "protection keys # SKIP the processor has none"
LACKING = {
    "512M": set[str](),
    "levels-4-to-5": set[str](),
    "no-1g-pages": set[str](),
    "bochs": {KEYS},
    "qemu64": {SMEP, SMAP, KEYS},
    "no-protection": {SMEP, SMAP, KEYS},
}

POINTS = [
    "its system call took six arguments, returned a result and lost no register",
    "its write got it a copy, and released the original",
    "a first read of a demand-zero page reads 0",
    "a program is killed for writing its text: a write to a read-only page",
    "a program is killed for executing its stack: an instruction fetch from a no-execute page",
    "a program is killed for reading the kernel: an access of ring 3 to a page of the kernel",
    "it overflows its stack, and is killed at the guard",
    "the kernel writes its read-only data: page fault",
    "it reads an address that is not canonical: general protection",
    "that is a double fault",
    "it arrives on a stack of its own",
    "the entries of all levels are at their recursive addresses",
    "neither disturbs the other",
    "the kernel runs on them",
    "every page of every program holds what the model says",
]


def points(result: Result) -> str:
    return "\n".join(result.transcript.lines)


def match(pattern: re.Pattern[str], result: Result) -> re.Match[str]:
    found = [hit for line in result.transcript.lines if (hit := pattern.fullmatch(line))]
    assert len(found) == 1, text(result)
    return found[0]


@each(EVERYWHERE)
def test_kernel_lives_on_the_library(booted: Result) -> None:
    missing = [point for point in POINTS if f" - {point}" not in points(booted)]
    assert not missing, text(booted)


@pytest.mark.parametrize("booted, lacking", LACKING.items(), indirect=["booted"])
def test_only_what_the_processor_lacks_is_left_out(booted: Result, lacking: set[str]) -> None:
    found = "\n".join(skips(booted))
    assert {what for what in (SMEP, SMAP, KEYS) if what in found} == lacking


@each(["bochs"])
def test_pcids_are_used_where_there_are_some(booted: Result) -> None:
    assert "PCIDs are on" in points(booted)
    assert "an id that was dropped is lent again, and wants a flush" in points(booted)


@each(["512M"])
def test_same_code_runs_without_pcids(booted: Result) -> None:
    assert "without PCIDs the id is 0 and wants a flush" in points(booted)


@each(["soak"])
def test_soak_is_as_long_as_the_command_line_says(booted: Result) -> None:
    operations, spaces = map(int, match(SOAK, booted).groups())
    assert (operations, spaces) == (100000, 6)
    assert int(match(RESOLVED, booted)[1]) > operations // 8


@each(["soak"])
def test_soak_is_fast_enough_to_be_run(booted: Result) -> None:
    assert booted.seconds < 120


REPORT = [
    "exception 14: page fault, in the kernel",
    "a write by ring 0 to 0xffff",
    "error code 0x3: present, write, supervisor",
    "broken: a write to a page that is read-only",
    "rip ffffffff8",
    "code 0xffffffff8",
    "#0  0xffffffff8",
    " patch_instruction+0x",
    " set_breakpoint+0x",
    " stub_main+0x",
]


@each(["crash"])
def test_exception_that_nobody_expects_is_reported_whole(booted: Result) -> None:
    assert booted.outcome is Outcome.FAILED, text(booted)
    assert booted.transcript.bailed is not None
    missing = [line for line in REPORT if line not in points(booted)]
    assert not missing, text(booted)
