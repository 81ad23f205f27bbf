# SPDX-License-Identifier: BSD-2-Clause
"""Kernels that fault before they have an interrupt table of their own: the loader reports it."""

import pytest
from cases import EARLY, EARLY_SILENT
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


@pytest.mark.parametrize("booted", list(EARLY_SILENT), indirect=True)
def test_without_the_net_the_machine_resets(booted: Result) -> None:
    assert booted.outcome is Outcome.RESET, text(booted)
    assert any("triple fault" in line for line in booted.details)
