"""`omg verify`: render every request of a session again, and hold it against the hash of what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omg.agent.replay import ReplayFailed, replay
from omg.agent.state import Tree
from omg.wire.chain import common
from omg.wire.guard import Diverged, check
from omg.wire.request import Body, prefix_length


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many requests were rendered again, and what was wrong with the first that was not as sent."""

    requests: int
    problem: str | None = None


def verify(tree: Tree) -> Verdict:
    """Check every request's bytes, and that each extends the last of its branch whose reply began."""
    last: dict[tuple[str, int], Body] = {}
    begun: list[Body] = []
    for count, request in enumerate(tree.requests.values()):
        logged = request.logged
        key = (logged.branch, logged.epoch)
        try:
            body = replay(tree, logged)
            if key in last:
                # What only writes a prefix may end earlier than the branch it serves, and with a placeholder.
                same = prefix_length(body.head, common(body.tip, last[key].tip)) if logged.silent else None
                check(body, last[key], logged.branch, same)
            elif logged.epoch == 1:
                _begins_with_its_parent(tree, logged.branch, body, begun)
        except (ReplayFailed, Diverged) as error:
            return Verdict(count, str(error))
        if request.begun is not None:
            begun.append(body)
            if not logged.silent:
                last[key] = body
    return Verdict(len(tree.requests))


def _begins_with_its_parent(tree: Tree, name: str, body: Body, begun: Sequence[Body]) -> None:
    """Hold a fork's first request against the newest one before it along whose messages it began."""
    branch = tree.branches[name]
    for other in reversed(begun) if branch.made.parent is not None else ():
        if other.head is body.head and (body.tip.extends(other.tip) or other.tip.extends(branch.base)):
            shared = prefix_length(body.head, branch.base)
            check(body, other, name, min(other.prefix_length, shared))
            return
