"""A session as JSON: its branches with their messages as they were sent, epoch by epoch, and the ledger."""

from __future__ import annotations

import json

from omg.agent.state import Branch, Epoch, Tree
from omg.session.reports import cache_json
from omg.session.transcript import Section, transcript
from omg.wire.chain import Node, path


def as_json(tree: Tree) -> dict[str, object]:
    """The whole session."""
    told, made = transcript(tree), tree.session
    return {
        "session": made.id,
        "title": told.title,
        "folder": made.folder,
        "created": made.at,
        "updated": tree.updated,
        "parent": made.parent,
        "models": list(told.models),
        "branches": [_branch(tree.branches[section.branch], section) for section in told.sections],
        "cache": cache_json(tree),
    }


def _branch(branch: Branch, section: Section) -> dict[str, object]:
    calls = [item for part in section.parts for item in part.items if item.kind == "call"]
    return {
        "branch": branch.name,
        "parent": section.parent,
        "purpose": section.purpose,
        "task": section.task,
        "status": section.status,
        "error": section.error,
        "turn": section.turn,
        **section.figures.to_json(),
        "calls": [{"node": item.node, "turn": item.turn, "line": item.text} for item in calls],
        "epochs": [_epoch(over) for over in branch.past],
        "messages": _messages(branch.tip),
    }


def _epoch(over: Epoch) -> dict[str, object]:
    """An epoch that is over."""
    return {"epoch": over.number, "ended": over.ended, "cause": over.cause, "messages": _messages(over.tip)}


def _messages(tip: Node | None) -> list[object]:
    return [json.loads(node.message.body) for node in path(tip)]
