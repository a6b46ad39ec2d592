"""The books of a session: its ledger lines, their sums, and linked sessions' on top."""

from __future__ import annotations

from collections.abc import Iterable

from omg.agent.state import Request, Tree
from omg.cache import prices
from omg.cache.ledger import Figures, Line, figures
from omg.core.usage import Usage


def lines(tree: Tree) -> list[Line]:
    """Every request of a session, as billed so far."""
    return [_line(tree, request) for request in tree.requests.values()]


def _line(tree: Tree, request: Request) -> Line:
    logged, settled = request.logged, request.settled
    head = tree.heads[logged.head]
    usage = _usage(request)
    unsettled = usage is not None and usage.output is None
    return Line(
        logged.n,
        logged.branch,
        logged.purpose,
        logged.at,
        head.model,
        head.endpoint,
        usage,
        logged.predicted,
        settled.cause if settled else None,
        settled.output_seen if settled and unsettled else 0,
        logged.max_tokens if unsettled else 0,
        request.begun.seconds if request.begun else None,
    )


def _usage(request: Request) -> Usage | None:
    """What is known of a request's usage: all when it has ended, its input as soon as the reply has begun."""
    if request.settled is not None:
        return request.settled.usage
    if request.begun is None:
        return None
    return request.begun.usage.unsettled()


def sums(lines: Iterable[Line]) -> Figures:
    """The sums over `lines` at list prices."""
    return figures(lines, _cost, _cost_uncached)


def of_branch(all_lines: Iterable[Line], branch: str) -> Figures:
    """The sums of one branch's own requests."""
    return sums(line for line in all_lines if line.branch == branch)


def _cost(usage: Usage, model: str, endpoint: str, at: float) -> float | None:
    return prices.cost(usage, model, endpoint, at=at)


def _cost_uncached(usage: Usage, model: str, endpoint: str, at: float) -> float | None:
    return prices.cost_uncached(usage, model, endpoint, at=at)
