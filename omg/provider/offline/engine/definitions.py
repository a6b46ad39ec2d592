"""Find the definitions in a source file: what each defines, where it stands, how far it reaches, whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from omg.provider.offline.engine.callables import find_callables
from omg.provider.offline.engine.languages import Kind, Language
from omg.provider.offline.engine.source import Source

_CLASS_LIKE = frozenset({"class", "impl"})
_FUNCTION_LIKE = frozenset({"function", "method", "constructor"})
_HOLDERS = _CLASS_LIKE | _FUNCTION_LIKE | {"value"}
_GO_GROUP = re.compile(r"^(?P<what>type|var|const)[ \t]*\(", re.M)
_GO_MEMBER = re.compile(r"^[ \t]+(?P<name>\w+)\b[^\n]*$", re.M)
_TYPEDEF = re.compile(r"\btypedef\b[^;{}()]*\{")
_TYPEDEF_NAME = re.compile(r"\s*\**\s*(?P<name>\w+)\s*;")
_ARROW = re.compile(r"\s*(?::(?:[^;{}=]|=>)*?)?=>")
_FUNCTION_VALUE = re.compile(
    r"[^=\n]*?=(?:>[^=\n]*?=)?\s*(?:async\b\s*)?(?P<rest>function\b|[\w$]+\s*=>|<[^<>()]*>\s*\(|\()"
)
_STOPS = re.compile(r"[{(\[;\n]")
_GOES_ON = re.compile(r"[=,>&|+(:?]\s*$")
_FORWARD = re.compile(r"\s*[{.?:&|]|\s*=>")


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition. `start` and `stop` are offsets in its Source, `line` and `last` line numbers from 1."""

    kind: Kind
    name: str
    owner: str
    """What it belongs to, dotted from the outside in; empty at the top of a file."""
    line: int
    last: int
    start: int
    stop: int
    at: int
    text: str
    """The line as written, without the space around it."""


def scan(source: Source, language: Language) -> tuple[Definition, ...]:
    """All definitions in `source`, in its order."""
    found: dict[tuple[int, str], Definition] = {}
    for definition in _candidates(source, language):
        found.setdefault((definition.line, definition.name), definition)
    ordered = sorted(found.values(), key=lambda each: (each.start, -each.stop, each.at))
    return tuple(sorted(_placed(ordered), key=lambda each: (each.line, each.at)))


def _candidates(source: Source, language: Language) -> Iterator[Definition]:
    for rule in language.rules:
        text = source.masked if rule.kind == "macro" else source.code
        for match in rule.pattern.finditer(text):
            if (
                rule.kind in ("value", "field")
                and language.body == "indent"
                and source.in_brackets(match.start("name"))
            ):
                continue
            owner = match.groupdict().get("owner") or ""
            kind = _kind(source, language, rule.kind, match)
            yield _definition(source, language, kind, match["name"], owner, match.start(), match.start("name"))
    for each in find_callables(source, language.family):
        yield _definition(source, language, each.kind, each.name, each.owner, each.start, each.at)
    if language.family == "go":
        yield from _go_groups(source, language)
    if language.family == "c":
        yield from _braced_typedefs(source, language)


def _kind(source: Source, language: Language, kind: Kind, match: re.Match[str]) -> Kind:
    if language.family == "script" and kind in ("value", "field") and _is_function_value(source, match.start("name")):
        return "method" if kind == "field" else "function"
    return kind


def _is_function_value(source: Source, at: int) -> bool:
    value = _FUNCTION_VALUE.match(source.code, at)
    if value is None:
        return False
    close = source.pairs.get(value.end() - 1) if value["rest"].endswith("(") else None
    return not value["rest"].endswith("(") or (close is not None and bool(_ARROW.match(source.code, close + 1)))


def _go_groups(source: Source, language: Language) -> Iterator[Definition]:
    for group in _GO_GROUP.finditer(source.code):
        inside, end = group.end(), source.pairs.get(group.end() - 1, -1)
        for match in _GO_MEMBER.finditer(source.code, inside, max(inside, end)):
            if match.start() < inside:
                continue
            inside = _stop(source, language, match.start("name"))
            holds = re.search(r"\b(?:struct|interface)\s*\{", match.group()) is not None
            kind: Kind = "value" if group["what"] != "type" else "class" if holds else "type"
            at = match.start("name")
            yield _definition(source, language, kind, match["name"], "", match.start(), at)


