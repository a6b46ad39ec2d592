"""What a history holds that is worth a line in its summary: words, calls and what came of them, reports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from omg.provider.offline.engine.brief import is_asking
from omg.provider.offline.engine.conversation import (
    Exchange,
    Message,
    earlier_words,
    exchanges_of,
    find_reports,
    is_told,
)
from omg.provider.offline.engine.places import cut
from omg.provider.offline.engine.reports import title
from omg.provider.offline.engine.work import Ask, Outcome

_SUMMARY = re.compile(r"<summary>[^\n]*\n[^\n]*\n\s*\n(.*)</summary>", re.S)
_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*\s*")
_PLACE = re.compile(r"[^\s:`][^\n:`]*:\d+: .+")
_STATUS = re.compile(r"\bexit(?:ed)? (?:status|code|with)[ :]*(\d+)", re.I)
_DONE_TO = {"read": "read", "edit": "edited", "write": "written"}


@dataclass(frozen=True, slots=True)
class Recollection:
    """What is left of a history. All of it in the order it came, each once; lines are single lines."""

    said: tuple[str, ...]
    """The person's words."""
    carried: Mapping[str, tuple[str, ...]]
    """The lines of the summary that the history begins with, by the title of their section."""
    files: Mapping[str, tuple[str, ...]]
    """By path: what was done to it."""
    commands: Mapping[str, str]
    """What each came to, the last time."""
    places: tuple[str, ...]
    errors: tuple[str, ...]
    reports: Mapping[str, str]
    """By the line of a fork: its task as it was given."""
    unfinished: bool
    """Whether it ends amid the work on the newest words."""


def recall(messages: Sequence[Message]) -> Recollection:
    """Read a history; requests for a summary in it are passed over."""
    exchanges = exchanges_of(messages)
    calls = [pair for exchange in exchanges for pair in _pairs(exchange)]
    files: dict[str, dict[str, None]] = {}
    for ask, outcome in calls:
        if ask.name in _DONE_TO and isinstance(ask.input.get("path"), str) and not outcome.failed:
            files.setdefault(one_line(str(ask.input["path"])), {})[_DONE_TO[ask.name]] = None
    commands = {one_line(str(a.input["command"])): _came_to(o) for a, o in calls if a.input.get("command")}
    texts = [(message.role, text) for message in messages for text in message.texts]
    told = [text for role, text in texts if role == "user"]
    return Recollection(
        said=_once(_said(told)),
        carried=_carried(told),
        files={path: tuple(done) for path, done in files.items()},
        commands=commands,
        places=_once(line for role, text in texts if role == "assistant" for line in _places(text)),
        errors=_once(_error(ask, outcome) for ask, outcome in calls if outcome.failed),
        reports=_reports(told, calls),
        unfinished=_unfinished(messages),
    )


def one_line(text: str) -> str:
    """A text as one line."""
    return " ".join(text.split())


def sections_of(summary: str) -> dict[str, tuple[str, ...]]:
    """The lines of each section by its title, list marks taken off; what stands before the first is passed over."""
    found: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in summary.splitlines():
        if heading := _HEADING.fullmatch(line):
            lines = found.setdefault(heading[1].strip("*:_ "), [])
        elif lines is not None and line.strip():
            lines.append(line.strip().removeprefix("- "))
    return {title: tuple(line for line in lines if not is_none(line)) for title, lines in found.items()}


def is_none(line: str) -> bool:
    """Whether a line says that there is nothing."""
    return line.casefold().strip(" .") == "none"


def _once(lines: Iterator[str]) -> tuple[str, ...]:
    """Each line once, where it came last."""
    newest_first = dict.fromkeys(reversed([line for line in lines if line]))
    return tuple(reversed(newest_first))


def _said(told: Sequence[str]) -> Iterator[str]:
    for text in told:
        if is_asking(text):
            continue
        yield from map(one_line, earlier_words(text))
        if not is_told(text):
            yield one_line(text)


def _carried(told: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    for text in told:
        if match := _SUMMARY.fullmatch(text.strip()):
            return sections_of(match[1])
    return {}


def _pairs(exchange: Exchange) -> Iterator[tuple[Ask, Outcome]]:
    return zip(exchange.asks, exchange.outcomes, strict=True)


def _came_to(outcome: Outcome) -> str:
    status = _STATUS.search(outcome.text.rstrip().rpartition("\n")[2])
    if outcome.refused:
        return "was not run"
    return f"ended with exit status {status[1]}" if status else "failed" if outcome.failed else "was run"


def _error(ask: Ask, outcome: Outcome) -> str:
    about = next((str(value) for value in ask.input.values() if isinstance(value, str)), "")
    return f"{ask.name} {cut(one_line(about), 120)}: {cut(one_line(outcome.reason), 200)}"


def _places(text: str) -> Iterator[str]:
    return (cut(line.strip(), 200) for line in text.split("\n") if _PLACE.fullmatch(line.strip()))


def _reports(told: Sequence[str], calls: Sequence[tuple[Ask, Outcome]]) -> dict[str, str]:
    results = [outcome.text for ask, outcome in calls if ask.name == "fork"]
    texts = [text for text in (*results, *told) if not is_asking(text) and not _SUMMARY.fullmatch(text.strip())]
    found: dict[str, str] = {}
    for report in (report for text in texts for report in find_reports(text)):
        named = dict(re.findall(r"([\w-]+)=\"([^\"]*)\"", report.head))
        first = next((line.strip() for line in report.text.split("\n") if line.strip(" `")), "(no words)")
        found[f"fork {title(report)}: {cut(first, 240)}"] = one_line(named.get("task", ""))
    return found


def _unfinished(messages: Sequence[Message]) -> bool:
    """Whether the last thing that an assistant said was a call."""
    said = next((message for message in reversed(messages) if message.role == "assistant"), None)
    return said is not None and any(block.get("type") == "tool_use" for block in said.blocks)
