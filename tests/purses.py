"""A tree of branches and requests made of records alone, and what it has cost, counted by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from omg.agent.budget import Budgets
from omg.agent.journal import (
    BranchEnded,
    BranchMade,
    BudgetSet,
    HeadMade,
    ReplyBegun,
    RequestLogged,
    RequestSettled,
    SessionMade,
)
from omg.agent.state import Tree
from omg.core.usage import Usage
from omg.wire.head import Head, render_head

MODEL = "claude-opus-4-6"
INPUT, OUTPUT = 5.0, 25.0
"""Dollars for a million plain tokens of that model in and out; `test_budget.py` holds them against the list."""


def head_of(model: str = MODEL) -> Head:
    return render_head("https://api.anthropic.com", model=model, tools=[], system=["s"])


@dataclass
class Sent:
    """One request, in dollars. `input` is the most that it can cost; `part` of that is billed."""

    n: int
    branch: str
    input: float
    part: float = 1.0
    output: float = 0.0
    state: str = "sent"

    @property
    def under_way(self) -> bool:
        return self.state in ("sent", "begun")

    @property
    def spent(self) -> float:
        return 0.0 if self.state in ("sent", "failed") else self.input * self.part + self.output

    @property
    def plain(self) -> int:
        """Tokens that are billed."""
        return round(self.input * self.part * 1e6 / INPUT)


@dataclass
class Session:
    """Branches with and without limits; requests in thousands of plain tokens, so that the arithmetic is plain."""

    tree: Tree = field(default_factory=Tree)
    sent: list[Sent] = field(default_factory=list)
    head: Head = field(default_factory=head_of)

    def __post_init__(self) -> None:
        self.tree.apply(SessionMade(at=0.0, format=1, id="s", folder="/", omg="0", provider="p"))
        self.tree.apply(HeadMade(at=0.0, head=self.head))
        self.branch("main", None)
        self.budgets = Budgets(self.tree)

    def branch(self, name: str, parent: str | None, limit: float | None = None) -> None:
        self.tree.apply(
            BranchMade(at=0.0, name=name, head=self.head.id, node=None, parent=parent, purpose="fork", budget=limit)
        )

    def limit(self, usd: float, name: str = "main") -> None:
        self.tree.apply(BudgetSet(at=0.0, branch=name, limit=usd))

    def send(self, name: str, thousands: float, foretold: float | None = None) -> Sent:
        """Reserve and log a request of so many thousand tokens, or (`foretold`) which is to cost as fewer, if the
        provider still holds the others. Raises Exhausted, with nothing sent."""
        n, usage = self.tree.next_n, Usage(plain=round(1000 * thousands))
        expected = usage if foretold is None else Usage(plain=round(1000 * foretold))
        self.budgets.reserve(name, n, expected, self.head, 0.0, most=usage)
        self.tree.apply(
            RequestLogged(
                at=0.0,
                n=n,
                branch=name,
                head=self.head.id,
                tip="none",
                marks=(),
                max_tokens=8000,
                hash="",
                size=0,
                purpose="turn",
            )
        )
        self.sent.append(Sent(n, name, usage.plain * INPUT / 1e6))
        return self.sent[-1]

    def begin(self, sent: Sent, part: float = 1.0) -> None:
        sent.part = part
        usage = Usage(plain=sent.plain, output=1)
        self.tree.apply(ReplyBegun(at=0.0, n=sent.n, message_id="m", usage=usage, seconds=0.1))
        sent.state = "begun"

    def end(self, sent: Sent, thousands: float) -> None:
        """A whole reply of so many thousand tokens."""
        output = round(1000 * thousands)
        self._settle(sent, "whole", Usage(plain=sent.plain, output=output), output)

    def cut(self, sent: Sent, seen: float) -> None:
        """A reply that stopped after so many thousand tokens, as far as they were seen."""
        usage, tokens = Usage(plain=sent.plain, output=None), round(1000 * seen)
        self._settle(sent, "cut", usage, tokens, tokens)

    def fail(self, sent: Sent) -> None:
        self.tree.apply(RequestSettled(at=0.0, n=sent.n, how="failed"))
        sent.state = "failed"

    def _settle(self, sent: Sent, how, usage: Usage, output: int, seen: int = 0) -> None:
        self.tree.apply(RequestSettled(at=0.0, n=sent.n, how=how, usage=usage, output_seen=seen))
        sent.state, sent.output = how, output * OUTPUT / 1e6

    def done(self, name: str) -> None:
        """A fork ends."""
        self.tree.apply(BranchEnded(at=0.0, branch=name, status="done", text=""))

    def below(self, name: str) -> set[str]:
        """A branch, and everything below it."""
        found = {name}
        for branch in self.tree.branches.values():
            if branch.made.parent in found:
                found.add(branch.name)
        return found

    def of(self, name: str) -> list[Sent]:
        """The requests of a branch and of all below it."""
        below = self.below(name)
        return [sent for sent in self.sent if sent.branch in below]
