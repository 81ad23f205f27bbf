# SPDX-License-Identifier: BSD-2-Clause
"""Other applications that start a kernel by the library, and screens of other kinds."""

from cases import LIBRARY, SCREENS
from machine import Result
from test_machines import NO_SCREEN, each, skips, tables, text
from transcript import Outcome

GREETING = [
    "the greeting is mapped",
    "it can be read and written",
    "its memory is told as taken",
    "it says what it should",
    "and can be answered",
]


@each([*LIBRARY, *SCREENS])
def test_kernel_says_all_is_well(booted: Result) -> None:
    assert booted.outcome is Outcome.PASSED, text(booted)


@each(["library-mapping"])
def test_extra_mapping_is_the_kernels(booted: Result) -> None:
    for point in GREETING:
        found = [line for line in booted.transcript.lines if line.endswith(f" - {point}")]
        assert found and found[0].startswith("ok "), f"{point}\n{text(booted)}"


@each(["library-mapping"])
def test_console_is_the_applications_own(booted: Result) -> None:
    lines = booted.transcript.lines
    assert any(line.startswith("example: tables: ") for line in lines), text(booted)
    assert not any(line.startswith("pagelift: ") for line in lines), text(booted)


@each(["library-embedded"])
def test_kernel_comes_out_of_the_application(booted: Result) -> None:
    assert tables(booted).writable_executable == 0
    assert any(line.startswith("pagelift: kernel: /kernel, ") for line in booted.transcript.lines)


@each(["screen-blt-only"])
def test_screen_without_a_framebuffer_is_none(booted: Result) -> None:
    assert "pagelift: framebuffer: none" in booted.transcript.lines, text(booted)
    assert [line for line in skips(booted) if NO_SCREEN in line]


@each(["screen-in-ram"])
def test_screen_in_memory_is_one(booted: Result) -> None:
    assert any(line.startswith("pagelift: framebuffer: ") for line in booted.transcript.lines)
    assert not [line for line in skips(booted) if NO_SCREEN in line]
