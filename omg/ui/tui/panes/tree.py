"""What the forks pane shows, as rows: pure, from what is seen at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from omg.core.amounts import dollars, hit, ratio, tokens
from omg.session.telling import clock
from omg.ui.text import one_line
from omg.ui.tui.look import Line, Row, line, spread
from omg.ui.tui.look.lines import fitted, wrapped

if TYPE_CHECKING:
    from omg.core.usage import Usage
    from omg.session.glance import Fork

_MARKS = {"running": ("●", "running"), "done": ("✔", "running"), "failed": ("✗", "failed"), "stopped": ("◼", "dim")}
_DOING = 16
"""Cells that what a fork does gets at least."""
_MANY = 12
"""Forks from which on those that are over take one line."""


def rows(forks: Sequence[Fork], width: int, now: float, *, aloud: bool = False) -> list[Row]:
    """A row for main, to come back to, and one for each fork, behind its parent and further in."""
    if not forks:
        return []
    main = Row("main", (line(("⌂ " if not aloud else "", ""), "main"),))
    brief = len(forks) > _MANY
    return [main, *(Row(fork.name, _lines(fork, width, _warm(fork, now), brief, aloud)) for fork in forks)]


def _warm(fork: Fork, now: float) -> str:
    return clock(fork.held, now, exact=False) if fork.held else ""


@lru_cache(maxsize=1024)
def _lines(fork: Fork, width: int, warm: str, brief: bool, aloud: bool) -> tuple[Line, ...]:
    """A fork's lines; of many, most are the same each time."""
    if aloud:
        return tuple(row for text in _aloud(fork, warm) for row in wrapped(text, width))
    indent = "  " * (fork.depth - 1)
    over = fork.status != "running" and not fork.question
    first = _first(fork, indent, width)
    if brief and over:
        return (first,)
    room = max(0, width - len(indent) - 2 - _DOING)
    figures = line((_in_room(_figures(fork, warm), room), "dim"))
    lines = [first, spread(line((f"{indent}  {_doing(fork)}", "dim")), figures, width)]
    if fork.question:
        lines.append(fitted(line((f"{indent}  asks: {one_line(fork.question)}", "bold warm")), width))
    return tuple(lines)


def _first(fork: Fork, indent: str, width: int) -> Line:
    """State, name and task; at the end whether there is something to join, and what it has cost."""
    mark, tone = ("?", "bold warm") if fork.question else _MARKS[fork.status]
    left = line(indent, (mark, tone), " ", (fork.name, "bold"), f"  {one_line(fork.task)}")
    cost = dollars(fork.figures.cost_usd) if fork.figures.requests else ""
    ready = ("ready ", "running") if fork.pending else ""
    return spread(left, line(ready, (f"{cost:>6}", "dim")), width)


def _doing(fork: Fork) -> str:
    words = one_line(fork.doing)
    if fork.status == "running":
        return words
    return f"{'answered' if fork.aside and fork.status == 'done' else fork.status}{': ' + words if words else ''}"


def _figures(fork: Fork, warm: str) -> list[tuple[int, str]]:
    """Steps, tokens, ratio, warmth, each with how early it is left out where there is no room."""
    count = fork.figures.requests
    if not count:
        return []
    return [
        (3, f"{count} {'step' if count == 1 else 'steps'}"),
        (2, tokens(fork.used)),
        (0, shown_ratio(fork.figures.usage)),
        (1, warm),
    ]


def _in_room(parts: list[tuple[int, str]], room: int) -> str:
    """What of it has room, joined."""
    left = [part for part in parts if part[1]]
    while left and len(_joined(left)) > room:
        left.remove(max(left))
    return _joined(left)


def _joined(parts: list[tuple[int, str]]) -> str:
    return " · ".join(text for _, text in parts)


def detail(fork: Fork, now: float) -> str:
    """All of a fork's figures in a line."""
    return _detail(fork, _warm(fork, now))


def _detail(fork: Fork, warm: str) -> str:
    parts = [part for part in _figures(fork, warm) if part[1]]
    return _joined([*parts, (0, dollars(fork.figures.cost_usd))]) if parts else "nothing sent yet"


def shown_ratio(usage: Usage) -> str:
    """The ratio, short, or the hit rate where nothing was written."""
    if usage.ratio is None:
        return hit(usage)
    return f"{usage.ratio:.0f}×" if usage.ratio >= 20 else ratio(usage)


def _aloud(fork: Fork, warm: str) -> list[str]:
    """One fork in sentences."""
    state = f"asks: {one_line(fork.question)}" if fork.question else _doing(fork)
    ready = ", report ready" if fork.pending else ""
    figures = _detail(fork, warm).replace(" · ", ", ")
    return [f"fork {fork.name}, {fork.status}{ready}: {one_line(fork.task)}", f"  {state}, {figures}"]


def summary(forks: Sequence[Fork]) -> str:
    """How many there are, by what they are up to."""
    counts = (
        (sum(fork.status == "running" for fork in forks), "running"),
        (sum(fork.pending for fork in forks), "ready"),
        (sum(bool(fork.question) for fork in forks), "asking"),
    )
    return " · ".join(f"{count} {word}" for count, word in counts if count) or (f"{len(forks)}" if forks else "")


def keys_for(fork: Fork | None) -> list[tuple[str, str]]:
    """The keys that do something for this row, and what; None is main's."""
    if fork is None:
        return [("↵", "watch"), ("f", "fork")]
    if fork.status == "running":
        return [("↵", "watch"), ("s", "steer"), ("x", "stop"), ("f", "fork")]
    joins = [("j", "join"), ("d", "drop")] if fork.pending else []
    return [("↵", "watch"), ("w", "wake"), *joins, ("f", "fork")]
