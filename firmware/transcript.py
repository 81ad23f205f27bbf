# SPDX-License-Identifier: BSD-2-Clause
"""What a machine said on its serial line, and what that means.

Nothing here runs a machine, so the rules by which a boot passes or fails are
tested on plain text.  Three speak on the line, one after another: the firmware
(lines of BdsDxe, amid terminal escapes), the loader (lines that begin with
"pagelift: ") and the kernel, which reports in TAP, the Test Anything Protocol:
"1..N" once, then "ok" or "not ok" for each of N points.
"""

import enum
import re
from dataclasses import dataclass, field

LOADER = "pagelift: "
ERROR = "pagelift: error: "
RETURNING = "pagelift: returning to the firmware"
EARLY_FAULT = "pagelift: exception "  # the loader's report of one in the kernel,
EARLY_FAULT_END = "pagelift: stopped"  # and its last line
MENU = "pagelift: press a key for the menu"
UNATTENDED = "without one firmware goes on"
BOOTING = "pagelift: booting "

# UEFI's serial console clears the screen and moves the cursor as it likes.
ESCAPE = re.compile(r"\x1b(\[[0-9;=?]*[A-Za-z]|[()][A-Z0-9]|[=>])")

PLAN = re.compile(r"1\.\.(\d+)\b")
POINT = re.compile(r"(not )?ok\b")
VERDICT = re.compile(r"# verdict: (.*)")
IMAGE_BASE = re.compile(r"image base (0x[0-9a-fA-F]+)")

# The kernel writes 0x10 to the debug-exit port when all is well; QEMU then
# exits with twice that and one.
EXIT_PASSED = 0x10 * 2 + 1

TAIL = 12  # lines shown where only the last ones can tell what happened


class Outcome(enum.IntEnum):
    """How a boot ended.  The value is the runner's exit code."""

    PASSED = 0
    FAILED = 1  # the kernel reported a failure
    HOST = 2  # the machine could not be started
    RESET = 3  # a reset or a triple fault
    HANG = 4  # nothing more came before the time limit
    REFUSED = 5  # the loader said why not, and returned to the firmware
    SILENT = 6  # not one line of the loader or kernel came
    STOPPED = 7  # the machine ended before the kernel had finished its report
    CRASHED = 8  # an exception before the kernel had handlers: firmware or the loader reports it


class Ending(enum.Enum):
    """Why the runner stopped watching."""

    EXITED = enum.auto()  # the machine ended by itself
    SETTLED = enum.auto()  # what it said settles the outcome
    TIME_LIMIT = enum.auto()


