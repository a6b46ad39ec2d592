"""What the cache pane shows, as lines: pure, from what is seen at a glance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omg.core.amounts import dollars, hit, ratio, tokens
from omg.session.telling import clock, going_cold, legend, losses
from omg.ui.tui.look.drawn import large, shares, strip
from omg.ui.tui.look.lines import Line, Span, fitted, line, spread, width_of, wrapped

if TYPE_CHECKING:
    from omg.agent.budget import Purse
    from omg.cache.ledger import Figures
    from omg.cache.ledger import Line as Request
    from omg.session.context import Context
    from omg.session.glance import Glance
    from omg.session.held import Held
    from omg.session.losses import Lost

_SHADES = {"head": "█", "shared": "▓", "own": "▒", "free": "░"}
_CHART = ("read", "written", "plain", "wait")
_TONES = {"read": "warm", "written": "cold", "plain": "", "wait": "dim"}


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the pane shows, of one moment."""

    branch: str
    """The branch that is selected."""
    tree: Figures
    own: Figures
    context: Context
    held: Held | None
    requests: Sequence[Request] = ()
    lost: Sequence[Lost] = ()
    purse: Purse | None = None
    compaction: str = ""


def seen(glance: Glance, branch: str, most: int) -> Seen:
    """What there is to show of a branch, and of the last requests of the tree."""
    return Seen(
        branch,
        glance.figures(),
        glance.figures(branch),
        glance.context(branch),
        glance.held(branch),
        glance.requests(most),
        glance.losses(),
        glance.purse(),
        glance.compaction(),
    )


def lines(seen: Seen, width: int, rows: int, now: float) -> list[Line]:
    """The pane, for so many cells: with large digits and empty lines where there are rows for that, else without the
    least important sections."""
    roomy = _placed([_title, _ratio, _sums, _context, _warmth, _chart, _budget, _compaction], seen, width, now)
    spaced = [each for _, section in roomy for each in ((), *section)][1:]
    if len(spaced) <= rows:
        return spaced
    tight = _placed([_title, _ratio_in_short, _sums, _context, _warmth, _chart, _budget, _compaction], seen, width, now)
    while sum(len(section) for _, section in tight) > rows and len(tight) > 2:
        tight.remove(max(tight, key=lambda placed: _LEFT_OUT.index(placed[0]) if placed[0] in _LEFT_OUT else -1))
    return [each for _, section in tight for each in section]


Section = Callable[[Seen, int, float], list[Line]]


def _placed(sections: Sequence[Section], seen: Seen, width: int, now: float) -> list[tuple[Section, list[Line]]]:
    """The sections that have something to say."""
    return [(section, found) for section in sections if (found := section(seen, width, now))]


def _title(seen: Seen, width: int, now: float) -> list[Line]:
    if seen.held is None:
        return [line(("CACHE", "bold"))]
    tone = "warm" if seen.held.left(now) else "cold"
    return [spread(line(("CACHE", "bold")), line((clock(seen.held, now), tone)), width)]


def _main_figure(figures: Figures) -> tuple[str, str, str]:
    """The largest figure, its unit, and what it is: the ratio, or the hit rate where there is no ratio."""
    usage = figures.usage
    if usage.ratio is not None:
        return f"{usage.ratio:.1f}", "×", "read / written"
    if usage.hit is not None:
        return f"{100 * usage.hit:.0f}", "%", "hit"
    return "-", "", "nothing sent yet"


def _ratio(seen: Seen, width: int, now: float) -> list[Line]:
    number, unit, what = _main_figure(seen.tree)
    beside = ["", f"{unit} {what}", "" if what == "hit" or not unit else f"{hit(seen.tree.usage)} hit"]
    pad = max(map(len, large(number))) if number else 0
    return [
        line((f"{row:{pad}}", "bold"), f"  {text}" if place == 1 else f"    {text}")
        for place, (row, text) in enumerate(zip(large(number), beside, strict=True))
    ]


def _ratio_in_short(seen: Seen, width: int, now: float) -> list[Line]:
    number, unit, what = _main_figure(seen.tree)
    more = "" if what == "hit" or not unit else f"  {hit(seen.tree.usage)} hit"
    return [line((number + unit, "bold"), f" {what}{more}")]


def _sums(seen: Seen, width: int, now: float) -> list[Line]:
    """Spent and saved, of all and of the selected branch."""
    rows = [("", "ratio", "hit", "spent", "saved", "sent"), _row("all", seen.tree), _row(seen.branch, seen.own)]
    first = min(max(len(row[0]) for row in rows), max(4, width - 36))
    return [fitted(line((_columns(row, first), "dim" if place == 0 else "")), width) for place, row in enumerate(rows)]


def _columns(row: Sequence[str], first: int) -> str:
    name, *rest = row
    sizes = (6, 6, 8, 8, 6)
    return f"{name[:first]:{first}}" + "".join(f"{cell:>{size}}" for cell, size in zip(rest, sizes, strict=True))


def _row(name: str, figures: Figures) -> tuple[str, ...]:
    usage = figures.usage
    return (
        name,
        ratio(usage),
        hit(usage),
        dollars(figures.cost_usd),
        dollars(figures.saved_usd),
        str(figures.requests),
    )


