"""What each request is billed: its line in the ledger, and its cost."""

from __future__ import annotations

from omg.agent.requests import Request
from omg.agent.state import Tree
from omg.agent.witness import contradiction, witness
from omg.cache.ledger import Line
from omg.core.usage import Usage


def line(tree: Tree, request: Request) -> Line:
    """One request as billed so far."""
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
        settled.lost if settled else None,
        tree.prices,
        witness(request),
        contradiction(tree, request, settled.cause if settled else None),
    )


def _usage(request: Request) -> Usage | None:
    """What is known of a request's usage: all when it has ended, its input as soon as the reply has begun."""
    if request.settled is not None:
        return request.settled.usage
    if request.begun is None:
        return None
    return request.begun.usage.unsettled()


def cost(tree: Tree, request: Request) -> float | None:
    """Dollars that a request has cost so far: nothing before its reply begins, then its input, then all of it (of a
    reply that was cut, what is known of it). None where the price is unknown."""
    billed = line(tree, request)
    return 0.0 if billed.usage is None else billed.cost_usd