@dataclass
class Transcript:
    """The lines so far, without escapes; fed with bytes as they come."""

    lines: list[str] = field(default_factory=list)
    plan: int | None = None
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    bailed: str | None = None
    verdict: str | None = None  # the stub kernel's last line
    error: str | None = None  # the loader's reason to refuse
    refused: list[str] = field(default_factory=list)  # reasons after which the menu came again
    unattended: str | None = None  # the last refusal, if nobody need come back from it
    returned: bool = False  # the loader said that it goes back to the firmware
    spoke: bool = False  # loader or kernel said something
    firmware_again: bool = False  # the firmware spoke after loader or kernel did
    not_loaded: str | None = None  # the firmware could not load the application
    exception: str | None = None  # as whoever handles it names it
    exception_told: bool = False  # it has shown the registers too
    image_base: int | None = None
    _rest: bytes = b""

    def feed(self, data: bytes) -> list[str]:
        """Takes bytes and returns the lines that they completed."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [self._line(line) for line in whole]

    def close(self) -> list[str]:
        """Takes what has come of a last line without an end."""
        return self.feed(b"\n") if self._rest else []

    def _line(self, raw: bytes) -> str:
        line = ESCAPE.sub("", raw.decode("ascii", "replace")).replace("\r", "").rstrip()
        self.lines.append(line)
        self._loader(line)
        self._firmware(line)
        self._kernel(line)
        return line

    def _loader(self, line: str) -> None:
        if not line.startswith(LOADER):
            return
        self.spoke = True
        if line.startswith(ERROR) and self.error is None:
            self.error = line.removeprefix(ERROR)
        elif line.startswith(MENU):
            if self.error is not None:
                self.refused.append(self.error)
            self.unattended = self.error if UNATTENDED in line else None
            self.error = None
        elif line.startswith(RETURNING):
            self.returned = True
            # A refusal that nobody came back from to the menu is why.
            self.error = self.error or self.unattended
        elif line.startswith(BOOTING):
            self.unattended = None
        elif line.startswith(EARLY_FAULT) and self.exception is None:
            self.exception = line.removeprefix(LOADER)
        elif line == EARLY_FAULT_END:
            self.exception_told = True
        elif base := IMAGE_BASE.search(line):
            self.image_base = int(base[1], 16)

    def _firmware(self, line: str) -> None:
        if line.startswith("BdsDxe: ") and self.spoke:
            self.firmware_again = True
        if line.startswith("BdsDxe: failed to load") and not self.spoke:
            self.not_loaded = line
        if "X64 Exception Type" in line and self.exception is None:
            self.exception = line.strip("! ")
        elif self.exception is not None and line.startswith("!!!! "):
            self.exception_told = True

    def _kernel(self, line: str) -> None:
        if plan := PLAN.match(line):
            self.plan = int(plan[1])
            self.spoke = True
        elif line.startswith("Bail out!"):
            self.bailed = line
            self.spoke = True
        elif verdict := VERDICT.match(line):
            self.verdict = verdict[1]
        elif point := POINT.match(line):
            self.spoke = True
            if point[1]:
                self.failed.append(line)
            else:
                self.passed += 1

    @property
    def points(self) -> int:
        return self.passed + len(self.failed)

    @property
    def settled(self) -> bool:
        """Nothing that is still to come would change the outcome."""
        return (
            self.firmware_again
            or self.exception_told
            or self.bailed is not None
            or self.not_loaded is not None
        )

    def tail(self) -> list[str]:
        return [line for line in self.lines if line][-TAIL:]


@dataclass(frozen=True)
class Judgement:
    """What a boot came to: the outcome, why in one line, and what else helps."""

    outcome: Outcome
    reason: str
    details: list[str] = field(default_factory=list)


def judge_report(transcript: Transcript) -> Judgement:
    """A kernel's report alone, whatever the machine did after it."""
    if transcript.bailed:
        return Judgement(Outcome.FAILED, f"the kernel gave up: {transcript.bailed}")
    if transcript.failed:
        count = f"{len(transcript.failed)} of {transcript.points} points failed"
        return Judgement(Outcome.FAILED, count, transcript.failed)
    if transcript.plan is None or transcript.points != transcript.plan:
        planned = "an unknown number" if transcript.plan is None else str(transcript.plan)
        short = f"the kernel reported {transcript.points} of {planned} of points"
        return Judgement(Outcome.STOPPED, short, transcript.tail())
    if transcript.plan == 0:
        return Judgement(Outcome.FAILED, "the kernel's plan is empty: it has checked nothing")
    if transcript.verdict is not None and "failed" in transcript.verdict:
        return Judgement(Outcome.FAILED, f"no point failed, but: {transcript.verdict}")
    return Judgement(Outcome.PASSED, f"all {transcript.passed} points")


def judge_exit(transcript: Transcript, status: int) -> Judgement:
    """A machine that ended by itself with an exit status."""
    report = judge_report(transcript)
    if report.outcome is Outcome.FAILED:
        return report
    if status == 0:
        reason = "the machine reset, or switched itself off"
        return Judgement(Outcome.RESET, reason, transcript.tail())
    if report.outcome is Outcome.PASSED and status != EXIT_PASSED:
        reason = f"no point failed, but the machine's exit status is {status}, not {EXIT_PASSED}"
        return Judgement(Outcome.FAILED, reason)
    return report


def judge(transcript: Transcript, ending: Ending, status: int | None) -> Judgement:
    """What a boot came to.  `status` is the machine's, for Ending.EXITED."""
    tail = transcript.tail()
    if transcript.exception is not None:
        return Judgement(Outcome.CRASHED, transcript.exception, tail)
    if transcript.error is not None:
        back = "" if transcript.returned else " (and it did not return to the firmware)"
        return Judgement(Outcome.REFUSED, transcript.error + back)
    if transcript.firmware_again:
        reason = "the machine reset, or the loader returned to the firmware without a reason"
        return Judgement(Outcome.RESET, reason, tail)
    if transcript.not_loaded is not None:
        return Judgement(Outcome.SILENT, transcript.not_loaded)
    if ending is Ending.EXITED:
        assert status is not None
        return judge_exit(transcript, status)
    if ending is Ending.SETTLED:
        return judge_report(transcript)
    if not transcript.spoke:
        reason = "the time limit passed without a line of the loader or the kernel"
        return Judgement(Outcome.SILENT, reason, tail)
    return Judgement(Outcome.HANG, "the machine did not finish within the time limit", tail)
