"""A new epoch: a branch goes on with another head, or at another place. The old epoch stays as it was."""

from __future__ import annotations

from omg.agent.compose import shared_spot
from omg.agent.journal import EpochBegun, HeadMade, NodeSealed, ReportDropped
from omg.agent.live import Live
from omg.agent.reseal import kept_blocks, message_of
from omg.agent.runtime import Runtime
from omg.agent.starts import Start
from omg.agent.state import Tree
from omg.wire.chain import Node, path
from omg.wire.head import Head
from omg.workspace.files import BranchFiles


def change_head(runtime: Runtime, live: Live, head: Head, cause: str) -> None:
    """Let `live` go on with `head`. Its history is kept, without thinking: providers bind that to its prefix."""
    now, tree = runtime.clock(), runtime.tree
    tip, sealed = _sealed_anew(tree, live.branch.tip, now)
    made = [] if head.id in tree.heads else [HeadMade(at=now, head=head)]
    begun = EpochBegun(at=now, branch=live.name, head=head.id, node=tip.id if tip else None, cause=cause)
    runtime.record(*made, *sealed, begun)
    live.last, live.shared = None, None


def go_on_at(runtime: Runtime, live: Live, start: Start, cause: str) -> None:
    """Let `live` go on at another place of its tree, with the head that was sent there: the very same bytes, which the
    provider may still hold. What was sent to another endpoint goes on with the branch's own head, without thinking.

    Of a fork that it goes on with, no report is pending any more. One write: the session is as it was before, or after.
    """
    now, tree, node, head = runtime.clock(), runtime.tree, start.node, start.head
    sealed: list[NodeSealed] = []
    told, seen = tree.told_at(node), tree.seen_at(node)
    if head.endpoint != live.branch.head.endpoint:
        head = live.branch.head
        node, sealed = _sealed_anew(tree, node, now)
    begun = EpochBegun(
        at=now,
        branch=live.name,
        head=head.id,
        node=node.id if node else None,
        cause=cause,
        told=told,
        seen=seen,
        fork=start.fork,
    )
    whole = start.fork is not None and tree.branches[start.fork].accepted is start.node
    dropped = [ReportDropped(at=now, branch=start.fork)] if start.fork is not None and whole else []
    runtime.record(*sealed, begun, *dropped)
    live.last, live.shared = None, shared_spot(tree, live.branch)
    live.files = BranchFiles(runtime.folder, dict(live.branch.seen))


def _sealed_anew(tree: Tree, tip: Node | None, now: float) -> tuple[Node | None, list[NodeSealed]]:
    """A history without thinking, and what is to be put on record of it. Its nodes are of no branch yet: where the log
    ends in between, the branch is still in its old epoch."""
    moved = without_thinking(tip)
    sealed = [
        NodeSealed(
            at=now,
            branch="",
            node=new,
            words=tree.words.get(old.id),
            told=tree.tells.get(old.id, {}),
            seen=tree.sees.get(old.id, {}),
            attached=tree.attached.get(old.id, 0),
        )
        for old, new in moved
        if new.id not in tree.nodes
    ]
    return moved[-1][1] if moved else None, sealed


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
