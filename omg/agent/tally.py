"""The ledger's sums, kept as they grow: what is new is added when somebody looks, and nothing is summed up twice."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from omg.agent import bill
from omg.agent.requests import Request
from omg.agent.state import Tree
from omg.cache.ledger import Figures, Line
from omg.core.usage import Usage

_NEWEST = 240
"""Requests of each branch, and of all, that are at hand."""


_UNIT = 1 << 1074
"""In a dollar: every float is a whole number of these."""


def _units(dollars: float) -> int:
    top, bottom = dollars.as_integer_ratio()
    return top * (_UNIT // bottom)


def _dollars(units: int) -> float:
    return units / _UNIT


@dataclass(frozen=True, slots=True)
class _Share:
    """What one request adds to the sums."""

    usage: Usage
    billed: bool
    cost: float | None
    uncached: float | None


@dataclass(slots=True)
class _Sum:
    """A sum that things can be taken out of again. Money is in units of the smallest float, so that it is exact in
    whatever order it was added."""

    plain: int = 0
    read: int = 0
    write_5m: int = 0
    write_1h: int = 0
    output: int = 0
    unsettled: int = 0
    requests: int = 0
    cost: int = 0
    uncached: int = 0
    unpriced: int = 0
    unpriced_bare: int = 0

    def add(self, share: _Share, sign: int) -> None:
        usage = share.usage
        self.plain += sign * usage.plain
        self.read += sign * usage.read
        self.write_5m += sign * usage.write_5m
        self.write_1h += sign * usage.write_1h
        self.output += sign * (usage.output or 0)
        self.unsettled += sign * (usage.output is None)
        self.requests += sign * share.billed
        self.cost += sign * _units(share.cost or 0.0)
        self.uncached += sign * _units(share.uncached or 0.0)
        self.unpriced += sign * (share.billed and share.cost is None)
        self.unpriced_bare += sign * (share.billed and share.uncached is None)

    def figures(self) -> Figures:
        output = None if self.unsettled else self.output
        usage = Usage(self.plain, self.read, self.write_5m, self.write_1h, output)
        cost = None if self.unpriced else _dollars(self.cost)
        bare = None if self.unpriced_bare else _dollars(self.uncached)
        return Figures(usage, self.requests, cost, None if cost is None or bare is None else bare - cost)


class Tally:
    """The sums of a tree's requests, over all and by branch: exactly what the ledger says at any moment.

    A look costs what has come since the last one, and the requests under way: not the session's length.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.version = 0
        """Grows with whatever changes a figure."""
        self._last = 0
        self._all, self._by_branch = _Sum(), dict[str, _Sum]()
        self._open: dict[int, tuple[Request, object]] = {}
        """Requests that are not settled, and what was known of each when it was last counted."""
        self._shares: dict[int, _Share] = {}
        """What those have added."""
        self._newest: dict[str | None, deque[int]] = {}
        self._missed: dict[str | None, list[Line]] = {}

    def figures(self, branch: str | None = None) -> Figures:
        """The sums over the whole tree, or over one branch's own requests."""
        self._catch_up()
        return (self._all if branch is None else self._by_branch.get(branch, _Sum())).figures()

    def spent(self, branch: str) -> tuple[float, bool]:
        """Dollars that a branch's own requests have cost as far as prices are known, and whether all are."""
        self._catch_up()
        found = self._by_branch.get(branch, _Sum())
        return _dollars(found.cost), not found.unpriced

    def open(self) -> list[Request]:
        """The requests under way, the oldest first."""
        self._catch_up()
        return [request for request, _ in self._open.values()]

    def newest(self, most: int, branch: str | None = None) -> list[Line]:
        """The last requests, as billed so far, the oldest first; at most 240."""
        self._catch_up()
        newest = list(self._newest.get(branch, ()))[-most:] if most > 0 else []
        return [bill.line(self.tree, self.tree.requests[n]) for n in newest]

    def missed(self, branch: str | None = None) -> Sequence[Line]:
        """The settled requests that read less than they might have, the oldest first."""
        self._catch_up()
        return self._missed.get(branch, ())

    def catch_up(self, most: int) -> bool:
        """Count at most so many requests that nobody has looked at; whether there are no more. A long session's first
        look takes a while: so it can be taken in steps."""
        for request in islice(self.tree.requests.after(self._last), most):
            self._see(request)
        return next(self.tree.requests.after(self._last), None) is None

    def _catch_up(self) -> None:
        if next(reversed(self.tree.requests), 0) != self._last:
            for request in self.tree.requests.after(self._last):
                self._see(request)
        for n, (request, seen) in list(self._open.items()):
            if (request.settled or request.begun) is not seen:
                self._look(n, request)

    def _see(self, request: Request) -> None:
        """Take a request into account that was logged since the last look."""
        n, branch = request.logged.n, request.logged.branch
        self._last = n
        self._open[n] = (request, None)
        self._shares[n] = _NOTHING
        self.version += 1
        for key in (None, branch):
            self._newest.setdefault(key, deque(maxlen=_NEWEST)).append(n)
        self._look(n, request)

    def _look(self, n: int, request: Request) -> None:
        known = request.settled or request.begun
        if known is not None:
            self._count(n, request)
            self._open[n] = (request, known)
        if request.settled is not None:
            self._close(n, request)

    def _count(self, n: int, request: Request) -> None:
        share = _share(bill.line(self.tree, request))
        own = self._by_branch.setdefault(request.logged.branch, _Sum())
        for sum in (self._all, own):
            sum.add(self._shares[n], -1)
            sum.add(share, 1)
        self._shares[n] = share
        self.version += 1

    def _close(self, n: int, request: Request) -> None:
        del self._open[n], self._shares[n]
        if request.settled is not None and request.settled.cause is not None:
            for key in (None, request.logged.branch):
                insort(self._missed.setdefault(key, []), bill.line(self.tree, request), key=lambda line: line.n)


_NOTHING = _Share(Usage(), False, None, None)


def _share(line: Line) -> _Share:
    if line.usage is None:
        return _NOTHING
    return _Share(line.usage, True, line.cost_usd, line.uncached_usd)