def _context(seen: Seen, width: int, now: float) -> list[Line]:
    context = seen.context
    if not context.window:
        return []
    used = f"{tokens(context.used)} of {tokens(context.window)}"
    name = "context" if seen.branch == "main" else f"context of {seen.branch}"
    return [spread(line(name), line(used), width), _bar(seen, width), *_legend(context, width)]


def _bar(seen: Seen, width: int) -> Line:
    """A shade for each class; warm where the provider holds it, cold where it does not."""
    classes = legend(seen.context)
    warm = seen.held.tokens if seen.held is not None else 0
    spans: list[Span] = []
    upto = 0
    for (name, amount), cells in zip(classes, shares([amount for _, amount in classes], width), strict=True):
        if name == "free":
            spans.append(Span(_SHADES[name] * cells, "line"))
            continue
        held = round(cells * min(1.0, max(0.0, (warm - upto) / amount))) if amount else 0
        spans += [Span(_SHADES[name] * held, "warm"), Span(_SHADES[name] * (cells - held), "cold")]
        upto += amount
    return tuple(span for span in spans if span.text)


def _legend(context: Context, width: int) -> list[Line]:
    """What each shade stands for, in as many lines as it takes."""
    found: list[Line] = [()]
    for name, amount in legend(context):
        part = line((_SHADES[name], "dim"), f" {name} {tokens(amount)}")
        gap = line(" ") if found[-1] else ()
        if width_of((*found[-1], *gap, *part)) > width and found[-1]:
            found.append(part)
        else:
            found[-1] = (*found[-1], *gap, *part)
    return found


def _warmth(seen: Seen, width: int, now: float) -> list[Line]:
    if seen.held is None or not seen.tree.requests:
        return []
    return [fitted(line((going_cold(seen.held, now), "dim")), width)]


def _chart(seen: Seen, width: int, now: float) -> list[Line]:
    """The last requests, a column each: what they read, wrote, sent plain, all on one scale, and how long their first
    word took. The highest of each row stands behind it."""
    shown = [each for each in seen.requests if each.usage is not None][-max(1, width - 15) :]
    if not shown:
        return []
    found = [spread(line("last requests"), line((_newest(shown[-1]), "dim")), width)]
    scale = max(_value(each, name) for each in shown for name in _CHART if name != "wait")
    for name in _CHART:
        values = [_value(each, name) for each in shown]
        if any(values):
            most = f"{max(values):.1f} s" if name == "wait" else tokens(int(max(values)))
            drawn = strip(values, None if name == "wait" else scale)
            found.append(line((f"{name:8}", "dim"), (drawn, _TONES[name]), (f" {most}", "dim")))
    marks = "".join("!" if each.cause else " " for each in shown).rstrip()
    return [*found, line(("missed  ", "dim"), (marks, "bold"))] if marks else found


def _value(request: Request, name: str) -> float:
    usage = request.usage
    if usage is None:
        return 0.0
    by_name = {"read": usage.read, "written": usage.written, "plain": usage.plain, "wait": request.seconds or 0.0}
    return float(by_name[name])


def _newest(request: Request) -> str:
    """What the newest one read, beside what was foretold."""
    read = request.usage.read if request.usage else 0
    foretold = f", foretold {tokens(request.predicted.read)}" if request.predicted else ""
    return f"{request.branch} read {tokens(read)}{foretold}"


def _budget(seen: Seen, width: int, now: float) -> list[Line]:
    purse = seen.purse
    if purse is None or purse.limit is None or purse.left is None:
        return []
    left = f"{dollars(purse.left)} left" if purse.left >= 0 else f"{dollars(-purse.left)} over"
    held = f" · {dollars(purse.reserved)} reserved" if purse.reserved >= 0.0005 else ""
    tone = "failed" if purse.left < 0 else ""
    return [spread(line("budget"), line((f"{left} of {dollars(purse.limit)}{held}", tone)), width)]


def _compaction(seen: Seen, width: int, now: float) -> list[Line]:
    return [fitted(line((seen.compaction, "dim")), width)] if seen.compaction else []


_LEFT_OUT: list[Section] = [_compaction, _budget, _sums, _warmth, _chart]
"""What goes where there is no room, the last of it first."""


def aloud(seen: Seen, width: int, now: float) -> list[Line]:
    """The same in sentences, for somebody it is read to."""
    number, unit, what = _main_figure(seen.tree)
    context = seen.context
    said = [
        f"Cache. {what}: {number}{unit}".rstrip(),
        f"{hit(seen.tree.usage)} hits, {dollars(seen.tree.cost_usd)} spent, {dollars(seen.tree.saved_usd)} saved, "
        f"{seen.tree.requests} requests",
        f"{seen.branch}: ratio {ratio(seen.own.usage)}, {dollars(seen.own.cost_usd)} spent",
        f"context {tokens(context.used)} of {tokens(context.window)}: "
        + ", ".join(f"{name} {tokens(amount)}" for name, amount in legend(context)),
        f"{clock(seen.held, now, exact=False)}, {going_cold(seen.held, now)}" if seen.held else "",
        losses(seen.lost),
        seen.compaction,
    ]
    return [row for text in said if text for row in wrapped(text.replace(" · ", ", "), width)]
