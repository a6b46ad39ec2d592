"""The audit: a session's ledger held against the provider's usage report, by bucket, model and class.

Nobody says which moment of a request decides the bucket it is counted in. So a request may be in any bucket between
the one it was sent in and the one it ended in, `SKEW` on either side for clocks that differ. The report is summed up
bucket after bucket; at each one's end the running sum must lie between what the ledger *must* have had counted by then
and what it *may* have. What others use in the same workspace only adds: a running sum that is above is more, for good,
and one that is below what it was known to be is fewer. Both amounts are the smallest that explain the report.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal, get_args

from omg.core.usage import Usage
from omg.provider.usage_report import LAG_SECONDS, Report, Row
from omg.session.books import Books, Entry, NotAudited

SKEW = 10.0
"""Seconds by which this machine's clock and the provider's may differ. Ours."""
ANY_MODEL = "all models"

Class = Literal["plain", "read", "write_5m", "write_1h", "output"]
CLASSES: tuple[Class, ...] = get_args(Class)


@dataclass(frozen=True, slots=True)
class Finding:
    """One model's tokens of one class: the ledger's (bounds), the report's, and what cannot be the same."""

    model: str
    kind: Class
    at_least: int
    at_most: int
    reported: int
    more: int = 0
    fewer: int = 0
    since: float | None = None
    """The start of the first bucket by whose end the sums are apart."""

    @property
    def differs(self) -> bool:
        return bool(self.more or self.fewer)


@dataclass(frozen=True, slots=True)
class Audit:
    """The outcome: all sums, and what a reader should know of how they came about."""

    findings: tuple[Finding, ...]
    requests: int
    left_out: int
    """Requests outside the time of the report."""
    notes: tuple[str, ...] = ()

    @property
    def fewer(self) -> int:
        return sum(finding.fewer for finding in self.findings)

    @property
    def more(self) -> int:
        return sum(finding.more for finding in self.findings)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A request, and the first and last of the compared buckets that it may be counted in."""

    entry: Entry
    first: int
    last: int


def compare(books: Books, report: Report, now: float) -> Audit:
    """Hold `books` against `report`. `now` in seconds, UTC epoch. Raises NotAudited where they share no time."""
    covered = [
        _within(entry, report) for entry in books.entries if entry.ended >= report.start and entry.sent < report.end
    ]
    if not covered:
        raise NotAudited(
            f"the report ({report.source}) covers another time than session {books.session}: get one of the same days"
        )
    buckets, placed = _touched(covered, report)
    rows, notes = _of_workspace(report, [report.buckets[index].rows for index in buckets], covered)
    notes += [*_unseen_models(covered, rows), *_remarks(books, now)]
    return Audit(
        _findings(placed, rows, [report.buckets[index].start for index in buckets]),
        len(covered),
        len(books.entries) - len(covered),
        (*report.notes, *notes),
    )


def _within(entry: Entry, report: Report) -> Entry:
    """`entry`, of which nothing need be in the report where it may have been counted outside of its time."""
    inside = entry.sent - SKEW >= report.start and entry.ended + SKEW < report.end
    return entry if inside else replace(entry, at_least=Usage())


def _touched(entries: Sequence[Entry], report: Report) -> tuple[list[int], list[_Placed]]:
    """The buckets that any request may be counted in, and where among them each may be."""
    starts = [bucket.start for bucket in report.buckets]
    spans = [
        (max(0, bisect_right(starts, entry.sent - SKEW) - 1), bisect_right(starts, entry.ended + SKEW) - 1)
        for entry in entries
    ]
    buckets = sorted({index for first, last in spans for index in range(first, last + 1)})
    nth = {index: n for n, index in enumerate(buckets)}
    placed = [_Placed(entry, nth[first], nth[last]) for entry, (first, last) in zip(entries, spans, strict=True)]
    return buckets, placed


Rows = Sequence[Sequence[Row]]
"""Rows of the report, by bucket."""


def _of_workspace(report: Report, rows: Rows, entries: Iterable[Entry]) -> tuple[Rows, list[str]]:
    """The rows of the session's workspaces, as far as they can be told, and a remark where they cannot."""
    ours = {entry.workspace for entry in entries} - {None}
    there = {row.workspace for bucket in rows for row in bucket}
    if report.named or not ours:
        why = "the file tells workspaces by name" if report.named else "the session's workspace was never told"
        return rows, [f"{why}: all {len(there)} in the report are compared"] if len(there) > 1 else []
    # The default workspace has an id in replies and none in the report.
    wanted = {name if name in there else None for name in ours}
    return [[row for row in bucket if row.workspace in wanted] for bucket in rows], []


