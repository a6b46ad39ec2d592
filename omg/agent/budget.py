"""Budgets: what each branch may spend, what it has spent, and what is held for it, down the tree.

Nothing is stored here that the log does not tell: what was spent is the ledger's, limits are records, and what is
reserved belongs to requests on record whose reply has not begun. That is the most their input can cost, since nobody
can promise that the provider still holds what it held: no budget is passed by more than the output in flight.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from omg.agent import bill
from omg.agent.requests import Request
from omg.agent.state import Branch, Tree
from omg.agent.tally import Tally
from omg.core.amounts import money
from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.wire.head import Head

_EXACT = 1e-9
"""Dollars below which two sums are the same: they are sums of floats."""


class Exhausted(Trouble):
    """The next request does not fit into a budget. Says whose, and what is left of it."""


class Held(Exhausted):
    """It does not fit while others are in flight: what is reserved for them may be more than they cost."""


class Risky(Exhausted):
    """It fits as it is foretold, and would not if the provider held nothing of it any more."""

    def __init__(self, message: str, holder: str, foretold: float, most: float, room: float) -> None:
        """`holder`: whose purse is too small; `foretold`, `most` and `room`: dollars."""
        super().__init__(message)
        self.holder, self.foretold, self.most, self.room = holder, foretold, most, room


@dataclass(frozen=True, slots=True)
class Purse:
    """A branch's money, its forks' included, in dollars."""

    branch: str
    limit: float | None
    """None: no limit of its own."""
    spent: float
    """By the provider's own figures."""
    reserved: float
    """The most that the input of requests can cost whose reply has not begun, and what forks at work still have of
    their own."""
    unpriced: bool = False
    """Whether something was sent to a model whose price is not known, so that `spent` is too little."""

    @property
    def left(self) -> float | None:
        """What can still be reserved; below nothing where replies have cost more than there was."""
        return None if self.limit is None else self.limit - self.spent - self.reserved


@dataclass(slots=True)
class _Sums:
    """One look at the tree: dollars by branch, of its own requests alone."""

    spent: dict[str, float]
    reserved: dict[str, float]
    unpriced: set[str]
    children: dict[str, list[Branch]]

    def taken(self, name: str) -> float:
        """What a branch and its forks have spent, and what is reserved for them."""
        own = self.spent.get(name, 0.0) + self.reserved.get(name, 0.0)
        return own + sum(self.claim(child) for child in self.children.get(name, ()))

    def claim(self, child: Branch) -> float:
        """What a fork takes of its parent's purse: all that it may cost as long as it works, then what it has cost."""
        taken = self.taken(child.name)
        return max(taken, child.budget) if child.budget and child.status == "running" else taken

    def line(self, name: str) -> Iterator[str]:
        """A branch, and everything below it."""
        yield name
        for child in self.children.get(name, ()):
            yield from self.line(child.name)


