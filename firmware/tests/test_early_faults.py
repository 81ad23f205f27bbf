# SPDX-License-Identifier: BSD-2-Clause
"""Kernels that fault before they have an interrupt table of their own: the loader reports it."""

import pytest
from cases import EARLY, EARLY_AGAIN, EARLY_SILENT
from machine import Result
from transcript import Outcome


def text(result: Result) -> str:
    return "\n".join([result.text(), "", *result.transcript.lines])


@pytest.mark.parametrize(
    "booted, words", [(name, words) for name, (_, words) in EARLY.items()], indirect=["booted"]
)
def test_early_fault_is_reported(booted: Result, words: tuple[str, ...]) -> None:
    assert booted.outcome is Outcome.CRASHED, text(booted)
    report = "\n".join(booted.transcript.lines)
    for word in (*words, "broken: ", "advice: ", "\npagelift: #0  0x", "\npagelift: stopped"):
        assert word in report, f"{word!r} is not in\n{text(booted)}"


@pytest.mark.parametrize("booted", list(EARLY), indirect=True)
def test_report_is_made_once_and_without_a_fault_of_its_own(booted: Result) -> None:
    lines = booted.transcript.lines
    starts = [at for at, line in enumerate(lines) if "early fault: " in line]
    assert len(starts) == 1
    assert max(map(len, lines[starts[0] :])) < 130


@pytest.mark.parametrize("booted", list(EARLY_AGAIN), indirect=True)
def test_a_fault_amid_the_report_is_told_in_one_line(booted: Result) -> None:
    """Symptom of a failure: a reset amid the report, or one report in another without an end."""
    assert booted.outcome is Outcome.CRASHED, text(booted)
    lines = booted.transcript.lines
    start = next(at for at, line in enumerate(lines) if "early fault: the kernel has no" in line)
    assert "exception 14: page fault, in the kernel" in lines[start + 1], text(booted)
    again, end = lines[-2:]
    assert "pagelift: early fault: the report met exception 14 at 0xffffffff" in again, text(booted)
    assert ", address 0xffff8000fec00000" in again
    assert end.strip() == "pagelift: stopped"
    assert sum("early fault: " in line for line in lines) == 2, text(booted)


@pytest.mark.parametrize("booted", list(EARLY_SILENT), indirect=True)
def test_without_the_net_the_machine_resets(booted: Result) -> None:
    assert booted.outcome is Outcome.RESET, text(booted)
    assert any("triple fault" in line for line in booted.details)
