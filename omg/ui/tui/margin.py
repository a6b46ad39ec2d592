"""The margin beside the page: what the cache does above what the forks do. On a narrow screen, one of them or none."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult
from textual.containers import Vertical

from omg.ui.tui.panes import CachePane, ForksPane

PaneName = Literal["cache", "forks"]


class Margin(Vertical):
    """Holds the panes, and knows which of them a person wants to see: beside the page, or instead of it."""

    DEFAULT_CSS = """
    Margin {
        width: 46;
        border-left: solid $line;
    }
    Margin.-instead {
        width: 1fr;
        border-left: none;
        & ForksPane { border-top: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.cache, self.forks = CachePane(), ForksPane()
        self._beside: dict[PaneName, bool] = {"cache": True, "forks": True}
        self._instead: PaneName | None = None
        self._narrow = False

    def compose(self) -> ComposeResult:
        yield self.cache
        yield self.forks

    def toggle(self, name: PaneName, narrow: bool) -> bool:
        """Show or hide a pane; whether it is shown now."""
        if narrow:
            self._instead = None if self._instead == name else name
        else:
            self._beside[name] = not self._beside[name]
        return self.wants(name, narrow)

    def wants(self, name: PaneName, narrow: bool) -> bool:
        """Whether a pane is to be seen."""
        return self._instead == name if narrow else self._beside[name]

    def fit(self, narrow: bool) -> None:
        """Show what is wanted on a screen of this kind."""
        self._narrow = narrow
        self.set_class(narrow, "-instead")
        self.cache.display = self.wants("cache", narrow)
        self.forks.display = self.wants("forks", narrow)
        self.display = bool(self.cache.display or self.forks.display)
        self.cache.changed()  # it takes the room that the other one leaves

    @property
    def covers(self) -> bool:
        """Whether a pane stands instead of the page."""
        return self._narrow and self._instead is not None

    def uncover(self) -> None:
        """Give the page back to the conversation."""
        self._instead = None