class Budgets:
    """The purses of one session's branches. A fork with a limit has a purse of its own, filled from its parent's."""

    def __init__(self, tree: Tree, tally: Tally | None = None) -> None:
        """`tally` is the tree's, where somebody else has one already."""
        self._tree = tree
        self._tally = tally or Tally(tree)
        self._expected: dict[int, Usage] = {}
        self._said: set[str] = set()
        self._risked: set[str] = set()
        self._bell = asyncio.Event()

    def purse(self, name: str = "main") -> Purse:
        """The money of a branch. Raises KeyError."""
        sums = self._sums()
        line = list(sums.line(name))
        spent = sum(sums.spent.get(each, 0.0) for each in line)
        reserved = sums.taken(name) - spent
        unpriced = not sums.unpriced.isdisjoint(line)
        return Purse(name, self._tree.branches[name].budget or None, spent, reserved, unpriced)

    def purses(self) -> list[Purse]:
        """The whole session's, and that of every fork with a limit of its own."""
        limited = (name for name, branch in self._tree.branches.items() if branch.budget)
        return [self.purse(name) for name in dict.fromkeys(("main", *limited))]

    def limited(self, name: str) -> bool:
        """Whether a branch draws on any purse with a limit."""
        return any(branch.budget for branch in self._upwards(name))

    def reserve(
        self, name: str, n: int, expected: Usage, head: Head, at: float, *, most: Usage | None = None
    ) -> str | None:
        """Set the input of request `n` aside, from when it is on record until its reply begins: `most` that it can be
        billed (None: not more than is `expected`), or what is expected where a person risks the rest.

        Raises Exhausted where that is more than a purse has left: Held where it may have it soon, Risky where what is
        expected would fit. Returns what a person should know, once: that the price is not known, so that no budget can
        hold this back.
        """
        under_way = {request.logged.n for request in self._tally.open()}
        self._expected = {known: usage for known, usage in self._expected.items() if known in under_way}
        self._expected[n] = most or expected
        if not self.limited(name):
            return None
        cost = self._tree.prices.cost(expected, head.model, head.endpoint, at=at)
        worst = cost if most is None else self._tree.prices.cost(most, head.model, head.endpoint, at=at)
        if not self._weighed(name, cost or 0.0, max(cost or 0.0, worst or 0.0)):
            self._expected[n] = expected
        if cost is not None or head.model in self._said:
            return None
        self._said.add(head.model)
        return f"the price of {head.model} at {head.endpoint} is not known: the budget cannot count what it costs"

    def risk(self, holder: str) -> None:
        """From now on the person risks that a purse is passed by what the provider drops from its cache."""
        self._risked.add(holder)

    async def room(self) -> None:
        """Wait until something that was reserved is spent, or given back, or a limit is another."""
        await self._bell.wait()

    def moved(self) -> None:
        """That has happened."""
        self._bell.set()
        self._bell = asyncio.Event()

    def set_aside(self, name: str, dollars: float) -> None:
        """Whether forks of a branch may be given `dollars`. Raises Exhausted where it has not that much left."""
        self._fits(name, dollars, "the forks would have")

    def raised(self, name: str, limit: float) -> None:
        """Whether a fork's limit may become `limit`. Raises Exhausted where its parent has not that much left."""
        branch, sums = self._tree.branches[name], self._sums()
        more = limit - sums.claim(branch)
        if branch.made.parent is not None and branch.status == "running" and more > 0:
            self._fits(branch.made.parent, more, "this would take another")

    def short(self, name: str) -> bool:
        """Whether the next request, if it costs what the last one did, is the last that can be paid, its share of a
        purse that several draw on taken as even. For one more, the most that its input can cost must be there."""
        request = self._tree.requests.get(self._tree.branches[name].last_request or 0)
        last = bill.cost(self._tree, request) if request is not None and self.limited(name) else None
        if request is None or last is None:
            return False
        sums, most = self._sums(), max(last, self._anew(request))
        return any(
            room < (last if holder in self._risked else most) + last * self._drawing(sums, holder, name)
            for holder, room in self._rooms(sums, name)
        )

    def _anew(self, request: Request) -> float:
        """Dollars for all input of a request, written in the dearest class that it has."""
        usage = request.settled.usage if request.settled else None
        if usage is None:
            return 0.0
        hour = any(node is not None and ttl == "1h" for node, _, ttl in request.logged.marks)
        anew = Usage(write_1h=usage.input) if hour else Usage(write_5m=usage.input)
        head = self._tree.heads[request.logged.head]
        return self._tree.prices.cost(anew, head.model, head.endpoint, at=request.logged.at) or 0.0

    def _drawing(self, sums: _Sums, holder: str, name: str) -> int:
        """How many branches spend from one purse now, `name` among them."""
        return len({name, *(each for each in sums.line(holder) if self._tree.branches[each].status == "running")})

    def _fits(self, name: str, dollars: float, what: str) -> None:
        sums = self._sums()
        holder, room = min(self._rooms(sums, name), key=lambda found: found[1], default=(name, float("inf")))
        if dollars > room + _EXACT:
            raise Exhausted(f"budget: {self._said_of(holder)}; {what} {money(dollars)}")

    def _weighed(self, name: str, foretold: float, most: float) -> bool:
        """Whether `most` fits into all purses that a branch draws on; False where `foretold` does, and a person risks
        the rest. Raises Exhausted."""
        sums, what = self._sums(), "the next request would cost"
        rooms = sorted(self._rooms(sums, name), key=lambda found: found[1])
        for holder, room in rooms:
            needed = foretold if holder in self._risked else most
            if needed <= room + _EXACT:
                continue
            soon = room + sum(sums.reserved.get(each, 0.0) for each in sums.line(holder))
            if needed <= soon + _EXACT:
                raise Held(f"budget: {self._said_of(holder)}; {what} up to {money(needed)}")
            if foretold > soon + _EXACT:
                raise Exhausted(f"budget: {self._said_of(holder)}; {what} {money(foretold)}")
            cold = f"{money(foretold)}, or {money(most)} if the provider has dropped what it holds"
            raise Risky(f"budget: {self._said_of(holder)}; {what} {cold}", holder, foretold, most, room)
        return all(most <= room + _EXACT for _, room in rooms)

    def _said_of(self, holder: str) -> str:
        purse = self.purse(holder)
        whose = "the session" if holder == "main" else f"fork {holder}"
        held = f", and {money(purse.reserved)} is reserved" if purse.reserved > _EXACT else ""
        return f"{whose} has spent {money(purse.spent)} of {money(purse.limit or 0.0)}{held}"

    def _rooms(self, sums: _Sums, name: str) -> Iterator[tuple[str, float]]:
        """Every purse with a limit that a branch draws on, and what this branch can take from it.

        What was set aside for the branch itself, or for one above it, is there for it to take; what was set aside for
        others is not.
        """
        taken, below = sums.taken(name), None
        for branch in self._upwards(name):
            if below is not None:
                taken += sums.taken(branch.name) - sums.claim(below)
            if branch.budget:
                yield branch.name, branch.budget - taken
            below = branch

    def _upwards(self, name: str) -> Iterator[Branch]:
        branch = self._tree.branches.get(name)
        while branch is not None:
            yield branch
            branch = self._tree.branches.get(branch.made.parent or "")

    def _sums(self) -> _Sums:
        sums = _Sums({}, {}, set(), {})
        for branch in self._tree.branches.values():
            if branch.made.parent is not None:
                sums.children.setdefault(branch.made.parent, []).append(branch)
        for name in self._tree.branches:
            sums.spent[name], priced = self._tally.spent(name)
            if not priced:
                sums.unpriced.add(name)
        for request in self._tally.open():
            if request.begun is None:
                name = request.logged.branch
                sums.reserved[name] = sums.reserved.get(name, 0.0) + self._foretold(request)
        return sums

    def _foretold(self, request: Request) -> float:
        head, expected = self._tree.heads[request.logged.head], self._expected.get(request.logged.n, Usage())
        return self._tree.prices.cost(expected, head.model, head.endpoint, at=request.logged.at) or 0.0
