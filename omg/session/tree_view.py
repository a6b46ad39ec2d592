"""A session's tree as rows to show: branches, epochs, exchanges, forks and anchors, with costs and warmth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from omg.agent import bill
from omg.agent.runtime import ModelSetup
from omg.agent.state import Branch, Epoch, Tree
from omg.agent.warm import remembered
from omg.cache.holdings import Holdings
from omg.cache.rules import minimum_for
from omg.provider.profiles import OFFLINE
from omg.wire.chain import Node, path
from omg.wire.head import Head

RowKind = Literal["branch", "epoch", "exchange", "fork", "anchor", "more"]

EXCHANGES = 3
"""The newest exchanges of each epoch that have a row of their own."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Rows come in the order they are shown; each belongs to the nearest one above it that is less deep."""

    kind: RowKind
    """`more` stands for exchanges that have no row; `words` says how many."""
    name: str
    """What `/switch` takes for it: a branch's or fork's name, an epoch's number, `@anchor`, an exchange's short node
    id. Empty for `more`."""
    depth: int
    """0 for main, 1 for its epochs, and so on."""
    node: str | None = None
    """The id of its newest node (of an exchange: of its last message); None for the empty history."""
    words: str = ""
    """What the person said, or the task, on one line; for an epoch, how it began."""
    tokens: int = 0
    """Tokens of its whole history, up to its node."""
    cost_usd: float | None = 0.0
    """Dollars that its own requests have cost; None where a price is unknown."""
    status: str = ""
    """`running`, `done`, `failed`, `stopped` of a fork, with `, report ready` behind; `now` or `past` of an epoch."""
    warm: int = 0
    """Tokens of its history that the provider still holds; 0: cold."""
    until: float | None = None
    """Until when it holds them, unless they are read again: seconds, UTC epoch."""


def short(node: Node | str | None) -> str:
    """A node's id as people read and type it."""
    id = node.id if isinstance(node, Node) else node
    return id[:8] if id else ""


def rows(tree: Tree, holdings: Holdings, now: float, exchanges: int = EXCHANGES) -> list[Row]:
    """The whole tree. The first time it loads the price list, and it walks every history once: call it in a thread."""
    return list(_View(tree, holdings, now, exchanges).rows()) if "main" in tree.branches else []


def held(tree: Tree) -> Holdings:
    """What the provider holds of a session that is only read, as far as its log and the published rules tell."""
    holdings = remembered(tree, lambda head: ModelSetup(head.model, 0, 0, minimum_for(head.model), None))
    if all(head.endpoint == OFFLINE for head in tree.heads.values()):  # its cache ends with the process
        holdings.forget_all()
    return holdings


def tree_json(tree: Tree, found: Iterable[Row]) -> dict[str, object]:
    """`omg tree --output json`."""
    return {"session": tree.session.id, "rows": [asdict(row) for row in found]}


@dataclass(frozen=True, slots=True)
class _Life:
    """One epoch of main, over or not, and the exchanges of its own."""

    epoch: Epoch
    over: bool
    began: str
    exchanges: list[list[Node]]


