"""The margin of the screen: what forks do, what the cache does, and the line that says both in short."""

from omg.ui.tui.panes.cache import CachePane
from omg.ui.tui.panes.forks import ForksPane
from omg.ui.tui.panes.status import StatusLine

__all__ = ["CachePane", "ForksPane", "StatusLine"]
