# SPDX-License-Identifier: BSD-2-Clause
"""Whole machines: firmware, loader and stub kernel, from power-on to verdict."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import machine
import pytest
from cases import CASES, CROWDS, HANG_LIMIT, MEMORY, MENU, PAGING, PASSING, REFUSED, REVISIONS
from machine import Result
from transcript import LOADER, Outcome


def each(cases: Iterable[str]) -> pytest.MarkDecorator:
    """Runs a test once for each case; each case is booted once for all its tests."""
    return pytest.mark.parametrize("booted", list(cases), indirect=True)


TABLES = re.compile(
    r"pagelift: tables: kernel (\d+) frames, transition (\d+) frames;"
    r" leaves 4K (\d+), 2M (\d+), 1G (\d+); W\+X (\d+) bytes"
)


@dataclass(frozen=True)
class Tables:
    """What the loader's verifier found in the finished tables."""

    kernel: int
    transition: int
    leaves_4k: int
    leaves_2m: int
    leaves_1g: int
    writable_executable: int


def tables(result: Result) -> Tables:
    found = [match for line in result.transcript.lines if (match := TABLES.fullmatch(line))]
    assert len(found) == 1, f"{len(found)} lines of the verifier in\n{text(result)}"
    return Tables(*map(int, found[0].groups()))


def text(result: Result) -> str:
    return "\n".join([result.text(), "", *result.transcript.lines])


def skips(result: Result) -> list[str]:
    """The points that the kernel left out, and why."""
    return [line for line in result.transcript.lines if " # SKIP " in line]


NO_SCREEN = "the framebuffer is sound # SKIP the machine has none"


@each(PASSING)
def test_kernel_says_all_is_well(booted: Result) -> None:
    assert booted.outcome is Outcome.PASSED, text(booted)
    assert booted.transcript.verdict, "no verdict line"


@each(PASSING)
def test_no_frame_is_writable_and_executable(booted: Result) -> None:
    assert tables(booted).writable_executable == 0


@each(["vt-d", "amd-vi"])
def test_iommus_are_seen_and_off(booted: Result) -> None:
    assert "pagelift: IOMMUs: 1, off" in booted.transcript.lines, text(booted)
    assert any(line.endswith(" - it is off") for line in booted.transcript.lines), text(booted)


@each(["tpm"])
def test_the_event_log_goes_up_to_the_end_of_boot_services(booted: Result) -> None:
    """By the kernel's tests of it, which a machine without a TPM passes by leaving them out."""
    wanted = " - the last things in it are of the end of boot services"
    assert any(line.endswith(wanted) for line in booted.transcript.lines), text(booted)


@each(["512M", "3G", "8G"])
def test_tables_are_small_whatever_the_memory(booted: Result) -> None:
    assert tables(booted).kernel <= 12
    assert tables(booted).transition <= 4


@each(["3G", "8G"])
def test_large_leaves_where_the_processor_has_them(booted: Result) -> None:
    assert tables(booted).leaves_1g > 0


@each(["qemu64"])
def test_no_1g_leaf_on_a_processor_without(booted: Result) -> None:
    assert tables(booted).leaves_1g == 0
    assert tables(booted).leaves_2m > 0


@each(name for name in CASES if name not in MENU)
def test_no_line_of_the_loader_comes_twice(booted: Result) -> None:
    # An application that links the library may give its lines another name.
    said = [line for line in booted.transcript.lines if line.startswith((LOADER, "example: "))]
    assert said, text(booted)
    assert [line for line, count in Counter(said).items() if count > 1] == []


@each(PASSING)
def test_tables_feature_is_tested_everywhere(booted: Result) -> None:
    """The stub kernel leaves it out under other loaders; with ours it may not."""
    assert not [line for line in skips(booted) if "page tables feature" in line]


@each(MEMORY)
def test_screen_is_tested_where_there_is_one(booted: Result) -> None:
    assert not [line for line in skips(booted) if NO_SCREEN in line]


@each(["no-display"])
def test_machine_without_a_screen_has_none(booted: Result) -> None:
    assert [line for line in skips(booted) if NO_SCREEN in line]


@pytest.mark.parametrize(
    "booted, revision", [(f"revision-{n}", n) for n in REVISIONS], indirect=["booted"]
)
def test_stub_is_of_the_revision_that_is_meant(booted: Result, revision: int) -> None:
    assert any(line.endswith(f"base revision {revision}") for line in booted.transcript.lines)


