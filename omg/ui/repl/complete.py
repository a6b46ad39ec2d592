"""Completion in the line editor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from omg.session.completing import Completing
from omg.session.conversation import Conversation
from omg.ui.text import one_line


class Words(Completer):
    """Completes what stands before the cursor. Everything slow is done in a thread."""

    def __init__(self, folder: Path, conversation: Callable[[], Conversation | None]) -> None:
        self._completing = Completing(folder, conversation)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Not called by an application, which asks asynchronously."""
        return ()

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        found = await asyncio.to_thread(self._completing.choices, document.text_before_cursor)
        for choice in found.rows if found else ():
            label = choice.label.partition(" ")[0] if found and found.kind == "command" else choice.label
            yield Completion(
                choice.text,
                start_position=-found.typed if found else 0,
                display=one_line(label),
                display_meta=one_line(choice.about),
            )
