"""What a branch does at the moment, in a few words."""

from __future__ import annotations

from omg.agent.compose import open_calls
from omg.session.conversation import Conversation


def working_on(conversation: Conversation, name: str) -> str:
    """What a branch does at the moment, in a few words: its newest call, or what it is waiting for."""
    branch = conversation.tree.branches[name]
    waiting = [call for call in open_calls(branch.tip) if call.id not in branch.results]
    if waiting:
        first = waiting[0]
        subject = next((str(value) for value in first.input.values()), "")
        more = f" +{len(waiting) - 1}" if len(waiting) > 1 else ""
        return f"{first.name} {' '.join(subject.split())[:40]}{more}"
    return "thinking" if branch.status == "running" or conversation.busy else ""
