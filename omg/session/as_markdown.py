"""A transcript as Markdown: main, then each fork under its task. Nothing in it moves a terminal's cursor."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime

from omg.cache.ledger import Figures
from omg.core.amounts import hit, money, ratio
from omg.core.hidden import exact
from omg.session.transcript import Item, Part, Section, Transcript

_FENCES = re.compile(r"^\s*(`{3,})", re.MULTILINE)


def as_markdown(told: Transcript, *, full: bool = False) -> str:
    """The transcript. `full`: with what tools were given and came to, thinking, and what the model was told."""
    return exact("\n\n".join(part for part in _parts(told, full) if part)) + "\n"


def _parts(told: Transcript, full: bool) -> Iterator[str]:
    yield f"# {_line(told.title) or f'Session {told.id}'}"
    yield "\n".join(f"- {line}" for line in heading(told))
    for section in told.sections:
        yield f"## {section_title(section)}"
        yield f"*{about_section(section)}*"
        for part in section.parts:
            yield from _part(part, full, many=len(section.parts) > 1)


def heading(told: Transcript) -> list[str]:
    """What is told of the whole session, a line each."""
    lines = [
        f"session {told.id}, in {told.folder}",
        f"{when(told.created)} to {when(told.updated)}, with {', '.join(told.models)}",
        figures_line(told.figures),
    ]
    return [*lines, *([f"forked from session {told.parent}"] if told.parent else [])]


def when(at: float) -> str:
    """A time, local."""
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")


def figures_line(figures: Figures) -> str:
    """The sums in a line."""
    usage = figures.usage
    read = f"read {ratio(usage)} what was written, {hit(usage)} of the input"
    return f"{figures.requests} requests, {money(figures.cost_usd)}, {read}"


def section_title(section: Section) -> str:
    """A branch in a line."""
    if section.parent is None:
        return section.branch
    what = {"fork": "fork", "aside": "question aside", "turn": "branch"}.get(section.purpose, section.purpose)
    return f"{what} {section.branch}: {_line(section.task or '')}".rstrip(": ")


def about_section(section: Section) -> str:
    """Where a branch is from, what became of it, and what it cost."""
    where = f"from {section.parent}, turn {section.turn}" if section.parent else ""
    parts = [where, section.status or "", section.error or "", figures_line(section.figures)]
    return " · ".join(_line(part) for part in parts if part)


def _part(part: Part, full: bool, many: bool) -> Iterator[str]:
    if many:
        yield f"### epoch {part.number}" + (f" (ended: {_line(part.ended)})" if part.ended else "")
    calls: list[str] = []
    for item in part.items:
        if item.kind == "call" and not full:
            calls.append(f"- {_call(item)}")
            continue
        if calls and (text := _item(item, full)):
            yield "\n".join(calls)
            calls = []
            yield text
        elif not calls:
            yield _item(item, full)
    yield "\n".join(calls)


def _item(item: Item, full: bool) -> str:
    match item.kind:
        case "words" | "task":
            return f"**you**: {item.text}" if item.kind == "words" else f"**task**: {item.text}"
        case "reply":
            return item.text
        case "summary":
            return _quoted(item.text)
        case "report":
            first = item.text.split("\n", 1)[0]
            return _fenced(item.text) if full else f"*{_line(first)}*"
        case "call":
            given = json.dumps(item.input, ensure_ascii=False, indent=1)
            return f"{_call(item)}\n\n{_fenced(given)}" + ("" if item.result is None else f"\n\n{_fenced(item.result)}")
        case "thinking":
            return _quoted(item.text) if full else ""
        case "told":
            return _fenced(item.text) if full else ""
        case "other":
            return f"({item.text})"


def _call(item: Item) -> str:
    mark = "✗" if item.is_error else "▸"
    return f"{mark} {_code(item.text)}"


def _code(text: str) -> str:
    """`text` as code in a line, whatever backticks it holds."""
    run = max((len(found) for found in re.findall("`+", text)), default=0)
    fence = "`" * (run + 1)
    return f"{fence} {text} {fence}" if run else f"`{text}`"


def _fenced(text: str) -> str:
    """`text` in a fence that is longer than any in it."""
    fence = "`" * (max((len(found) for found in _FENCES.findall(text)), default=2) + 1)
    return f"{fence}\n{text.rstrip()}\n{fence}"


def _quoted(text: str) -> str:
    return "> " + text.strip().replace("\n", "\n> ")


def _line(text: str) -> str:
    return " ".join(text.split())
