"""A new epoch: a branch goes on with another head. The old epoch stays as it was."""

from __future__ import annotations

from omg.agent.journal import EpochBegun, HeadMade, NodeSealed
from omg.agent.live import Live
from omg.agent.reseal import kept_blocks, message_of
from omg.agent.runtime import Runtime
from omg.wire.chain import Node, path
from omg.wire.head import Head


def change_head(runtime: Runtime, live: Live, head: Head, cause: str) -> None:
    """Let `live` go on with `head`. Its history is kept, without thinking: providers bind that to its prefix."""
    now, branch, tree = runtime.clock(), live.branch, runtime.tree
    moved = without_thinking(branch.tip)
    tip = moved[-1][1] if moved else None
    # Of no branch yet: where the log ends in between, the branch is still in its old epoch.
    sealed = [
        NodeSealed(
            at=now,
            branch="",
            node=new,
            words=tree.words.get(old.id),
            told=tree.tells.get(old.id, {}),
            seen=tree.sees.get(old.id, {}),
        )
        for old, new in moved
        if new.id not in tree.nodes
    ]
    made = [] if head.id in tree.heads else [HeadMade(at=now, head=head)]
    begun = EpochBegun(at=now, branch=live.name, head=head.id, node=tip.id if tip else None, cause=cause)
    runtime.record(*made, *sealed, begun)
    live.last, live.shared = None, None


def without_thinking(tip: Node | None) -> list[tuple[Node, Node]]:
    """The same history less its thinking blocks, each node beside the one it was; the very same nodes up to the
    first that has some.

    The blocks that stay keep their bytes. A message that was nothing but thinking is left out.
    """
    moved: list[tuple[Node, Node]] = []
    node: Node | None = None
    for old in path(tip):
        kept = kept_blocks(old)
        if len(kept) == len(old.message.places) and old.parent is node:
            node = old
        elif kept:
            node = Node(node, message_of(old.role, kept))
        else:
            continue
        moved.append((old, node))
    return moved
