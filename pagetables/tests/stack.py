# SPDX-License-Identifier: BSD-2-Clause
"""Shows that no call of the library uses more than 512 bytes of stack.

The figures are the compiler's own: gcc -fcallgraph-info=su writes, beside each object,
a graph of the functions that are left after inlining, with the stack of each (return
address included) and its calls.  From that follows the deepest chain of every function
that a public header declares.

It fails on a chain over the limit, on a frame whose size isn't known at compile time, on
recursion, and on a call through a pointer that isn't one of the caller's callbacks.  What
a callback itself uses is the caller's; for the ready pool it is known and shown besides.

    python3 pagetables/tests/stack.py DIRECTORY HEADER...
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

LIMIT = 512

NODE = re.compile(r'node: \{ title: "([^"]+)" label: "([^"]*)"')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)" label: "([^"]+)"')
STACK = re.compile(r"(\d+) bytes \(([a-z,]+)\)")
DECLARED = re.compile(r"\b(pgt_\w+)\(")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
INDIRECT = "__indirect_call"

# The callbacks, as they are called; and what stands there if the pool is the allocator.
CALLBACKS = {
    "frames.take": "pagetables/pool.c:pool_take",
    "frames.give": "pagetables/pool.c:pool_give",
    "frames->reserve": "pagetables/pool.c:pool_reserve",
    "job->each": None,
    "line": None,
    "others->flush": None,
    "give": None,
}
CALLBACK = re.compile(rf"(?<![\w.>])(?:\w+(?:->|\.))?({'|'.join(CALLBACKS)})\(")

# What the kernel brings: neither ours nor, in any kernel, deep.
EXTERNAL = {"memcpy", "memset", "memmove", "memcmp"}


@dataclass
class Function:
    bytes: int | None = None  # None: defined elsewhere
    calls: set[str] = field(default_factory=set)
    callbacks: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Chain:
    bytes: int
    names: tuple[str, ...]


class Refused(Exception):
    """Why no bound can be given."""


def callback_at(place: str) -> str:
    """Which callback is called through a pointer at file:line:column."""
    file, line, _ = place.rsplit(":", 2)
    text = Path(file).read_text("utf-8").splitlines()[int(line) - 1]
    called = CALLBACK.search(text)
    if called is None:
        raise Refused(f"{place}: a call through a pointer that is no callback: {text.strip()}")
    return called[1]


def read_graph(directory: Path) -> dict[str, Function]:
    functions: dict[str, Function] = {}
    for file in sorted(directory.rglob("*.ci")):
        text = file.read_text("utf-8")
        for title, label in NODE.findall(text):
            function = functions.setdefault(title, Function())
            if stack := STACK.search(label):
                if stack[2] not in ("static", "dynamic,bounded"):
                    raise Refused(f"{title}: its frame is {stack[2]}, of no size known here")
                function.bytes = max(function.bytes or 0, int(stack[1]))
        for source, target, place in EDGE.findall(text):
            if target == INDIRECT:
                functions[source].callbacks.add(callback_at(place))
            else:
                functions[source].calls.add(target)
    return functions


def deepest(functions: dict[str, Function], name: str, pool: bool, above: tuple = ()) -> Chain:
    """The chain from a function on that uses most, with the pool's callbacks or without any."""
    if name in above:
        raise Refused(f"{name}: it calls itself, through {' > '.join(above)}")
    if name in EXTERNAL:
        return Chain(0, ())
    function = functions.get(name, Function())
    if function.bytes is None:
        raise Refused(f"{name}: called by {above[-1] if above else 'nobody'}, and defined nowhere")
    calls = set(function.calls)
    if pool:
        calls |= {CALLBACKS[callback] for callback in function.callbacks if CALLBACKS[callback]}
    below = [deepest(functions, call, pool, (*above, name)) for call in sorted(calls)]
    most = max(below, key=lambda chain: chain.bytes, default=Chain(0, ()))
    return Chain(function.bytes + most.bytes, (name.split(":")[-1], *most.names))


def declared(headers: list[str]) -> list[str]:
    """The functions that the headers declare."""
    names: dict[str, None] = {}
    for header in headers:
        text = COMMENT.sub("", Path(header).read_text("utf-8"))
        names.update(dict.fromkeys(DECLARED.findall(text)))
    return list(names)


def main() -> int:
    directory, *headers = sys.argv[1:]
    try:
        functions = read_graph(Path(directory))
        rows = [
            (name, deepest(functions, name, False), deepest(functions, name, True))
            for name in declared(headers)
        ]
    except Refused as reason:
        print(f"stack: {reason}", file=sys.stderr)
        return 1
    print("stack: bytes  with pool  deepest chain (the allocator's part left out)")
    for _, plain, pool in sorted(rows, key=lambda row: -row[2].bytes):
        print(f"stack: {plain.bytes:5}  {pool.bytes:9}  {' > '.join(plain.names)}")
    over = [row for row in rows if row[2].bytes > LIMIT]
    for name, _, pool in over:
        print(
            f"stack: {name} uses {pool.bytes} bytes, more than {LIMIT}: {' > '.join(pool.names)}",
            file=sys.stderr,
        )
    if not rows or over:
        return 1
    most = max(pool.bytes for _, _, pool in rows)
    print(f"stack: {len(rows)} public functions use at most {most} bytes, of {LIMIT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