class _View:
    """What the rows are made from, gathered once."""

    def __init__(self, tree: Tree, holdings: Holdings, now: float, exchanges: int) -> None:
        self._tree, self._holdings, self._now, self._most = tree, holdings, now, exchanges
        self._pending = {name for branch in tree.branches.values() for name in branch.pending}
        self._spent: dict[tuple[str, int | str], float | None] = defaultdict(float)
        """Dollars by branch and epoch, by branch and newest node sent, and by branch alone (epoch 0)."""
        for request in tree.requests.values():
            cost = bill.cost(tree, request)
            for key in (0, request.logged.epoch, request.logged.tip):
                known = self._spent[request.logged.branch, key]
                self._spent[request.logged.branch, key] = _sum((known, cost))
        self._lives = self._gather()
        self._under: dict[str, list[Branch]] = defaultdict(list)
        """Main's forks by the row they hang on: an exchange's first node, or an epoch's number."""
        self._marks: dict[str, list[tuple[str, Node]]] = defaultdict(list)
        """Anchors likewise."""
        self._hang()

    def _gather(self) -> list[_Life]:
        main = self._tree.branches["main"]
        now = Epoch(main.epoch, main.head, main.base, main.accepted, self._now, "")
        epochs = [*main.past, now]
        causes = ["the beginning", *(epoch.cause for epoch in main.past)]
        return [
            _Life(epoch, epoch is not now, cause, self._exchanges(epoch))
            for epoch, cause in zip(epochs, causes, strict=True)
        ]

    def _exchanges(self, epoch: Epoch) -> list[list[Node]]:
        """The nodes of an epoch's own, those of one exchange together."""
        own = path(epoch.tip)[epoch.base.depth if epoch.base else 0 :]
        found: list[list[Node]] = []
        for node in own:
            if node.id in self._tree.words or not found:
                found.append([])
            found[-1].append(node)
        return found

    def _hang(self) -> None:
        """Hang forks and anchors on the rows that are shown."""
        rows: dict[str, str] = {}
        for life in self._lives:
            for count, nodes in enumerate(reversed(life.exchanges)):
                row = nodes[0].id if count < self._most else str(life.epoch.number)
                rows |= {node.id: row for node in nodes}
        for branch in self._tree.children("main"):
            base = branch.base.id if branch.base else ""
            self._under[rows.get(base) or self._when(branch.made.at)].append(branch)
        for name, node in self._tree.anchors.items():
            self._marks[rows.get(node.id, str(self._lives[-1].epoch.number))].append((name, node))

    def _when(self, at: float) -> str:
        """The number of the epoch that main was in."""
        return next((str(life.epoch.number) for life in self._lives if at <= life.epoch.ended), "")

    def rows(self) -> Iterator[Row]:
        main = self._tree.branches["main"]
        status = "" if not main.pending else f"{len(main.pending)} reports ready"
        yield self._row("branch", "main", 0, main.head, main.accepted, "", self._spent["main", 0], status)
        for life in self._lives:
            yield from self._epoch(life)

    def _epoch(self, life: _Life) -> Iterator[Row]:
        epoch, number = life.epoch, str(life.epoch.number)
        status, cost = "past" if life.over else "now", self._spent["main", epoch.number]
        yield self._row("epoch", number, 1, epoch.head, epoch.tip, life.began, cost, status)
        yield from self._hung(number, 2, epoch.head)
        hidden = len(life.exchanges) - self._most
        if hidden > 0:
            yield Row("more", "", 2, words=f"{hidden} earlier")
        for nodes in life.exchanges[-self._most :]:
            cost = _sum(self._spent["main", node.id] for node in nodes)
            words, last = self._words(nodes[0]), nodes[-1]
            yield self._row("exchange", short(last), 2, epoch.head, last, words, cost, "")
            yield from self._hung(nodes[0].id, 3, epoch.head)

    def _hung(self, row: str, depth: int, head: Head) -> Iterator[Row]:
        for name, node in self._marks[row]:
            yield self._row("anchor", f"@{name}", depth, head, node, "", 0.0, "")
        for branch in self._under[row]:
            yield from self._fork(branch, depth)

    def _fork(self, branch: Branch, depth: int) -> Iterator[Row]:
        status = f"{branch.status or ''}{', report ready' if branch.name in self._pending else ''}"
        words = " ".join((branch.made.task or "").split())
        cost = self._spent[branch.name, 0]
        yield self._row("fork", branch.name, depth, branch.head, branch.accepted, words, cost, status)
        for child in self._tree.children(branch.name):
            yield from self._fork(child, depth + 1)

    def _words(self, first: Node) -> str:
        at = self._tree.words.get(first.id)
        return "" if at is None else " ".join(str(first.message.content[at].get("text", "")).split())

    def _row(
        self,
        kind: RowKind,
        name: str,
        depth: int,
        head: Head,
        node: Node | None,
        words: str,
        cost: float | None,
        status: str,
    ) -> Row:
        tokens = self._holdings.tokens(head, node)
        warm, until = self._warmth(head, node)
        return Row(kind, name, depth, node.id if node else None, words, tokens, cost, status, warm, until)

    def _warmth(self, head: Head, node: Node | None) -> tuple[int, float | None]:
        """What is held of a history, and until when."""
        for known in self._holdings.chain(head, node) if node else ():
            if known.entry.begun is not None and self._now < known.entry.expires:
                return self._holdings.tokens(head, known.node, known.block), known.entry.expires
        return 0, None


def _sum(costs: Iterable[float | None]) -> float | None:
    found = list(costs)
    return None if None in found else sum(cost for cost in found if cost is not None)
