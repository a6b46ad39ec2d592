"""The books of a session: its ledger lines, their sums, and linked sessions' on top."""

from __future__ import annotations

from collections.abc import Iterable

from omg.agent import bill
from omg.agent.state import Tree
from omg.cache.ledger import Figures, Line, figures


def lines(tree: Tree) -> list[Line]:
    """Every request of a session, as billed so far."""
    return [bill.line(tree, request) for request in tree.requests.values()]


def lines_of(tree: Tree, requests: Iterable[int]) -> list[Line]:
    """Some requests of a session, by their numbers."""
    return [bill.line(tree, tree.requests[n]) for n in requests if n in tree.requests]


def sums(lines: Iterable[Line]) -> Figures:
    """The sums over `lines`."""
    return figures(lines)


def of_branch(all_lines: Iterable[Line], branch: str) -> Figures:
    """The sums of one branch's own requests."""
    return sums(line for line in all_lines if line.branch == branch)
