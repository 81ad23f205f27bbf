# SPDX-License-Identifier: BSD-2-Clause
"""Would the tests notice?  Changes the library in small ways, one at a time, and runs them.

    python3 pagetables/mutation/mutate.py --mutants 200 --seed 1 --report build/mutation/report.md

Not counted are mutants that don't compile, those that compile to the same code, and those that
compile to the same as one before; of those that no test notices also the ones that are the same
as shipped, optimised and without asserts.  Mutants that pagetables/mutation/known.txt gives a
reason for are equivalent or harmless, and aren't run; all other survivors say what no test looks
at.  Nothing in the source tree is changed.

With --journal each outcome is kept, and a later run starts with them, tries the survivors again
and goes on from there: after a test was added for one, or on another day.

Exit status 1 if fewer than 95 of 100 were noticed, leaving out those that are known to be
equivalent or harmless.
"""

import argparse
import json
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
from workshop import FOLDER, PATIENCE, Worker, Workshop

ASKED = 95.0  # of a hundred
WAYS = {"fails": "tests failed", "hangs": "hung"}
KNOWN = FOLDER / "mutation" / "known.txt"
PREAMBLE = """\
# Mutants: would the tests notice?

`make mutate MUTANTS=200 SEED=1` changes the library in small ways, one at a time, and runs the host tests that
run the changed line, without sanitizers (`pagetables/mutation/mutate.py` says how). This is the report of
{described}.

Debian packages no mutation tester for C, so the script is our own; it changes tokens and leaves it to the compiler to
refuse what isn't C. Asserts on the caller and the ring 0 files (`live.c`, `mmu_live.c`, `directory_live.c`) are left out,
as in [COVERAGE.md](COVERAGE.md). Neither the proofs, which take too long for each mutant, nor the slower tests are among
what is run (the exhaustive one, the threads, a million random operations, the counts of instructions).
"""
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

    def key(self) -> str:
        m = self.mutant
        return f"{m.file} {m.start} {m.end} {m.new} {self.before}"

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

    def __init__(
        self,
        shop: Workshop,
        mutants: list[Mutant],
        limit: int,
        seconds: float,
        journal: Path | None = None,
    ) -> None:
        self.shop = shop
        self.waiting = iter(mutants)
        self.limit = limit
        self.end = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.busy = 0
        self.outcomes: list[Outcome] = []
        self.seen: set[tuple[str, str]] = set()
        self.known = known_reasons(KNOWN)
        self.journal = journal
        self.told: dict[str, dict[str, str]] = {}
        if journal and journal.exists():
            lines = map(json.loads, journal.read_text("utf-8").splitlines())
            self.told = {line["key"]: line for line in lines}

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
        if self.journal and not outcome.survived and outcome.key() not in self.told:
            line = {"key": outcome.key(), "test": outcome.test, "how": outcome.how}
            with self.journal.open("a") as journal:
                journal.write(json.dumps(line) + "\n")
        if outcome.survived and not outcome.reason:
            print(f"survived: {outcome.diff()}", flush=True)
        counted = sum(o.counted for o in self.outcomes)
        if outcome.counted and counted % 50 == 0:
            noticed = sum(bool(o.test) for o in self.outcomes if o.counted)
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
        place = (mutant, line, before, after)
        none = Outcome(*place, counted=False)
        if reason := self.known.get((mutant.file, before, after)):
            return Outcome(*place, reason=reason)
        if told := self.told.get(none.key()):
            return Outcome(*place, told["test"], told["how"], counted=bool(told["test"]))
        last = line + original.count("\n", mutant.start, mutant.end)
        units = worker.units(mutant.file, line, last)
        made = worker.compile(units, "tested", self.shop.flags)
        if units and not made:
            if not worker.ships_different(mutant.file, units):
                return none
            return Outcome(*place, "the compiler", "does not compile with asserts on")
        if not self.is_fresh(mutant.file, worker.digest(made)):
            return none
        tests = self.shop.candidates(mutant.file, line, last)
        test, how = worker.try_tests(mutant.file, made, tests)
        if not test and not worker.ships_different(mutant.file, units):
            return none
        return Outcome(*place, test, how if tests else "no test runs this line")

    def is_fresh(self, file: str, digest: str) -> bool:
        """Was no mutant like it before?  A header may differ in the tests' code alone."""
        with self.lock:
            fresh = (file, digest) not in self.seen
            if digest:
                self.seen.add((file, digest))
        return fresh if digest else file.endswith(".h")


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
        PREAMBLE.format(described=described),
        f"**{len(counted)} mutants, {noticed} noticed: {percent(noticed, len(counted)):.1f} %;** "
        f"without the {known} known to be equivalent or harmless "
        f"**{percent(noticed, len(counted) - known):.1f} %**.",
        f"{len(run.outcomes) - len(counted)} more don't compile, or compile to the same code as the "
        "original or as one before.",
        "",
        *table(counted),
        "",
        "How they were noticed: "
        + ", ".join(f"{n} {WAYS.get(how, how)}" for how, n in ways.most_common())
        + f" (hung: {PATIENCE} times as long as usual, and a second).",
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
    parser.add_argument("--journal", type=Path, help="go on from here, and keep it")
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
        run = Run(shop, mutants, given.mutants, given.seconds, given.journal)
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
