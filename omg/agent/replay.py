"""Render again what was sent, from the record of it, and hold it against the hash that was logged then."""

from __future__ import annotations

from typing import cast

from omg.agent.journal import RequestLogged
from omg.agent.state import Branch, Tree
from omg.core.trouble import Trouble
from omg.wire.request import Body, Envelope, Mark, Ttl, build, prefix_length
from omg.wire.seal import Json


class ReplayFailed(Trouble):
    """A request that cannot be rendered as it was sent. Says which, and what was found."""


def envelope(max_tokens: int, stream: bool, previous: str | None) -> Envelope:
    """A request's envelope. `previous` is the message that the provider is to compare it with, "" for none; None: it
    is not asked."""
    asked: Json = {"previous_message_id": previous or None}
    return Envelope(max_tokens, stream, () if previous is None else (("diagnostics", asked),))


def replay(tree: Tree, logged: RequestLogged) -> Body:
    """The body of a request, exactly as it was sent. Raises ReplayFailed."""
    try:
        marks = [Mark(cast(Ttl, ttl), tree.node(node), block) for node, block, ttl in logged.marks]
        around = envelope(logged.max_tokens, logged.stream, logged.previous)
        body = build(tree.heads[logged.head], tree.nodes[logged.tip], marks, around)
    except (KeyError, ValueError, IndexError) as error:
        raise ReplayFailed(f"request {logged.n} of branch {logged.branch} cannot be rendered: {error!r}") from error
    found = body.hash()
    if found != logged.hash:
        raise ReplayFailed(
            f"request {logged.n} of branch {logged.branch}: {body.size} bytes with SHA-256 {found[:16]}…, "
            f"but {logged.size} bytes with {logged.hash[:16]}… were sent"
        )
    return body


def baseline(tree: Tree, branch: Branch) -> Body | None:
    """The request that the next one of `branch` must extend, as it was sent; None when nothing was sent before.

    That is the last of its own whose reply began; for a branch that has sent nothing in this epoch, the newest
    with the same head along whose messages it began. Raises ReplayFailed.
    """
    if branch.last_request is not None:
        return replay(tree, tree.requests[branch.last_request].logged)
    for request in reversed(tree.requests.values()):
        if request.begun and request.logged.head == branch.head.id:
            tip = tree.nodes.get(request.logged.tip)
            if tip and (tip.extends(branch.base) or (branch.base and branch.base.extends(tip))):
                return replay(tree, request.logged)
    return None


def shared_length(branch: Branch, last: Body) -> int:
    """How many unmarked bytes of `last` the branch's next request must repeat: a fork, those up to its base."""
    if branch.last_request is not None or last.tip is branch.base:
        return last.prefix_length
    return min(last.prefix_length, prefix_length(branch.head, branch.base))
