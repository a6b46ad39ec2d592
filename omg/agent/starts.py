"""Places in a tree to go on, fork or ask from: a branch's tip, an anchor, an epoch of main, any node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from omg.agent.state import Branch, Epoch, Tree
from omg.core.trouble import Trouble
from omg.wire.chain import Node
from omg.wire.head import Head

FRESH = "fresh"
"""The name of the place before anything was said."""
SHORTEST = 4
"""Characters of a node's id that can name it, when no other id begins with them."""


@dataclass(frozen=True, slots=True)
class Start:
    """A node, and the head that its history was sent with."""

    name: str
    """As people call it: `fork a`, `@plan`, `epoch 2`, `node 3f2a91c0`."""
    node: Node | None
    head: Head
    fork: str | None = None
    """The fork whose own history it is in."""


class NoStart(Trouble):
    """A name that means no place, or several. One line, with what to do."""


def find_start(tree: Tree, name: str) -> Start:
    """The place that `name` means: a branch, an anchor (with or without @), `fresh`, an epoch of main by its number, or
    the unique beginning of a node's id. Raises NoStart."""
    plain = name.strip()
    bare = plain.removeprefix("@")
    if bare in tree.branches and not (plain != bare and bare in tree.anchors):
        return of_branch(tree.branches[bare])
    if bare in tree.anchors:
        return replace(start_at(tree, tree.anchors[bare]), name=f"@{bare}")
    if bare == FRESH:
        return replace(start_at(tree, None), name=FRESH)
    epoch = find_epoch(tree, bare)
    return epoch or start_at(tree, _node(tree, bare))


def of_branch(branch: Branch) -> Start:
    """A branch's newest accepted node."""
    if branch.made.parent is None:
        return Start("main", branch.accepted, branch.head)
    own = branch.accepted is not branch.base
    return Start(f"fork {branch.name}", branch.accepted, branch.head, branch.name if own else None)


def find_epoch(tree: Tree, name: str) -> Start | None:
    """The epoch of main that `name` (`2`, `epoch 2`) means: its newest accepted node. None where it means none."""
    number = name.removeprefix("epoch").strip()
    if not (number.isascii() and number.isdecimal()) or "main" not in tree.branches:
        return None
    main = tree.branches["main"]
    if int(number) == main.epoch:
        return Start(f"epoch {main.epoch}", main.accepted, main.head, fork_of(tree, main.accepted))
    for epoch in main.past:
        if epoch.number == int(number):
            return of_epoch(tree, epoch)
    return None


def of_epoch(tree: Tree, epoch: Epoch) -> Start:
    """The end of an epoch that is over."""
    return Start(f"epoch {epoch.number}", epoch.tip, epoch.head, fork_of(tree, epoch.tip))


def _node(tree: Tree, name: str) -> Node:
    matches = [node for id, node in tree.nodes.items() if id.startswith(name)] if len(name) >= SHORTEST else []
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise NoStart(f"{len(matches)} nodes begin with {name}: say more of the id; /tree lists them")
    raise NoStart(f"there is no branch, anchor, epoch or node {name!r}: /tree lists them")


def start_at(tree: Tree, node: Node | None) -> Start:
    """A node, with the head of main where main's history holds it, else the one it was last sent with."""
    name = f"node {node.id[:8]}" if node else "the beginning"
    return Start(name, node, _head_of(tree, node), fork_of(tree, node))


def _head_of(tree: Tree, node: Node | None) -> Head:
    main = tree.branches["main"]
    if node is None or (main.tip is not None and main.tip.extends(node)):
        return main.head
    for request in reversed(tree.requests.values()):
        tip = tree.nodes.get(request.logged.tip)
        if tip is not None and tip.extends(node) and request.logged.head in tree.heads:
            return tree.heads[request.logged.head]
    return next((head for tip, head in _tips(tree) if tip is not None and tip.extends(node)), main.head)


def _tips(tree: Tree) -> Iterator[tuple[Node | None, Head]]:
    for branch in tree.branches.values():
        yield branch.tip, branch.head
        for epoch in reversed(branch.past):
            yield epoch.tip, epoch.head


def fork_of(tree: Tree, node: Node | None) -> str | None:
    """The fork whose own history holds `node`: behind its fork point, and before anybody else went on from it."""
    for branch in tree.branches.values() if node is not None else ():
        tip, base = branch.tip, branch.base
        if branch.made.parent is None or tip is None or not tip.extends(node):
            continue
        if base is None or not base.extends(node):
            return branch.name
    return None
