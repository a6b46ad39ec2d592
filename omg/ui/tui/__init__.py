"""The terminal UI. What is imported here is light: the screen must be there before anything heavy is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omg.ui.screen import Screen
    from omg.ui.tui.first import Page


def run(screen: Screen, page: Page) -> int:
    """Talk until the person leaves; the exit status. `page` is what the first picture was drawn on, and is handed over.
    Raises Trouble where no session can be opened."""
    from omg.ui.tui.app import OmgApp

    page.handed_over = True
    return OmgApp(screen).run_here(page.before)
