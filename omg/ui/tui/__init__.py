"""The terminal UI. What is imported here is light: the screen must be there before anything heavy is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omg.ui.screen import Screen


def run(screen: Screen) -> int:
    """Talk until the person leaves; the exit status. Raises Trouble where no session can be opened."""
    from omg.ui.tui.app import OmgApp

    return OmgApp(screen).run_here()
