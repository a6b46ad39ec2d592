"""A long session's log, record by record: turns, results, forks, epochs, and requests that can be verified."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.script import code, prose
from omg import __version__
from omg.agent.compose import result_block, text_block
from omg.agent.journal import (
    AnchorMade,
    BranchEnded,
    BranchMade,
    CallDone,
    EpochBegun,
    HeadMade,
    NodeSealed,
    Record,
    ReplyBegun,
    RequestLogged,
    RequestSettled,
    SessionMade,
)
from omg.agent.state import Tree
from omg.cache.plan import last_spot, plan
from omg.core.catalog import load_catalog
from omg.core.usage import Usage
from omg.session.codec import FORMAT
from omg.session.log import Log
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.request import Envelope, build
from omg.wire.seal import Block, seal

MODEL = "claude-opus-5-5"
_EPOCH = 2_000_000
"""Bytes of a history, after which main goes on from a summary."""
_MAX_TOKENS = 32_000
_BEGAN = 30 * 86_400
"""Seconds ago."""


@dataclass
class _Maker:
    log: Log
    head: Head
    tree: Tree = field(default_factory=Tree)
    at: float = field(default_factory=lambda: time.time() - _BEGAN)
    records: int = 0
    calls: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(5))
    texts: list[str] = field(default_factory=lambda: [code(seed, 30 + seed * 7 % 100) for seed in range(60)])

    def record(self, *records: Record) -> None:
        self.log.write(*records)
        for record in records:
            self.tree.apply(record)
        self.records += len(records)

    def seal(self, branch: str, parent: Node | None, blocks: list[Block], words: int | None = None) -> Node:
        node = Node(parent, seal("user", blocks))
        joins = tuple(self.tree.branches[branch].pending) if words is not None else ()
        self.record(NodeSealed(at=self.at, branch=branch, node=node, words=words, joins=joins))
        return node

    def exchange(self, branch: str, tip: Node, blocks: list[Block], before: Node | None) -> Node:
        """One request and its reply."""
        self.at += self.chance.uniform(2, 20)
        marks = plan(self.head, tip, last_tail=last_spot(before) if before else None, shared=None)
        body = build(self.head, tip, marks, Envelope(_MAX_TOKENS))
        n, read = self.tree.next_n, (before.size if before else 0) // 4
        usage = Usage(plain=3, read=read, write_5m=(body.size // 4) - read, output=1)
        made = self.tree.branches[branch]
        self.record(
            RequestLogged(
                at=self.at,
                n=n,
                branch=branch,
                head=self.head.id,
                tip=tip.id,
                marks=tuple((mark.node.id if mark.node else None, mark.block, mark.ttl) for mark in marks),
                max_tokens=_MAX_TOKENS,
                hash=body.hash(),
                size=body.size,
                purpose=made.made.purpose,
                epoch=made.epoch,
                predicted=Usage(plain=3, read=read, write_5m=(body.size // 4) - read),
            )
        )
        self.at += 1.5
        self.record(
            ReplyBegun(at=self.at, n=n, message_id=f"msg_{n:024}", usage=usage, seconds=1.5, request_id=f"req_{n:024}")
        )
        self.at += 6
        whole = Usage(usage.plain, usage.read, usage.write_5m, 0, 180)
        node = Node(tip, seal("assistant", blocks))
        self.record(
            RequestSettled(at=self.at, n=n, how="whole", stop="end_turn", usage=whole),
            NodeSealed(at=self.at, branch=branch, node=node),
        )
        return node

    def turn(self, branch: str, words: str, steps: int) -> Node:
        """A turn from words to a reply without calls, with `steps` rounds of one to three calls."""
        tip = self.tree.branches[branch].tip
        before, tip = tip, self.seal(branch, tip, [text_block(words)], 0)
        for step in range(steps):
            ids = [f"toolu_{self.calls + place:024}" for place in range(self.chance.randint(1, 3))]
            self.calls += len(ids)
            uses: list[Block] = [
                {"type": "tool_use", "id": id, "name": "read", "input": {"path": f"src/m{place}.py"}}
                for place, id in enumerate(ids)
            ]
            said = self.exchange(branch, tip, [text_block(prose(f"{step} {words}", 80)), *uses], before)
            results: list[Block] = []
            for id in ids:
                text = f"{id}\n" + self.chance.choice(self.texts)
                seen = {f"src/m{self.calls % 400}.py": f"{self.calls:064x}"}
                self.record(CallDone(at=self.at, branch=branch, id=id, text=text, is_error=False, seen=seen))
                results.append(result_block(id, text, False))
            before, tip = said, self.seal(branch, said, results)
        return self.exchange(branch, tip, [text_block(prose(words, 150))], before)

    def fork(self, number: int, width: int) -> None:
        base = self.tree.branches["main"].accepted
        names = [f"f{number}_{place}" for place in range(width)]
        for place, name in enumerate(names):
            task = f"find out {number} {place}"
            made = BranchMade(
                at=self.at,
                name=name,
                head=self.head.id,
                node=base.id if base else None,
                parent="main",
                task=task,
                group=names[0],
                place=place,
                depth=1,
                purpose="fork",
            )
            self.record(made)
            self.turn(name, task, 4)
            text = prose(f"report {name}", 250)
            self.record(BranchEnded(at=self.at, branch=name, status="done", text=text))

    def epoch(self) -> None:
        """Main goes on from a summary."""
        node = Node(None, seal("user", [text_block(prose(f"summary {self.at}", 2000))]))
        sealed = NodeSealed(at=self.at, branch="", node=node)
        self.record(sealed, EpochBegun(at=self.at, branch="main", head=self.head.id, node=node.id, cause="compaction"))


def make(path: Path, records: int, folder: Path) -> None:
    """Write a session of so many records to `path`, as if it had been worked on in `folder`."""
    head = load_catalog().head("offline", model=MODEL)
    with Log(path) as log:
        maker = _Maker(log, head)
        made = SessionMade(
            at=maker.at, format=FORMAT, id=path.stem, folder=str(folder.resolve()), omg=__version__, provider="offline"
        )
        maker.record(made, HeadMade(at=maker.at, head=head))
        maker.record(BranchMade(at=maker.at, name="main", head=head.id, node=None))
        for number, steps in enumerate(_steps(maker)):
            if maker.records >= records:
                return
            node = maker.turn("main", f"turn {number}: what about {prose(str(number), 12)}", steps)
            if number % 15 == 7:
                maker.fork(number, 3)
            if number % 40 == 20:
                maker.record(AnchorMade(at=maker.at, branch="main", name=f"place{number}", node=node.id))
            if node.size > _EPOCH:
                maker.epoch()
            maker.at += maker.chance.choice((20, 60, 200, 3000))


def _steps(maker: _Maker) -> Iterator[int]:
    while True:
        yield maker.chance.randint(0, 6)
