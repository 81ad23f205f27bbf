# SPDX-License-Identifier: BSD-2-Clause
"""Runs Frama-C's WP over the proofs and says how many goals were proved, of how many.

    python3 pagetables/proof/prove.py BUILD_FOLDER [FILE ...]

All files of RUNS if none is named.  Exits 0 only if every goal of every run is proved.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import steps

PROOF = Path("pagetables/proof")
NEEDED = ("frama-c", "why3", "z3", "cvc4")
DRIVERS = ("bits", "signed", "natural")
Z3_BITS, Z3_SIGNED, Z3_NATURAL = (f"Z3:4.8.12:{name}" for name in DRIVERS)
NOT_PROVED = re.compile(r"^\[wp\] \[(?!Qed)[^]]*\] (Goal \S+)(?: : (?!Valid).*)?$", re.MULTILINE)
TALLY = re.compile(r"^\[wp\] Proved goals:\s+(\d+) / (\d+)", re.MULTILINE)

# Z3 as Why3 and WP have it, and in three ways of our own, of which the drivers tell.
WHY3_CONF = """[main]
datadir = "/usr/share/why3"
libdir = "/usr/lib/ocaml/why3"
magic = 14
memlimit = 2000
running_provers_max = 2
timelimit = 10

[partial_prover]
name = "CVC4"
path = "/usr/bin/cvc4"
version = "1.8"

