"""Where a person types: the editor, what it completes, what goes with the words, and what waits for its turn."""

from omg.ui.tui.prompt.prompt import Prompt

__all__ = ["Prompt"]
