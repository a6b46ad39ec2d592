"""The app: wires the parts of the screen to the conversation."""

from __future__ import annotations

from textual.app import App

from omg.ui.screen import Screen


class OmgApp(App[int]):
    """One person's terminal."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self.start = screen

    def run_here(self) -> int:
        """Run until the person leaves; the exit status."""
        return self.run() or 0
