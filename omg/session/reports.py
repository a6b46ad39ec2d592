"""The ledger as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from omg.agent.alerts import alerts
from omg.agent.state import Tree
from omg.agent.tally import Tally
from omg.cache.ledger import Figures, Line
from omg.cache.witness import NOTHING
from omg.core.amounts import hit, money, ratio, tokens
from omg.core.usage import Usage
from omg.session import accounts
from omg.session.columns import Table, laid_out
from omg.session.losses import Lost, of_lines


def cache_json(tree: Tree, linked: Sequence[Line] = ()) -> dict[str, object]:
    """`omg cache --output json`."""
    lines = accounts.lines(tree)
    whole = accounts.sums([*lines, *linked])
    figures = {name: accounts.of_branch(lines, name) for name in tree.branches}
    return {
        "session": tree.session.id,
        "branches": [
            {
                "branch": name,
                "parent": tree.branches[name].made.parent,
                **own.to_json(),
                "share": _rounded(_share(own, whole), 4),
            }
            for name, own in figures.items()
        ],
        "tree": whole.to_json(),
        "lost": [
            {"cause": lost.cause, "count": lost.count, "tokens": lost.tokens, "usd": _rounded(lost.usd, 6)}
            for lost in of_lines([*lines, *linked])
        ],
        "requests": [_request(line) for line in lines],
        "alerts": [alert.to_json() for alert in alerts(tree)],
    }


def _share(own: Figures, whole: Figures) -> float | None:
    """A branch's part of all that was spent; None where that is not known, or nothing was."""
    return own.cost_usd / whole.cost_usd if own.cost_usd is not None and whole.cost_usd else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _request(line: Line) -> dict[str, object]:
    value: dict[str, object] = {
        "n": line.n,
        "branch": line.branch,
        "at": line.at,
        "purpose": line.purpose,
        "predicted": line.predicted.to_json() if line.predicted else None,
        "usage": line.usage.to_json() if line.usage else None,
        "cause": line.cause,
        "seconds": line.seconds,
        "witness": _witness(line),
    }
    if line.output_at_most:
        value["output_bounds"] = [line.output_at_least, line.output_at_most]
    return value


def _witness(line: Line) -> dict[str, object] | None:
    """What the provider says of a request, where it was asked."""
    said = line.witness
    return None if said is None else {"reason": said.reason, "tokens": said.tokens, "agrees": line.disputed is None}


def cache_table(tree: Tree, linked: Sequence[Line] = ()) -> str:
    """The ledger for people: a line a request, a line a branch, and the sum."""
    lines = accounts.lines(tree)
    rows = [("n", "branch", "purpose", "sent", "read", "write 5m", "write 1h", "plain", "output", "first", "cost")]
    rows += [_row(line) for line in lines]
    text: list[str | Table] = [Table(rows), ""]
    sums = [("branch", "requests", "read", "written", "plain", "output", "ratio", "hit", "cost", "share", "saved")]
    whole = accounts.sums([*lines, *linked])
    sums += [_sum(name, accounts.of_branch(lines, name), whole) for name in tree.branches]
    sums.append(_sum("all", whole, whole))
    text.append(Table(sums))
    text += _lost(of_lines([*lines, *linked]))
    text += [f"\n{_missed(line)}" for line in lines if _told(line)]
    text += [f"\n{alert.text}" for alert in alerts(tree)]
    if any(line.output_at_most for line in lines):
        text.append("\n≥: a reply was cut, and its output never told; the true figure lies between this and max_tokens")
    return laid_out(text)


NEWEST = 15
"""Requests that a glance shows."""


def cache_glance(tree: Tree, tally: Tally) -> list[str | Table]:
    """The ledger for whoever looks at it while they work: the sums first, then the newest requests, in few columns."""
    sums = [("branch", "sent", "read", "written", "ratio", "hit", "cost", "saved")]
    named = [("all", tally.figures()), *((name, tally.figures(name)) for name in tree.branches)]
    sums += [_short_sum(name, figures) for name, figures in named if figures.requests]
    rows = [("n", "branch", "purpose", "read", "written", "plain", "output", "first", "cost")]
    newest = tally.newest(NEWEST)
    rows += [_short_row(line) for line in newest]
    before = len(tree.requests) - len(newest)
    more = f"{before} requests before these: /cache all; " if before else ""
    return [
        Table(sums, ("sent", "written", "read")),
        *_lost(of_lines(tally.missed())),
        *(f"\n{alert.text}" for alert in alerts(tree)),
        "",
        Table(rows, ("first", "purpose", "output", "plain", "written")),
        *(_missed(line) for line in newest if _told(line)),
        f"{more}/cache N tells all of one",
    ]