def _braced_typedefs(source: Source, language: Language) -> Iterator[Definition]:
    for match in _TYPEDEF.finditer(source.code):
        close = source.pairs.get(match.end() - 1)
        name = _TYPEDEF_NAME.match(source.code, close + 1) if close is not None else None
        if name:
            yield _definition(source, language, "type", name["name"], "", match.start(), name.start("name"))


def _definition(
    source: Source, language: Language, kind: Kind, name: str, owner: str, start: int, at: int
) -> Definition:
    stop = source.line_end(source.line_of(at)) if kind == "macro" else max(_stop(source, language, start), at)
    line = source.line_of(at)
    return Definition(kind, name, owner, line, source.line_of(stop), start, stop, at, source.line(line).strip())


def _stop(source: Source, language: Language, start: int) -> int:
    if language.body == "brace":
        return _brace_stop(source, start, language.newline_ends)
    line = source.line_of(start)
    header = source.line_of(_header_end(source, start))
    if language.body == "end":
        return _end_stop(source, line, header)
    return _indent_stop(source, line, header)


def _header_end(source: Source, start: int) -> int:
    """Past the brackets that the first line opens: where the line ends on which the last of them closes."""
    at = start
    while (match := _STOPS.search(source.code, at)) and match.group() != "\n":
        at = source.pairs.get(match.start(), match.start()) + 1
    return match.start() if match else len(source.code)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _indent_stop(source: Source, line: int, header: int) -> int:
    depth, last = _indent(source.line(line)), header
    for number in range(header + 1, source.first + len(source.lines)):
        code = source.masked_line(number)
        if code.strip() and _indent(code) <= depth and not source.in_brackets(source.line_end(number - 1) + 1):
            break
        last = number if code.strip() else last
    return source.line_end(last)


def _end_stop(source: Source, line: int, header: int) -> int:
    depth = _indent(source.line(line))
    first = source.masked_line(line)
    if re.search(r"\bend\s*$|\)\s*=[^=]|^\s*[A-Z]\w*\s*=|\bdef\s+[\w.?!]+\s*=\s", first):
        return source.line_end(header)
    for number in range(header + 1, source.first + len(source.lines)):
        code = source.masked_line(number)
        if _indent(code) <= depth and re.match(r"\s*end\b", code):
            return source.line_end(number)
    return source.line_end(header)


def _brace_stop(source: Source, start: int, newline_ends: bool) -> int:
    at, code = start, source.code
    while match := _STOPS.search(code, at):
        char, place = match.group(), match.start()
        if char == ";":
            return place
        if char == "\n":
            if (
                newline_ends
                and not _GOES_ON.search(code, max(start, place - 80), place)
                and not _FORWARD.match(code, place)
            ):
                return place
            at = place + 1
            continue
        close = source.pairs.get(place)
        at = (close if close is not None else place) + 1
        if char == "{" and close is not None and not re.match(r"\s*(?:\{|=>|\w+\s*;)", code[at : at + 80]):
            return close
    return len(code)


def _placed(ordered: list[Definition]) -> Iterator[Definition]:
    """Each with its owner found from what surrounds it, less those that cannot stand where they stand."""
    around: list[Definition] = []
    for each in ordered:
        around = [holder for holder in around if each.stop <= holder.stop and each.start != holder.start]
        holder = around[-1] if around else None
        if not _may_stand(each, holder):
            continue
        inside = ".".join(filter(None, (holder.owner, holder.name))) if holder else ""
        constructs = holder is not None and holder.kind == "class" and holder.name == each.name
        kind: Kind = "constructor" if constructs and each.kind == "function" else each.kind
        placed = replace(each, kind=kind, owner=each.owner or inside)
        yield placed
        if each.kind in _HOLDERS:
            around.append(placed)


def _may_stand(each: Definition, holder: Definition | None) -> bool:
    if each.kind == "constructor":
        return holder is not None and holder.name == each.name.lstrip("~")
    if each.kind in ("method", "field"):
        return holder is not None and holder.kind in _CLASS_LIKE
    if each.kind in ("value", "declaration"):
        return holder is None or holder.kind not in _FUNCTION_LIKE
    return True
