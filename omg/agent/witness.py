"""What the provider has said of a request's reads, and whether our figures say otherwise."""

from __future__ import annotations

from omg.agent.requests import Request
from omg.agent.state import Tree
from omg.cache.cause import kind_of
from omg.cache.witness import Witness


def witness(request: Request) -> Witness | None:
    """What the provider has said of a request; None where it had nothing to compare, or has not answered."""
    begun = request.begun
    return Witness(begun.reason, begun.missed) if begun is not None and request.logged.previous else None


def contradiction(tree: Tree, request: Request, cause: str | None) -> str | None:
    """What the provider says of a request's reads, where that is something else than our cause; else None."""
    said = witness(request)
    if said is None or not said.contradicts(kind_of(cause)) or _changed(tree, request):
        return None
    return str(said)


def _changed(tree: Tree, request: Request) -> bool:
    """Whether a request went out with another head than the one it names, so that to say so is right whatever else
    was the cause."""
    for other in reversed(tree.requests.values()):
        if other.begun is not None and other.begun.message_id == request.logged.previous:
            return other.logged.head != request.logged.head
    return False
