# SPDX-License-Identifier: BSD-2-Clause
"""Reports what the tests of the page tables reach, and fails below what is asked for.

    python3 pagetables/tests/coverage.py DIRECTORY EXCLUDED.c...

DIRECTORY holds gcc's notes and counts.  gcovr makes the figures; this prints each line with
branches that were not taken, with its text, and gcovr's summary.  It fails below 100 % of
lines or 95 % of branches, and where pagetables/COVERAGE.md gives no reason for what stays.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REASONS = Path("pagetables/COVERAGE.md")

LINES = 100.0
BRANCHES = 95.0


def gcovr(directory: str, excluded: list[str], *report: str) -> subprocess.CompletedProcess[str]:
    command = ["gcovr", "--root", ".", "--object-directory", directory, directory]
    command += ["--filter", r"pagetables/[^/]*\.[ch]$"]
    for name in excluded:
        command += ["--exclude", re.escape(name)]
    return subprocess.run([*command, *report], text=True, stdout=subprocess.PIPE, check=False)


@dataclass(frozen=True)
class Missed:
    """A line with something that no test reached."""

    file: str
    number: int
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}: {self.what}: {self.text}"

    def has_reason(self, reasons: list[str]) -> bool:
        """Reasons name the file and the code: numbers of lines change too often."""
        name = Path(self.file).name
        return any(f"`{name}`" in reason and f"`{self.text}`" in reason for reason in reasons)


def missed(report: str) -> list[Missed]:
    found = []
    for file in json.loads(report)["files"]:
        source = Path(file["file"]).read_text("utf-8").splitlines()
        for line in file["lines"]:
            if line.get("gcovr/noncode"):
                continue
            branches = line["branches"]
            untaken = sum(branch["count"] == 0 for branch in branches)
            if line["count"] == 0:
                what = "never run"
            elif untaken:
                what = f"{untaken} of {len(branches)} branches not taken"
            else:
                continue
            number = line["line_number"]
            found.append(Missed(file["file"], number, what, source[number - 1].strip()))
    return found


def main() -> int:
    directory, *excluded = sys.argv[1:]
    data = f"{directory}/coverage.json"
    made = gcovr(directory, excluded, "--json", data)
    if made.returncode != 0:
        return made.returncode
    lines = missed(Path(data).read_text("utf-8"))
    for line in lines:
        print(f"coverage: {line}")
    for name in excluded:
        print(f"coverage: {name} is left out: ring 0 instructions, which no host program can run")
    judged = subprocess.run(
        ["gcovr", "--add-tracefile", data, "--print-summary"]
        + ["--fail-under-line", str(LINES), "--fail-under-branch", str(BRANCHES)],
        check=False,
    )
    reasons = REASONS.read_text("utf-8").splitlines()
    unexplained = [line for line in lines if not line.has_reason(reasons)]
    for line in unexplained:
        print(
            f"coverage: {line.file}:{line.number}: {REASONS} gives no reason for `{line.text}`:"
            " add a test that gets there, or the reason why none can",
            file=sys.stderr,
        )
    return judged.returncode or int(bool(unexplained))


if __name__ == "__main__":
    sys.exit(main())
