"""Functions that no keyword announces: C and C++ functions, Java and JavaScript methods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from omg.provider.offline.engine.source import Source

_NAMED_BRACKET = re.compile(r"(?P<name>~?[\w$]+)\s*\(")
_KEYWORDS = """if for while switch catch return sizeof function do else new throw await typeof
synchronized try assert defined decltype alignas static_assert noexcept super this case delete with"""
_NOT_A_NAME = frozenset(_KEYWORDS.split())
_NOT_IN_HEAD = re.compile(
    r"\b(?:return|else|new|throw|case|goto|namespace|await|yield|delete|typedef|using|function|class|struct\s*\{)\b"
)
_LABELS = re.compile(
    r"\b(?:public|private|protected)\s*:|@\w+(?:\.\w+)*(?:\s*\([^()]*\))?|\[\[[^\]]*\]\]|\btemplate\s*<[^()]*?>"
)
_TAILS = {
    "c": re.compile(
        r"\s*(?:(?:const|noexcept|override|final|volatile|try|&&?|throw\s*\(\s*[\w:, ]*\)|->\s*[\w:<>*& ]+"
        r"|\b(?:_\w+|[A-Z][A-Z_0-9]+)\b(?:\s*\((?:[^()]|\([^()]*\))*\))?)\s*)*"
        r"(?::(?!:)[^;{]*)?(?P<end>\{|;|=\s*(?:0|default|delete)\s*;)"
    ),
    "java": re.compile(r"\s*(?:throws\s+[\w.,\s]+)?(?:default\b[^;{]*)?(?P<end>\{|;)"),
    "script": re.compile(r"\s*(?::(?:[^;{}=]|=>)*)?(?P<end>\{|;)"),
}
_HEADS = {
    "c": re.compile(r"(?:[\w\s*&,\[\]~<>]|::)*"),
    "java": re.compile(r"[\w\s<>\[\],.?&]*"),
    "script": re.compile(
        r"\s*(?:(?:public|private|protected|static|async|get|set|readonly|abstract|override)\s+)*[*#]*\s*"
    ),
}
_QUALIFIER = re.compile(r"(?:(\w+)(?:<[^<>]*>)?::)\s*$")


CallableKind = Literal["function", "method", "constructor", "field", "declaration"]


@dataclass(frozen=True, slots=True)
class Callable:
    """A function found: offsets of where its text begins and of its name."""

    kind: CallableKind
    """A field is a method's signature without a body; for the rest see `languages.Kind`."""
    name: str
    owner: str
    start: int
    at: int


def find_callables(source: Source, family: str) -> Iterator[Callable]:
    """Every function or method that `source`, of a family without a keyword for them, seems to define."""
    if family not in _TAILS:
        return
    for match in _NAMED_BRACKET.finditer(source.code):
        close = source.pairs.get(match.end() - 1)
        if close is None or match["name"] in _NOT_A_NAME or match["name"].isdigit():
            continue
        tail = _TAILS[family].match(source.code, close + 1)
        if tail and (found := _judge(source, family, match, tail["end"] == "{")):
            yield found


def _judge(source: Source, family: str, match: re.Match[str], has_body: bool) -> Callable | None:
    start = _head_start(source.code, match.start(), by_lines=family == "script")
    head = _LABELS.sub(" ", source.code[start : match.start()])
    if not _HEADS[family].fullmatch(head) or _NOT_IN_HEAD.search(head) or head.rstrip().endswith(","):
        return None
    qualifier = _QUALIFIER.search(head)
    typed = bool(re.search(r"\w", head[: qualifier.start()] if qualifier else head))
    kind = _kind(family, has_body, bare=not typed and not qualifier)
    owner = qualifier[1] if qualifier else ""
    before = source.code[start : match.start()]
    begins = start + len(before) - len(before.lstrip())
    return Callable(kind, match["name"], owner, begins, match.start("name"))


def _kind(family: str, has_body: bool, bare: bool) -> CallableKind:
    if family == "script":
        # A name, brackets and a body can only be a method of a class or of an object.
        return "function" if has_body else "field"
    if bare:
        return "constructor"
    return "method" if family == "java" else "function" if has_body else "declaration"


def _head_start(code: str, end: int, by_lines: bool) -> int:
    """Where the statement that holds `end` begins. Only scripts need no semicolons between statements."""
    marks = ";{}\n" if by_lines else ";{}"
    return max(code.rfind(mark, 0, end) for mark in marks) + 1
