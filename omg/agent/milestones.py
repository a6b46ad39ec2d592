"""Anchors that are made by themselves: where main knows its way around, and where its plan was agreed to."""

from __future__ import annotations

from omg.agent.compose import shared_spot
from omg.agent.journal import AnchorMade
from omg.agent.live import Live
from omg.agent.permit import Mode
from omg.agent.runtime import Runtime
from omg.wire.chain import Node

ORIENTED, PLANNED = "start", "plan"
"""The end of the first turn that has looked at something, and the last reply in mode `plan`. Each is made once, and
not where an anchor of that name is there already."""


def turn_ended(runtime: Runtime, live: Live, before: Node | None) -> None:
    """A turn of main that began behind `before` has ended well. Raises JournalError."""
    tip = live.branch.accepted
    if ORIENTED in runtime.tree.anchors or tip is None or tip.message.role != "assistant":
        return
    if _calls(tip, before) and not _calls(before, None):
        _make(runtime, live, ORIENTED, tip)


def mode_left(runtime: Runtime, live: Live, mode: Mode, before: Mode) -> None:
    """Main goes from one mode to another: a plan that was made meanwhile is accepted. Raises JournalError."""
    branch = live.branch
    reply = branch.accepted
    if reply is not None and reply.message.role != "assistant":
        reply = reply.parent
    if before != "plan" or mode == "plan" or PLANNED in runtime.tree.anchors or reply is None:
        return
    if branch.mode_from is None or (reply is not branch.mode_from and reply.extends(branch.mode_from)):
        _make(runtime, live, PLANNED, reply)


def _calls(tip: Node | None, before: Node | None) -> bool:
    """Whether tools were called behind `before`, up to `tip`."""
    for node in tip.ancestors() if tip is not None else ():
        if node is before:
            return False
        if any(place.kind == "tool_use" for place in node.message.places):
            return True
    return False


def _make(runtime: Runtime, live: Live, name: str, node: Node) -> None:
    made = AnchorMade(at=runtime.clock(), branch=live.name, name=name, node=node.id, automatic=True)
    runtime.record(made)
    live.shared = shared_spot(runtime.tree, live.branch)
