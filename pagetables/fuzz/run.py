# SPDX-License-Identifier: BSD-2-Clause
"""Runs fuzzers, some side by side, and says in a line each what they did.

    python3 pagetables/fuzz/run.py --seconds 60 --output build/fuzz loader/fuzz/fuzz_elf ...

A fuzzer FOLDER/fuzz_NAME is the program OUTPUT/FOLDER/fuzz_NAME; its seeds are in
FOLDER/corpus/NAME, a dictionary, if it has one, in FOLDER/NAME.dict.  What it learns goes to
OUTPUT/corpus/NAME, and an input that fails to OUTPUT/findings/NAME-*.  The seeds are run even
with --seconds 0, so that a flaw once found is found again.  With --merge nothing is
fuzzed: the seeds become the smallest set of what was learned that covers as much.

Exit status 1 if anything was found.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

INPUT_BYTES = 1 << 16
INPUT_SECONDS = 20  # an input that takes longer is a finding
MEMORY_MIB = 2048
# Beyond its time a fuzzer may take so long for its seeds, and to end.
GRACE = 300

PROGRESS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
EXECUTIONS = re.compile(r"stat::number_of_executed_units: (\d+)")


@dataclass(frozen=True)
class Fuzzer:
    name: str
    program: Path
    seeds: Path
    dictionary: Path
    learned: Path
    findings: Path
    log: Path

    @staticmethod
    def of(path: str, output: Path) -> "Fuzzer":
        source = Path(path)
        name = source.name.removeprefix("fuzz_")
        fuzzer = Fuzzer(
            name,
            output / source,
            source.parent / "corpus" / name,
            source.parent / f"{name}.dict",
            output / "corpus" / name,
            output / "findings",
            output / f"{name}.log",
        )
        for folder in (fuzzer.seeds, fuzzer.learned, fuzzer.findings):
            folder.mkdir(parents=True, exist_ok=True)
        return fuzzer

    def run(self, *arguments: str, limit: float | None) -> int:
        """Its exit status; what it prints goes to its log."""
        with self.log.open("w") as log:
            try:
                return subprocess.run(
                    [self.program, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    timeout=limit,
                    env=os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1"},
                ).returncode
            except subprocess.TimeoutExpired:
                log.write("stopped: it went on after its time\n")
                return -1

    def fuzz(self, seconds: int) -> int:
        options = [
            f"-max_len={INPUT_BYTES}",
            f"-timeout={INPUT_SECONDS}",
            f"-rss_limit_mb={MEMORY_MIB}",
            f"-artifact_prefix={self.findings}/{self.name}-",
            "-print_final_stats=1",
        ]
        if self.dictionary.exists():
            options.append(f"-dict={self.dictionary}")
        # libFuzzer takes 0 seconds for endless; no run at all is what is meant.
        options.append(f"-max_total_time={seconds}" if seconds else "-runs=0")
        return self.run(*options, str(self.learned), str(self.seeds), limit=seconds + GRACE)

    def merge(self) -> int:
        fresh = self.learned.with_name(f"{self.name}.merged")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        # Edges alone: how often each of them runs would ask for ten times as many seeds.
        options = ["-set_cover_merge=1", "-use_counters=0", f"-max_len={INPUT_BYTES}"]
        status = self.run(*options, str(fresh), str(self.seeds), str(self.learned), limit=None)
        if status == 0:
            shutil.rmtree(self.seeds)
            shutil.copytree(fresh, self.seeds)
        return status

    def said(self, status: int) -> str:
        text = self.log.read_text(errors="replace")
        executions = EXECUTIONS.search(text)
        progress = PROGRESS.findall(text)
        edges, features, inputs = progress[-1] if progress else ("?", "?", "?")
        what = "nothing found" if status == 0 else f"FOUND SOMETHING, see {self.log}"
        return (
            f"fuzz: {self.name}: {executions[1] if executions else '?'} executions, "
            f"{edges} edges and {features} features covered, {inputs} inputs kept: {what}"
        )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--side-by-side", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("fuzzer", nargs="+")
    given = parser.parse_args(arguments)
    if given.seconds < 0:
        parser.error("--seconds: a number from 0 on")

    def one(path: str) -> int:
        fuzzer = Fuzzer.of(path, given.output)
        status = fuzzer.merge() if given.merge else fuzzer.fuzz(given.seconds)
        print(fuzzer.said(status), flush=True)
        return status

    with ThreadPoolExecutor(given.side_by_side) as pool:
        failed = sum(status != 0 for status in pool.map(one, given.fuzzer))
    print(f"{len(given.fuzzer) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
