# SPDX-License-Identifier: BSD-2-Clause
"""Shows that no call of the library uses more than 512 bytes of stack.

The figures are the compiler's own: gcc -fcallgraph-info=su writes, beside each object,
a graph of the functions that are left after inlining, with the stack of each (return
address included) and its calls.  From that follows the deepest chain of every function
that a public header declares.

It fails on a chain over the limit, on a frame whose size isn't known at compile time, on
recursion, and on a call through a pointer that isn't one of the caller's callbacks, that is,
one of those that the public headers name.  What a callback itself uses is the caller's; for
the ready pool it is known and shown besides.

    python3 pagetables/tests/stack.py GRAPH.ci... HEADER.h...
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

LIMIT = 512

NODE = re.compile(r'node: \{ title: "([^"]+)" label: "([^"]*)"')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)" label: "([^"]+)"')
STACK = re.compile(r"(\d+) bytes \(([a-z,]+)\)")
DECLARED = re.compile(r"^(?!static|typedef)[a-z][\w *]*?\b(pgt_\w+)\(", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
INDIRECT = "__indirect_call"

# Callbacks in a header: `int (*name)(...)`, and `type_fn *name` for a type that it defines.
POINTER = re.compile(r"\(\*(\w+)\)\(")
FUNCTION_TYPE = re.compile(r"typedef\b[^;(]*?\b(\w+)\(")
# A call: what stands before the parenthesis, with the object that it is a member of.
CALL = re.compile(r"((?:\w+(?:->|\.))*)(\w+)\(")

# What stands there if the ready pool is the allocator.
POOL = {name: f"pagetables/pool.c:pool_{name}" for name in ("reserve", "take", "give")}

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


def plain_text(header: str) -> str:
    """A header without its comments."""
    return COMMENT.sub("", Path(header).read_text("utf-8"))


def pointers_of(types: set[str], text: str) -> set[str]:
    """The names of parameters and members that point to functions of these types."""
    return {name for a_type in types for name in re.findall(rf"\b{a_type} \*(\w+)", text)}


@dataclass
class Callbacks:
    """What the public headers say of callbacks."""

    names: set[str]
    types: set[str]  # of functions

    @classmethod
    def read(cls, headers: list[str]) -> "Callbacks":
        text = "".join(plain_text(header) for header in headers)
        types = set(FUNCTION_TYPE.findall(text))
        return cls(set(POINTER.findall(text)) | pointers_of(types, text), types)

    def at(self, place: str) -> str:
        """Which one is called at file:line:column; the allocator's by "frames.*"."""
        file, line, _ = place.rsplit(":", 2)
        text = Path(file).read_text("utf-8")
        names = self.names | pointers_of(self.types, text)
        call = text.splitlines()[int(line) - 1].strip()
        for owner, name in CALL.findall(call):
            if name in names:
                return f"frames.{name}" if owner.endswith(("frames.", "frames->")) else name
        raise Refused(f"{place}: a call through a pointer that is no callback: {call}")


def read_graph(files: list[str], callbacks: Callbacks) -> dict[str, Function]:
    functions: dict[str, Function] = {}
    for file in files:
        text = Path(file).read_text("utf-8")
        for title, label in NODE.findall(text):
            function = functions.setdefault(title, Function())
            if stack := STACK.search(label):
                if stack[2] not in ("static", "dynamic,bounded"):
                    raise Refused(f"{title}: its frame is {stack[2]}, of no size known here")
                function.bytes = max(function.bytes or 0, int(stack[1]))
        for source, target, place in EDGE.findall(text):
            if target == INDIRECT:
                functions[source].callbacks.add(callbacks.at(place))
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
        calls |= {POOL[name] for name in POOL if f"frames.{name}" in function.callbacks}
    below = [deepest(functions, call, pool, (*above, name)) for call in sorted(calls)]
    most = max(below, key=lambda chain: chain.bytes, default=Chain(0, ()))
    return Chain(function.bytes + most.bytes, (name.split(":")[-1], *most.names))


def declared(headers: list[str]) -> list[str]:
    """The functions that the headers declare; those that they define are part of their callers."""
    names: dict[str, None] = {}
    for header in headers:
        names.update(dict.fromkeys(DECLARED.findall(plain_text(header))))
    return list(names)


def main() -> int:
    headers = [name for name in sys.argv[1:] if name.endswith(".h")]
    graphs = [name for name in sys.argv[1:] if name.endswith(".ci")]
    try:
        functions = read_graph(graphs, Callbacks.read(headers))
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
