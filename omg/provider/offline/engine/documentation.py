"""What a definition says about itself: its signature, its docstring or the comment above it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from omg.provider.offline.engine.definitions import Definition
from omg.provider.offline.engine.languages import Language
from omg.provider.offline.engine.source import MASKS, Source

_SIGNATURE_LIMIT = 400
_DOC_LINES = 12
_BRACKET_OR_END = re.compile(r"[{(\[;:\n]|=>")
_STRING_QUOTES = re.compile(r"^[rRuUbBfF]{0,2}(\"\"\"|'''|\"|')([\s\S]*?)\1$")
_MARKERS = re.compile(r"^\s*(?:/\*\*?|\*/|//[/!]?|\*(?!/)|#+(?!\[))?\s?|\s*\*/\s*$")
_ATTRIBUTE = re.compile(r"\s*(?:@|#\[|#!\[|\[\[|template\b)")


def signature(source: Source, definition: Definition) -> str:
    """The head of a definition on one line: up to its body."""
    start = source.line_start(definition.start) if definition.kind == "macro" else definition.start
    text = source.text[start : max(_signature_end(source, definition), start)]
    return re.sub(r"\s+", " ", re.sub(r"\s*\n\s*", " ", text)).strip()[:_SIGNATURE_LIMIT].rstrip(" :{")


def _signature_end(source: Source, definition: Definition) -> int:
    at, code = definition.at, source.code
    if definition.kind in ("value", "field", "macro", "type"):
        return source.line_end(definition.line)
    while match := _BRACKET_OR_END.search(code, at):
        char, place = match.group(), match.start()
        if char in "([":
            at = source.pairs.get(place, place) + 1
        elif _ends_signature(source, definition, char, place):
            return place
        else:
            at = match.end()
    return len(code)


def _ends_signature(source: Source, definition: Definition, char: str, place: int) -> bool:
    if char == "\n":
        # A body, or a base class, may follow on the next line.
        return not re.match(r"\s*[{:\w]", source.code[place : place + 200]) or definition.last == definition.line
    if char == ":":
        return not source.code[place + 1 : source.line_end(source.line_of(place))].strip(" \t")
    return char != "=>" or definition.kind == "function"


def documentation(source: Source, language: Language, definition: Definition) -> str:
    """Its docstring, else the comment right above it, without markers; empty where there is none."""
    inner = _docstring(source, definition) if language.name == "Python" else ""
    text = inner or _comment_above(source, language, definition)
    lines = text.strip().split("\n")
    return "\n".join([*lines[:_DOC_LINES], "…"] if len(lines) > _DOC_LINES else lines)


def _docstring(source: Source, definition: Definition) -> str:
    if definition.kind not in ("function", "class"):
        return ""
    body = re.compile(r":[ \t]*(?:#[^\n]*)?\s*").match(source.text, _signature_end(source, definition))
    string = MASKS["python"].match(source.text, body.end()) if body else None
    if body and string is None:
        # A prefix (r, u, f) stands before the quotes.
        prefix = re.compile(r"[rRuUfFbB]{1,2}(?=[\"'])").match(source.text, body.end())
        string = MASKS["python"].match(source.text, prefix.end()) if prefix else None
    quoted = _STRING_QUOTES.match(string.group()) if string else None
    return _dedent(quoted[2]) if quoted else ""


def _dedent(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().split("\n"))


def _comment_above(source: Source, language: Language, definition: Definition) -> str:
    first = source.line_of(source.line_start(definition.start))
    while first < definition.line and not source.line(first).strip():
        first += 1
    lines = list(_lines_above(source, language, min(first, definition.line)))[::-1]
    cleaned = [_MARKERS.sub("", line).strip() for line in lines]
    return "\n".join(cleaned).strip()


def _lines_above(source: Source, language: Language, line: int) -> Iterator[str]:
    for number in range(line - 1, source.first - 1, -1):
        written, code = source.line(number), source.masked_line(number).strip()
        if not written.strip() or written.startswith("#!"):
            return
        if code and not _ATTRIBUTE.match(written):
            return
        if not code and _is_comment(written, language, source, number):
            yield written


def _is_comment(written: str, language: Language, source: Source, number: int) -> bool:
    if language.comment == "#":
        return written.lstrip().startswith("#")
    return written.lstrip().startswith(("/", "*")) or not source.masked_line(number).strip()
