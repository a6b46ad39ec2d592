"""Logs of sessions written by hand, record by record, to be audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omg.agent.journal import (
    BranchMade,
    HeadMade,
    NodeSealed,
    Record,
    ReplyBegun,
    RequestLogged,
    RequestSettled,
    SessionMade,
    Settlement,
)
from omg.core.usage import Usage
from omg.session.codec import FORMAT
from omg.session.log import Log
from omg.wire.chain import Node
from omg.wire.head import render_head
from omg.wire.seal import seal

OPUS = "claude-opus-5-5"
ANTHROPIC = "https://api.anthropic.com"


@dataclass(frozen=True)
class Sent:
    """One request. `usage` None: no reply began; an output of None: it was cut after `seen` tokens."""

    at: float
    usage: Usage | None
    ended: float | None = None
    how: Settlement | None = "whole"
    """None: the process died before it was settled."""
    endpoint: str = ANTHROPIC
    model: str = OPUS
    workspace: str | None = None
    seen: int = 0


def write_log(folder: Path, id: str, requests: Sequence[Sent], *, max_tokens: int = 1000) -> Path:
    """A session `id` whose requests are `requests`, below `folder`."""
    path = folder / "sessions" / f"{id}.jsonl"
    with Log(path) as log:
        log.write(*_records(id, requests, max_tokens))
    return path


def _records(id: str, requests: Sequence[Sent], max_tokens: int) -> list[Record]:
    at = requests[0].at if requests else 0.0
    first = render_head(ANTHROPIC, model=OPUS, tools=(), system=())
    node = Node(None, seal("user", [{"type": "text", "text": "go"}]))
    records: list[Record] = [
        SessionMade(at=at, format=FORMAT, id=id, folder="/project", omg="0", provider="anthropic"),
        HeadMade(at=at, head=first),
        BranchMade(at=at, name="main", head=first.id, node=None),
        NodeSealed(at=at, branch="main", node=node, words=0),
    ]
    for n, sent in enumerate(requests, 1):
        records += _request(n, sent, node.id, max_tokens)
    return records


def _request(n: int, sent: Sent, tip: str, max_tokens: int) -> list[Record]:
    head = render_head(sent.endpoint, model=sent.model, tools=(), system=())
    ended = sent.at + 5 if sent.ended is None else sent.ended
    records: list[Record] = [
        HeadMade(at=sent.at, head=head),
        RequestLogged(
            at=sent.at, n=n, branch="main", head=head.id, tip=tip, marks=(), max_tokens=max_tokens, hash="", size=0,
            purpose="turn",
        ),
    ]  # fmt: skip
    if sent.usage is not None:
        records.append(
            ReplyBegun(at=sent.at + 1, n=n, message_id="m", usage=sent.usage, seconds=1.0, workspace=sent.workspace)
        )
    if sent.how is not None:
        records.append(RequestSettled(at=ended, n=n, how=sent.how, usage=sent.usage, output_seen=sent.seen))
    return records