[partial_prover]
name = "Z3"
path = "/usr/bin/z3"
version = "4.8.12"
"""

WHY3_PROVER = """
[prover]
name = "Z3"
version = "4.8.12"
alternative = "{name}"
command = "/usr/bin/z3 -smt2 -T:%t sat.random_seed=42 nlsat.randomize=false smt.random_seed=42 %f"
driver = "{driver}"
in_place = false
interactive = false
shortcut = "z3-{name}"
"""


@dataclass(frozen=True)
class Run:
    """One run of WP: a file, which of its functions, and what comes before it."""

    file: str
    functions: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    lemmas: tuple[str, ...] = ()  # without functions: these; all that it sees if none are named
    provers: tuple[str, ...] = (Z3_SIGNED, "z3", "cvc4")
    # What WP shall not leave out of a goal as irrelevant: what memory is initialized, or anything.
    facts: str = "-wp-no-filter-init"


DIVISION = (Z3_SIGNED, Z3_NATURAL, "z3")
BITS = (Z3_BITS, "z3", "cvc4")
RANGES = ("pagetables/proof/logic_ranges.h",)
REGIONS = ("pagetables/proof/words_regions.h",)
WORDS_RUNS = ("pagetables/proof/words_runs.h",)
PCID = ("pagetables/proof/logic_pcid.h",)
POOL = ("pagetables/proof/logic_pool.h",)
RUNS = (
    Run(
        "pagetables/proof/lemmas.c",
        before=("pagetables/proof/wrapped.h", "steps.h"),
        provers=DIVISION,
        facts="-wp-no-filter",
    ),
    Run(
        "pagetables/proof/headers.c",
        tuple(
            """proof_exchange proof_compare_exchange
            level_shift level_mask level_index arch_largest_level entry_present entry_is_leaf
            entry_to_table entry_table entry_count global_below entry_told entry_plain
            entry_with_count attributes_at entry_to_leaf leaf_phys leaf_attributes leaf_part
            memory_to_pat_type attributes_of_rights rights_of_attributes
            attributes_of_software software_of_attributes attributes_of_key key_of_attributes
            entry_store entry_load entry_exchange entry_change
            entry_put fill_leaves fill_zero summarize count_alike count_like""".split()
        ),
        ("pagetables/proof/logic.h",),
        provers=DIVISION,
        facts="-wp-no-filter",
    ),
    Run("pagetables/proof/lemmas_ranges.c", provers=BITS),
    Run(
        "pagetables/proof/ranges.c",
        tuple(
            """range_clip range_covers table_mask linear_half canonical_form linear_all linear_range
            is_canonical slot_is_upper range_is_foreign own_slots own_range walk_index walk_run
            walk_past walk_at_upper walk_leaves_upper walk_skip_rest""".split()
        ),
        RANGES,
        provers=BITS,
    ),
    Run("pagetables/space.c", ("pgt_range", "pgt_own_range"), RANGES, provers=BITS),
    Run(
        "pagetables/flush.c",
        tuple("ranges_touch add_range pgt_flush_range pgt_flush_add pgt_flush_join".split()),
        RANGES,
        provers=BITS,
    ),
    Run("pagetables/areas.c", ("clip_leaf",), RANGES, provers=BITS),
    Run("pagetables/proof/lemmas_regions.c", provers=BITS),
    Run(
        "pagetables/regions.c",
        tuple(
            """pgt_regions_init round_up count_to gap_before choose_at find_start
            pgt_region_find""".split()
        ),
        REGIONS,
        provers=BITS,
    ),
    Run(
        "pagetables/ram_boot.c",
        tuple("frames_within frames_around holds ranges_are_sane".split()),
        REGIONS,
        provers=BITS,
    ),
    Run("pagetables/proof/lemmas_runs.c"),
    Run(
        "pagetables/proof/logic_runs.c",
        lemmas=tuple(
            """or_absorbs or_nothing or_neither and_or both_is_and both_commutes
            differing_is_xor differing_commutes neither differs_fits like_itself
            wraps_once leaf_goes_on_4k leaf_goes_on_2m leaf_goes_on_1g leaf_goes_on""".split()
        ),
    ),
    Run("pagetables/map.c", ("leaf_agrees", "decide", "walk_here", "map_run"), WORDS_RUNS),
    Run("pagetables/protect.c", ("effect_of", "flip_alike"), WORDS_RUNS),
    Run("pagetables/harvest.c", ("clear_marked", "pages_to_the_top"), WORDS_RUNS),
    Run(*PCID, provers=BITS),
    Run(
        "pagetables/pcid.c",
        tuple(
            """at bucket_of unlink_age link_newest link_oldest find forget vacate_oldest lend
            renew pgt_pcids_assign pgt_pcids_drop""".split()
        ),
        PCID,
        provers=BITS,
    ),
    Run(
        "pagetables/pool.c",
        ("sign_of", "push_free", "pop_free", "has_free"),
        POOL,
        provers=BITS,
    ),
)


def prove(run: Run, build: Path) -> tuple[int, int]:
    """Proved goals and all goals of one run; what wasn't proved is printed."""
    include = "".join(f" -include {header}" for header in run.before)
    select = (
        ["-wp-prop=-@lemma", "-wp-fct=" + ",".join(run.functions)]
        if run.functions
        else ["-wp-prop=" + ",".join(run.lemmas or ("@lemma",))]
    )
    command = [
        "frama-c", "-wp", "-wp-rte", run.facts, "-wp-par=2", "-wp-timeout=30",
        "-wp-prover=" + ",".join(("script", *run.provers)), f"-wp-session={build / 'session'}",
        "-wp-cache=update", f"-wp-cache-dir={build / cache_name()}",
        f"-cpp-extra-args=-I. -I{os.path.relpath(build)}{include}", *select, run.file,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    tally = TALLY.search(done.stdout)
    if done.returncode or tally is None:
        print(done.stdout[-3000:], done.stderr[-1000:], file=sys.stderr)
        return 0, 1
    proved, goals = int(tally[1]), int(tally[2])
    if proved != goals:
        print("\n".join(sorted(set(NOT_PROVED.findall(done.stdout)))))
    return proved, goals


def cache_name() -> str:
    """A folder for what was proved with these drivers, at which WP's cache doesn't look."""
    drivers = b"".join(path.read_bytes() for path in sorted(PROOF.glob("*.drv")))
    return "cache-" + hashlib.sha256(drivers).hexdigest()[:8]


def prepare(build: Path) -> None:
    """What the runs read from the build folder: the provers, the steps, the tactics."""
    (build / cache_name()).mkdir(parents=True, exist_ok=True)
    conf = build / "why3.conf"
    drivers = {name: (PROOF / f"z3_{name}.drv").resolve() for name in DRIVERS}
    sections = [WHY3_PROVER.format(name=name, driver=path) for name, path in drivers.items()]
    conf.write_text(WHY3_CONF + "".join(sections))
    os.environ["WHY3CONFIG"] = str(conf)
    scripts = build / "session" / "script"
    shutil.rmtree(scripts, ignore_errors=True)
    scripts.mkdir(parents=True)
    for kept in sorted((PROOF / "session" / "script").glob("*.json")):
        shutil.copy(kept, scripts)
    steps.write(build / "steps.h", scripts)


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    if missing := [tool for tool in NEEDED if shutil.which(tool) is None]:
        print("prove: missing", *missing, "- make deps-proof installs them", file=sys.stderr)
        return 1
    prepare(build)
    proved = goals = 0
    for run in RUNS:
        if sys.argv[2:] and run.file not in sys.argv[2:]:
            continue
        start = time.monotonic()
        done, of = prove(run, build)
        print(f"{run.file}: {done}/{of} ({time.monotonic() - start:.0f} s)", flush=True)
        proved, goals = proved + done, goals + of
    print(f"prove: {proved}/{goals} goals proved")
    return 0 if proved == goals else 1


if __name__ == "__main__":
    sys.exit(main())
