# SPDX-License-Identifier: BSD-2-Clause
"""Writes the steps that lead to the lemmas of logic.h: what `&` with a mask leaves of a number.

A mask is runs of ones and zeros.  Each run makes a lemma about the bits there, which a tactic of
WP proves bit by bit, the same in quotients and remainders, and their sum from the lowest run up.
All of it is proved by WP with the rest, so nothing of this file has to be trusted.
"""

import json
from itertools import groupby
from pathlib import Path

LEVEL_MASKS = {"address_2m": 0x000FFFFFFFE00000, "address_1g": 0x000FFFFFC0000000}
ADDRESS, COUNT, GLOBAL = 0x000FFFFFFFFFF000, 0x3FF << 52, 1 << 8
ALL = 2**64 - 1
MASKS = {
    "global": GLOBAL,
    "told": GLOBAL << 1,
    "not_pat": ALL & ~(1 << 7),
    "address": ADDRESS,
    **LEVEL_MASKS,
    "not_address": ALL & ~ADDRESS,
    "not_address_large": ALL & ~(ADDRESS | 1 << 7),
    "count": COUNT,
    "not_count": ALL & ~COUNT,
    "not_known": 0xFFFFFFE0,
    "not_kept": ALL & ~(COUNT | GLOBAL << 1),
}
BITS = (0, 1, 2, 3, 4, 7, 8, 9, 12, 63)
RIGHT = {3, 9, 12, 21, 30, 39, 48, 52, 59}
LEFT = {1, 3, 9, 12, 21, 30, 52, 59}
LOW = {3, 4, 7, 9}

X = "\\forall integer x; 0 <= x <= UINT64_MAX ==>"


def runs(mask: int) -> list[tuple[int, int, bool]]:
    """The runs of a mask from bit 0 up: first bit, how many, ones or zeros."""
    bits = [mask >> i & 1 for i in range(64)]
    return [
        (min(run), len(run), bool(one))
        for one, group in groupby(range(64), bits.__getitem__)
        if (run := list(group))
    ]


def field(first: int, size: int) -> str:
    """x's bits of a run, in their place."""
    low = f" / {1 << first:#x}" if first else ""
    size_mod = f" % {1 << size:#x}" if first + size < 64 else ""
    return f"x{low}{size_mod}" + (f" * {1 << first:#x}" if first else "")


def select(pattern: list[object]) -> dict[str, object]:
    """A term inside the goal, as WP's scripts name it: cut off behind the 32nd character."""
    text = ""
    for part in pattern:
        if len(text) < 32:
            text += str(part)
    return {"select": "inside-goal", "occur": 0, "target": "", "pattern": text}


def script(folder: Path, lemma: str, tactic: str, params: dict[str, object],
           pattern: list[object], children: tuple[str, ...]) -> None:  # fmt: skip
    """A script of one tactic, whose cases the provers see to."""
    step = {
        "header": tactic, "tactic": f"Wp.{tactic}", "params": params,
        "select": select(pattern), "children": {child: [] for child in children},
    }  # fmt: skip
    (folder / f"lemma_{lemma}.json").write_text(json.dumps([step]) + "\n")


def cases(folder: Path, lemma: str, variable: str, low: int, high: int, unfold: str = "") -> None:
    """One case for each value of a variable; in each, a function's definition in its place."""
    script(folder, lemma, "range", {"inf": low, "sup": high}, [f"${variable}"], ())
    if not unfold:
        return
    place = folder / f"lemma_{lemma}.json"
    steps = json.loads(place.read_text())
    for value in range(low, high + 1):
        name = {"header": "unfold", "tactic": "Wp.unfold", "params": {}, "children": {}}
        steps[0]["children"][f"Value {value}"] = [{**name, "select": select([unfold, value])}]
    place.write_text(json.dumps(steps) + "\n")


def induction(folder: Path, lemma: str, variable: str) -> None:
    """By induction over a variable from 0 on."""
    script(folder, lemma, "induction", {"base": "0"}, [f"${variable}"], ())


def modulo(folder: Path, lemma: str, pattern: list[object], revert: bool) -> None:
    """x & (2^n - 1) is x % 2^n, or the other way round."""
    params: dict[str, object] = {"Wp.modmask.revert": revert}
    script(folder, lemma, "modmask", params, pattern, ("Mod Guard", "Mod"))


def bitwise(folder: Path, lemma: str, bits: int, pattern: list[object]) -> None:
    """Numbers below 2^bits with the same bits are equal."""
    params: dict[str, object] = {"Wp.bitwised.range": bits}
    script(folder, lemma, "bitwised", params, pattern, ("range", "bitwise"))


