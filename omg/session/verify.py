"""`omg verify`: render every request of a session again, and hold it against the hash of what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from omg.agent.journal import RequestLogged
from omg.agent.replay import ReplayFailed, replay
from omg.agent.state import Tree
from omg.wire.chain import common
from omg.wire.guard import Diverged, check
from omg.wire.request import Body, prefix_length

_AT_HAND = 8
"""Bodies that stay in memory: the messages of all would be the whole session."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many requests were rendered again, and what was wrong with the first that was not as sent."""

    requests: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Replayed:
    """Bodies as they were sent, the newest of them at hand."""

    tree: Tree
    _newest: dict[int, Body] = field(default_factory=dict[int, Body])

    def body(self, logged: RequestLogged) -> Body:
        """Raises ReplayFailed."""
        found = self._newest.pop(logged.n, None) or replay(self.tree, logged)
        self._newest[logged.n] = found
        while len(self._newest) > _AT_HAND:
            del self._newest[next(iter(self._newest))]
        return found


def verify(tree: Tree) -> Verdict:
    """Check every request's bytes, and that each extends the last of its branch whose reply began."""
    bodies = _Replayed(tree)
    last: dict[tuple[str, int], RequestLogged] = {}
    begun: list[RequestLogged] = []
    for count, request in enumerate(tree.requests.values()):
        logged = request.logged
        key = (logged.branch, logged.epoch)
        try:
            body = bodies.body(logged)
            if key in last:
                # What only writes a prefix may end earlier than the branch it serves, and with a placeholder.
                before = bodies.body(last[key])
                same = prefix_length(body.head, common(body.tip, before.tip)) if logged.silent else None
                check(body, before, logged.branch, same)
            else:
                _begins_with_what_was_sent(bodies, logged, body, begun)
        except (ReplayFailed, Diverged) as error:
            return Verdict(count, str(error))
        if request.begun is not None:
            begun.append(logged)
            if not logged.silent:
                last[key] = logged
    return Verdict(len(tree.requests))


def _begins_with_what_was_sent(
    bodies: _Replayed, logged: RequestLogged, body: Body, begun: Sequence[RequestLogged]
) -> None:
    """Hold the first request of a fork, or of an epoch, against the newest one before it with its head along whose
    messages it began. What began with a head of its own, or anew, began with nothing."""
    nodes, branch = bodies.tree.nodes, bodies.tree.branches[logged.branch]
    if branch.made.parent is None and logged.epoch == 1:
        return
    base = next((epoch.base for epoch in branch.past if epoch.number == logged.epoch), branch.base)
    for other in reversed(begun):
        tip = nodes[other.tip]
        if other.head == logged.head and (body.tip.extends(tip) or tip.extends(base)):
            shared, before = prefix_length(body.head, base), bodies.body(other)
            check(body, before, logged.branch, min(before.prefix_length, shared))
            return
