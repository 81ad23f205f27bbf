# SPDX-License-Identifier: BSD-2-Clause
"""By which words on the serial line a boot passes or fails."""

import pytest
from transcript import EXIT_PASSED, Ending, Outcome, Transcript, judge

FIRMWARE = 'BdsDxe: starting Boot0001 "disk" from PciRoot(0x0)'
GOOD = [FIRMWARE, "pagelift: hello", "TAP version 14", "ok 1 - a", "ok 2 - b", "1..2"]
VERDICT = "# verdict: all 2 tests passed"


def heard(*lines: str) -> Transcript:
    transcript = Transcript()
    transcript.feed("".join(f"{line}\r\n" for line in lines).encode())
    return transcript


def test_escapes_and_carriage_returns_are_no_part_of_a_line() -> None:
    transcript = Transcript()
    transcript.feed(b"\x1b[2J\x1b[01;01H\x1b[=3h\x1b[0m\x1b[37mpagelift: error: no\r\r\n")
    assert transcript.lines == ["pagelift: error: no"]
    assert transcript.error == "no"


def test_lines_may_come_byte_by_byte() -> None:
    transcript = Transcript()
    stream = "\x1b[2J" + "\r\n".join(GOOD)
    for byte in stream.encode():
        transcript.feed(bytes([byte]))
    transcript.close()
    assert transcript.lines == GOOD
    assert (transcript.plan, transcript.passed, transcript.failed) == (2, 2, [])


def test_image_base() -> None:
    assert heard("pagelift: image base 0x1DFA5000").image_base == 0x1DFA5000
    assert heard("image base 0x1000").image_base is None


@pytest.mark.parametrize(
    "lines, status, outcome",
    [
        (GOOD, EXIT_PASSED, Outcome.PASSED),
        ([*GOOD, VERDICT], EXIT_PASSED, Outcome.PASSED),
        ([FIRMWARE, "1..2", "ok 1 - a", "ok 2 - b"], EXIT_PASSED, Outcome.PASSED),
        (GOOD, 35, Outcome.FAILED),
        (GOOD, 0, Outcome.RESET),
        (GOOD[:-1], EXIT_PASSED, Outcome.STOPPED),
        ([*GOOD[:-1], "1..3"], EXIT_PASSED, Outcome.STOPPED),
        ([*GOOD[:-1], "1..1"], EXIT_PASSED, Outcome.STOPPED),
        ([FIRMWARE, "1..0"], EXIT_PASSED, Outcome.FAILED),
        ([FIRMWARE], EXIT_PASSED, Outcome.STOPPED),
        ([*GOOD[:-1], "not ok 3 - c", "1..3"], EXIT_PASSED, Outcome.FAILED),
        ([*GOOD[:-1], "not ok 3 - c"], 0, Outcome.FAILED),
        ([*GOOD, "# verdict: 1 of 2 tests failed"], EXIT_PASSED, Outcome.FAILED),
        ([*GOOD[:-1], "Bail out! no memory"], EXIT_PASSED, Outcome.FAILED),
    ],
)
def test_machine_that_ended_by_itself(lines: list[str], status: int, outcome: Outcome) -> None:
    judgement = judge(heard(*lines), Ending.EXITED, status)
    assert judgement.outcome is outcome
    assert judgement.reason and "\n" not in judgement.reason


@pytest.mark.parametrize(
    "lines, outcome",
    [
        ([], Outcome.SILENT),
        ([FIRMWARE], Outcome.SILENT),
        ([FIRMWARE, "pagelift: hello"], Outcome.HANG),
        (GOOD, Outcome.HANG),
    ],
)
def test_time_limit(lines: list[str], outcome: Outcome) -> None:
    judgement = judge(heard(*lines), Ending.TIME_LIMIT, None)
    assert judgement.outcome is outcome
    assert judgement.details == [line for line in lines][-12:]