def of_mask(folder: Path, name: str, mask: int) -> list[str]:
    """The lemmas of one mask."""
    lemmas = []
    kept: list[str] = []
    for first, size, one in runs(mask):
        lemma, low = f"{name}_{first}", (1 << size) - 1
        is_it = field(first, size) if one else ""
        if first == 0:
            lemmas.append(f"{lemma}: {X} (x & {mask:#x}) % {low + 1:#x} == {is_it or 0};")
            modulo(folder, lemma, ["%", "land", low + 1, mask, "$x"], revert=True)
        else:
            moved, there = f"((x & {mask:#x}) >> {first})", f"((x >> {first}) & {low:#x})"
            if one:
                lemmas.append(f"{lemma}_bits: {X} ({moved} & {low:#x}) == {there};")
                pattern = ["=", "land", "land", low, "lsr", low, "lsr", "land", first, "$x", first]
                bitwise(folder, f"{lemma}_bits", size, [*pattern, mask])
            elif size > 1:
                lemmas.append(f"{lemma}_bits: {X} ({moved} & {low:#x}) == 0;")
                bitwise(folder, f"{lemma}_bits", size, ["=", "land", 0, low, "lsr", "land", first, mask])
            else:
                lemmas.append(f"{lemma}_bits: {X} {moved} % 2 == 0;")
                modulo(folder, f"{lemma}_bits", ["%", "lsr", 2, "land", first, mask, "$x"], revert=True)
            lemmas.append(
                f"{lemma}: {X} (x & {mask:#x}) / {1 << first:#x} % {low + 1:#x} == "
                + (f"x / {1 << first:#x} % {low + 1:#x};" if one else "0;")
            )
        kept += [is_it] if one else []
        end = first + size
        if first and end < 64:
            lemmas.append(
                f"{name}_upto_{end}: {X} (x & {mask:#x}) % {1 << end:#x} == {' + '.join(kept) or 0};"
            )
    return lemmas + [f"{name}_sum: {X} (x & {mask:#x}) == {' + '.join(kept)};"]


def shifts(folder: Path) -> list[str]:
    """Shifts are products and quotients, low masks are remainders: as far as they are needed."""
    lemmas = []
    firsts = {run[0] for mask in MASKS.values() for run in runs(mask)} - {0}
    for n in sorted(RIGHT | firsts | set(BITS) | {10, 11} - {0}):
        if n >= 62:
            lemmas.append(f"right_{n}_twice: {X} ((x >> 52) >> {n - 52}) == x / {1 << n:#x};")
        else:
            script(folder, f"right_{n}", "shift", {}, ["lsr", "$x", n], ("positive", "shift"))
        lemmas.append(f"right_{n}: {X} (x >> {n}) == x / {1 << n:#x};")
    for n in sorted(LEFT):
        lemmas.append(f"left_{n}: {X} (x << {n}) == x * {1 << n:#x};")
        script(folder, f"left_{n}", "shift", {}, ["lsl", "$x", n], ("shift",))
    sizes = {run[1] for mask in MASKS.values() for run in runs(mask)}
    for n in sorted(LOW | sizes | {1}):
        lemmas.append(f"low_{n}: {X} (x & {(1 << n) - 1:#x}) == x % {1 << n:#x};")
        modulo(folder, f"low_{n}", ["land", (1 << n) - 1, "$x"], revert=False)
    for n in BITS:
        if n:
            lemmas.append(f"odd_{n}: {X} ((x & {1 << n:#x}) != 0 <==> (x >> {n}) % 2 != 0);")
            modulo(folder, f"odd_{n}", ["%", "lsr", 2, "$x", n], revert=True)
    modulo(folder, "bit_0", ["%", "$x", 2], revert=True)
    return lemmas


def write(header: Path, scripts: Path) -> None:
    """The steps as a header for lemmas.c, and their scripts into WP's session."""
    scripts.mkdir(parents=True, exist_ok=True)
    lemmas = shifts(scripts)
    cases(scripts, "all_bits", "i", 0, 63)
    cases(scripts, "reach_is_shifted", "level", 1, 6)
    cases(scripts, "shift_is_division", "level", 1, 5)
    cases(scripts, "shift_to_reach", "level", 1, 3, "L_reach_of")
    cases(scripts, "part_has_phys", "level", 2, 3)
    cases(scripts, "phys_is_masked", "level", 1, 3, "L_reach_of")
    cases(scripts, "phys_is_masked_here", "level", 1, 3, "L_reach_of")
    for lemma in ("present_none", "present_all", "present_same", "present_parts"):
        induction(scripts, lemma, "to")
    induction(scripts, "stepped_even", "i")
    script(scripts, "word_even", "overflow", {}, ["to_uint64", "$x"], ("In-Range",))
    script(scripts, "half_word", "overflow", {}, ["to_uint32", "$x"], ("In-Range",))
    for name, mask in MASKS.items():
        lemmas += of_mask(scripts, name, mask)
    header.write_text("/*@ " + "\n    ".join(f"lemma {lemma}" for lemma in lemmas) + "\n*/\n")
