"""Commands that go about in the tree of a session: look at it, and go on from another place in it."""

from __future__ import annotations

import asyncio

from omg.session.command import Done
from omg.session.conversation import Conversation
from omg.session.tree_text import tree_text
from omg.session.tree_view import rows


async def tree(conversation: Conversation, rest: str) -> Done:
    """`/tree`"""
    runtime = conversation.agent.runtime
    found = await asyncio.to_thread(rows, runtime.tree, runtime.holdings, runtime.clock())
    return Done(tree_text(found, runtime.clock()))