def _unseen_models(entries: Iterable[Entry], rows: Rows) -> Iterator[str]:
    there = {row.model for bucket in rows for row in bucket}
    known = {plain_model(model) for model in there if model}
    for model in sorted({plain_model(entry.model) for entry in entries}):
        if known and None not in there and model not in known:
            yield f"the report has no {model} then, only {', '.join(sorted(known))}"


def _remarks(books: Books, now: float) -> list[str]:
    remarks: list[str] = []
    if now - books.end < LAG_SECONDS:
        remarks.append(
            f"the last request is {max(0, now - books.end):.0f} s old, and usage may take {LAG_SECONDS / 60:.0f}"
            " minutes to show in the report: ask again later if something is missing"
        )
    if books.unknown:
        remarks.append(
            f"{books.unknown} requests ended before a reply began: what they used, if anything, is not known"
        )
    if books.elsewhere:
        remarks.append(f"requests to {', '.join(books.elsewhere)} are left out: this report has none of them")
    return remarks


def plain_model(name: str) -> str:
    """A model's name without a seller's prefix and a date, which a report may add to what was asked for."""
    return re.sub(r"-(\d{8}|latest)$", "", name.strip().lower().rpartition("/")[2])


def _findings(placed: Sequence[_Placed], rows: Rows, starts: Sequence[float]) -> tuple[Finding, ...]:
    """A finding for each model of the session and each class. Models are told apart only where the report does."""
    if any(row.model is None for bucket in rows for row in bucket):
        return _findings_of(ANY_MODEL, placed, rows, starts)
    found: list[Finding] = []
    for model in sorted({plain_model(one.entry.model) for one in placed}):
        own = [[row for row in bucket if plain_model(row.model or "") == model] for bucket in rows]
        found += _findings_of(model, [one for one in placed if plain_model(one.entry.model) == model], own, starts)
    return tuple(found)


def _findings_of(model: str, placed: Sequence[_Placed], rows: Rows, starts: Sequence[float]) -> tuple[Finding, ...]:
    return tuple(_finding(model, kind, placed, rows, starts) for kind in CLASSES)


def _finding(model: str, kind: Class, placed: Sequence[_Placed], rows: Rows, starts: Sequence[float]) -> Finding:
    must, may = [0] * len(starts), [0] * len(starts)
    for one in placed:
        must[one.last] += _tokens(one.entry.at_least, kind)
        may[one.first] += _tokens(one.entry.at_most, kind)
    reported = [sum(_tokens(row.usage, kind) for row in bucket) for bucket in rows]
    more, fewer, at = apart(must, may, reported)
    since = None if at is None else starts[at]
    return Finding(model, kind, sum(must), sum(may), sum(reported), more, fewer, since)


def _tokens(usage: Usage, kind: Class) -> int:
    return getattr(usage, kind) or 0


def apart(must: Sequence[int], may: Sequence[int], reported: Sequence[int]) -> tuple[int, int, int | None]:
    """(tokens more, tokens fewer, the first bucket that shows either): what `reported` has beyond the ledger's bounds.

    `must` are tokens by the last bucket they can be in, `may` by the first. Others' use, known so far, is `more`: it
    never falls. Where even all that could be others' is less than that, the difference is `fewer`.
    """
    more = fewer = 0
    at: int | None = None
    sums = zip(accumulate(must), accumulate(may), accumulate(reported), strict=True)
    for index, (least, most, counted) in enumerate(sums):
        missing = max(0, more - (counted - least + fewer))
        fewer += missing
        surplus = max(0, counted - most + fewer - more)
        more += surplus
        if at is None and (missing or surplus):
            at = index
    return more, fewer, at