def test_refusal_settles_once_the_firmware_goes_on() -> None:
    transcript = heard(FIRMWARE, "pagelift: error: /a: no", "pagelift: returning to the firmware")
    assert transcript.returned and not transcript.settled
    transcript.feed(b"BdsDxe: failed to start Boot0001: Not Found\n")
    assert transcript.settled
    judgement = judge(transcript, Ending.SETTLED, None)
    assert (judgement.outcome, judgement.reason) == (Outcome.REFUSED, "/a: no")


def test_refusal_that_does_not_return_says_so() -> None:
    judgement = judge(heard("pagelift: error: no"), Ending.TIME_LIMIT, None)
    assert judgement.outcome is Outcome.REFUSED
    assert "did not return" in judgement.reason


def test_firmware_that_starts_over_is_a_reset() -> None:
    transcript = heard(*GOOD, FIRMWARE)
    assert transcript.settled
    assert judge(transcript, Ending.SETTLED, None).outcome is Outcome.RESET


def test_application_that_firmware_rejects_is_not_waited_for() -> None:
    transcript = heard('BdsDxe: failed to load Boot0001 "disk" from PciRoot(0x0): Load Error')
    assert transcript.settled
    judgement = judge(transcript, Ending.SETTLED, None)
    assert judgement.outcome is Outcome.SILENT
    assert judgement.reason.endswith("Load Error")


def test_exception_in_the_loader_is_shown_with_its_registers() -> None:
    transcript = heard(FIRMWARE, "!!!! X64 Exception Type - 0E(#PF - Page-Fault)  CPU 0 !!!!")
    assert not transcript.settled
    transcript.feed(b"RIP  - 0000000012345678\n!!!! Can't find image information. !!!!\n")
    assert transcript.settled
    judgement = judge(transcript, Ending.SETTLED, None)
    assert judgement.outcome is Outcome.CRASHED
    assert any("12345678" in line for line in judgement.details)


@pytest.mark.parametrize(
    "lines, outcome",
    [([*GOOD, VERDICT], Outcome.PASSED), ([*GOOD[:-1], VERDICT], Outcome.STOPPED)],
)
def test_verdict_alone_is_not_believed(lines: list[str], outcome: Outcome) -> None:
    assert judge(heard(*lines), Ending.SETTLED, None).outcome is outcome


def test_outcomes_have_exit_codes_of_their_own() -> None:
    assert [outcome for outcome in Outcome if outcome == 0] == [Outcome.PASSED]
    assert len({outcome.value for outcome in Outcome}) == len(Outcome.__members__)


EARLY = [
    FIRMWARE,
    "pagelift: hello",
    "pagelift: early fault: the kernel has no interrupt table (IDT) of its own yet",
    "pagelift: exception 6: invalid opcode, in the kernel",
    "pagelift: advice: ...",
]


def test_early_fault_is_the_outcome_once_its_report_is_whole() -> None:
    transcript = heard(*EARLY)
    assert not transcript.settled
    transcript.feed(b"pagelift: stopped\r\n")
    assert transcript.settled
    judgement = judge(transcript, Ending.SETTLED, None)
    assert judgement.outcome is Outcome.CRASHED
    assert judgement.reason == "exception 6: invalid opcode, in the kernel"


AGAIN = [
    FIRMWARE,
    "pagelift: booting A",
    "pagelift: error: /a: no",
    "pagelift: press a key for the menu; without one firmware goes on in 30 s",
]
RETURN = "pagelift: returning to the firmware"


def test_refusal_before_a_menu_is_none_if_another_entry_boots() -> None:
    transcript = heard(*AGAIN, *GOOD)
    assert transcript.refused == ["/a: no"]
    assert transcript.error is None


def test_refusal_is_the_reason_if_nobody_comes_back_to_the_menu() -> None:
    judgement = judge(heard(*AGAIN, RETURN), Ending.SETTLED, None)
    assert judgement.outcome is Outcome.REFUSED
    assert judgement.reason == "/a: no"


def test_refusal_is_not_the_reason_of_an_application_that_was_started_later() -> None:
    transcript = heard(*AGAIN, "pagelift: booting B", "pagelift: hello", RETURN)
    assert transcript.refused == ["/a: no"] and transcript.error is None
