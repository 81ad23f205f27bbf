# SPDX-License-Identifier: BSD-2-Clause
"""Where mutants are built and tried: a copy of the library and of its tests, in memory.

The library is a shared object here, so that of a mutant only what includes the changed file is
compiled, and nothing but the library is linked again.  Which tests are worth a try gcov says:
those that run the changed line, the likeliest to notice first; and of a header which files of the
library have code of that line.  Time is the processor's, so that a busy machine makes nothing hang.
"""

import hashlib
import json
import math
import os
import resource
import shutil
import signal
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path("pagetables")
TESTS = FOLDER / "tests"

BASE = ("-std=c11", "-I.", "-w", "-g0", "-D_GNU_SOURCE", "-MMD")
# For the tests.  Sanitizers notice more, and take ten times as long: an option.
TESTED = (*BASE, "-O1", "-fPIC", "-DPGT_ASSERT")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
COVERED = (*BASE, "-O0", "-fPIC", "-DPGT_ASSERT", "--coverage", "-fprofile-abs-path")
# As a kernel has it: a mutant that makes no difference to that is none.
SHIPPED = (
    *BASE, "-O2", "-ffreestanding", "-mgeneral-regs-only", "-mno-red-zone",
    "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fcf-protection=none",
)  # fmt: skip
# A long run of the same is not what tells mutants from the original.
ENVIRONMENT = os.environ | {"PGT_OPERATIONS": "10000", "LC_ALL": "C"}
MEMORY = 8 << 30  # bytes of address space, without sanitizers
PATIENCE = 8  # times as long as the original, and some seconds more
GRACE = 1.0
SLEEP = 300  # seconds by the clock, for who waits for something that never comes


@dataclass
class Test:
    name: str
    seconds: float = 0.0
    lines: dict[str, set[int]] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    noticed: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def promise(self, file: str) -> float:
        """Mutants noticed a second, as far as is known."""
        chance = (self.noticed[file] + 0.5) / (self.tried[file] + 1)
        return chance / (self.seconds + 0.02)


def compile_one(tree: Path, source: Path, output: Path, flags: Sequence[str]) -> bool:
    output.parent.mkdir(parents=True, exist_ok=True)
    command = ["gcc", *flags, "-c", str(source), "-o", str(output)]
    return subprocess.run(command, cwd=tree, stderr=subprocess.DEVNULL).returncode == 0


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def dependencies(note: Path) -> set[str]:
    return set(note.read_text().replace("\\\n", " ").split(":", 1)[1].split())


