# SPDX-License-Identifier: BSD-2-Clause
"""Runs fuzzers, some side by side, and says in a line each what they did.

    python3 pagetables/fuzz/run.py --seconds 60 --output build/fuzz loader/fuzz/fuzz_elf ...

A fuzzer FOLDER/fuzz_NAME is the program OUTPUT/FOLDER/fuzz_NAME; its seeds are in
FOLDER/corpus/NAME, a dictionary, if it has one, in FOLDER/NAME.dict, and options of libFuzzer's
that it alone needs in FOLDER/NAME.options, written as OSS-Fuzz has them.  What it learns goes to
OUTPUT/corpus/NAME, and an input that fails to OUTPUT/findings/NAME-*.  The seeds are run even
with --seconds 0, so that a flaw once found is found again.  Where there are more processors than
fuzzers, each runs several times at once, and learns from what the others put into its folder.
With --merge nothing is fuzzed: the seeds become the smallest set of what was learned that covers
as much.

Exit status 1 if anything was found.
"""

import argparse
import configparser
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
    logs: list[Path]  # one for each worker
    options: dict[str, str]

    @staticmethod
    def of(path: str, output: Path, workers: int) -> "Fuzzer":
        source = Path(path)
        name = source.name.removeprefix("fuzz_")
        own = configparser.ConfigParser()
        own.read_dict({"libfuzzer": {"max_len": str(INPUT_BYTES)}})
        own.read(source.parent / f"{name}.options")
        fuzzer = Fuzzer(
            name,
            output / source,
            source.parent / "corpus" / name,
            source.parent / f"{name}.dict",
            output / "corpus" / name,
            output / "findings",
            [output / (f"{name}.{n}.log" if n else f"{name}.log") for n in range(workers)],
            dict(own.items("libfuzzer")),
        )
        for folder in (fuzzer.seeds, fuzzer.learned, fuzzer.findings):
            folder.mkdir(parents=True, exist_ok=True)
        for log in output.glob(f"{name}.*log"):
            log.unlink()
        return fuzzer

    def run(self, log_path: Path, *arguments: str, limit: float | None) -> int:
        """Its exit status; what it prints goes to a log."""
        options = [f"-{name}={value}" for name, value in self.options.items()]
        with log_path.open("w") as log:
            try:
                return subprocess.run(
                    [self.program, *options, *arguments],
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
            f"-timeout={INPUT_SECONDS}",
            f"-rss_limit_mb={MEMORY_MIB}",
            f"-artifact_prefix={self.findings}/{self.name}-",
            "-print_final_stats=1",
        ]
        if self.dictionary.exists():
            options.append(f"-dict={self.dictionary}")
        # libFuzzer takes 0 seconds for endless; no run at all is what is meant.
        options.append(f"-max_total_time={seconds}" if seconds else "-runs=0")
        options += [str(self.learned), str(self.seeds)]
        # What the seeds find one of them finds.
        logs = self.logs if seconds else self.logs[:1]
        with ThreadPoolExecutor(len(logs)) as pool:
            runs = [pool.submit(self.run, log, *options, limit=seconds + GRACE) for log in logs]
        return max((run.result() for run in runs), key=abs)

    def merge(self) -> int:
        fresh = self.learned.with_name(f"{self.name}.merged")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        # Edges alone: how often each of them runs would ask for ten times as many seeds.
        options = ["-set_cover_merge=1", "-use_counters=0"]
        folders = [str(fresh), str(self.seeds), str(self.learned)]
        status = self.run(self.logs[0], *options, *folders, limit=None)
        if status == 0:
            shutil.rmtree(self.seeds)
            shutil.copytree(fresh, self.seeds)
        return status

    def said(self, status: int, merged: bool) -> str:
        """Executions of all workers; what is covered of the one that saw most."""
        if merged:
            seeds = list(self.seeds.iterdir())
            size = sum(seed.stat().st_size for seed in seeds)
            return f"fuzz: {self.name}: {len(seeds)} seeds, {size} bytes"
        texts = [log.read_text(errors="replace") for log in self.logs if log.exists()]
        executions = sum(int(found[1]) for t in texts if (found := EXECUTIONS.search(t)))
        progress = [lines[-1] for t in texts if (lines := PROGRESS.findall(t))]
        edges, features, inputs = max(progress, key=lambda p: int(p[1]), default=("?", "?", "?"))
        logs = ", ".join(str(log) for log in self.logs)
        what = "nothing found" if status == 0 else f"FOUND SOMETHING, see {logs}"
        return (
            f"fuzz: {self.name}: {executions or '?'} executions"
            f"{f' in {len(texts)} processes' if len(texts) > 1 else ''}, "
            f"{edges} edges and {features} features covered, {inputs} inputs kept: {what}"
        )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--side-by-side", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--workers", type=int, help="processes of each (side by side/fuzzers)")
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("fuzzer", nargs="+")
    given = parser.parse_args(arguments)
    if given.seconds < 0:
        parser.error("--seconds: a number from 0 on")
    workers = given.workers or max(1, given.side_by_side // len(given.fuzzer))

    def one(path: str) -> int:
        fuzzer = Fuzzer.of(path, given.output, workers)
        status = fuzzer.merge() if given.merge else fuzzer.fuzz(given.seconds)
        print(fuzzer.said(status, given.merge and status == 0), flush=True)
        return status

    with ThreadPoolExecutor(given.side_by_side) as pool:
        failed = sum(status != 0 for status in pool.map(one, given.fuzzer))
    print(f"{len(given.fuzzer) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
