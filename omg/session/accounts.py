"""The books of a session: its ledger lines, their sums, and linked sessions' on top."""

from __future__ import annotations

from collections.abc import Iterable

from omg.agent import bill
from omg.agent.state import Tree
from omg.cache import prices
from omg.cache.ledger import Figures, Line, figures
from omg.core.usage import Usage


def lines(tree: Tree) -> list[Line]:
    """Every request of a session, as billed so far."""
    return [bill.line(tree, request) for request in tree.requests.values()]


def lines_of(tree: Tree, requests: Iterable[int]) -> list[Line]:
    """Some requests of a session, by their numbers."""
    return [bill.line(tree, tree.requests[n]) for n in requests if n in tree.requests]


def sums(lines: Iterable[Line]) -> Figures:
    """The sums over `lines` at list prices."""
    return figures(lines, bill.list_price, _cost_uncached)


def of_branch(all_lines: Iterable[Line], branch: str) -> Figures:
    """The sums of one branch's own requests."""
    return sums(line for line in all_lines if line.branch == branch)


def _cost_uncached(usage: Usage, model: str, endpoint: str, at: float) -> float | None:
    return prices.cost_uncached(usage, model, endpoint, at=at)