class Workshop:
    """The original, built; and a place for each worker."""

    def __init__(self, root: Path, workers: int, sanitize: bool) -> None:
        self.root = root
        self.flags = TESTED + (SANITIZERS if sanitize else ())
        self.link = SANITIZERS if sanitize else ()
        self.sanitize = sanitize
        self.workers = workers
        self.tree = root / "tree"
        shutil.copytree(FOLDER, self.tree / FOLDER)
        self.library = sorted(FOLDER.glob("*.c"))
        programs = ("exhaustive", "threads", "stage", "timeline")
        every = sorted([*TESTS.glob("*.c"), *TESTS.glob("*.S")])
        tests = [s for s in every if not s.name.startswith(programs)]
        self.helpers = [s for s in tests if not s.name.startswith("test_")]
        self.tests = [Test(s.stem) for s in tests if s.name.startswith("test_")]
        self.includes: dict[Path, set[str]] = {}
        self.shipped: dict[Path, str] = {}
        # Every line that has code, and whether anything ran it, by file.
        self.code: dict[str, set[int]] = defaultdict(set)
        # Which files of the library have code of a line.
        self.units: dict[tuple[str, int], set[Path]] = defaultdict(set)

    # ---- the original ----------------------------------------------------

    def build(self) -> None:
        sources = self.library + self.helpers + [TESTS / f"{t.name}.c" for t in self.tests]
        jobs = [(s, self.root / "tested" / s.with_suffix(".o"), self.flags) for s in sources]
        jobs += [(s, self.root / "shipped" / s.with_suffix(".o"), SHIPPED) for s in self.library]
        jobs += [(s, self.root / "covered" / s.with_suffix(".o"), COVERED) for s in self.library]
        with ThreadPoolExecutor(self.workers) as pool:
            built = pool.map(lambda job: compile_one(self.tree, *job), jobs)
            for (source, _, _), good in zip(jobs, built, strict=True):
                if not good:
                    raise SystemExit(f"mutate: {source} does not compile: mend that first")
            for source in sources:
                note = (self.root / "tested" / source).with_suffix(".d")
                self.includes[source] = dependencies(note)
            for source in self.library:
                self.shipped[source] = self.digest(self.root / "shipped" / source)
            for folder, more in (("tested", self.link), ("covered", (*self.link, "--coverage"))):
                objects = [(self.root / folder / s).with_suffix(".o") for s in self.library]
                self.link_library(objects, self.root / folder, more)
            linked = pool.map(lambda t: self.link_test(t, self.root / "tested", {}), self.tests)
            for test, good in zip(self.tests, linked, strict=True):
                if not good:
                    raise SystemExit(f"mutate: {test.name} does not link: mend that first")

    def digest(self, path: Path) -> str:
        return hashlib.sha256(path.with_suffix(".o").read_bytes()).hexdigest()

    def link_library(self, objects: Iterable[Path], folder: Path, more: Sequence[str]) -> bool:
        output = folder / "libpagetables.so"
        command = ["gcc", "-shared", "-fuse-ld=gold", *more, "-o", str(output), *map(str, objects)]
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0

    def link_test(self, test: Test, folder: Path, changed: dict[Path, Path]) -> bool:
        sources = [*self.helpers, TESTS / f"{test.name}.c"]
        tested = self.root / "tested"
        objects = [changed.get(s, (tested / s).with_suffix(".o")) for s in sources]
        command = ["gcc", *self.link, "-o", str(folder / test.name), *map(str, objects)]
        command += [f"-L{tested}", "-lpagetables", "-lcmocka"]
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0

    # ---- running -----------------------------------------------------------

    def limits(self, seconds: int) -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        if not self.sanitize:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    def run(self, program: Path, library: Path, seconds: float) -> str:
        """Empty if it passes; else what happened.  So many seconds of a processor it has."""
        process = subprocess.Popen(
            [program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT | {"LD_LIBRARY_PATH": str(library)},
            preexec_fn=lambda: self.limits(math.ceil(seconds)),
            start_new_session=True,
        )
        try:
            status = process.wait(SLEEP)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return "hangs"
        if status in (-signal.SIGXCPU, -signal.SIGKILL):
            return "hangs"
        if status < 0:
            return f"dies of {signal.Signals(-status).name}"
        return "fails" if status else ""

    def measure(self) -> None:
        """Each test on the original: how long it takes, and which lines it runs."""
        for test in self.tests:
            before = processor_seconds()
            trouble = self.run(self.root / "tested" / test.name, self.root / "tested", 600)
            test.seconds = processor_seconds() - before
            if trouble:
                raise SystemExit(f"mutate: {test.name} {trouble} on the original: mend that first")
            self.run(self.root / "tested" / test.name, self.root / "covered", 600)
            self.collect(test)

    def collect(self, test: Test) -> None:
        folder = self.root / "covered" / FOLDER
        counts = sorted(folder.glob("*.gcda"))
        command = ["gcov", "--json-format", "--stdout", *(str(c) for c in counts)]
        output = subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
        for document in output.decode().splitlines():
            said = json.loads(document)
            unit = FOLDER / f"{Path(said['data_file']).stem}.c"
            for file in said["files"]:
                name = str(FOLDER / Path(file["file"]).name)
                run = test.lines.setdefault(name, set())
                for line in file["lines"]:
                    self.code[name].add(line["line_number"])
                    self.units[name, line["line_number"]].add(unit)
                    if line["count"]:
                        run.add(line["line_number"])
        for count in counts:
            count.unlink()

    def candidates(self, file: str, first: int, last: int) -> list[Test]:
        """Tests that run a changed line.  Lines without code of their own, as a constant's or the
        second of an expression, count as their whole file."""
        lines = self.code[file] & set(range(first, last + 1))
        some = [t for t in self.tests if t.lines.get(file, set()) & lines] if lines else []
        if not lines and file.endswith(".h"):
            some = list(self.tests)
        elif not lines:
            some = [t for t in self.tests if t.lines.get(file)]
        return sorted(some, key=lambda t: -t.promise(file))


class Worker:
    """Builds and tries one mutant after the other."""

    def __init__(self, shop: Workshop, number: int) -> None:
        self.shop = shop
        self.folder = shop.root / f"worker{number}"
        self.tree = self.folder / "tree"
        shutil.copytree(shop.tree, self.tree)

    def dependents(self, file: str, sources: Iterable[Path]) -> list[Path]:
        return [s for s in sources if file in self.shop.includes[s]]

    def units(self, file: str, first: int, last: int) -> list[Path]:
        """The files of the library that such lines are compiled into: where they are no code of
        their own, as a constant's, all that include them."""
        some = [self.shop.units.get((file, line)) for line in range(first, last + 1)]
        every = self.dependents(file, self.shop.library)
        if None in some or not some:
            return every
        return [s for s in every if any(s in units for units in some if units)]

    def compile(self, sources: Iterable[Path], kind: str, flags: Sequence[str]) -> dict[Path, Path]:
        made = {}
        for source in sources:
            made[source] = self.folder / kind / source.with_suffix(".o")
            if not compile_one(self.tree, source, made[source], flags):
                return {}
        return made

    def digest(self, made: dict[Path, Path]) -> str:
        """Of objects made as the tests want them; empty if none differs from the original's."""
        one = {s: self.shop.digest(o) for s, o in made.items()}
        if all(one[s] == self.shop.digest(self.shop.root / "tested" / s) for s in made):
            return ""
        return hashlib.sha256("".join(one.values()).encode()).hexdigest()

    def ships_different(self, file: str, sources: Iterable[Path]) -> bool:
        """Does the code as a kernel has it differ?  Or that of functions which a header has for
        others, and so nobody but the tests."""
        shipped = self.compile(sources, "shipped", SHIPPED)
        if any(self.shop.digest(o) != self.shop.shipped[s] for s, o in shipped.items()):
            return True
        if not shipped or not file.endswith(".h"):
            return False
        others = self.compile(self.dependents(file, self.others()), "tested", self.shop.flags)
        return self.digest(others) != ""

    def others(self) -> list[Path]:
        return [*self.shop.helpers, *(TESTS / f"{t.name}.c" for t in self.shop.tests)]

    def try_tests(
        self, file: str, made: dict[Path, Path], tests: Sequence[Test]
    ) -> tuple[str, str]:
        """The test that noticed and how; two empty strings if none did."""
        shop = self.shop
        own = self.dependents(file, self.others())
        objects = [made.get(s, (shop.root / "tested" / s).with_suffix(".o")) for s in shop.library]
        if not shop.link_library(objects, self.folder, shop.link):
            return "the linker", "does not link"
        changed_helpers = [s for s in own if s in shop.helpers]
        helpers = self.compile(changed_helpers, "tested", shop.flags)
        if changed_helpers and not helpers:
            return "the compiler", "does not compile"
        for test in tests:
            program = shop.root / "tested" / test.name
            source = TESTS / f"{test.name}.c"
            if source in own or helpers:
                changed = helpers | self.compile(own and [source], "tested", shop.flags)
                if not changed or not shop.link_test(test, self.folder, changed):
                    return test.name, "does not compile"
                program = self.folder / test.name
            trouble = shop.run(program, self.folder, test.seconds * PATIENCE + GRACE)
            test.tried[file] += 1
            if trouble:
                test.noticed[file] += 1
                return test.name, trouble
        return "", ""
