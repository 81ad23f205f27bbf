# SPDX-License-Identifier: BSD-2-Clause
"""Counts the instructions that each workload of the benchmark executes, by callgrind.

    count.py BENCH BASELINE            compares with the baseline, and fails where it is exceeded
    count.py BENCH BASELINE --renew    writes the baseline anew

A count repeats where a time does not.  It depends on the compiler, whose version the
baseline names.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ALLOWED = 1.10
RENEW = "`make bench-baseline` writes the baseline anew, where that is meant"

# The function of bench.c that is counted; after each call callgrind writes a file, and starts at 0.
COUNTED = "counted"
TOTAL = re.compile(r"^totals: (\d+)$", re.MULTILINE)

HEAD = """\
# Instructions that each workload executes; `make test` allows a tenth more.
# Written by `make bench-baseline`.
"""


class Unusable(Exception):
    """There is nothing to compare; the text says why."""


def run(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Unusable(f"{command[0]} is not installed: run `make deps`") from None
    if done.returncode != 0:
        raise Unusable(f"{command[0]} ended with {done.returncode}: {done.stderr[-400:]}")
    return done.stdout


def total(file: Path) -> int:
    found = TOTAL.search(file.read_text())
    if found is None:
        raise Unusable(f"{file.name} of callgrind has no total")
    return int(found[1])


def count(bench: Path) -> dict[str, int]:
    """Workloads in the order that the benchmark runs them in, each with its instructions."""
    with tempfile.TemporaryDirectory(prefix="pagelift-") as name:
        folder = Path(name)
        tool = ["valgrind", "--quiet", "--tool=callgrind", "--callgrind-out-file=out"]
        tool += [f"--toggle-collect={COUNTED}", f"--dump-after={COUNTED}"]
        workloads = run([*tool, str(bench.resolve()), "-c"], folder).split()
        # One without a number comes last, of what followed.
        if not (folder / "out.1").is_file():
            raise Unusable(f"callgrind saw no call of {COUNTED}()")
        counts = [total(folder / f"out.{i}") for i in range(1, len(workloads) + 1)]
    if not workloads or 0 in counts:
        raise Unusable(f"callgrind counted nothing in {COUNTED}()")
    return dict(zip(workloads, counts, strict=True))


def compiler() -> str:
    return run(["gcc", "-dumpfullversion"], Path.cwd()).strip()


def read_baseline(file: Path) -> tuple[dict[str, int], str]:
    """The counts, and the compiler that they were counted with."""
    if not file.is_file():
        raise Unusable(f"{file} is missing; {RENEW}")
    rows = [line.split("\t") for line in file.read_text().splitlines() if line[0] != "#"]
    about = dict(rows)
    return {name: int(about[name]) for name in about if name != "gcc"}, about["gcc"]


def write_baseline(file: Path, counts: dict[str, int]) -> None:
    rows = [f"gcc\t{compiler()}", *(f"{name}\t{count}" for name, count in counts.items())]
    file.write_text(HEAD + "\n".join(rows) + "\n")


def complaints(counts: dict[str, int], baseline: dict[str, int]) -> list[str]:
    """What is wrong, a line each."""
    differ = sorted(counts.keys() ^ baseline.keys())
    lines = [f"{name} is in one of the benchmark and its baseline only" for name in differ]
    for name in counts.keys() & baseline.keys():
        ratio = counts[name] / baseline[name]
        if ratio > ALLOWED:
            lines.append(
                f"{name} executes {counts[name]} instructions,"
                f" {ratio:.2f} times its baseline of {baseline[name]}"
            )
    return sorted(lines)


def compare(counts: dict[str, int], file: Path) -> int:
    baseline, wanted = read_baseline(file)
    print("workload\tinstructions\tbaseline\tratio")
    for name, value in counts.items():
        old = baseline.get(name)
        print(f"{name}\t{value}\t{old or '-'}\t{f'{value / old:.3f}' if old else '-'}")
    wrong = complaints(counts, baseline)
    for line in wrong:
        print(f"counts: error: {line}", file=sys.stderr)
    if wrong:
        found = compiler()
        other = "" if found == wanted else f"; it is of gcc {wanted}, and this is {found}"
        print(f"counts: {RENEW}{other}", file=sys.stderr)
        return 1
    print(f"counts: {len(counts)} workloads, none a tenth above its baseline")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Counts the benchmark's instructions.")
    parser.add_argument("bench", type=Path)
    parser.add_argument("baseline", type=Path)
    parser.add_argument("--renew", action="store_true")
    given = parser.parse_args()
    try:
        counts = count(given.bench)
        if not given.renew:
            return compare(counts, given.baseline)
        write_baseline(given.baseline, counts)
    except Unusable as error:
        print(f"counts: error: {error}", file=sys.stderr)
        return 1
    print(f"counts: {given.baseline} is written, with {len(counts)} workloads")
    return 0


if __name__ == "__main__":
    sys.exit(main())
