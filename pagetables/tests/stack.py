# SPDX-License-Identifier: BSD-2-Clause
"""Shows how much stack the library's calls use, and that it is no more than was promised.

The figures are the compiler's own: gcc -fcallgraph-info=su writes, beside each object,
a graph of the functions that are left after inlining, with the stack of each (return
address included) and its calls.  From that follows the deepest chain of every function
that a public header declares.

It fails on a chain over its header's limit, on a frame whose size isn't known at compile time, on
recursion, and on a call through a pointer that isn't one of the caller's callbacks, that is,
one of those that the public headers name.  What a callback itself uses is the caller's; for
the ready pool it is known and shown besides.

    python3 pagetables/tests/stack.py GRAPH.ci... 512 HEADER.h... 768 HEADER.h...

A number is the limit for the headers that follow.
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

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


def read_limits(words: list[str]) -> dict[str, int]:
    """The limit of each header."""
    limits: dict[str, int] = {}
    limit = 0
    for word in words:
        if word.isdigit():
            limit = int(word)
        else:
            limits[word] = limit
    return limits


@dataclass(frozen=True)
class Row:
    """A public function."""

    name: str
    limit: int
    plain: Chain
    pool: Chain


def rows_of(graphs: list[str], limits: dict[str, int]) -> list[Row]:
    functions = read_graph(graphs, Callbacks.read(list(limits)))
    return [
        Row(name, limit, deepest(functions, name, False), deepest(functions, name, True))
        for header, limit in limits.items()
        for name in dict.fromkeys(DECLARED.findall(plain_text(header)))
    ]


def main() -> int:
    graphs = [word for word in sys.argv[1:] if word.endswith(".ci")]
    limits = read_limits([word for word in sys.argv[1:] if not word.endswith(".ci")])
    try:
        rows = rows_of(graphs, limits)
    except Refused as reason:
        print(f"stack: {reason}", file=sys.stderr)
        return 1
    print("stack: bytes  with pool  deepest chain (the allocator's part left out)")
    for row in sorted(rows, key=lambda row: -row.pool.bytes):
        chain = " > ".join(row.plain.names)
        print(f"stack: {row.plain.bytes:5}  {row.pool.bytes:9}  {chain}")
    over = [row for row in rows if row.pool.bytes > row.limit]
    for row in over:
        print(
            f"stack: {row.name} uses {row.pool.bytes} bytes, more than {row.limit}:"
            f" {' > '.join(row.pool.names)}; pass less, or keep parts of it apart (noinline)",
            file=sys.stderr,
        )
    if not rows or over:
        return 1
    for limit in sorted(set(limits.values())):
        most = [row.pool.bytes for row in rows if row.limit == limit]
        print(f"stack: {len(most)} public functions use at most {max(most)} bytes, of {limit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
