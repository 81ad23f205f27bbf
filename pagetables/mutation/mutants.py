# SPDX-License-Identifier: BSD-2-Clause
"""Small changes to C sources, made of their tokens: each is one that a slip could make.

No parser is needed, since the compiler is there to refuse what isn't C.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<number>(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<mark>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\.\.\.|.)
    """,
    re.VERBOSE | re.DOTALL,
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)
DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+\w+(?:\([^)]*\))?")

# What each operator is taken for; of comparisons the border, and the opposite.
OTHERS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
    "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",),
    "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("/",),
    "<<": (">>",), ">>": ("<<",), "&": ("|",), "|": ("&",), "^": ("|",),
    "+=": ("-=",), "-=": ("+=",), "|=": ("&=",), "&=": ("|=",), "^=": ("|=",),
    "<<=": (">>=",), ">>=": ("<<=",), "++": ("--",), "--": ("++",),
}  # fmt: skip
DROPPED = ("!", "~")  # and a minus sign
ASSIGNMENTS = frozenset("= += -= |= &= ^= <<= >>= *= /= %=".split())
TYPES = frozenset("void bool char int unsigned size_t const struct enum union static".split())
CONTROL = frozenset("if while for switch return else do case default goto break continue".split())


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True)
class Mutant:
    """A source with one place of it changed."""

    file: str
    start: int
    end: int
    new: str
    kind: str

    def apply(self, source: str) -> str:
        return source[: self.start] + self.new + source[self.end :]

    def lines(self, source: str) -> tuple[int, str, str]:
        """Number, and the lines before and after, joined where they are several."""
        first = source.rfind("\n", 0, self.start) + 1
        last = source.find("\n", self.end)
        before = source[first:last]
        after = source[first : self.start] + self.new + source[self.end : last]
        number = source.count("\n", 0, self.start) + 1
        return number, " ".join(before.split()), " ".join(after.split())


def tokens(source: str) -> list[Token]:
    """Without white space and comments; of directives only what a #define stands for."""
    blank = list(source)
    for directive in DIRECTIVE.finditer(source):
        define = DEFINE.match(directive.group())
        kept = directive.start() + define.end() if define else directive.end()
        for at in range(directive.start(), kept):
            blank[at] = blank[at] if blank[at] == "\n" else " "
        if define:  # it ends there as a statement does
            for at in range(kept, directive.end()):
                blank[at] = " " if blank[at] == "\\" else blank[at]
    found = TOKEN.finditer("".join(blank))
    return [Token(m.lastgroup or "", m.group(), m.start()) for m in found if m.lastgroup != "space"]


def is_type(text: str) -> bool:
    return text in TYPES or text.endswith("_t") or text in ("pgt_entry",)


class Source:
    """The tokens of a file, and which bracket belongs to which."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.tokens = tokens(text)
        self.partner: dict[int, int] = {}
        open_at: list[int] = []
        for at, token in enumerate(self.tokens):
            if token.text in ("(", "[", "{"):
                open_at.append(at)
            elif token.text in (")", "]", "}") and open_at:
                self.partner[at] = open_at.pop()
                self.partner[self.partner[at]] = at

    def change(self, first: int, last: int, new: str, kind: str) -> Mutant:
        return Mutant(self.file, self.tokens[first].start, self.tokens[last].end, new, kind)

    def is_unary(self, at: int) -> bool:
        """A sign, an address, a dereference or a declarator, rather than an operation."""
        before = self.tokens[at - 1]
        if before.text == ")":  # behind a cast?
            inside = self.tokens[self.partner[at - 1] + 1 : at - 1]
            return bool(inside) and is_type(inside[0].text)
        if before.kind == "name":
            pointer = self.tokens[at - 2].text in ("struct", "enum", "union")
            return before.text in CONTROL or is_type(before.text) or pointer
        return before.kind == "mark" and before.text not in (")", "]")

    def operators(self) -> Iterator[Mutant]:
        for at, token in enumerate(self.tokens):
            if token.kind != "mark" or at == 0:
                continue
            unary = token.text in ("-", "*", "&", "+") and self.is_unary(at)
            if token.text in DROPPED or (unary and token.text == "-"):
                yield self.change(at, at, "", "operator dropped")
            elif not unary:
                for other in OTHERS.get(token.text, ()):
                    yield self.change(at, at, other, "operator")

    def constants(self) -> Iterator[Mutant]:
        for at, token in enumerate(self.tokens):
            if token.kind == "name" and token.text in ("true", "false"):
                yield self.change(at, at, "false" if token.text == "true" else "true", "constant")
            if token.kind != "number":
                continue
            digits = token.text.rstrip("uUlL")
            suffix = token.text[len(digits) :]
            value = int(digits, 16 if digits[:2] in ("0x", "0X") else 10)
            for other in (value + 1, value - 1):
                if other >= 0:
                    shown = str(other) if digits == str(value) else f"{other:#x}"
                    yield self.change(at, at, shown + suffix, "constant")

    def conditions(self) -> Iterator[Mutant]:
        for at, token in enumerate(self.tokens[:-1]):
            if token.text in ("if", "while") and self.tokens[at + 1].text == "(":
                close = self.partner[at + 1]
                yield self.change(at + 1, close, "(0)", "condition")
                if token.text == "if":
                    yield self.change(at + 1, close, "(1)", "condition")

    def begins_statement(self, at: int) -> bool:
        before = self.tokens[at - 1]
        if before.text == ")":
            opener = self.tokens[self.partner[at - 1] - 1].text
            return opener in ("if", "while", "for", "switch")
        return before.text in (";", "}", "{", "else", "do", ":")

    def statement_end(self, at: int) -> int | None:
        while at < len(self.tokens):
            text = self.tokens[at].text
            if text == ";":
                return at
            if text in ("(", "[", "{"):
                at = self.partner[at]
            elif text in (")", "]", "}", ",", ":"):
                return None
            at += 1
        return None

    def is_expression(self, at: int) -> bool:
        token, after = self.tokens[at], self.tokens[at + 1]
        if token.text in ("break", "continue"):
            return True
        if token.text in ("*", "++", "--"):
            return True
        if token.kind != "name" or token.text in CONTROL or is_type(token.text):
            return False
        return after.text in ("(", ".", "->", "[", "++", "--") or after.text in ASSIGNMENTS

    def statements(self) -> Iterator[Mutant]:
        for at in range(1, len(self.tokens) - 1):
            if not self.begins_statement(at):
                continue
            end = self.statement_end(at)
            if end is None or end == at:
                continue
            if self.is_expression(at):
                yield self.change(at, end, ";", "statement dropped")
            elif self.tokens[at].text == "return" and end > at + 1:
                inside = self.text[self.tokens[at + 1].start : self.tokens[end - 1].end]
                yield self.change(at + 1, end - 1, f"!({inside})", "result")

    def asserts(self) -> list[range]:
        """What isn't there in the code as shipped."""
        spans = []
        for at, token in enumerate(self.tokens[:-1]):
            if token.text == "pgt_assert" and self.tokens[at + 1].text == "(":
                spans.append(range(token.start, self.tokens[self.partner[at + 1]].end))
        return spans

    def mutants(self) -> list[Mutant]:
        found: list[Mutant] = []
        for some in (self.operators(), self.constants(), self.conditions(), self.statements()):
            found.extend(some)
        asserts = self.asserts()
        found = [m for m in found if not any(m.start in span for span in asserts)]
        return sorted(set(found), key=lambda m: (m.start, m.end, m.new))


def mutants_of(file: str) -> list[Mutant]:
    return Source(file, Path(file).read_text("utf-8")).mutants()