def request_text(tree: Tree, n: int) -> str | None:
    """All that is known of one request; None where there is none of that number."""
    if n not in tree.requests:
        return None
    (line,) = accounts.lines_of(tree, [n])
    usage, foretold = line.usage, line.predicted
    sent = datetime.fromtimestamp(line.at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    first = "" if line.seconds is None else f", its first word {line.seconds:.1f} s later"
    text = [f"request {line.n} of {line.branch}, {line.purpose}", f"{'sent:':<10}{sent}{first}"]
    for name, one in (("foretold", foretold), ("billed", usage)):
        if one is not None:
            written = f"written {_count(one.write_5m)} (5 min) and {_count(one.write_1h)} (1 h)"
            text.append(f"{name + ':':<10}read {_count(one.read)}, {written}, plain {_count(one.plain)}")
    if usage is not None:
        text.append(f"{'cost:':<10}{money(line.cost_usd)} with {_row(line)[-3]} tokens of output")
    text.append(_missed(line) if _told(line) else "nothing that was foretold was missed")
    return "\n".join(text)


def _missed(line: Line) -> str:
    return f"request {line.n} missed: {line.cause or NOTHING}; {_second(line)}"


def _short_sum(name: str, figures: Figures) -> tuple[str, ...]:
    usage = figures.usage
    counts = (str(figures.requests), tokens(usage.read), tokens(usage.written), ratio(usage), hit(usage))
    return (name, *counts, money(figures.cost_usd), money(figures.saved_usd))


def _short_row(line: Line) -> tuple[str, ...]:
    usage = line.usage or Usage(output=None)
    *_, output, first, cost = _row(line)
    counts = (tokens(usage.read), tokens(usage.written), tokens(usage.plain))
    return (str(line.n), line.branch, line.purpose, *counts, output, first, cost)


def _told(line: Line) -> bool:
    """Whether there are words on a request below the table."""
    return line.cause is not None or line.disputed is not None


def _second(line: Line) -> str:
    """What the second witness says of a miss."""
    if line.witness is None:
        return "the provider was not asked"
    return f"but the provider says: {line.disputed}" if line.disputed else f"the provider says: {line.witness}"


def _row(line: Line) -> tuple[str, ...]:
    usage = line.usage or Usage(output=None)
    output = f"≥{line.output_at_least}" if usage.output is None and line.usage else _count(usage.output)
    first = f"{line.seconds:.1f} s" if line.seconds is not None else "-"
    sent = datetime.fromtimestamp(line.at, UTC).astimezone().strftime("%H:%M:%S")
    cost = money(line.cost_usd) if line.usage else "-"
    counts = (usage.read, usage.write_5m, usage.write_1h, usage.plain)
    return (str(line.n), line.branch, line.purpose, sent, *map(_count, counts), output, first, cost)


def _lost(found: Sequence[Lost]) -> list[str | Table]:
    """What misses have cost, by cause; nothing where there were none."""
    rows = [("not read for", "times", "tokens", "cost more")]
    rows += [(lost.cause, str(lost.count), _count(lost.tokens), money(lost.usd)) for lost in found]
    return ["", Table(rows, ("times", "tokens"))] if found else []


def _sum(name: str, figures: Figures, whole: Figures) -> tuple[str, ...]:
    usage, share = figures.usage, _share(figures, whole)
    return (
        name,
        str(figures.requests),
        _count(usage.read),
        _count(usage.written),
        _count(usage.plain),
        _count(usage.output),
        ratio(usage),
        hit(usage),
        money(figures.cost_usd),
        "-" if share is None else f"{share:.0%}",
        money(figures.saved_usd),
    )


def _count(value: int | None) -> str:
    return "?" if value is None else str(value)
