"""The bar that says who asks: a question waits there, and takes nothing of what is being typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widgets import Static

from omg.ui.text import one_line

if TYPE_CHECKING:
    from omg.ui.tui.prompt.prompt import Prompt


class Asking(Static):
    """Hidden while nobody asks. A click is an answer wanted."""

    DEFAULT_CSS = """
    Asking {
        display: none;
        height: 1;
        padding: 0 1;
        color: $warm;
        text-style: bold;
        &.-any { display: block; }
        &:hover { text-style: bold underline; }
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.any = False

    def show(self, questions: Sequence[str]) -> None:
        """The first of `questions` in words, the others counted."""
        self.any = bool(questions)
        self.set_class(self.any, "-any")
        if questions:
            more = f"  (and {len(questions) - 1} more)" if len(questions) > 1 else ""
            self.update(Content(f"? {one_line(questions[0])}{more}  ctrl+a answers"))

    def on_click(self) -> None:
        prompt = cast("Prompt", self.parent)
        prompt.post_message(prompt.AnswerWanted())
