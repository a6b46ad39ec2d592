"""What a branch's context is made of: the head, what others share with it, what is its own, and what is free."""

from __future__ import annotations

from dataclasses import dataclass, field

from omg.agent.state import Branch
from omg.cache.holdings import Holdings
from omg.session.conversation import Conversation
from omg.wire.chain import Node


@dataclass(frozen=True, slots=True)
class Context:
    """Tokens by class. They are the provider's own counts where it has told them, else estimates."""

    head: int = 0
    """Tools and system."""
    shared: int = 0
    """Messages that another branch has as well."""
    own: int = 0
    window: int = 0

    @property
    def used(self) -> int:
        """All that is in it, as the provider last counted it."""
        return self.head + self.shared + self.own

    @property
    def free(self) -> int:
        """What the window has left."""
        return max(0, self.window - self.used)


@dataclass(slots=True)
class Contexts:
    """The contexts of a tree's branches, each reckoned anew only when it has changed."""

    conversation: Conversation
    _known: dict[str, tuple[tuple[object, ...], Context]] = field(
        default_factory=dict[str, tuple[tuple[object, ...], Context]]
    )
    _children: dict[str, list[Branch]] = field(default_factory=dict[str, list[Branch]])
    _seen: int = 0
    """Branches that are among the children."""

    @property
    def _holdings(self) -> Holdings:
        return self.conversation.agent.runtime.holdings

    def of(self, branch: Branch) -> Context:
        """A branch's context as it is now."""
        self._learn_children()
        children = self._children.get(branch.name, [])
        last = self.conversation.tree.requests.get(branch.last_request or 0)
        counted = (last.begun, last.settled) if last else None
        key = (
            branch.epoch,
            branch.tip,
            counted,
            len(children),
            self._holdings.learnt,
            self.conversation.agent.runtime.setup,
        )
        known = self._known.get(branch.name)
        if known is None or known[0] != key:
            known = self._known[branch.name] = key, self._reckoned(branch, children)
        return known[1]

    def _learn_children(self) -> None:
        branches = self.conversation.tree.branches
        new = len(branches) - self._seen
        self._seen = len(branches)
        for _, branch in zip(range(new), reversed(branches.values()), strict=False):
            if branch.made.parent is not None:
                self._children.setdefault(branch.made.parent, []).append(branch)

    def _reckoned(self, branch: Branch, children: list[Branch]) -> Context:
        window, used = self.conversation.agent.runtime.setup_of(branch.head).window, self._used(branch)
        if not used:
            return Context(window=window)
        head = min(used, self._holdings.tokens(branch.head, None))
        point = _shared_point(branch, children)
        upto = 0 if point is None else self._holdings.tokens(branch.head, point)
        shared = min(used - head, max(0, upto - head))
        return Context(head, shared, used - head - shared, window)

    def _used(self, branch: Branch) -> int:
        if branch.last_request is not None or branch.tip is None:
            return self.conversation.context_used(branch.name)
        return self._holdings.tokens(branch.head, branch.tip)  # nothing has been counted in this epoch yet


def _shared_point(branch: Branch, children: list[Branch]) -> Node | None:
    """The newest message of a branch's history that another one has: its own fork point, or that of a fork of it."""
    own = branch.base if branch.made.parent is not None and branch.epoch == 1 else None
    bases = {child.base for child in children if child.epoch == 1 and child.base is not None}
    for node in sorted(bases, key=lambda node: node.depth, reverse=True):
        if own is not None and node.depth <= own.depth:
            break
        if branch.tip is not None and branch.tip.extends(node):
            return node
    return own
