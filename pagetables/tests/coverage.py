# SPDX-License-Identifier: BSD-2-Clause
"""Reports what the tests of the page tables reach, and fails below what is asked for.

    python3 pagetables/tests/coverage.py DIRECTORY EXCLUDED.c...

DIRECTORY holds gcc's notes and counts.  gcovr makes the figures; this prints its summary, then
each line with branches that were not taken, with its text, since that is what a
person who wants to reach them needs.  pagetables/COVERAGE.md gives the reasons for what stays.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

LINES = 100.0
BRANCHES = 95.0


def gcovr(directory: str, excluded: list[str], *report: str) -> subprocess.CompletedProcess[str]:
    command = ["gcovr", "--root", ".", "--object-directory", directory, directory]
    command += ["--filter", r"pagetables/[^/]*\.[ch]$"]
    for name in excluded:
        command += ["--exclude", re.escape(name)]
    return subprocess.run([*command, *report], text=True, stdout=subprocess.PIPE, check=False)


def missed(report: str) -> list[str]:
    """Lines with something that no test reached."""
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
            found.append(f"{file['file']}:{number}: {what}: {source[number - 1].strip()}")
    return found


def main() -> int:
    directory, *excluded = sys.argv[1:]
    data = f"{directory}/coverage.json"
    made = gcovr(directory, excluded, "--json", data)
    if made.returncode != 0:
        return made.returncode
    for line in missed(Path(data).read_text("utf-8")):
        print(f"coverage: {line}")
    for name in excluded:
        print(f"coverage: {name} is left out: ring 0 instructions, which no host program can run")
    judged = subprocess.run(
        ["gcovr", "--add-tracefile", data, "--print-summary"]
        + ["--fail-under-line", str(LINES), "--fail-under-branch", str(BRANCHES)],
        check=False,
    )
    return judged.returncode


if __name__ == "__main__":
    sys.exit(main())
