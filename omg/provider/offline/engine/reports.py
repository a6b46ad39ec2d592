"""Many questions at once, by forks or one after the other, and summaries of what forks reported."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from omg.provider.offline.engine.conversation import Report, find_reports
from omg.provider.offline.engine.places import block, count, cut
from omg.provider.offline.engine.work import Ask, Work, failure

_PLACE = re.compile(r"\S[^\n]*?:\d+: .*")
_ATTRIBUTE = re.compile(r"([\w-]+)=\"([^\"]*)\"")
_FENCE = re.compile(r"\s*`{3,}")
_PROSE = 2
_PLACES = 5
_LINES = 80


def summary(reports: Sequence[Report]) -> str:
    """The first words and places of each report."""
    if not reports:
        return "No reports have come back yet."
    parts = [f"{count(len(reports), 'report')}:", *map(_digest, reports)]
    return "\n\n".join(parts)


def _digest(report: Report) -> str:
    lines = [line.strip() for line in report.text.split("\n") if line.strip() and not _FENCE.match(line)]
    places = [line for line in lines if _PLACE.fullmatch(line)]
    prose = [line for line in lines if line not in places][:_PROSE]
    parts = [f"**{title(report)}**", *(cut(line, 300) for line in prose)]
    if places:
        parts.append(block(places[:_PLACES]))
    if len(places) > _PLACES:
        parts.append(f"and {count(len(places) - _PLACES, 'more place')}.")
    return "\n\n".join(parts if len(parts) > 1 else [*parts, "(an empty report)"])


def title(report: Report) -> str:
    """The task and name of a report's fork, and how it ended, as far as the report's tag tells."""
    named = dict(_ATTRIBUTE.findall(report.head))
    values = [named[key] for key in ("task", "fork", "name", "status") if named.get(key)]
    return cut(" · ".join(dict.fromkeys(values)) or report.head or "report", 200)


def ask_forks(tasks: Sequence[str], alone: Callable[[str], Work]) -> Work:
    """Give each task to a fork; where forking fails, say so and do them here one after the other."""
    (outcome,) = yield (Ask("fork", {"tasks": list(tasks)}),)
    if outcome.failed:
        answers = yield from one_by_one(tasks, alone)
        return f"{failure('fork', outcome)}\n\nSo I answer here, one after the other.\n\n{answers}"
    if reports := find_reports(outcome.text):
        return summary(reports)
    lines = outcome.text.strip().split("\n")
    rest = f"\n\nand {len(lines) - _LINES} more lines." if len(lines) > _LINES else ""
    return f"{count(len(tasks), 'fork')} answered:\n\n" + "\n".join(lines[:_LINES]) + rest


def one_by_one(tasks: Sequence[str], alone: Callable[[str], Work]) -> Work:
    """Each task's answer under the task."""
    answers: list[str] = []
    for task in tasks:
        answer = yield from alone(task)
        answers.append(f"**{task}**\n\n{answer}")
    return "\n\n".join(answers)
