"""`omg verify`: render every request of a session again, and hold it against the hash of what was sent."""

from __future__ import annotations

from dataclasses import dataclass

from omg.agent.replay import ReplayFailed, replay
from omg.agent.state import Tree
from omg.wire.guard import Diverged, check
from omg.wire.request import Body


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many requests were rendered again, and what was wrong with the first that was not as sent."""

    requests: int
    problem: str | None = None


def verify(tree: Tree) -> Verdict:
    """Check every request's bytes, and that each extends the last of its branch whose reply began."""
    last: dict[tuple[str, int], Body] = {}
    for count, request in enumerate(tree.requests.values()):
        logged = request.logged
        key = (logged.branch, logged.epoch)
        try:
            body = replay(tree, logged)
            if key in last:
                check(body, last[key], logged.branch)
        except (ReplayFailed, Diverged) as error:
            return Verdict(count, str(error))
        if request.begun is not None:
            last[key] = body
    return Verdict(len(tree.requests))