@pytest.mark.parametrize(
    "booted, before, levels",
    [(name, before, levels) for name, (before, levels, _) in PAGING.items()],
    indirect=["booted"],
)
def test_kernel_gets_its_levels(booted: Result, before: int, levels: int) -> None:
    lines = booted.transcript.lines
    assert f"pagelift: paging: {levels} levels, firmware's tables have {before}" in lines
    assert tables(booted).transition == levels
    points = [line.partition(" - ")[2] for line in lines if line.startswith("ok ")]
    assert f"CR4.LA57 is as {levels} levels want it" in points


@pytest.mark.parametrize(
    "booted, count, mode",
    [(name, count, mode) for name, (count, mode, _) in CROWDS.items()],
    indirect=["booted"],
)
def test_every_processor_comes(booted: Result, count: int, mode: str) -> None:
    lines = booted.transcript.lines
    assert f"pagelift: processors: {count}, local APICs in {mode} mode" in lines
    points = [line.partition(" - ")[2] for line in lines if line.startswith("ok ")]
    for point in (
        "as many processors as the command line says",
        "each other processor: it comes when it is sent for",
        "each other processor: CR0, CR4, EFER and PAT are those of this one",
        "each other processor: unmapped pages are below and above its stack",
        "all counted together, under a lock",
    ):
        assert point in points


@each(["processor-missing"])
def test_processor_that_does_not_start_is_left_out(booted: Result) -> None:
    said = [line for line in booted.transcript.lines if "is left out" in line]
    assert said == [
        "pagelift: warning: processor 100 (local APIC 60) doesn't start, and is left out"
    ]


@each(["modules"])
def test_modules_arrive_whole(booted: Result) -> None:
    points = "\n".join(booted.transcript.lines)
    for number in (1, 2):
        assert f"module {number} has the size that its command line gives" in points
        assert f"module {number} has the checksum that its command line gives" in points
    assert "as many modules as the command line says" in points
    assert not [line for line in skips(booted) if "its command line has no" in line]


@pytest.mark.parametrize(
    "booted, words", [(name, words) for name, (_, words) in REFUSED.items()], indirect=["booted"]
)
def test_refusal_gives_the_reason_and_returns(booted: Result, words: tuple[str, ...]) -> None:
    assert booted.outcome is Outcome.REFUSED, text(booted)
    assert booted.transcript.plan is None, "the kernel ran nevertheless"
    for word in words:
        assert word in booted.reason
    assert booted.reason.isascii()
    assert booted.transcript.returned, "no word that it returns"
    assert booted.transcript.firmware_again, "the firmware did not go on"


EXPECTED = {
    "hang": Outcome.HANG,
    "reset": Outcome.RESET,
    "fail": Outcome.FAILED,
    "bochs-reset": Outcome.RESET,
    "bochs-fail": Outcome.FAILED,
}


@pytest.mark.parametrize("booted, outcome", EXPECTED.items(), indirect=["booted"])
def test_runner_sees_what_went_wrong(booted: Result, outcome: Outcome) -> None:
    assert booted.outcome is outcome, text(booted)
    assert booted.outcome.value != 0
    assert "\n" not in booted.reason


@each(["hang"])
def test_hang_ends_with_the_time_limit_and_the_last_lines(booted: Result) -> None:
    assert HANG_LIMIT <= booted.seconds < HANG_LIMIT + 10
    assert any("on purpose" in line for line in booted.details)


@each(["reset", "bochs-reset"])
def test_triple_fault_is_named(booted: Result) -> None:
    assert any("triple fault" in line or "3rd" in line for line in booted.details)


@each(["fail", "bochs-fail"])
def test_failing_points_are_shown(booted: Result) -> None:
    assert any(
        line.startswith("not ok") and "on purpose" in line for line in booted.details
    ), text(booted)


@each(["512M", *EXPECTED, *REFUSED])
def test_exit_status_tells_the_outcome(
    booted: Result, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "boot", lambda *_: booted)
    monkeypatch.setattr("sys.argv", ["machine.py", "image"])
    assert machine.main() == booted.outcome.value
    assert f"machine: {booted.outcome.name.lower()}: " in capsys.readouterr().out
