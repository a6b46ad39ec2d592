"""What the provider is asked to compare a request with, so that it can say why something was not read."""

from __future__ import annotations

from omg.agent.requests import Request
from omg.agent.runtime import Runtime
from omg.agent.state import Branch, Tree
from omg.agent.warm import before_change
from omg.wire.chain import Node


def previous(runtime: Runtime, branch: Branch, tip: Node) -> str | None:
    """The message before a request of `branch`: on its own history, or on that it was forked from. "" where there is
    none yet, which asks for this one to be remembered; None: the provider is not asked."""
    if not runtime.setup_of(branch.head).diagnoses or "diagnostics" in runtime.refused:
        return None
    before = _before(runtime.tree, branch, tip)
    # Only what was asked about is remembered (cache diagnostics docs, since 2026-09-09).
    if before is None or before.begun is None or before.logged.previous is None:
        return ""
    return before.begun.message_id


def _before(tree: Tree, branch: Branch, tip: Node) -> Request | None:
    if branch.last_request is not None:
        return tree.requests[branch.last_request]
    changed = before_change(tree, branch)
    if changed is not None:
        return changed
    for request in reversed(tree.requests.values()):
        logged = request.logged
        theirs = tree.nodes.get(logged.tip)
        same = request.begun is not None and not logged.silent and logged.head == branch.head.id
        if same and theirs is not None and tip.extends(theirs):
            return request
    return None
