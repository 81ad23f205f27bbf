# SPDX-License-Identifier: BSD-2-Clause
"""Would the tests notice?  Changes the library in small ways, one at a time, and runs them.

    python3 pagetables/mutation/mutate.py --mutants 200 --seed 1 --report build/mutation/report.md

Not counted are mutants that don't compile, those that compile to the same code as shipped
(without asserts), and those that compile to the same as one before.  Of the survivors those
that pagetables/mutation/known.txt gives a reason for are equivalent or harmless; the others
say what no test looks at.  Nothing in the source tree is changed.

Exit status 1 if fewer than 95 of 100 were noticed, leaving out those that are known to be
equivalent or harmless.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mutants import Mutant, mutants_of
from workshop import FOLDER, Worker, Workshop

ASKED = 95.0  # of a hundred
KNOWN = FOLDER / "mutation" / "known.txt"
# Ring 0 instructions: a program can't run them.  The stub kernel does (firmware/tests).
LIVE = ("live.c", "mmu_live.c", "directory_live.c")


@dataclass(frozen=True)
class Outcome:
    mutant: Mutant
    line: int
    before: str
    after: str
    test: str = ""
    how: str = ""
    counted: bool = True
    reason: str = ""

    @property
    def survived(self) -> bool:
        return self.counted and not self.test

    def diff(self) -> str:
        return f"{self.mutant.file}:{self.line}\n  - {self.before}\n  + {self.after}"


def known_reasons(path: Path) -> dict[tuple[str, str, str], str]:
    """By file, line before and line after: numbers of lines change too often."""
    known = {}
    for entry in path.read_text("utf-8").split("\n\n"):
        lines = [line for line in entry.splitlines() if not line.startswith("#")]
        if len(lines) < 4:
            continue
        file, before, after, *reason = lines
        known[file, before.removeprefix("- "), after.removeprefix("+ ")] = " ".join(reason).strip()
    return known


class Run:
    """Hands mutants to workers until enough were counted."""

    def __init__(self, shop: Workshop, mutants: list[Mutant], limit: int, seconds: float) -> None:
        self.shop = shop
        self.waiting = iter(mutants)
        self.limit = limit
        self.end = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.busy = 0
        self.outcomes: list[Outcome] = []
        self.seen: set[tuple[str, str]] = set()
        self.known = known_reasons(KNOWN)

    def next(self) -> Mutant | None:
        with self.lock:
            counted = sum(o.counted for o in self.outcomes)
            if counted + self.busy >= self.limit or time.monotonic() > self.end:
                return None
            mutant = next(self.waiting, None)
            self.busy += mutant is not None
            return mutant

    def work(self, number: int) -> None:
        worker = Worker(self.shop, number)
        while (mutant := self.next()) is not None:
            outcome = self.judge(worker, mutant)
            with self.lock:
                self.tell(outcome)

    def tell(self, outcome: Outcome) -> None:
        self.busy -= 1
        self.outcomes.append(outcome)
        if outcome.survived and not outcome.reason:
            print(f"survived: {outcome.diff()}", flush=True)
        counted = sum(o.counted for o in self.outcomes)
        if outcome.counted and counted % 50 == 0:
            noticed = sum(bool(o.test) for o in self.outcomes)
            print(f"mutate: {noticed} of {counted} noticed", flush=True)

    def judge(self, worker: Worker, mutant: Mutant) -> Outcome:
        original = (self.shop.tree / mutant.file).read_text("utf-8")
        place = worker.tree / mutant.file
        place.write_text(mutant.apply(original), "utf-8")
        try:
            return self.try_one(worker, mutant, original)
        finally:
            place.write_text(original, "utf-8")

    def try_one(self, worker: Worker, mutant: Mutant, original: str) -> Outcome:
        line, before, after = mutant.lines(original)
        difference = worker.difference(mutant.file)
        with self.lock:
            fresh = bool(difference) and (mutant.file, difference) not in self.seen
            self.seen.add((mutant.file, difference or ""))
        if not fresh:
            return Outcome(mutant, line, before, after, counted=False)
        last = line + original.count("\n", mutant.start, mutant.end)
        tests = self.shop.candidates(mutant.file, line, last)
        test, how = worker.try_tests(mutant.file, tests)
        if not tests:
            how = "no test runs this line"
        reason = "" if test else self.known.get((mutant.file, before, after), "")
        return Outcome(mutant, line, before, after, test, how, reason=reason)


def percent(noticed: int, of: int) -> float:
    return 100.0 * noticed / of if of else 100.0


def table(outcomes: list[Outcome]) -> list[str]:
    rows = [
        "| File | Mutants | Noticed | Equivalent or harmless | Survived |",
        "|---|--:|--:|--:|--:|",
    ]
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        what = "noticed" if outcome.test else "known" if outcome.reason else "survived"
        for key in (outcome.mutant.file, "all"):
            counts.setdefault(key, Counter())[what] += 1
    for file in [*sorted(set(counts) - {"all"}), "all"]:
        c = counts.get(file, Counter())
        name = file.removeprefix("pagetables/")
        rows.append(
            f"| {name} | {c.total()} | {c['noticed']} | {c['known']} | {c['survived']} |"
        )
    return rows


def report(run: Run, described: str) -> str:
    counted = sorted((o for o in run.outcomes if o.counted), key=lambda o: (o.mutant.file, o.line))
    noticed = sum(bool(o.test) for o in counted)
    known = sum(bool(o.reason) for o in counted)
    ways = Counter(o.how for o in counted if o.test)
    lines = [
        "# Mutants: would the tests notice?",
        "",
        "`make mutate MUTANTS=200 SEED=1` changes the library in small ways, one at a time, and",
        "runs the host tests that run the changed line (`pagetables/mutation/mutate.py` says how).",
        f"This is the report of {described}.",
        "",
        f"**{len(counted)} mutants, {noticed} noticed: {percent(noticed, len(counted)):.1f} %;** "
        f"without the {known} known to be equivalent or harmless "
        f"**{percent(noticed, len(counted) - known):.1f} %**.",
        f"{len(run.outcomes) - len(counted)} more don't compile, or compile to the same code.",
        "",
        *table(counted),
        "",
        "How they were noticed: "
        + ", ".join(f"{n} {how}" for how, n in ways.most_common())
        + ".",
        "",
    ]
    survivors = [o for o in counted if o.survived]
    for title, some in (
        ("Survivors that are equivalent or harmless", [o for o in survivors if o.reason]),
        ("Other survivors", [o for o in survivors if not o.reason]),
    ):
        lines += [f"## {title}", ""]
        for o in some:
            lines += [f"- `{o.mutant.file}:{o.line}`: {o.reason or o.how or 'no test fails'}"]
            lines += ["  ```diff", f"  - {o.before}", f"  + {o.after}", "  ```"]
        lines += [] if some else ["None.", ""]
    return "\n".join(lines).rstrip() + "\n"


def chosen(files: Sequence[str], seed: int) -> list[Mutant]:
    """All mutants of the files, in an order that the seed decides."""
    every = [m for f in sorted(files) for m in mutants_of(f)]
    random.Random(seed).shuffle(every)
    return every


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=10**9, help="how many to count (all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="start none after so many")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--sanitize", action="store_true", help="with ASan and UBSan: slow")
    parser.add_argument("--only", action="append", help="FILE or FILE:LINE; may be repeated")
    parser.add_argument("--report", type=Path, required=True)
    given = parser.parse_args(arguments)

    files = [str(f) for f in FOLDER.glob("*.[ch]") if f.name not in LIVE]
    mutants = chosen(files, given.seed)
    if given.only:
        lines = {f: Path(f).read_text("utf-8") for f in files}
        mutants = [
            m for m in mutants
            if m.file in given.only or f"{m.file}:{m.lines(lines[m.file])[0]}" in given.only
        ]  # fmt: skip
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    scratch = Path(tempfile.mkdtemp(prefix="mutate-", dir=memory))
    try:
        shop = Workshop(scratch, given.workers, given.sanitize)
        shop.build()
        shop.measure()
        run = Run(shop, mutants, given.mutants, given.seconds)
        print(f"mutate: {len(mutants)} mutants, {len(shop.tests)} test programs", flush=True)
        with ThreadPoolExecutor(given.workers) as pool:
            list(pool.map(run.work, range(given.workers)))
    finally:
        shutil.rmtree(scratch)
    counted = [o for o in run.outcomes if o.counted]
    noticed = sum(bool(o.test) for o in counted)
    sample = f"a sample of {len(counted)} with seed {given.seed}, of {len(mutants)} possible"
    given.report.parent.mkdir(parents=True, exist_ok=True)
    given.report.write_text(report(run, sample), "utf-8")
    known = sum(bool(o.reason) for o in counted)
    share = percent(noticed, len(counted) - known)
    print(
        f"mutate: {noticed} of {len(counted)} noticed, {known} are known to be equivalent or "
        f"harmless ({share:.1f} % of the others); see {given.report}"
    )
    return 0 if share >= ASKED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
