"""Visits: a person comes, says a few things, and is away for a while."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from omg.agent.state import Branch, Tree
from omg.cache.policy import LONG_AWAY

LONG = LONG_AWAY
"""Seconds away after which a person begins a new visit: over a shorter break, all is as they left it."""
_RECENT = 200
"""The newest requests by which visits are told: each request asks, and long logs have many."""
_REQUESTS = 12
"""Requests that a visit is taken to have, with nothing to go by."""


def requests_per_visit(tree: Tree) -> float:
    """Requests between two long gaps of a session, on the average."""
    sent = [request.logged.at for request in islice(reversed(tree.requests.values()), _RECENT)]
    visits = 1 + sum(later - earlier > LONG for later, earlier in pairwise(sent))
    return max(1.0, (len(sent) + _REQUESTS) / (visits + 1))


def away(tree: Tree, now: float) -> float:
    """Seconds since a session's last request; none, where it has sent nothing."""
    last = next(reversed(tree.requests), None)
    return 0.0 if last is None else now - tree.requests[last].logged.at


def epoch_reads(tree: Tree, branch: Branch) -> Iterator[int]:
    """The input of each of a branch's own requests in its epoch, the newest first, in tokens."""
    for request in reversed(tree.requests.values()):
        logged = request.logged
        if logged.branch == branch.name:
            if logged.epoch != branch.epoch:
                return
            if request.begun is not None and not logged.silent:
                yield request.begun.usage.input
