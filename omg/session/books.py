"""The books of a session that can be audited: when each request ran, where, and what is known of its usage."""

from __future__ import annotations

from dataclasses import dataclass

from omg.agent.requests import Request
from omg.agent.state import Tree
from omg.cache.ledger import Line
from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.provider.profiles import ANTHROPIC, PROFILES, profile_at
from omg.session import accounts


class NotAudited(Trouble):
    """A session that no usage report can be held against. One line says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request as the ledger has it. Its true usage lies between the bounds; they are one unless it was cut."""

    model: str
    sent: float
    ended: float
    workspace: str | None
    at_least: Usage
    at_most: Usage


@dataclass(frozen=True, slots=True)
class Books:
    """What of a session can be audited. `unknown` are requests of which nothing was ever told."""

    session: str
    entries: tuple[Entry, ...]
    unknown: int = 0
    elsewhere: tuple[str, ...] = ()
    """Endpoints of other requests, on which this provider reports nothing."""

    @property
    def start(self) -> float:
        return min(entry.sent for entry in self.entries)

    @property
    def end(self) -> float:
        return max(entry.ended for entry in self.entries)


def books(tree: Tree) -> Books:
    """The books of a session. Raises NotAudited where there is nothing to audit."""
    requests = [(line, tree.requests[line.n]) for line in accounts.lines(tree)]
    here = [(line, request) for line, request in requests if _reported_by_anthropic(line.endpoint)]
    elsewhere = tuple(sorted({line.endpoint for line, _ in requests if not _reported_by_anthropic(line.endpoint)}))
    name = tree.session.id
    if not here and elsewhere:
        raise NotAudited(f"session {name} talked to {', '.join(elsewhere)}: Anthropic's usage report has none of that")
    entries = tuple(_entry(line, line.usage, request) for line, request in here if line.usage is not None)
    if not entries:
        raise NotAudited(f"session {name} has had no reply yet: there is nothing to audit")
    return Books(name, entries, sum(map(_untold, here)), elsewhere)


def _reported_by_anthropic(endpoint: str) -> bool:
    """Whether requests to `endpoint` may be in Anthropic's report: its own, or one that nobody has described."""
    known = any(profile.base_url == endpoint for profile in PROFILES.values() if profile is not ANTHROPIC)
    return profile_at(endpoint) is ANTHROPIC and not known


def _untold(request: tuple[Line, Request]) -> bool:
    """Whether this request may have been billed without a word: a refused one was not."""
    line, settled = request[0], request[1].settled
    return line.usage is None and (settled is None or settled.how != "refused")


def _entry(line: Line, usage: Usage, request: Request) -> Entry:
    begun, settled = request.begun, request.settled
    ended = max(line.at, settled.at if settled else begun.at if begun else line.at)
    workspace = begun.workspace if begun else None
    if usage.output is not None:
        return Entry(line.model, line.at, ended, workspace, usage, usage)
    least, most = (
        Usage(usage.plain, usage.read, usage.write_5m, usage.write_1h, output)
        for output in (line.output_at_least, max(line.output_at_least, line.output_at_most))
    )
    return Entry(line.model, line.at, ended, workspace, least, most)
