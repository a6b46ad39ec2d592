"""`omg audit`: get the usage report, hold the session's ledger against it, and print what differs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from omg.core.trouble import Trouble

if TYPE_CHECKING:
    from omg.agent.state import Tree
    from omg.provider.usage_report import Report
    from omg.session.audit import Audit, Finding
    from omg.session.books import Books


class Differs(Trouble):
    """The ledger and the report differ, or could not be compared in full: in one line."""


def audited(tree: Tree, file: Path | None, env: Mapping[str, str], now: float) -> tuple[Books, Report, Audit]:
    """Hold a session against the report in `file`, or against the provider's. Raises Trouble where it cannot be."""
    from omg.provider.usage_export import read_export
    from omg.session.audit import compare
    from omg.session.books import books

    ours = books(tree)
    report = read_export(file) if file is not None else asyncio.run(_fetched(ours, env))
    return ours, report, compare(ours, report, now)


async def _fetched(ours: Books, env: Mapping[str, str]) -> Report:
    from omg.provider.profiles import choose_admin
    from omg.provider.sdk import SdkTransport, Secret
    from omg.provider.usage_report import fetch
    from omg.session.audit import SKEW

    choice = choose_admin(env)
    transport = SdkTransport(choice.endpoint, Secret(choice.api_key))
    try:
        return await fetch(transport, choice.endpoint, ours.start - SKEW, ours.end + SKEW)
    finally:
        await transport.close()


def as_json(ours: Books, report: Report, audit: Audit) -> dict[str, object]:
    """`omg audit --output json`."""
    return {
        "session": ours.session,
        "report": report.source,
        "from": ours.start,
        "to": ours.end,
        "requests": audit.requests,
        "left_out": audit.left_out,
        "more": audit.more,
        "fewer": audit.fewer,
        "sums": [_finding_json(finding) for finding in audit.findings],
        "notes": list(audit.notes),
    }


def _finding_json(finding: Finding) -> dict[str, object]:
    exact = finding.at_least == finding.at_most
    value: dict[str, object] = {
        "model": finding.model,
        "class": finding.kind,
        "ledger": finding.at_least if exact else None,
        "report": finding.reported,
        "more": finding.more,
        "fewer": finding.fewer,
        "since": finding.since,
    }
    if not exact:
        value["ledger_bounds"] = [finding.at_least, finding.at_most]
    return value


def as_text(ours: Books, report: Report, audit: Audit) -> str:
    """The same for people: what was compared, the sums, each difference, and remarks."""
    head = f"session {ours.session}, {_when(ours.start)} to {_when(ours.end)}, {audit.requests} requests"
    told = [f"{head}\nreport: {report.source}; a request counts in any of the buckets it ran in\n", _table(audit), ""]
    told += [_told(finding) for finding in audit.findings if finding.differs]
    if not (audit.more or audit.fewer):
        told.append("nothing differs: every token compared is in a bucket that its request ran in")
    if audit.left_out:
        told.append(f"{audit.left_out} more requests lie outside the time of the report, and are not compared")
    told += [f"note: {note}" for note in audit.notes]
    return "\n".join(told)


def verdict(audit: Audit) -> None:
    """Raises Differs unless all was compared and nothing differs."""
    amounts = [(audit.fewer, "fewer"), (audit.more, "more")]
    differs = " and ".join(f"{count} tokens {word}" for count, word in amounts if count)
    if audit.fewer:
        raise Differs(f"the report has {differs} than the ledger: the table says where")
    if audit.more:
        raise Differs(f"the report has {differs} than this session: other use of that workspace?")
    if audit.left_out:
        raise Differs(f"{audit.left_out} requests lie outside the time of the report, and were not compared")


def _table(audit: Audit) -> str:
    rows = [("model", "class", "ledger", "report", "difference"), *map(_row, audit.findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join("  ".join(_cells(row, widths)).rstrip() for row in rows)


def _cells(row: tuple[str, ...], widths: list[int]) -> Iterator[str]:
    for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.ljust(width) if column < 2 else cell.rjust(width)


def _row(finding: Finding) -> tuple[str, str, str, str, str]:
    exact = finding.at_least == finding.at_most
    ledger = str(finding.at_least) if exact else f"{finding.at_least}..{finding.at_most}"
    parts = [f"+{finding.more}" if finding.more else "", f"-{finding.fewer}" if finding.fewer else ""]
    return finding.model, _words(finding), ledger, str(finding.reported), " ".join(filter(None, parts)) or "0"


def _words(finding: Finding) -> str:
    return finding.kind.replace("_", " ")


def _told(finding: Finding) -> str:
    since = "" if finding.since is None else f", from {_when(finding.since)} on"
    told: list[str] = []
    if finding.fewer:
        told.append(f"{finding.fewer} tokens fewer than the ledger")
    if finding.more:
        told.append(f"{finding.more} tokens more than this session (other use of that workspace?)")
    return f"{finding.model} {_words(finding)}: the report has {' and '.join(told)}{since}"


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
